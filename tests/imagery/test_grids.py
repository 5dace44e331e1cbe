"""Where pixels lie: centres and corners, directions, degrees and projections, granules, groups, archives."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import xarray as xr
import zarr
from affine import Affine

from cropdetect.errors import ContradictionError, GridError, UnreadableFileError, UnsafePathError
from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import LEFT, TOP, cube, write_raster

SHAPE = (6, 8)
WHOLE = Window(0, 0, *SHAPE)
UTM = pyproj.CRS.from_epsg(32636).to_wkt()


def numbers(start: int = 300, shape: tuple[int, ...] = SHAPE) -> np.ndarray[Any, Any]:
    return (start + np.arange(np.prod(shape)).reshape(shape)).astype(np.uint16)


def georeferenced(image: Any, *, shift: float = 0.0, transform: str | None = None, ascending: bool = False) -> xr.Dataset:
    """Make a cube of one date whose coordinates are `shift` pixels east and south of the centres."""
    data = cube(
        {"B04": image[None]}, times=("2018-04-15",), crs={}, attributes={"grid_mapping": "spatial_ref"}, ascending=ascending
    )
    data = data.assign_coords(x=data.x + 10 * shift, y=data.y - 10 * shift)
    attributes = {"crs_wkt": UTM} | ({} if transform is None else {"GeoTransform": transform})
    data["spatial_ref"] = ((), 0, attributes)
    return data


def save(data: xr.Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zarr":
        data.to_zarr(path, consolidated=False)
    else:
        data.to_netcdf(path, engine="h5netcdf")
    return path


TRUE = f"{LEFT} 10 0 {TOP} 0 -10"


@pytest.mark.parametrize("suffix", ["nc", "zarr"])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize(
    ("shift", "transform", "left", "told"),
    [
        (0.0, None, 0, ""),
        (0.0, TRUE, 0, ""),
        (-0.5, TRUE, 0, "corners"),  # upper left corners, as a transform shows
        (0.5, TRUE, 0, "corners"),  # lower right corners
        (0.0, f"{LEFT - 30} 10 0 {TOP + 30} 0 -10", 0, "3 pixels away"),  # cropped later
    ],
)
def test_a_transform_settles_what_coordinates_name(
    tmp_path: Path, suffix: str, ascending: bool, shift: float, transform: str | None, left: float, told: str
) -> None:
    save(georeferenced(numbers(), shift=shift, transform=transform, ascending=ascending), tmp_path / f"cube.{suffix}")
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT + left, 0, -10, TOP)
    np.testing.assert_array_equal(tile.read(WHOLE).image[0, 0], numbers())
    assert all(told in warning for warning in imagery.warnings)
    assert bool(imagery.warnings) == bool(told)


@pytest.mark.parametrize(
    "transform", [f"{LEFT} 20 0 {TOP} 0 -20", f"{LEFT + 2.5} 10 0 {TOP} 0 -10", f"{LEFT} 10 0 {TOP + 3} 0 -10"]
)
def test_a_transform_that_excludes_the_coordinates_is_an_error_that_names_both(tmp_path: Path, transform: str) -> None:
    save(georeferenced(numbers(), transform=transform), tmp_path / "cube.nc")
    with pytest.raises(ContradictionError, match=r"cube\.nc(.|\n)*coordinate [xy](.|\n)*transform"):
        open_imagery(tmp_path)


def test_stacs_transform_counts_like_gdals(tmp_path: Path) -> None:
    data = georeferenced(numbers(), shift=-0.5)
    data["B04"].attrs["proj:transform"] = [10.0, 0.0, LEFT, 0.0, -10.0, TOP]
    save(data, tmp_path / "cube.nc")
    assert open_imagery(tmp_path).tiles[0].geobox.affine.c == LEFT


def test_bounds_of_coordinates_count(tmp_path: Path) -> None:
    data = georeferenced(numbers(), shift=-0.5)
    for name, step in (("x", 10), ("y", -10)):
        data[name].attrs["bounds"] = f"{name}_bnds"
        data[f"{name}_bnds"] = ((name, "nv"), np.stack([data[name], data[name] + step], axis=1))
    save(data, tmp_path / "cube.nc")
    assert tuple(open_imagery(tmp_path).tiles[0].geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)


def test_columns_from_east_to_west_are_turned(tmp_path: Path) -> None:
    save(georeferenced(numbers()).isel(x=slice(None, None, -1)), tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.geobox.affine.c == LEFT
    np.testing.assert_array_equal(tile.read(Window(1, 2, 4, 7)).image[0, 0], numbers()[1:4, 2:7])


@pytest.mark.parametrize("axis", ["x", "y"])
def test_one_row_or_column_is_read_where_a_transform_tells_its_size(tmp_path: Path, axis: str) -> None:
    save(georeferenced(numbers(), transform=TRUE).isel({axis: slice(0, 1)}), tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)


def test_a_rotated_transform_is_refused(tmp_path: Path) -> None:
    save(georeferenced(numbers(), transform=f"{LEFT} 9 3 {TOP} 3 -9"), tmp_path / "cube.nc")
    with pytest.raises(GridError, match="rotated"):
        open_imagery(tmp_path)


def test_a_rotated_image_is_refused(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "20180415_B04.tif", numbers())
    with rasterio.open(path, "r+") as file:
        file.transform = Affine(9, 3, LEFT, 3, -9, TOP)
    with pytest.raises(GridError, match="rotated"):
        open_imagery(tmp_path)


@pytest.mark.parametrize(("west", "wanted"), [(36.0, 36.0), (-5.0, -5.0), (355.0, -5.0), (180.0, -180.0)])
@pytest.mark.parametrize("names", [("lat", "lon"), ("latitude", "longitude")])
def test_grids_in_degrees(tmp_path: Path, west: float, wanted: float, names: tuple[str, str]) -> None:
    y, x = names
    pixel = 0.25
    data = xr.Dataset(
        {"B04": (("time", y, x), numbers()[None])},
        coords={
            "time": np.array(["2018-04-15"], "datetime64[ns]"),
            y: 1 - pixel * (np.arange(6) + 0.5),
            x: west + pixel * (np.arange(8) + 0.5),
        },
    )
    save(data, tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.geobox.crs.epsg == 4326
    assert tuple(tile.geobox.affine)[:6] == (pixel, 0, wanted, 0, -pixel, 1)


SINUSOIDAL = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"


@pytest.mark.parametrize("crs", [SINUSOIDAL, "EPSG:3035", "EPSG:32736", "EPSG:4326", "EPSG:31370"])
@pytest.mark.parametrize("form", ["tif", "crs_wkt", "cf"])
def test_projections(tmp_path: Path, crs: str, form: str) -> None:
    given = pyproj.CRS.from_user_input(crs)
    if form == "tif":
        write_raster(tmp_path / "20180415_B04.tif", numbers(), crs=given.to_wkt())
    else:
        data = georeferenced(numbers())
        attributes = given.to_cf()
        data["spatial_ref"].attrs = (
            {"crs_wkt": given.to_wkt()} if form == "crs_wkt" else {k: v for k, v in attributes.items() if k != "crs_wkt"}
        )
        save(data, tmp_path / "cube.nc")
    geobox = open_imagery(tmp_path).tiles[0].geobox
    there = pyproj.Transformer.from_crs(geobox.crs.proj, given, always_xy=True).transform(LEFT, TOP)
    if crs != "EPSG:4326":
        np.testing.assert_allclose(there, (LEFT, TOP), atol=0.01)
    assert geobox.crs.geographic == (crs == "EPSG:4326")


def test_images_of_two_utm_zones_are_two_tiles(tmp_path: Path) -> None:
    for day, crs, start in (("20180415", "EPSG:32636", 300), ("20180425", "EPSG:32637", 400), ("20180505", "EPSG:32636", 500)):
        for band in ("B04", "B08"):
            write_raster(tmp_path / f"{day}_{band}.tif", numbers(start), crs=crs)
    imagery = open_imagery(tmp_path)
    assert {(tile.name, tile.geobox.crs.epsg, len(tile.dates)) for tile in imagery.tiles} == {
        ("epsg32636", 32636, 2),
        ("epsg32637", 32637, 1),
    }
    assert "EPSG:32636, EPSG:32637" in imagery.warnings[0]


def test_a_band_that_one_of_two_tiles_lacks_is_told(tmp_path: Path) -> None:
    for band in ("B04", "B08"):
        write_raster(tmp_path / f"20180415_{band}.tif", numbers(), crs="EPSG:32636")
    laea = "+proj=laea +lat_0=52 +lon_0=10 +x_0=4321000 +y_0=3210000 +ellps=GRS80 +units=m +no_defs"
    write_raster(tmp_path / "20180425_B04.tif", numbers(), crs=laea)
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("B04",)
    assert [text for text in imagery.warnings if "B08: not used, since some of the 2 tiles lack the band (crs-2)" in text]


def test_bands_of_which_each_lies_in_another_zone_are_an_error(tmp_path: Path) -> None:
    write_raster(tmp_path / "20180415_B04.tif", numbers(), crs="EPSG:32636")
    write_raster(tmp_path / "20180425_B08.tif", numbers(), crs="EPSG:32637")
    with pytest.raises(GridError, match=r"EPSG:3263[67]"):
        open_imagery(tmp_path, bands=["B04", "B08"])


@pytest.mark.parametrize("offset", [(0, 8), (6, 0), (0, 5), (3, 2), (2, 8)])
def test_granules_of_one_day_are_one_image(tmp_path: Path, offset: tuple[int, int]) -> None:
    """Two parts of a large image, which touch or overlap; where both have values, they are equal."""
    down, right = offset
    whole = numbers(shape=(6 + down, 8 + right))
    for name, top, left in (("a", 0, 0), ("b", down, right)):
        part = whole[top : top + 6, left : left + 8]
        write_raster(tmp_path / f"{name}_20180415_B04.tif", part, left=LEFT + 10 * left, top=TOP - 10 * top)
    tile = open_imagery(tmp_path, pattern=r"(?P<date>\d{8})_(?P<band>B04)").tiles[0]
    assert tile.geobox.shape == whole.shape
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)
    covered = np.zeros(whole.shape, bool)
    covered[:6, :8] = covered[down:, right:] = True
    block = tile.read(Window(0, 0, *whole.shape))
    np.testing.assert_array_equal(block.clear[0], covered)
    np.testing.assert_array_equal(block.image[0, 0][covered], whole[covered])
    part = tile.read(Window(1, 1, 5, 7 + min(right, 1)))
    np.testing.assert_array_equal(part.image, block.image[..., 1:5, 1 : 7 + min(right, 1)])


@pytest.mark.parametrize(("left", "top"), [(LEFT + 600, TOP), (LEFT + 84, TOP), (LEFT + 80, TOP - 3)])
def test_areas_that_do_not_touch_or_fit_are_an_error(tmp_path: Path, left: float, top: float) -> None:
    write_raster(tmp_path / "a_20180415_B04.tif", numbers())
    write_raster(tmp_path / "b_20180415_B04.tif", numbers(), left=left, top=top)
    with pytest.raises(GridError, match="extent"):
        open_imagery(tmp_path, pattern=r"(?P<date>\d{8})_(?P<band>B04)")


@pytest.mark.parametrize("shift", [0, 10])
def test_a_coarse_band_lies_where_its_own_grid_says(tmp_path: Path, shift: int) -> None:
    """SCL of 20 m, whose grid begins at the corner of the 10 m grid, or one fine pixel (half a coarse one) west and north."""
    write_raster(tmp_path / "20180415_B04.tif", numbers(shape=(6, 8)))
    classes = np.full((4, 5) if shift else (3, 4), 4, np.uint8)
    classes[1, 2] = 9
    write_raster(tmp_path / "20180415_SCL.tif", classes, pixel=20, left=LEFT - shift, top=TOP + shift)
    hidden = np.zeros((6, 8), bool)
    first = shift // 10
    hidden[2 - first : 4 - first, 4 - first : 6 - first] = True
    np.testing.assert_array_equal(open_imagery(tmp_path).tiles[0].read(WHOLE).clear[0], ~hidden)


def test_resolutions_that_are_shifted_like_corners_are_told(tmp_path: Path) -> None:
    for name, pixel, shape in (("B04", 10, (6, 8)), ("B11", 20, (3, 4))):
        image = numbers(shape=(1, *shape))
        save(
            cube({name: image}, times=("2018-04-15",), pixel=pixel, left=LEFT - pixel / 2, top=TOP + pixel / 2),
            tmp_path / f"{name}.nc",
        )
    assert any("corners" in warning for warning in open_imagery(tmp_path).warnings)


TWICE = ("2019-06-06T10:50:31", "2019-06-06T10:50:31", "2019-06-16T10:50:31")


@pytest.mark.parametrize("times", [TWICE, tuple(f"{time}Z" for time in TWICE), tuple(time[:10] for time in TWICE)])
@pytest.mark.parametrize("moments", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_a_time_that_occurs_twice_is_a_mosaic(tmp_path: Path, times: tuple[str, ...], moments: bool, masked: bool) -> None:
    image = np.stack([numbers(1000), numbers(2000), numbers(3000)])
    image[0, 3:], image[1, :3] = 0, 0
    variables = {"B04": image, "B08": image + (image > 0)}
    if masked:  # each granule is cloud where the other has values
        variables["SCL"] = np.where(image > 0, 4, 9).astype(np.uint8)
    data = cube(variables, times=tuple(time.rstrip("Z") for time in times))
    if not moments:
        data = data.assign_coords(time=list(times))
    save(data, tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert [str(day) for day in tile.dates] == ["2019-06-06", "2019-06-16"]
    block = tile.read(WHOLE)
    np.testing.assert_array_equal(block.image[0, 0], np.where(np.arange(6)[:, None] < 3, numbers(1000), numbers(2000)))
    np.testing.assert_array_equal(block.image[0, 1], block.image[0, 0] + 1)
    assert block.clear.all()


def test_the_same_time_in_two_cubes_is_a_mosaic(tmp_path: Path) -> None:
    for name, left, start in (("west", LEFT, 1000), ("east", LEFT + 80, 2000)):
        save(cube({"B04": numbers(start)[None]}, times=TWICE[:1], left=left), tmp_path / f"{name}.nc")
    image = open_imagery(tmp_path).tiles[0].read(Window(0, 0, 6, 16)).image[0, 0]
    np.testing.assert_array_equal(image, np.concatenate([numbers(1000), numbers(2000)], axis=1))


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT"])
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("ascending", [False, True])
def test_netcdf3_is_read(tmp_path: Path, form: Any, dtype: str, ascending: bool) -> None:
    image = np.stack([numbers(300), numbers(900)]).astype(dtype)
    cube({"B04": image}, ascending=ascending).to_netcdf(tmp_path / "cube.nc", engine="scipy", format=form)
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.dtype == np.dtype(dtype)
    assert tile.dtype.isnative
    np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], image)
    np.testing.assert_array_equal(tile.read(Window(1, 2, 3, 4), dates=[1]).image[0, 0], image[1, 1:3, 2:4])


def test_netcdf3_that_is_cut_off_is_named(tmp_path: Path) -> None:
    cube({"B04": np.stack([numbers(), numbers()])}).astype(np.int16).to_netcdf(tmp_path / "cube.nc", engine="scipy")
    content = (tmp_path / "cube.nc").read_bytes()
    (tmp_path / "cube.nc").write_bytes(content[:50])
    with pytest.raises(UnreadableFileError, match=r"cube\.nc"):
        open_imagery(tmp_path)


@pytest.mark.parametrize("store", ["nc", "zarr 2", "zarr 3"])
@pytest.mark.parametrize("coordinates", ["in the group", "in the outermost group"])
def test_bands_in_groups_are_read(tmp_path: Path, store: str, coordinates: str) -> None:
    data = cube({"B04": np.stack([numbers(300), numbers(900)])})
    outer = xr.Dataset(attrs=data.attrs)
    if coordinates == "in the outermost group":
        outer = outer.assign_coords(data.coords)
        data = data.drop_vars(list(data.coords))
    if store == "nc":
        outer.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
        data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf", group="optical/fine", mode="a")
    else:
        form: Any = int(store[-1])
        outer.to_zarr(tmp_path / "cube.zarr", zarr_format=form, consolidated=False)
        data.to_zarr(tmp_path / "cube.zarr", group="optical/fine", mode="a", zarr_format=form, consolidated=False)
    tile = open_imagery(tmp_path).tiles[0]
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)
    np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], np.stack([numbers(300), numbers(900)]))


def test_of_esas_zarr_products_reflectances_and_cloud_masks_are_read(tmp_path: Path) -> None:
    store = tmp_path / "S2B_MSIL2A_20190606T105031_N0510_R051_T31TBL_20190606T123456.zarr"
    zarr.open_group(store, mode="w", zarr_format=2)

    def write(group: str, band: str, value: int, pixel: int, dtype: str = "uint16", **attributes: Any) -> None:
        n = 120 // pixel
        y, x = TOP - pixel * (np.arange(n) + 0.5), LEFT + pixel * (np.arange(n) + 0.5)
        data = xr.Dataset({band: (("y", "x"), np.full((n, n), value, dtype))}, coords={"y": y, "x": x})
        data[band].attrs = {"proj:epsg": 32631, **attributes}
        data.to_zarr(store, group=group, mode="a", zarr_format=2, consolidated=False)

    write("measurements/reflectance/r10m", "b04", 1500, 10)
    write("measurements/reflectance/r20m", "b04", 9000, 20)
    write("measurements/reflectance/r20m", "b11", 2500, 20)
    write("conditions/mask/l2a_classification/r20m", "scl", 4, 20, "uint8")
    write("conditions/mask/detector_footprint/r10m", "b04", 3, 10, "uint8")
    write("quality/mask/r10m", "b08", 1, 10, "uint8")
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert [str(day) for day in tile.dates] == ["2019-06-06"]
    assert [name.lower() for name in tile.bands] == ["b04", "b11"]
    assert [name.lower() for name in tile.mask_bands] == ["scl"]
    assert tile.read(Window(0, 0, 12, 12)).image[0, :, 5, 5].tolist() == [500, 1500]


@pytest.mark.parametrize("inside", ["season", "season/2018"])
@pytest.mark.parametrize("whole", [True, False])
def test_images_in_an_archive_are_read_in_place(tmp_path: Path, inside: str, whole: bool) -> None:
    place = tmp_path / "data" / "images ä.zip"
    place.parent.mkdir()
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for day, start in (("20180415", 300), ("20180425", 900)):
            file = write_raster(tmp_path / "plain" / f"{day}_B04.tif", numbers(start))
            archive.write(file, f"{inside}/{day}_B04.tif")
    imagery = open_imagery(place if whole else place.parent)
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[:, 0], np.stack([numbers(300), numbers(900)]))
    assert imagery.files() == [place]
    assert imagery.tiles[0].n_bytes == place.stat().st_size
    assert sorted(path.name for path in place.parent.iterdir()) == ["images ä.zip"]


@pytest.mark.parametrize("entry", ["../20180415_B04.tif", "/20180415_B04.tif", "a/../../20180415_B04.tif"])
def test_an_archive_with_entries_outside_it_is_refused(tmp_path: Path, entry: str) -> None:
    file = write_raster(tmp_path / "20180415_B04.tif", numbers())
    (tmp_path / "data").mkdir()
    with zipfile.ZipFile(tmp_path / "data" / "images.zip", "w") as archive:
        archive.write(file, "x")
        archive.infolist()[0].filename = entry
    with pytest.raises(UnsafePathError, match=r"images\.zip"):
        open_imagery(tmp_path / "data")


def test_a_virtual_raster_in_an_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("20180415_B04.tif", "<VRTDataset><SourceFilename>/etc/passwd</SourceFilename></VRTDataset>")
    with pytest.raises(UnsafePathError, match="virtual raster"):
        open_imagery(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK nothing", b"\0" * 100])
def test_a_damaged_archive_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "images.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"images\.zip"):
        open_imagery(tmp_path)
