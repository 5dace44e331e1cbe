import datetime as dt
import zipfile

import numpy as np
import pyproj
import pytest
import xarray as xr

from cropdetect.chips import recognise
from cropdetect.errors import GridError, MemoryLimitError, OptionError, UnknownLayoutError, UnreadableFileError
from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import LEFT, TOP, cube, write_raster

SHAPE = (2, 6, 8)
WHOLE = Window(0, 0, 6, 8)
APRIL = (dt.date(2018, 4, 15), dt.date(2018, 4, 25))


def numbers(start=1, shape=SHAPE, dtype=np.uint16):
    return (start + np.arange(np.prod(shape)).reshape(shape)).astype(dtype)


def save(data, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zarr":
        data.to_zarr(path)
    else:
        data.to_netcdf(path, engine="h5netcdf")
    return path


@pytest.mark.parametrize("name", ["cube.nc", "cube ä.zarr"])
@pytest.mark.parametrize("time", ["time", "timestamp", "t"])
@pytest.mark.parametrize("ascending", [False, True])
def test_a_variable_is_a_band_and_north_is_up(tmp_path, name, time, ascending):
    path = save(cube({"B08": numbers(500), "B04": numbers(1)}, time=time, ascending=ascending), tmp_path / name)
    for place in (path, tmp_path):
        imagery = open_imagery(place)
        tile = imagery.tiles[0]
        assert imagery.layout == "cube"
        assert (tile.dates, tile.bands, tile.dtype) == (APRIL, ("B04", "B08"), np.uint16)
        assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)
        assert tile.geobox.crs.epsg == 32636
        assert tile.units == "digital number"
        assert tile.sensor == "sentinel-2"
        np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], numbers(1))
        part = tile.read(Window(1, 2, 4, 7), dates=[1], bands=["B08"]).image
        np.testing.assert_array_equal(part[:, 0], numbers(500)[1:, 1:4, 2:7])


@pytest.mark.parametrize("name", ["cube.nc", "cube.zarr"])
@pytest.mark.parametrize("order", [("time", "band", "y", "x"), ("band", "time", "y", "x"), ("y", "x", "band", "time")])
def test_a_band_dimension_names_the_bands(tmp_path, name, order):
    both = np.stack([numbers(1), numbers(500)], axis=1)
    data = cube({"any": numbers()}).drop_vars("any")
    data["reflectance"] = (("time", "band", "y", "x"), both)
    data = data.assign_coords(band=["B04", "SCL"]).transpose(*order)
    save(data, tmp_path / name)
    tile = open_imagery(tmp_path, clear="none").tiles[0]
    assert tile.bands == ("B04",)
    named = open_imagery(tmp_path, bands=["SCL", "B04"], clear="none").tiles[0]
    np.testing.assert_array_equal(named.read(WHOLE).image, both[:, ::-1])
    np.testing.assert_array_equal(named.read(WHOLE, dates=[1, 0]).image, both[::-1, ::-1])


def test_variables_that_are_no_bands_are_named():
    data = cube({"B04": numbers()})
    data["sunZenithAngles"] = ("time", np.ones(2, np.float32))
    data["elevation"] = (("y", "x"), np.ones((6, 8), np.float32))
    data["sun"] = (("time", "angle"), np.ones((2, 3), np.float32))
    data["cloudy"] = (("time", "y", "x"), np.zeros(SHAPE, complex))
    data["levels"] = (("time", "level", "y", "x"), np.ones((2, 4, 6, 8), np.float32))
    data["WVP"] = data["B04"]
    data = data.assign_coords(y=data.y.assign_attrs(bounds="edges"))
    data["edges"] = (("y", "side"), np.stack([data.y + 5, data.y - 5], axis=1))
    imagery = open_imagery(data)
    assert imagery.bands == ("B04",)
    assert imagery.warnings == (
        "<Dataset>: elevation is not used, since it has no date; --date gives the day of an image",
        "<Dataset>: sun is not used, since its dimensions are time, angle",
        "<Dataset>: cloudy is not used, since it holds no numbers",
        "<Dataset>: levels is not used, since its dimensions are time, level, y, x",
        "<Dataset>: WVP: not used, as by-products",
    )


