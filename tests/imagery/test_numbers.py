"""What stored numbers mean: fills, scales, units and Sentinel-2's offset."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from cropdetect.errors import ContradictionError
from cropdetect.imagery import Window, open_imagery
from tests.imagery.data import cube, write_raster

SHAPE = (12, 12)
WHOLE = Window(0, 0, *SHAPE)
DAYS = ("20190606", "20190616", "20190626")
RNG = np.random.default_rng(0)


def reflectance(low: int = 300, high: int = 5000, shape: tuple[int, ...] = SHAPE) -> np.ndarray[Any, Any]:
    """Digital numbers of land."""
    return RNG.integers(low, high, shape).astype(np.uint16)


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("int16", -9999), ("int16", -32768), ("int16", 32767), ("int16", -999), ("int16", -28672), ("uint16", 65535),
        ("int32", -99999), ("int32", 2**31 - 1), ("float32", -9999), ("float32", 65535), ("float32", 1e20),
        ("float32", -3.4028235e38), ("float64", -9999),
    ],
)  # fmt: skip
@pytest.mark.parametrize("names", [("B04", "B08"), ("VV", "VH"), ("NDVI", "EVI")])
def test_fills_that_nothing_declares_are_found_and_told(tmp_path: Path, dtype: str, fill: float, names: tuple[str, str]) -> None:
    for day in DAYS:
        bands = np.stack([reflectance(), reflectance()]).astype(dtype)
        if day == DAYS[1]:
            bands[:, :6] = fill
        write_raster(tmp_path / f"{day}.tif", bands, descriptions=names)
    imagery = open_imagery(tmp_path)
    clear = imagery.tiles[0].read(WHOLE).clear
    assert not clear[1, :6].any()
    assert clear.sum() == clear.size - 6 * 12
    (warning,) = (text for text in imagery.warnings if "is taken as" in text)
    assert f"{fill:.7g} is taken as" in warning
    assert "17%" in warning


@pytest.mark.parametrize(("dtype", "scale"), [("float32", 1.0), ("float32", 1e-4), ("int16", 1)])
@pytest.mark.parametrize("names", [("red", "nir"), ("VV", "VH")])
def test_a_border_of_zeros_is_no_value(tmp_path: Path, dtype: str, scale: float, names: tuple[str, str]) -> None:
    bands = (np.stack([reflectance(), reflectance()]) * scale).astype(dtype)
    bands[:, :2] = 0
    write_raster(tmp_path / "20190606.tif", bands, descriptions=names)
    imagery = open_imagery(tmp_path)
    clear = imagery.tiles[0].read(WHOLE).clear[0]
    assert not clear[:2].any()
    assert clear[2:].all()
    assert any("0 is taken as" in warning for warning in imagery.warnings)


@pytest.mark.parametrize("value", [-9999, 0, 65535])
def test_declared_fills_are_not_told(tmp_path: Path, value: int) -> None:
    data = reflectance().astype(np.int32)
    data[:3] = value
    write_raster(tmp_path / "20190606_red.tif", data, nodata=value)
    imagery = open_imagery(tmp_path)
    assert imagery.warnings == ()
    assert imagery.tiles[0].read(WHOLE).clear.sum() == 9 * 12


def test_numbers_among_others_are_no_fills(tmp_path: Path) -> None:
    data = np.linspace(-12000, 32767, 144).reshape(SHAPE).astype(np.int16)
    data[0, :5] = -9999
    write_raster(tmp_path / "20190606_elevation.tif", data)
    imagery = open_imagery(tmp_path)
    assert imagery.warnings == ()
    assert imagery.tiles[0].read(WHOLE).clear.all()


@pytest.mark.parametrize(
    ("attributes", "missing"),
    [
        ({"_FillValue": np.int16(-9999)}, [-9999]),
        ({"missing_value": np.int16(-9999)}, [-9999]),
        ({"nodata": -9999}, [-9999]),
        ({"nodata": "-9999.0"}, [-9999]),
        ({"nodatavals": [-9999.0]}, [-9999]),
        ({"_FillValue": np.int16(-1), "missing_value": np.int16(-9999)}, [-1, -9999]),
        ({"missing_value": np.array([-1, -9999], np.int16)}, [-1, -9999]),
        ({"valid_range": np.array([0, 16000], np.int16)}, [-1, -9999, 16001]),
        ({"valid_min": np.int16(0)}, [-1, -9999]),
        ({"valid_max": np.int16(16000), "nodata": -1}, [-1, 16001]),
    ],
)
@pytest.mark.parametrize("suffix", ["nc", "zarr"])
def test_attributes_declare_missing_numbers(tmp_path: Path, attributes: dict[str, Any], missing: list[int], suffix: str) -> None:
    image = np.full((1, *SHAPE), 1000, np.int16)
    image[0, 0, :3] = (-1, -9999, 16001)
    data = cube({"wetness": image}, times=("2019-06-06",), attributes=attributes)
    if suffix == "nc":
        data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    else:
        data.to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False)
    block = open_imagery(tmp_path).tiles[0].read(WHOLE)
    assert sorted(block.image[0, 0][~block.clear[0]].tolist()) == sorted(missing)


def test_numbers_that_are_meant_as_unsigned_are(tmp_path: Path) -> None:
    image = np.full((1, *SHAPE), 40_000, np.uint16)
    image[0, 0, 0] = 65535
    data = cube(
        {"wetness": image.view(np.int16)}, times=("2019-06-06",), attributes={"_Unsigned": "true", "_FillValue": np.int16(-1)}
    )
    data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    tile = open_imagery(tmp_path).tiles[0]
    block = tile.read(WHOLE)
    assert tile.dtype == np.uint16
    assert block.image[0, 0, 1, 1] == 40_000
    assert np.argwhere(~block.clear[0]).tolist() == [[0, 0]]


def write_scaled(path: Path, stored: Any, scale: float | None, add: float | None, how: str) -> None:
    """Write a GeoTIFF whose scale is declared by GDAL, by its tags, or by a STAC item beside it."""
    write_raster(path, stored)
    with rasterio.open(path, "r+") as file:
        if how == "gdal":
            file.scales, file.offsets = (scale or 1,), (add or 0,)
        elif how == "tags":
            file.update_tags(**{k: str(v) for k, v in (("scale_factor", scale), ("add_offset", add)) if v is not None})
    if how in ("stac", "stac 1.1"):
        band = {"scale": scale, "offset": add} if how == "stac" else {"raster:scale": scale, "raster:offset": add}
        asset = {"href": f"./{path.name}", ("raster:bands" if how == "stac" else "bands"): [band]}
        path.with_suffix(".json").write_text(json.dumps({"properties": {}, "assets": {"red": asset}}))


@pytest.mark.parametrize("how", ["gdal", "tags", "stac", "stac 1.1"])
@pytest.mark.parametrize(
    ("scale", "add", "dtype"),
    [(1e-4, None, "uint16"), (2.75e-5, -0.2, "uint16"), (2e-4, 0.01, "uint16"), (1e-4, None, "float32")],
)
def test_declared_scales_give_digital_numbers(tmp_path: Path, how: str, scale: float, add: float | None, dtype: str) -> None:
    wanted = reflectance()
    stored = np.round((wanted / 1e4 - (add or 0)) / scale).astype(dtype)
    write_scaled(tmp_path / "20190606_red.tif", stored, scale, add, how)
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert imagery.warnings == ()
    assert tile.units == "digital number"
    np.testing.assert_allclose(tile.read(WHOLE).image[0, 0], wanted, atol=scale * 1e4)


def test_the_numbers_of_a_landsat_product_are_those_of_its_metadata(tmp_path: Path) -> None:
    product = "LC08_L2SP_195025_20190606_20200828_02_T1"
    wanted = reflectance()
    write_raster(tmp_path / f"{product}_SR_B4.tif", np.round((wanted / 1e4 + 0.2) / 2.75e-5).astype(np.uint16))
    pattern = r"_(?P<date>\d{8})_\d{8}_02_T1_SR_(?P<band>B\d)"
    default = open_imagery(tmp_path, pattern=pattern).tiles[0]
    np.testing.assert_allclose(default.read(WHOLE).image[0, 0], wanted, atol=0.3)
    (tmp_path / f"{product}_MTL.txt").write_text(
        "GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS\n REFLECTANCE_MULT_BAND_4 = 5.5e-05\n REFLECTANCE_ADD_BAND_4 = -0.4\n"
        "GROUP = LEVEL1_RADIOMETRIC_RESCALING\n REFLECTANCE_MULT_BAND_4 = 2.0E-05\n"
    )
    declared = open_imagery(tmp_path, pattern=pattern)
    np.testing.assert_allclose(declared.tiles[0].read(WHOLE).image[0, 0], wanted * 2.0, atol=0.6)
    assert tmp_path / f"{product}_MTL.txt" in declared.files()


@pytest.mark.parametrize(
    ("factor", "dtype", "units", "told"),
    [
        (1, "uint16", "digital number", False),
        (1, "float32", "digital number", False),
        (1e-4, "float32", "digital number", True),
        (1e-4, "float64", "digital number", True),
        (1e-2, "float32", "unknown", True),
        (0.05, "uint8", "unknown", True),
    ],
)
def test_reflectances_are_digital_numbers_or_of_an_unknown_unit(
    tmp_path: Path, factor: float, dtype: str, units: str, told: bool
) -> None:
    wanted = reflectance()
    for band in ("red", "nir"):
        write_raster(tmp_path / f"20190606_{band}.tif", (wanted * factor).astype(dtype))
    imagery = open_imagery(tmp_path)
    tile = imagery.tiles[0]
    assert tile.units == units
    assert bool(imagery.warnings) == told
    if units == "digital number":
        np.testing.assert_allclose(tile.read(WHOLE).image[0, 0], wanted, rtol=1e-6)


@pytest.mark.parametrize("unit", ["%", "percent"])
def test_percent_is_a_unit(tmp_path: Path, unit: str) -> None:
    wanted = reflectance()
    cube({"red": wanted[None] / np.float32(100)}, times=("2019-06-06",), attributes={"units": unit}).to_netcdf(
        tmp_path / "cube.nc", engine="h5netcdf"
    )
    tile = open_imagery(tmp_path).tiles[0]
    assert tile.units == "digital number"
    np.testing.assert_allclose(tile.read(WHOLE).image[0, 0], wanted, rtol=1e-6)


def test_dates_of_two_units_are_refused(tmp_path: Path) -> None:
    write_raster(tmp_path / "20190606_red.tif", reflectance().astype(np.float32))
    write_raster(tmp_path / "20190616_red.tif", (reflectance() / 1e4).astype(np.float32))
    with pytest.raises(ContradictionError, match=r"20190616_red(.|\n)*20190606_red"):
        open_imagery(tmp_path)


def test_a_scale_that_was_applied_already_is_refused(tmp_path: Path) -> None:
    write_scaled(tmp_path / "20190606_red.tif", (reflectance() / 1e4).astype(np.float32), 1e-4, None, "gdal")
    with pytest.raises(ContradictionError, match=r"0\.0001(.|\n)*reflectance already"):
        open_imagery(tmp_path)


def test_two_scales_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "20190606_red.tif"
    write_scaled(path, reflectance(), 1e-4, None, "gdal")
    with rasterio.open(path, "r+") as file:
        file.update_tags(scale_factor="0.001")
    with pytest.raises(ContradictionError, match=r"0\.0001 and 0\.001"):
        open_imagery(tmp_path)


NAME = "S2A_MSIL2A_{day}T105031_N{baseline}_R051_T31TBL_{day}T170000"


def product(root: Path, low: int, high: int, *, baseline: str = "0400", metadata: bool = False) -> Path:
    """Write three dates of 2022 of a product, as images with all bands or with the metadata beside."""
    for day in ("20220605", "20220615", "20220625"):
        name = NAME.format(day=day, baseline=baseline)
        bands = np.stack([reflectance(low, high), reflectance(low + 500, high + 2000)])
        if metadata:
            (root / f"{name}.SAFE").mkdir(parents=True)
            (root / f"{name}.SAFE" / "MTD_MSIL2A.xml").write_text('<x><BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET></x>')
            for band, image in zip(("B04", "B08"), bands, strict=True):
                write_raster(
                    root / f"{name}.SAFE" / "GRANULE" / "L2A" / "IMG_DATA" / f"T31TBL_{day}T105031_{band}_10m.tif", image
                )
        else:
            write_raster(root / f"{name}.tif", bands, descriptions=("B04", "B08"))
    return root


@pytest.mark.parametrize("metadata", [False, True])
def test_an_offset_that_the_pixels_bear_out_is_taken_off_in_silence(tmp_path: Path, metadata: bool) -> None:
    imagery = open_imagery(product(tmp_path, 1200, 3000, metadata=metadata))
    assert imagery.warnings == ()
    assert imagery.tiles[0].offset == 1000
    assert 200 <= imagery.tiles[0].read(WHOLE).image[0, 0].min() < 300


@pytest.mark.parametrize(("low", "high"), [(300, 900), (100, 3000), (850, 950)])
def test_pixels_too_dark_for_the_offset_of_the_metadata_are_an_error_with_two_ways_out(
    tmp_path: Path, low: int, high: int
) -> None:
    product(tmp_path, low, high, metadata=True)
    with pytest.raises(ContradictionError, match=r"offset of 1000(.|\n)*below 1000(.|\n)*--offset 0(.|\n)*--offset 1000"):
        open_imagery(tmp_path)
    assert open_imagery(tmp_path, offset=0).tiles[0].read(WHOLE).image[0, 0].min() >= low
    assert open_imagery(tmp_path, offset=1000).tiles[0].offset == 1000


@pytest.mark.parametrize(("low", "high"), [(300, 900), (100, 3000), (850, 950)])
def test_an_offset_that_only_the_name_tells_yields_to_the_pixels_with_a_warning(tmp_path: Path, low: int, high: int) -> None:
    imagery = open_imagery(product(tmp_path, low, high))
    (warning,) = imagery.warnings
    assert "--offset 0" in warning
    assert "--offset 1000" in warning
    assert imagery.tiles[0].offset == 0
    assert imagery.tiles[0].read(WHOLE).image[0, 0].min() >= low


def test_an_image_of_digital_numbers_with_an_offset_in_float_is_taken_off(tmp_path: Path) -> None:
    wanted = reflectance(1200, 3000)
    path = tmp_path / f"{NAME.format(day='20220605', baseline='0400')}.tif"
    write_raster(path, (wanted / 1e4).astype(np.float32)[None], descriptions=("B04",))
    np.testing.assert_allclose(open_imagery(tmp_path).tiles[0].read(WHOLE).image[0, 0], wanted - 1000.0, atol=0.01)


@pytest.mark.parametrize(
    ("low", "high", "day", "told"),
    [
        (1200, 3000, "20220605", True),
        (300, 3000, "20220605", False),  # darker than the offset, so it is off
        (1200, 3000, "20210605", False),  # before the offset was added
        (1200, 3000, "20220125", True),
        (1200, 3000, "20220124", False),
    ],
)
def test_an_unknown_offset_is_told_only_where_it_can_matter(tmp_path: Path, low: int, high: int, day: str, told: bool) -> None:
    write_raster(tmp_path / f"{day}_B04.tif", reflectance(low, high))
    warnings = open_imagery(tmp_path).warnings
    assert len(warnings) == told
    assert all("--offset 1000" in warning and "--offset 0" in warning for warning in warnings)
    assert open_imagery(tmp_path, offset=0).warnings == ()


@pytest.mark.parametrize(
    ("properties", "add", "wanted"),
    [
        ({"s2:processing_baseline": "05.09"}, None, -1000),
        ({"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True}, -0.1, 0),
        ({"s2:processing_baseline": "03.01"}, None, 0),
        ({}, -0.1, -1000),
    ],
)
def test_a_stac_item_tells_the_offset(tmp_path: Path, properties: dict[str, Any], add: float | None, wanted: int) -> None:
    stored = reflectance(1200, 3000)
    write_raster(tmp_path / "20230606_B04.tif", stored)
    asset = {"href": "https://example.com/20230606_B04.tif", "raster:bands": [{"scale": 1e-4, "offset": add or 0}]}
    item = {"properties": properties, "assets": {"red": asset}}
    (tmp_path / "20230606_B04.json").write_text(json.dumps(item))
    imagery = open_imagery(tmp_path)
    assert imagery.warnings == ()
    np.testing.assert_allclose(imagery.tiles[0].read(WHOLE).image[0, 0].astype(int), stored.astype(int) + wanted, atol=0.01)


def test_numbers_that_were_packed_between_their_lowest_and_highest_are_unpacked(tmp_path: Path) -> None:
    values = np.array([0.01, 0.3, 0.5, 0.55] * 36).reshape(1, *SHAPE)
    data = cube({"B04": values, "B08": values}, times=("2019-06-06",))
    packed = {"dtype": "int16", "scale_factor": 1e-4, "add_offset": 0.3, "_FillValue": np.int16(-32768)}
    data.to_netcdf(tmp_path / "cube.nc", engine="h5netcdf", encoding={"B04": packed, "B08": packed})
    imagery = open_imagery(tmp_path)
    block = imagery.tiles[0].read(WHOLE)
    assert block.clear.all()  # 0.3 is stored as 0
    np.testing.assert_allclose(block.image[0, 0], 10_000 * values[0], rtol=1e-5)
    assert imagery.warnings == ()


def test_each_band_has_its_own_offset(tmp_path: Path) -> None:
    image = np.stack([np.full(SHAPE, 1400, np.uint16), np.full(SHAPE, 3000, np.uint16)])
    path = write_raster(tmp_path / "20190606.tif", image, descriptions=("B04", "B08"))
    with rasterio.open(path, "r+") as file:
        file.scales, file.offsets = (1e-4, 1e-4), (-0.1, 0.0)
    block = open_imagery(tmp_path).tiles[0].read(WHOLE)
    np.testing.assert_allclose(block.image[0, :, 0, 0], (400, 3000), rtol=1e-5)


def test_a_temperature_of_landsat_is_no_reflectance(tmp_path: Path) -> None:
    name = "HLS.L30.T36NYF.2019157T075611.v2.0"
    for band, value, scale in (("B04", reflectance(), 1e-4), ("B10", np.full(SHAPE, 2900), 0.01)):
        path = write_raster(tmp_path / f"{name}.{band}.tif", value.astype(np.int16), nodata=-9999)
        with rasterio.open(path, "r+") as file:
            file.scales = (scale,)
    imagery = open_imagery(tmp_path)
    (tile,) = imagery.tiles
    assert (tile.units, imagery.warnings) == ("digital number", ())
    assert tile.read(WHOLE, bands=["B10"]).image[0, 0, 0, 0] == pytest.approx(29)  # degrees Celsius
