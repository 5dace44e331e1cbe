"""Fields from rasters of ids and labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely

from cropdetect.errors import FieldsError, UnreadableFileError, UnsafePathError
from cropdetect.fields import CV4A_LEGEND, IdRaster, fields_of, id_raster, read_fields
from cropdetect.imagery import FieldFiles, Imagery, Window
from tests.chips.memory import MemorySeries, imagery
from tests.fields.parcels import table, write


def paint(path: Path, values: np.ndarray, *, west: float = 640_000.0, crs: str | None = "EPSG:32636", **profile: object) -> Path:
    place = {"transform": rasterio.Affine(10, 0, west, 0, -10, 60_000), "crs": crs} if crs else {}
    size = {"height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", driver="GTiff", count=1, dtype=values.dtype.name, **size, **place, **profile) as file:
        file.write(values, 1)
    return path


def tile(height: int = 40, width: int = 30, **options: object) -> MemorySeries:
    return MemorySeries(np.ones((2, 2, height, width), np.uint16), **options)


def blobs(seed: int = 0, height: int = 40, width: int = 30) -> np.ndarray:
    """Ids in scattered, touching, broken pieces."""
    rng = np.random.default_rng(seed)
    ids = np.zeros((height, width), np.int64)
    for one in (3, 500_000, 70_000, 12):
        for _ in range(3):
            row, column = rng.integers(0, height - 8), rng.integers(0, width - 8)
            ids[row : row + rng.integers(1, 9), column : column + rng.integers(1, 9)] = one
    return ids


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"])
def test_any_numeric_dtype_gives_pixels_and_outlines(tmp_path: Path, dtype: str) -> None:
    ids = blobs() % 251 if dtype in ("uint8", "int16", "uint16") else blobs()
    values = ids.astype(dtype)
    if dtype.startswith("float"):
        values[ids == 0] = np.nan
    got = read_fields(paint(tmp_path / "ids.tif", values), imagery=imagery(tile())).table
    known, pixels = np.unique(ids[ids > 0], return_counts=True)
    assert got["field_id"].tolist() == known.tolist()
    assert got["field_id"].dtype == np.int64
    assert got["raster_pixels"].tolist() == pixels.tolist()
    grid = rasterio.Affine(10, 0, 640_000, 0, -10, 60_000)
    for one, outline in zip(got["field_id"], got.geometry, strict=True):
        burnt = rasterio.features.rasterize([outline], ids.shape, transform=grid, dtype="uint8")
        np.testing.assert_array_equal(burnt == 1, ids == one)
        assert outline.is_valid


def test_the_height_of_the_strips_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = paint(tmp_path / "ids.tif", blobs().astype("int32"), tiled=True, blockxsize=16, blockysize=16)
    whole = read_fields(path, imagery=imagery(tile())).table
    for rows in (1, 7, 16):
        monkeypatch.setattr(id_raster, "_STRIP_PIXELS", rows * 30)
        strips = read_fields(path, imagery=imagery(tile())).table
        assert strips["raster_pixels"].tolist() == whole["raster_pixels"].tolist()
        assert shapely.equals(strips.geometry.to_numpy(), whole.geometry.to_numpy()).all()


def test_nodata_and_negative_numbers_are_no_field(tmp_path: Path) -> None:
    ids = np.array([[1, 255, -4], [1, 0, 2]], np.int16)
    got = read_fields(paint(tmp_path / "ids.tif", ids, nodata=255), imagery=imagery(tile(2, 3)))
    assert got.table["field_id"].tolist() == [1, 2]
    assert any("negative" in warning for warning in got.warnings)


def test_numbers_that_are_not_whole_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match=r"1\.5"):
        read_fields(paint(tmp_path / "ids.tif", np.array([[1.5, 0]], np.float32)), imagery=imagery(tile(1, 2)))


def test_an_id_in_two_tiles_is_one_field(tmp_path: Path) -> None:
    left, right = np.zeros((40, 30), np.uint16), np.zeros((40, 30), np.uint16)
    left[5:9, 27:], right[5:9, :2] = 8, 8
    right[20, 20] = 9
    tiles = []
    for name, ids, west in (("a", left, 640_000.0), ("b", right, 640_300.0)):
        one = tile(name=name, west=west)
        one.field_files = FieldFiles(field_ids=paint(tmp_path / f"{name}.tif", ids, west=west))
        tiles.append(one)
    got = fields_of(imagery(*tiles))
    assert got.table["field_id"].tolist() == [8, 9]
    assert got.table["raster_pixels"].tolist() == [20, 1]
    assert shapely.equals(got.table.geometry[0], shapely.box(640_270, 59_910, 640_320, 59_950))
    assert got.rasters == (tmp_path / "a.tif", tmp_path / "b.tif")
    assert got.warnings == ()


def test_an_id_in_tiles_far_apart_is_doubted(tmp_path: Path) -> None:
    ids, tiles = np.zeros((40, 30), np.uint16), []
    ids[5, 5] = 8
    for name, west in (("a", 640_000.0), ("b", 690_000.0)):
        tiles.append(tile(name=name, west=west))
        tiles[-1].field_files = FieldFiles(field_ids=paint(tmp_path / f"{name}.tif", ids, west=west))
    assert any("8" in warning and "touch" in warning for warning in fields_of(imagery(*tiles)).warnings)


def labelled(tmp_path: Path, codes: np.ndarray) -> Imagery:
    ids = np.array([[1, 1, 1, 2], [3, 3, 4, 4]], np.float32)
    one = tile(2, 4)
    one.field_files = FieldFiles(field_ids=paint(tmp_path / "id.tif", ids), labels=paint(tmp_path / "label.tif", codes))
    return imagery(one)


def test_the_label_is_that_of_most_labelled_pixels(tmp_path: Path) -> None:
    codes = np.array([[5, 3, 5, 0], [3, 2, np.nan, 7]], np.float32)
    got = fields_of(labelled(tmp_path, codes))
    assert got.table["label"].tolist() == [CV4A_LEGEND["5"], None, CV4A_LEGEND["2"], CV4A_LEGEND["7"]]
    assert got.legend == tuple(CV4A_LEGEND.values())
    plain = fields_of(replace(labelled(tmp_path, codes), layout="files"))
    assert plain.table["label"].tolist() == ["5", None, "2", "7"]
    assert plain.legend == ()


def test_codes_of_another_campaign_are_not_named_after_cv4a(tmp_path: Path) -> None:
    got = fields_of(labelled(tmp_path, np.array([[5, 5, 5, 0], [9, 9, 7, 7]], np.uint8)))
    assert got.table["label"].tolist() == ["5", None, "9", "7"]
    assert any("CV4A" in warning for warning in got.warnings)


def test_files_without_georeference_lie_on_the_tile_of_their_shape(tmp_path: Path) -> None:
    path = paint(tmp_path / "ids.tif", blobs().astype("uint32"), crs=None)
    got = read_fields(path, imagery=imagery(tile(crs=None)))
    assert got.rasters == (path,)
    assert got.table.geometry.isna().all()
    with pytest.raises(FieldsError, match="which tile"):
        read_fields(path, imagery=imagery(tile(), tile(west=650_000.0)))
    with pytest.raises(FieldsError, match="40 x 30"):
        read_fields(path, imagery=imagery(tile(41, 30)))


def test_a_raster_finds_its_own_tile_among_several(tmp_path: Path) -> None:
    path = paint(tmp_path / "ids.tif", blobs().astype("uint32"), west=650_000.0)
    assert read_fields(path, imagery=imagery(tile(), tile(west=650_000.0))).rasters == (None, path)
    with pytest.raises(FieldsError, match="none of the"):
        read_fields(path, imagery=imagery(tile()))


def test_a_raster_on_another_grid_comes_to_the_tile_by_nearest_neighbour(tmp_path: Path) -> None:
    coarse = np.kron(np.array([[0, 4], [6, 0]]), np.ones((4, 4))).astype(np.int32)
    grid = rasterio.Affine(20, 0, 640_000, 0, -20, 60_000)
    path = tmp_path / "ids.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="int32", height=8, width=8, transform=grid, crs="EPSG:32636"
    ) as f:
        f.write(coarse, 1)
    fine = tile(16, 16)
    with IdRaster(path, fine.geobox) as raster:
        np.testing.assert_array_equal(raster.read(Window(0, 0, 16, 16)), np.kron(coarse, np.ones((2, 2))))
    assert read_fields(path, imagery=imagery(fine)).table["raster_pixels"].tolist() == [64, 64]


def test_a_buffer_turns_painted_fields_into_polygons(tmp_path: Path) -> None:
    ids = np.zeros((40, 30), np.uint8)
    ids[5:15, 5:15], ids[30, 20] = 1, 2
    got = read_fields(paint(tmp_path / "ids.tif", ids), buffer=-10, imagery=imagery(tile()))
    assert got.rasters == (None,)
    assert got.table["status"].tolist() == ["ok", "too_small"]
    assert got.table.geometry[0].area == pytest.approx(80 * 80)


def test_damaged_rasters_are_named(tmp_path: Path) -> None:
    path = paint(tmp_path / "ids.tif", np.arange(120_000).reshape(400, 300).astype(np.int32))
    content = path.read_bytes()
    for damaged in (content[:2000], content[: len(content) // 2], b"", b"x" * 100):
        path.write_bytes(damaged)
        with pytest.raises(UnreadableFileError, match=r"ids\.tif"):
            read_fields(path, imagery=imagery(tile(400, 300)))
    path.write_text("<VRTDataset></VRTDataset>")
    with pytest.raises(UnsafePathError, match=r"ids\.tif"):
        read_fields(path, imagery=imagery(tile(400, 300)))


def test_imagery_without_fields_says_how_to_name_them() -> None:
    with pytest.raises(FieldsError, match="--fields"):
        fields_of(imagery(tile()))


@pytest.mark.parametrize(
    ("far", "ids", "areas"), [(40, [1, 2, 3], [100, 200, 100]), (500, ["a/1", "a/2", "b/2", "b/1"], [100] * 4)]
)
def test_files_of_several_tiles_are_put_together(tmp_path: Path, far: float, ids: list[object], areas: list[int]) -> None:
    import geopandas as gpd

    def box(x: float) -> shapely.Polygon:
        return shapely.box(640_000 + x, 59_990, 640_010 + x, 60_000)

    parts = {
        "a": ([1, 2], [box(0), box(20)]),
        "b": ([2, 3 if far == 40 else 1], [box(30), box(far)]),
    }
    tiles = []
    for name, (names, shapes) in parts.items():
        gpd.GeoDataFrame({"field_id": names}, geometry=shapes, crs="EPSG:32636").to_file(tmp_path / f"{name}.gpkg")
        tiles.append(tile(name=name))
        tiles[-1].field_files = FieldFiles(vector=tmp_path / f"{name}.gpkg")
    got = fields_of(imagery(*tiles))
    assert got.table["field_id"].tolist() == ids
    assert got.table["status"].tolist() == ["ok"] * len(ids)
    assert got.table.geometry.area.tolist() == areas
    assert bool(got.warnings) == (far == 500)


def test_pixels_that_meet_at_a_corner_are_two_parts(tmp_path: Path) -> None:
    got = read_fields(paint(tmp_path / "ids.tif", np.array([[4, 0], [0, 4]], np.uint8)), imagery=imagery(tile(2, 2))).table
    assert got.geometry[0].is_valid
    assert len(got.geometry[0].geoms) == 2


def test_further_layers_of_a_raster_of_ids_are_told(tmp_path: Path) -> None:
    with rasterio.open(
        tmp_path / "ids.tif", "w", driver="GTiff", count=3, dtype="uint16", height=4, width=4, crs="EPSG:32636",
        transform=rasterio.Affine(10, 0, 640_000, 0, -10, 60_000),
    ) as file:  # fmt: skip
        file.write(np.arange(48, dtype=np.uint16).reshape(3, 4, 4) // 16 + 1)
    found = read_fields(tmp_path / "ids.tif")
    assert found.table["field_id"].tolist() == [1]
    assert "ids.tif: only the first of its 3 layers is used" in found.warnings


def test_a_raster_of_labels_without_one_of_ids_is_told(tmp_path: Path) -> None:
    paint(tmp_path / "label.tif", np.ones((40, 30), np.uint8))
    write(table(field_id=["a"]), tmp_path / "fields.gpkg")
    one = tile()
    one.field_files = FieldFiles(labels=tmp_path / "label.tif", vector=tmp_path / "fields.gpkg")
    found = fields_of(imagery(one))
    assert found.table["field_id"].tolist() == ["a"]
    assert "not used, since a raster of field ids is missing beside it: label.tif" in found.warnings


@pytest.mark.parametrize(("parts", "told"), [(6, True), (2, False)])
def test_a_raster_of_crops_that_is_given_as_ids_is_told(tmp_path: Path, parts: int, told: bool) -> None:
    crops = np.zeros((40, 30), np.uint8)
    for part in range(parts):
        crops[4 * part : 4 * part + 3, 1:9] = 1
        crops[4 * part : 4 * part + 3, 12:20] = 5
    warnings = read_fields(paint(tmp_path / "crops.tif", crops)).warnings
    assert any(f"{parts} separate parts" in text for text in warnings) == told