@pytest.mark.parametrize(
    ("coordinate", "described", "names"),
    [
        ([1, 2], ("B04", "B08"), ("B04", "B08")),
        (None, ["B04", "B08"], ("B04", "B08")),
        (["red", "nir"], ("B04", "B08"), ("red", "nir")),
        ([1, 2], ("reflectance", "reflectance"), ("1", "2")),
        ([1, 2], "surface reflectance", ("1", "2")),
    ],
)
def test_the_descriptions_that_rioxarray_keeps_name_bands_that_are_only_counted(coordinate, described, names):
    stacked = xr.concat([cube({"B04": numbers()})["B04"], cube({"B04": numbers() + 1})["B04"]], "band").rename("stack")
    if coordinate:
        stacked = stacked.assign_coords(band=coordinate)
    stacked.attrs["long_name"] = described
    imagery = open_imagery(stacked)
    assert set(imagery.bands) == set(names)
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE, bands=names[:1]).image[:, 0], numbers())


@pytest.mark.parametrize("name", ["cube.nc", "cube.zarr", "memory"])
def test_images_without_a_time_are_left_out_with_a_warning(tmp_path, name):
    data = cube({"B04": numbers()}, times=("NaT", "2018-04-25"))
    source = data if name == "memory" else save(data, tmp_path / name)
    imagery = open_imagery(source)
    assert imagery.tiles[0].dates == APRIL[1:]
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[:, 0], numbers()[1:])
    (warning,) = imagery.warnings
    assert warning == f"{imagery.path.name}: 1 of 2 times are missing (NaT); these images are left out"


def test_a_cube_whose_times_are_all_missing_is_refused(tmp_path):
    save(cube({"B04": numbers()}, times=("NaT", "NaT")), tmp_path / "cube.nc")
    with pytest.raises(UnreadableFileError, match=r"cube\.nc(.|\n)*all of its 2 times are missing"):
        open_imagery(tmp_path)


def test_cubes_of_several_resolutions_make_one_series(tmp_path):
    coarse = numbers(1, (2, 3, 4), np.uint8)
    coarse[:] = 4
    coarse[0, 1, 1] = 9
    save(cube({"B04": numbers()}), tmp_path / "10m.nc")
    save(cube({"SCL": coarse}, pixel=20), tmp_path / "20m.nc")
    write_raster(tmp_path / "field_ids.tif", np.ones((6, 8), np.int32))
    (tmp_path / "fields.gpkg").write_bytes(b"")
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert tile.geobox.shape == (6, 8)
    assert tile.mask_bands == ("SCL",)
    assert tile.sources == ("10m.nc", "20m.nc")
    assert tile.n_bytes == sum((tmp_path / name).stat().st_size for name in tile.sources)
    assert tile.field_files.field_ids == tmp_path / "field_ids.tif"
    assert tile.field_files.vector == tmp_path / "fields.gpkg"
    clear = tile.read(WHOLE).clear
    assert np.argwhere(~clear).tolist() == [[0, 2, 2], [0, 2, 3], [0, 3, 2], [0, 3, 3]]


def test_cubes_of_several_periods_make_one_series(tmp_path):
    save(cube({"B04": numbers(1)}), tmp_path / "april.nc")
    save(cube({"B04": numbers(500)}, times=("2018-05-05", "2018-05-15")), tmp_path / "may.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert [day.month for day in tile.dates] == [4, 4, 5, 5]
    np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], np.concatenate([numbers(1), numbers(500)]))


def test_cubes_in_folders_of_their_own_are_tiles(tmp_path):
    for number in range(2):
        save(cube({"B04": numbers(number + 1)}, left=LEFT + 80 * number), tmp_path / f"tile_{number}" / "S2.nc")
    first, second = open_imagery(tmp_path).tiles
    assert (first.name, second.name) == ("tile_0", "tile_1")
    assert second.geobox.affine.c == LEFT + 80


def test_a_cube_on_another_grid_is_named(tmp_path):
    save(cube({"B04": numbers()}), tmp_path / "a.nc")
    save(cube({"B08": numbers()}, left=LEFT + 40), tmp_path / "b.nc")
    with pytest.raises(GridError, match=r"[ab]\.nc"):
        open_imagery(tmp_path)


