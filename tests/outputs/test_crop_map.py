import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.features import geometry_mask
from shapely import box

from cropdetect.fields import FieldSet
from cropdetect.outputs import class_colours, crop_map, write_outputs


@pytest.fixture
def maps(run, tmp_path):
    def write(predictions, imagery, rasters=(), **options):
        fields = FieldSet(table=predictions.fields, rasters=tuple(rasters))
        write_outputs(predictions, tmp_path / "out", run=run, imagery=imagery, fields=fields, **options)
        return {file.name: file for file in (tmp_path / "out").glob("crop_map*.tif")}

    return write


def pixels(path):
    with rasterio.open(path) as file:
        return file.read(1)


def paint(path, ids, dtype, georeferenced=True):
    place = {"crs": "EPSG:32636", "transform": Affine(10, 0, 600_000, 0, -10, 50_000)} if georeferenced else {}
    height, width = ids.shape
    with rasterio.open(path, "w", driver="GTiff", height=height, width=width, count=1, dtype=dtype, **place) as file:
        file.write(ids.astype(dtype), 1)
    return path


def test_the_map_is_a_valid_cog_on_the_imagerys_grid(maps, predictions, grid):
    imagery = grid(height=700, width=1100)
    with rasterio.open(maps(predictions, imagery)["crop_map.tif"]) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1)
        assert file.shape == (700, 1100)
        assert file.transform == imagery.tiles[0].geobox.affine
        assert file.crs == "EPSG:32636"
        assert file.dtypes == ("uint8",)
        assert file.nodata == 0
        tags = file.tags()
        assert [tags[f"crop_id_{k}"] for k in (1, 2, 3)] == ["maize", "rye", "oats"]
        colours = file.colormap(1)
        assert [colours[k][:3] for k in (1, 2, 3)] == class_colours(3)


def test_pixels_whose_centre_is_in_a_field_get_its_crop(maps, predictions, grid):
    got = pixels(maps(predictions, grid())["crop_map.tif"])
    expected = np.zeros((40, 60), int)
    expected[10:20, 0:10] = 1
    expected[10:20, 12:22] = 3  # the fields without an answer, at columns 24 and 36, stay 0
    np.testing.assert_array_equal(got, expected)


def test_below_the_least_confidence_the_map_is_empty(maps, predictions, grid):
    assert set(np.unique(pixels(maps(predictions, grid(), min_confidence=0.5)["crop_map.tif"]))) == {0, 1}


def test_fields_are_brought_to_the_tiles_crs(maps, predictions, many_predictions, grid):
    degrees = predictions.fields.geometry.to_crs(4326)
    same = many_predictions(degrees, predictions.probabilities, crs="EPSG:4326")
    first = pixels(maps(predictions, grid())["crop_map.tif"]).copy()
    np.testing.assert_array_equal(pixels(maps(same, grid())["crop_map.tif"]), first)


@pytest.mark.parametrize("at_once", [1, 4096])
def test_where_fields_overlap_the_smaller_is_on_top(maps, many_predictions, grid, monkeypatch, at_once):
    monkeypatch.setattr(crop_map, "_AT_ONCE", at_once)
    small, large = box(600_050, 49_700, 600_100, 49_750), box(600_000, 49_600, 600_200, 49_800)
    for order in ((small, large), (large, small)):
        crops = [[1, 0] if shape is small else [0, 1] for shape in order]
        got = pixels(maps(many_predictions(order, crops), grid())["crop_map.tif"])
        assert (got == 1).sum() == 25
        assert (got == 2).sum() == 400 - 25


def test_windows_fit_together(maps, many_predictions, grid, monkeypatch):
    monkeypatch.setattr(crop_map, "_SIDE", 512)
    random = np.random.default_rng(0)
    corners = random.integers(0, 9000, (80, 2))
    squares = [box(600_000 + x, 50_000 - y - 300, 600_000 + x + 500, 50_000 - y) for x, y in corners]
    imagery = grid(height=1000, width=1030)
    got = pixels(maps(many_predictions(squares, np.tile([1.0, 0], (80, 1))), imagery)["crop_map.tif"])
    inside = geometry_mask(squares, (1000, 1030), imagery.tiles[0].geobox.affine, invert=True)
    np.testing.assert_array_equal(got == 1, inside)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_painted_ids_become_crops_in_any_dtype(maps, predictions, grid, tmp_path, dtype):
    ids = np.zeros((40, 60))
    ids[0:5, 0:5], ids[5:9, 7:9], ids[20, 20], ids[30, :] = 11, 12, 13, 99  # 13 has no answer, 99 is no field
    if dtype.startswith("float"):
        ids[39, 59] = np.nan
    got = pixels(maps(predictions, grid(), [paint(tmp_path / "ids.tif", ids, dtype)])["crop_map.tif"])
    expected = np.zeros((40, 60), int)
    expected[0:5, 0:5], expected[5:9, 7:9] = 1, 3
    np.testing.assert_array_equal(got, expected)


def test_imagery_without_a_crs_gives_a_map_without_one(maps, predictions, grid, tmp_path):
    ids = np.full((40, 60), 12)
    raster = paint(tmp_path / "ids.tif", ids, "int32", georeferenced=False)
    (file,) = maps(predictions, grid(crs=None), [raster]).values()
    with rasterio.open(file) as opened:
        assert opened.crs is None
        assert (opened.read(1) == 3).all()


def test_several_tiles_give_a_map_each_with_safe_names(maps, predictions, many_predictions, grid):
    squares = [box(600_000, 49_800, 600_100, 49_900), box(600_900, 49_800, 601_000, 49_900)]
    imagery = grid(tiles=("00", "../01", "__01", ""))
    files = maps(many_predictions(squares, [[1, 0], [0, 1]]), imagery)
    assert sorted(files) == ["crop_map_.._01.tif", "crop_map_00.tif", "crop_map_3.tif", "crop_map___01.tif"]
    assert (pixels(files["crop_map_00.tif"]) == 1).sum() == 100
    assert (pixels(files["crop_map_.._01.tif"]) == 2).sum() == 100
    assert not pixels(files["crop_map_3.tif"]).any()


def test_tiles_of_one_name_do_not_overwrite_each_other(maps, predictions, grid):
    assert len(maps(predictions, grid(tiles=("a b", "a_b", "a/b")))) == 3


def test_more_than_255_classes_take_two_bytes(maps, many_predictions, grid):
    probabilities = np.zeros((1, 300))
    probabilities[0, 298] = 1
    legend = [f"crop {k}" for k in range(300)]
    (file,) = maps(many_predictions([box(600_000, 49_600, 600_600, 50_000)], probabilities, legend=legend), grid()).values()
    with rasterio.open(file) as opened:
        assert opened.dtypes == ("uint16",)
        assert (opened.read(1) == 299).all()
        assert opened.colormap(1)[299][:3] == class_colours(300)[298]


def test_a_map_without_any_answer_is_empty(maps, many_predictions, grid):
    (file,) = maps(many_predictions([None, box(0, 0, 1, 1)], np.full((2, 3), np.nan)), grid()).values()
    assert not pixels(file).any()


def test_classes_have_colours_of_their_own():
    assert len(set(class_colours(60))) == 60
    assert class_colours(3) == class_colours(60)[:3]