def test_several_times_of_a_day_are_one_date(tmp_path):
    classes = np.full(SHAPE, 4, np.uint8)
    classes[0, :, :5] = 9
    classes[1, 0, :] = 9
    data = cube({"B04": numbers(), "SCL": classes}, times=("2018-04-15T10:50", "2018-04-15T11:00"))
    save(data, tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.dates == APRIL[:1]
    image = tile.read(WHOLE).image[0, 0]
    np.testing.assert_array_equal(image[1:], numbers()[1, 1:])
    np.testing.assert_array_equal(image[0, 5:], numbers()[0, 0, 5:])


def test_fill_values_are_no_data_and_numbers_stay_whole(tmp_path):
    image = numbers()
    image[0, 2, 3] = 65535
    save(cube({"B04": image}, attributes={"_FillValue": np.uint16(65535)}), tmp_path / "cube.nc")
    block = open_imagery(tmp_path).tiles[0].read(WHOLE)
    assert block.image.dtype == np.uint16
    np.testing.assert_array_equal(block.image[:, 0], image)
    assert np.argwhere(~block.clear).tolist() == [[0, 2, 3]]


def test_scale_and_offset_are_applied(tmp_path):
    image = numbers(-20, dtype=np.int16)
    image[0, 0, 0] = -9999
    attributes = {"_FillValue": np.int16(-9999), "scale_factor": 0.02, "add_offset": 273.15, "units": "K"}
    save(cube({"LST": image}, attributes=attributes), tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    block = tile.read(WHOLE)
    assert (tile.dtype, tile.units, tile.sensor) == (np.float32, "K", None)
    assert np.isnan(block.image[0, 0, 0, 0])
    np.testing.assert_allclose(block.image[1, 0], image[1] * 0.02 + 273.15, rtol=1e-6)
    assert block.clear.sum() == block.clear.size - 1


def test_scaled_reflectance_stays_a_digital_number_and_its_addend_is_the_offset(tmp_path):
    save(cube({"B04": numbers(1001)}, attributes={"scale_factor": 1e-4, "add_offset": -0.1}), tmp_path / "cube.nc")
    tile = open_imagery(tmp_path).tiles[0]
    assert (tile.dtype, tile.units, tile.offset) == (np.uint16, "digital number", 1000)
    np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], numbers(1))


UTM36_WKT = pyproj.CRS.from_epsg(32636).to_wkt()


@pytest.mark.parametrize(
    "attributes",
    [
        {"crs": "+init=epsg:32636"},
        {"crs": "epsg:32636"},
        {"epsg": 32636},
        {"epsg": "32636"},
        {"proj:epsg": 32636},
        {"crs": UTM36_WKT},
        {"crs": "+proj=utm +zone=36 +datum=WGS84 +units=m +no_defs"},
        {"crs": "urn:ogc:def:crs:EPSG::32636"},
    ],
)
def test_the_crs_is_found_in_attributes(tmp_path, attributes):
    save(cube({"B04": numbers()}, crs=attributes), tmp_path / "cube.nc")
    assert open_imagery(tmp_path).tiles[0].geobox.crs.epsg == 32636


@pytest.mark.parametrize("key", ["crs_wkt", "spatial_ref"])
def test_the_crs_is_found_in_a_grid_mapping(tmp_path, key):
    data = cube({"B04": numbers()}, crs={}, attributes={"grid_mapping": "utm"})
    data["utm"] = ((), 0, {key: UTM36_WKT})
    save(data, tmp_path / "cube.nc")
    assert open_imagery(tmp_path).tiles[0].geobox.crs.epsg == 32636


@pytest.mark.parametrize("coordinate", [("epsg", 32636), ("proj:epsg", 32636), ("proj:code", "EPSG:32636")])
@pytest.mark.parametrize("of_dates", [False, True])
def test_crs_and_sensor_are_found_in_the_coordinates_that_stackstac_makes(coordinate, of_dates):
    name, code = coordinate
    crs = ("time", [code, code]) if of_dates else code
    data = cube({"B4": numbers()}, crs={}).assign_coords({name: crs, "platform": ("time", ["sentinel-2a", "sentinel-2b"])})
    tile = open_imagery(data).tiles[0]
    assert (tile.geobox.crs.epsg, tile.sensor) == (32636, "sentinel-2")


def test_each_cube_and_each_date_has_its_own_sensor(tmp_path):
    for name, sensor, days in (("a", "Sentinel-2", ("2018-04-15",)), ("b", "Landsat 8", ("2018-04-17",))):
        save(cube({"B5": numbers()[:1]}, times=days, crs={"crs": "EPSG:32636", "platform": sensor}), tmp_path / f"{name}.nc")
    assert set(open_imagery(tmp_path).tiles[0].bands) == {"S2_B5", "L8_B5"}
    both = cube({"B5": numbers()}).assign_coords(platform=("time", ["sentinel-2a", "landsat-8"]))
    assert set(open_imagery(both).tiles[0].bands) == {"S2_B5", "L8_B5"}


def test_several_codes_of_one_cube_are_refused():
    data = cube({"B04": numbers()}, crs={}).assign_coords(epsg=("time", [32636, 32637]))
    with pytest.raises(GridError, match="32636, 32637"):
        open_imagery(data)


def test_without_crs_there_is_none(tmp_path):
    save(cube({"B04": numbers()}, crs={}), tmp_path / "cube.nc")
    assert open_imagery(tmp_path).tiles[0].geobox.crs is None


def test_a_crs_that_could_be_an_address_or_a_file_is_not_followed(tmp_path):
    (tmp_path / "here.prj").write_text(UTM36_WKT)
    for name, text in (("a", "http://localhost:9/crs"), ("b", str(tmp_path / "here.prj"))):
        save(cube({"B04": numbers()}, crs={"crs": text}), tmp_path / name / "cube.nc")
        with pytest.raises(GridError, match="cannot be understood"):
            open_imagery(tmp_path / name)


def degrees(crs, attributes=None, mapping=None):
    data = cube({"B04": numbers()}, crs=crs, attributes=attributes).rename(y="lat", x="lon")
    data = data.assign_coords(lat=-30 - 0.001 * np.arange(6), lon=20 + 0.001 * np.arange(8))
    return data if mapping is None else data.assign(spatial_ref=((), 0, mapping))


@pytest.mark.parametrize("value", ["OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "WGS84", "WGS 84", "GCS_WGS_1984", "EPSG:4326"])
def test_the_usual_names_of_longitude_and_latitude_are_known(value):
    assert open_imagery(cube({"B04": numbers()}, crs={"crs": value})).tiles[0].geobox.crs.epsg == 4326


@pytest.mark.parametrize("key", ["crs", "spatial_ref", "projection", "epsg"])
@pytest.mark.parametrize("value", ["garbage", "EPSG:999999", "UTM zone 36", UTM36_WKT[:200]])
@pytest.mark.parametrize("place", ["of the file", "of the variable", "of the grid mapping"])
def test_a_crs_that_cannot_be_understood_is_refused_beside_latitudes_too(key, value, place):
    where = {"of the file": "crs", "of the variable": "attributes", "of the grid mapping": "mapping"}[place]
    data = degrees(**{"crs": {}, where: {key: value}})
    with pytest.raises(GridError, match=r"cannot be understood, while its axes lat and lon are in degrees") as caught:
        open_imagery(data)
    assert value[:60] in str(caught.value)


@pytest.mark.parametrize("value", ["geographic", "lat-lon", "latitude/longitude", "Plate Carrée", "lon lat", ""])
def test_words_for_degrees_agree_with_latitudes(value):
    imagery = open_imagery(degrees({"projection": value}))
    assert (imagery.tiles[0].geobox.crs.epsg, imagery.warnings) == (4326, ())


def test_a_stated_crs_goes_before_the_names_of_the_axes():
    assert open_imagery(degrees({"crs": "EPSG:4258"})).tiles[0].geobox.crs.epsg == 4258
    with pytest.raises(GridError, match="cannot be understood"):
        open_imagery(cube({"B04": numbers()}, crs={"projection": "geographic"}))


def test_a_grid_mapping_that_the_file_lacks_is_told():
    imagery = open_imagery(degrees({}, attributes={"grid_mapping": "utm: x y"}))
    (warning,) = imagery.warnings
    assert warning.endswith(
        "it has no variable utm, which should state the CRS; that is taken as EPSG:4326 by the names of its axes"
    )
    imagery = open_imagery(cube({"B04": numbers()}, crs={}, attributes={"grid_mapping": "utm"}))
    assert (imagery.tiles[0].geobox.crs, imagery.warnings[0][-13:]) == (None, "taken as none")


def test_uneven_coordinates_are_an_error(tmp_path):
    data = cube({"B04": numbers()})
    x = data.x.values.copy()
    x[3] += 4
    save(data.assign_coords(x=x), tmp_path / "cube.nc")
    with pytest.raises(GridError, match="x is not evenly spaced"):
        open_imagery(tmp_path)


def test_whole_numbers_may_be_written_dates():
    data = cube({"B04": numbers()}).assign_coords(time=[20180415, 20180425])
    assert [day.isoformat() for day in open_imagery(data).dates] == ["2018-04-15", "2018-04-25"]


def test_times_that_are_no_dates_are_an_error(tmp_path):
    save(cube({"B04": numbers()}).assign_coords(time=[0.5, 1.5]), tmp_path / "cube.nc")
    with pytest.raises(UnreadableFileError, match=r"cube\.nc(.|\n)*CF units"):
        open_imagery(tmp_path)


def test_a_cube_without_bands_is_no_imagery(tmp_path):
    save(xr.Dataset({"weight": ("sample", np.ones(3))}), tmp_path / "other.nc")
    with pytest.raises(UnknownLayoutError, match="time"):
        open_imagery(tmp_path)


def test_damaged_cubes_are_named(tmp_path):
    whole = save(cube({"B04": numbers(shape=(2, 200, 200))}), tmp_path / "cube.nc").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"nothing", b"CDF\x01\0\0\0\0"):
        (tmp_path / "cube.nc").write_bytes(content)
        with pytest.raises(UnreadableFileError, match=r"cube\.nc"):
            open_imagery(tmp_path)


@pytest.mark.parametrize("name", ["cube.nc", "cube.zarr"])
def test_a_chunk_that_takes_more_than_the_memory_is_refused_before_it_is_read(tmp_path, name):
    shape = (2, 600, 1000)
    data = cube({"B04": np.ones(shape, np.uint16)})  # 2.4 MB
    if name.endswith("nc"):
        data.to_netcdf(tmp_path / name, engine="h5netcdf", encoding={"B04": {"chunksizes": shape, "zlib": True}})
    else:
        data.to_zarr(tmp_path / name, encoding={"B04": {"chunks": shape}})
    with pytest.raises(MemoryLimitError, match=r"one chunk of B04 takes 2 MB .* 1 MB are allowed\n.*--memory"):
        open_imagery(tmp_path, memory=1)
    assert open_imagery(tmp_path, memory=3).tiles[0].bands == ("B04",)
    with xr.open_dataset(tmp_path / name, chunks={}) as held:  # who holds it chose its chunks
        assert open_imagery(held, memory=1).tiles[0].bands == ("B04",)


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("archive", "below", "command"),
    [
        ("my cube.zarr.zip", "", "unzip 'my cube.zarr.zip' -d 'my cube.zarr'"),
        ("all.zip", "season/cube.zarr/", "unzip all.zip -d all"),
    ],
)
def test_a_zarr_store_in_an_archive_is_refused_with_the_command_that_unpacks_it(tmp_path, version, archive, below, command):
    store, packed = tmp_path / "store.zarr", tmp_path / "data" / archive
    cube({"B04": numbers()}).to_zarr(store, zarr_format=version, consolidated=False)
    packed.parent.mkdir()
    with zipfile.ZipFile(packed, "w") as content:
        for file in store.rglob("*"):
            content.write(file, below + file.relative_to(store).as_posix())
    for place in (packed, packed.parent):
        assert recognise(place) == "imagery"
        with pytest.raises(UnreadableFileError) as refused:
            open_imagery(place)
        assert refused.value.what == "a Zarr store is not read inside a zip archive"
        assert command in str(refused.value.fix)


def test_damaged_zarr_chunks_are_named_when_they_are_read(tmp_path):
    path = save(cube({"B04": numbers()}), tmp_path / "cube.zarr")
    chunk = next(file for file in (path / "B04").rglob("*") if file.is_file() and "zarr" not in file.name)
    chunk.write_bytes(chunk.read_bytes()[:10])
    with pytest.raises(UnreadableFileError, match=r"cube\.zarr"):
        open_imagery(path).tiles[0].read(WHOLE)


def test_block_shape_is_that_of_the_chunks(tmp_path):
    data = cube({"B04": numbers(shape=(2, 60, 50))})
    data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf", encoding={"B04": {"chunksizes": (1, 20, 25), "zlib": True}})
    assert open_imagery(tmp_path).tiles[0].block_shape == (20, 25)
    data.to_zarr(tmp_path / "z.zarr", encoding={"B04": {"chunks": (1, 30, 10)}})
    assert open_imagery(tmp_path / "z.zarr").tiles[0].block_shape == (30, 10)


def test_real_flanders_patch(shared_data):
    folder = shared_data / "flanders_s2"
    imagery = open_imagery(folder)
    tile = imagery.tiles[0]
    assert len(tile.dates) == 118
    assert tile.bands == ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    assert tile.geobox.boundingbox.bbox == (501360, 5629040, 502000, 5629680)
    assert tile.field_files.vector == folder / "fields.gpkg"
    block = tile.read(Window(0, 0, 64, 64))
    with xr.open_dataset(folder / "S2_L2A_10m.nc", mask_and_scale=False) as fine:
        np.testing.assert_array_equal(block.image[:, 2], fine.B04.values)
    with xr.open_dataset(folder / "S2_L2A_20m.nc", mask_and_scale=False) as coarse:
        classes = coarse.SCL.values.repeat(2, axis=1).repeat(2, axis=2)
        # The mean of the four bilinear pixels of a 20 m pixel is close to the pixel itself.
        back = block.image[:, 8].reshape(118, 32, 2, 32, 2).mean(axis=(2, 4))
        assert np.corrcoef(back.ravel(), coarse.B11.values.ravel())[0, 1] > 0.98
    assert (block.clear <= np.isin(classes, [4, 5, 6, 7])).all()
    part = tile.read(Window(10, 20, 42, 52))
    np.testing.assert_array_equal(part.image, block.image[..., 10:42, 20:52])


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"scale_factor": "abc"}, "scale_factor = 'abc'"),
        ({"scale_factor": 0.0}, "scale_factor = '0.0'"),
        ({"nodata": "none"}, "nodata = 'none'"),
        ({"add_offset": ""}, "add_offset = ''"),
    ],
)
def test_attributes_without_a_number_are_told(attributes, said):
    imagery = open_imagery(cube({"B04": numbers()}, attributes=attributes))
    assert f"<Dataset>: B04: the attribute {said} is not used" in imagery.warnings
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE).image[:, 0], numbers())


@pytest.mark.parametrize("value", ["1 2 3", "a b c d e f", "10"])
def test_a_transform_that_is_none_is_refused(value):
    data = cube({"B04": numbers()}, attributes={"GeoTransform": value})
    with pytest.raises(GridError, match="GeoTransform is no transform"):
        open_imagery(data)


def test_a_cube_without_coordinates_lies_where_its_transform_says():
    data = cube({"B04": numbers()}).drop_vars(["y", "x"])
    with pytest.raises(GridError, match="the dimension x has no coordinates"):
        open_imagery(data)
    placed = data.assign(B04=data.B04.assign_attrs(GeoTransform=f"{LEFT} 10 0 {TOP} 0 -10"))
    tile = open_imagery(placed).tiles[0]
    assert tuple(tile.geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)
    np.testing.assert_array_equal(tile.read(WHOLE).image[:, 0], numbers())
    turned = data.assign(B04=data.B04.assign_attrs(GeoTransform=f"{LEFT} 10 1 {TOP} 0 -10"))
    with pytest.raises(GridError, match="the grid is rotated"):
        open_imagery(turned)


def test_a_cube_of_one_column_needs_a_transform():
    data = cube({"B04": numbers(shape=(2, 6, 1))})
    with pytest.raises(GridError, match="x has only one pixel"):
        open_imagery(data)
    placed = data.assign(B04=data.B04.assign_attrs({"proj:transform": [10, 0, LEFT, 0, -10, TOP]}))
    assert tuple(open_imagery(placed).tiles[0].geobox.affine)[:6] == (10, 0, LEFT, 0, -10, TOP)


def test_coordinates_that_are_text_are_refused():
    data = cube({"B04": numbers()})
    with pytest.raises(GridError, match="the coordinate y holds no numbers"):
        open_imagery(data.assign_coords(y=[f"row {k}" for k in range(6)]))


@pytest.mark.parametrize("name", ["cube.nc", "cube.zarr"])
def test_a_mask_of_true_and_false_is_one_of_1_and_0(tmp_path, name):
    clear = np.ones(SHAPE, bool)
    clear[0, :2] = False
    save(cube({"B04": numbers(500), "clear": clear}), tmp_path / name)
    (tile,) = open_imagery(tmp_path).tiles
    assert (tile.bands, tile.clear_expression) == (("B04",), "clear=1")
    np.testing.assert_array_equal(tile.read(WHOLE).clear, clear)


def _with_baselines(baselines, added, **more):
    """Make a cube of 300 to 343 as reflectances x 10000 of land, and what was added to each date."""
    image = np.stack([300 + np.arange(48.0).reshape(6, 8) + one for one in added])
    return cube({"B04": image, "B08": 10 * image}, times=("2021-12-15", "2022-06-15")).assign_coords(
        {"s2:processing_baseline": ("time", list(baselines)), **more}
    )


@pytest.mark.parametrize(
    ("baselines", "more", "offset", "values"),
    [
        (("03.01", "04.00"), {}, 1000, (300, 300)),
        (("04.00", "05.09"), {"earthsearch:boa_offset_applied": ("time", [True, True])}, 0, (300, 1300)),
        (("03.01", "03.01"), {}, 0, (300, 1300)),
    ],
)
def test_the_baseline_of_each_date_tells_its_offset(tmp_path, baselines, more, offset, values):
    save(_with_baselines(baselines, (0, 1000), **more), tmp_path / "cube.zarr")
    imagery = open_imagery(tmp_path)
    assert (imagery.tiles[0].offset, imagery.warnings) == (offset, ())
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE, bands=["B04"]).image[:, 0, 0, 0], values)


def test_a_baseline_whose_offset_was_taken_off_before_yields_to_the_pixels(tmp_path):
    save(_with_baselines(("03.01", "04.00"), (0, 0)), tmp_path / "cube.zarr")
    imagery = open_imagery(tmp_path)
    (warning,) = imagery.warnings
    assert warning.startswith("the product's name or baseline says that an offset of 1000 was added")
    np.testing.assert_array_equal(imagery.tiles[0].read(WHOLE, bands=["B04"]).image[:, 0, 0, 0], (300, 300))


@pytest.mark.parametrize(
    ("bounds", "days"),
    [
        ((("2018-04-01", "2018-05-01"), ("2018-05-01", "2018-06-01")), ((4, 15), (5, 16))),
        ((("2018-04-01", "2018-04-11"), ("2018-04-11", "2018-04-21")), ((4, 5), (4, 15))),
        ((("2018-04-15", "2018-04-16"), ("2018-04-25", "2018-04-26")), ((4, 15), (4, 25))),
    ],
)
def test_a_composite_lies_on_the_middle_of_the_days_that_its_bounds_tell(tmp_path, bounds, days):
    data = cube({"B04": numbers()}, times=tuple(first for first, _ in bounds))
    data["time_bnds"] = (("time", "bnds"), np.array(bounds, "datetime64[ns]"))
    data["time"].attrs["bounds"] = "time_bnds"
    data["time"].encoding["units"] = data["time_bnds"].encoding["units"] = "days since 1990-01-01"
    save(data, tmp_path / "cube.nc")
    imagery = open_imagery(tmp_path)
    assert imagery.dates == tuple(dt.date(2018, *day) for day in days)
    assert imagery.warnings == ()


def test_times_with_a_zone_become_utc(tmp_path):
    times = np.array(["2018-04-15T01:30:00+02:00", "2018-04-25T10:50:31Z"])
    save(cube({"B04": numbers()}).assign_coords(time=times), tmp_path / "cube.nc")
    assert open_imagery(tmp_path).dates == (dt.date(2018, 4, 14), dt.date(2018, 4, 25))


def test_two_cubes_of_one_month_are_refused_unless_their_bands_or_days_differ(tmp_path):
    for name, band in (("a_2018-04", "B04"), ("b_2018-04", "B08"), ("a_20180515", "B04"), ("b_20180515", "B04")):
        save(cube({band: numbers()}).isel(time=0, drop=True), tmp_path / f"{name}.nc")
    assert open_imagery(tmp_path).dates == (dt.date(2018, 4, 15), dt.date(2018, 5, 15))
    save(cube({"B04": numbers()}).isel(time=0, drop=True), tmp_path / "c_2018-04.nc")
    with pytest.raises(OptionError, match=r"a_2018-04\.nc and c_2018-04\.nc"):
        open_imagery(tmp_path)


def test_a_missing_baseline_tells_no_offset(tmp_path):
    data = _with_baselines((np.nan, np.nan), (1000, 1000))
    save(data, tmp_path / "cube.zarr")
    assert any("The metadata do not say" in warning for warning in open_imagery(tmp_path).warnings)
