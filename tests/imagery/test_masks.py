"""Quality layers of the common kinds: which pixels are clear by default, and what is told of the others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from cropdetect.errors import MissingBandError
from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.clear import parse_clear, resolved
from cropdetect.imagery.masks import default_masks, is_mask_only, is_quality_layer
from tests.imagery.data import cube, write_raster

SHAPE = (4, 6)
WHOLE = Window(0, 0, *SHAPE)
DAYS = ("20190606", "20190616")


def season(root: Path, name: str, numbers: Any, dtype: str, nodata: float | None = None) -> np.ndarray[Any, Any]:
    """Write a date a number, each with a quality layer that has it everywhere, and return which dates are clear."""
    data = {"red": np.full((len(numbers), *SHAPE), 700, np.uint16)}
    data[name] = np.stack([np.full(SHAPE, number, dtype) for number in numbers])
    times = tuple(f"2019-06-{day + 1:02}" for day in range(len(numbers)))
    season = cube(data, times=times)
    if nodata is not None:
        season[name].attrs["nodata"] = nodata
    season.to_netcdf(root / "cube.nc", engine="h5netcdf")
    return np.asarray(open_imagery(root).tiles[0].read(WHOLE).clear[:, 0, 0])


@pytest.mark.parametrize(
    ("name", "dtype", "numbers", "clear"),
    [
        ("SCL", "uint8", [0, 3, 4, 5, 6, 7, 8, 9, 10, 11], [0, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
        ("scl", "uint8", [4, 9], [1, 0]),
        ("Scl", "uint8", [4, 9], [1, 0]),
        ("S2-L2A-SCL", "int16", [4, 9], [1, 0]),
        ("SCL_20m", "uint8", [5, 8], [1, 0]),
        ("SCENECLASSIFICATION_20M", "uint8", [6, 10], [1, 0]),
        ("CLD", "uint8", [0, 39, 40, 100], [1, 1, 0, 0]),
        ("MSK_CLDPRB", "uint8", [0, 39, 40, 100], [1, 1, 0, 0]),
        ("MSK_CLDPRB_20m", "uint8", [0, 80], [1, 0]),
        ("CLP", "uint8", [0, 101, 102, 255], [1, 1, 0, 0]),
        ("CLM", "uint8", [0, 1], [1, 0]),
        ("clm", "uint8", [0, 1], [1, 0]),
        ("CLM_R1", "uint8", [0, 2, 129], [1, 0, 0]),
        ("probability", "uint8", [5, 39, 40, 90], [1, 1, 0, 0]),
        ("probability", "float32", [0.05, 0.39, 0.41, 0.9], [1, 1, 0, 0]),
        ("s2cloudless_prob", "float32", [0.1, 0.8], [1, 0]),
        ("s2cloudless_mask", "uint8", [1, 2], [1, 0]),
        ("cs_cdf", "float32", [0.9, 0.6, 0.3], [1, 1, 0]),
        ("QA60", "uint16", [0, 1024, 2048, 3072, 1], [1, 0, 0, 0, 1]),
        ("QAI", "int16", [0, 32, 1, 2, 4, 6, 8, 16], [1, 1, 0, 0, 0, 0, 0, 0]),
        ("MSK_CLASSI_OPAQUE", "uint8", [0, 1], [1, 0]),
        ("MSK_CLASSI_CIRRUS", "uint8", [0, 1], [1, 0]),
        ("Fmask", "uint8", [64, 66, 68, 72, 80, 96, 224], [1, 0, 0, 0, 0, 1, 1]),
        ("fmask", "uint8", [1, 2, 3, 4, 5], [1, 0, 0, 0, 1]),
        ("QA_PIXEL", "uint16", [1, 21824, 21826, 21828, 22280, 23888, 30048, 21952], [0, 1, 0, 0, 0, 0, 0, 1]),
        ("qa_pixel", "uint16", [5440, 5896], [1, 0]),
        ("QA", "uint16", [21824, 22280], [1, 0]),
        ("pixel_qa", "uint16", [322, 324, 352, 328, 336], [1, 1, 0, 0, 0]),
        ("BQA", "uint16", [2720, 2800, 2976], [1, 0, 0]),
        ("state_1km", "uint16", [0, 3, 1, 2, 4, 1024, 32768, 8], [1, 1, 0, 0, 0, 0, 0, 1]),
        ("sur_refl_state_500m", "uint16", [8, 9], [1, 0]),
        ("SummaryQA", "int16", [0, 1, 2, 3], [1, 1, 0, 0]),
        ("clear", "uint8", [1, 0], [1, 0]),
        ("udm2_1", "uint8", [1, 0], [1, 0]),
        ("dataMask", "uint8", [1, 0], [1, 0]),
        ("CLOUDLESS_MASK", "uint8", [1, 0], [1, 0]),
        ("FILL_MASK", "uint8", [1, 0], [1, 0]),
        ("FLG_R1", "uint8", [0, 1, 2, 3, 4], [0, 0, 0, 1, 1]),
    ],
)  # fmt: skip
def test_quality_layers_of_the_common_kinds_are_used(
    tmp_path: Path, name: str, dtype: str, numbers: list[float], clear: list[int]
) -> None:
    assert season(tmp_path, name, numbers, dtype).astype(int).tolist() == clear


@pytest.mark.parametrize("numbers", [[0, 2], [0, 0], [2, 4], [1, 8]])
def test_the_name_of_the_product_tells_what_fmask_is(tmp_path: Path, numbers: list[int]) -> None:
    """Bits of HLS, of which a cloudy season may show only those that other products take for classes."""
    for day, number in zip(("2019157", "2019167"), numbers, strict=True):
        for band, value in (("B04", np.int16(700)), ("Fmask", np.uint8(number))):
            write_raster(tmp_path / f"HLS.S30.T36NYF.{day}T075611.v2.0.{band}.tif", np.full(SHAPE, value))
    imagery = open_imagery(tmp_path)
    assert imagery.tiles[0].clear_expression == "Fmask&31=0"
    assert imagery.tiles[0].read(WHOLE).clear[:, 0, 0].tolist() == [number == 0 for number in numbers]
    assert not imagery.warnings


def test_the_fmask_of_digital_earth_australia_is_one_of_classes_whatever_its_numbers_are(tmp_path: Path) -> None:
    for name, value in (("ard_3-2-1_55HDA_2020-06-06_final_nbart_red", 700), ("oa_3-2-1_55HDA_2020-06-06_final_fmask", 1)):
        write_raster(tmp_path / f"ga_s2am_{name}.tif", np.full(SHAPE, value, np.uint8 if value == 1 else np.int16))
    (tile,) = open_imagery(tmp_path).tiles
    assert tile.clear_expression == "fmask=1,5"
    assert tile.read(WHOLE).clear.all()


@pytest.mark.parametrize(
    ("name", "dtype", "number", "words"),
    [
        ("Fmask", "uint8", 2, "Fmask&31=0"),
        ("QA", "uint8", 2, "QA&63=0"),
        ("cs_cdf", "uint8", 80, "cs_cdf>=0.6"),
        ("SNW", "uint8", 2, "most frequent numbers are 2"),
        ("cloud_mask", "uint8", 1, 'cloud_mask=0"'),
        ("clear_mask", "uint8", 2, 'clear_mask=1"'),
        ("QA_RADSAT", "uint16", 7, "most frequent numbers are 7"),
        ("SR_QA_AEROSOL", "uint8", 96, "SR_QA_AEROSOL"),
        ("quality", "uint8", 3, "quality&3=0"),
    ],
)
def test_a_quality_layer_that_is_not_used_is_told_with_the_way_to_use_it(
    tmp_path: Path, name: str, dtype: str, number: int, words: str
) -> None:
    data = {"B04": np.full((2, *SHAPE), 700, np.uint16), name: np.full((2, *SHAPE), number, dtype)}
    cube(data).to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    (warning,) = open_imagery(tmp_path).warnings
    assert f"the quality layer {name} is not used" in warning
    assert words in warning
    asked = open_imagery(tmp_path, clear=f"{name}!={number}")
    assert asked.warnings == ()
    assert not asked.tiles[0].read(WHOLE).clear.any()


@pytest.mark.parametrize("name", ["SCL", "QA60", "cloud_mask", "Fmask", "udm2_3", "quality"])
def test_quality_layers_are_no_bands(name: str) -> None:
    assert is_quality_layer(name)
    assert is_mask_only(name)


@pytest.mark.parametrize("name", ["B04", "red", "VV", "NDVI", "elevation", "clearing", "aqua", "cloudberry", "A07"])
def test_other_layers_are_no_quality_layers(name: str) -> None:
    assert not is_quality_layer(name)


@pytest.mark.parametrize(
    ("text", "bits", "clear"),
    [
        ("QA60&3072=0", [0, 1024, 2048, 5], [1, 0, 0, 1]),
        ("QA60&0xC00=0", [0, 1024, 2048, 5], [1, 0, 0, 1]),
        ("QA60&3=0,3", [0, 1, 2, 3, 4, 7], [1, 0, 0, 1, 1, 1]),
        ("QA60&8!=8", [0, 8, 24], [1, 0, 0]),
        ("QA60&192<=64", [0, 64, 128, 192], [1, 1, 0, 0]),
        ("qa60&1=0", [2, 3], [1, 0]),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_bits_are_compared(text: str, bits: list[int], clear: list[int], dtype: Any) -> None:
    (condition,) = resolved(parse_clear(text), ["B04", "QA60"])
    assert condition.band == "QA60"
    assert condition.holds(np.array(bits, dtype)).astype(int).tolist() == clear


def test_bits_of_a_missing_number_are_not_clear() -> None:
    (condition,) = parse_clear("QA&1=0")
    assert condition.holds(np.array([np.nan, 2.0])).tolist() == [False, True]


def test_several_masks_count_together() -> None:
    assert default_masks(["B04", "scl", "MSK_CLDPRB"], {}).expression == "scl=4,5,6,7 MSK_CLDPRB<40"


def test_a_number_that_is_declared_as_missing_but_means_clear_is_taken_as_clear_and_told(tmp_path: Path) -> None:
    assert season(tmp_path, "QA60", [0, 1024], "uint16", nodata=0).tolist() == [True, False]
    assert 'QA60 declares 0 as "no value"' in open_imagery(tmp_path).warnings[0]


@pytest.mark.parametrize(("days", "told"), [(("2023-06-06", "2023-06-16"), True), (("2019-06-06", "2019-06-16"), False)])
def test_the_empty_qa60_of_earth_engine_is_told(tmp_path: Path, days: tuple[str, str], told: bool) -> None:
    data = {"red": np.full((2, *SHAPE), 700, np.uint16), "QA60": np.zeros((2, *SHAPE), np.uint16)}
    cube(data, times=days).to_netcdf(tmp_path / "cube.nc", engine="h5netcdf")
    assert any("QA60 marks no cloud" in warning for warning in open_imagery(tmp_path).warnings) == told


@pytest.mark.parametrize("kind", ["internal mask", "alpha", "alpha of 16 bits"])
def test_masks_and_alpha_bands_of_a_geotiff_hide_pixels(tmp_path: Path, kind: str) -> None:
    dtype = np.uint8 if kind == "alpha" else np.uint16
    bands = np.full((3, *SHAPE), 90, dtype)
    hidden = np.zeros(SHAPE, bool)
    hidden[:2, :3] = True
    path = tmp_path / "20190606.tif"
    if kind == "internal mask":
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            write_raster(path, bands, descriptions=("VV", "VH", "NDVI"))
            with rasterio.open(path, "r+") as file:
                file.write_mask(~hidden)
    else:
        alpha = np.where(hidden, 0, np.iinfo(dtype).max).astype(dtype)
        write_raster(path, np.concatenate([bands, alpha[None]]))
        with rasterio.open(path, "r+") as file:
            file.colorinterp = [ColorInterp.gray, ColorInterp.undefined, ColorInterp.undefined, ColorInterp.alpha]
            for number, text in enumerate(("VV", "VH", "NDVI"), 1):
                file.set_band_description(number, text)
    tile = open_imagery(tmp_path).tiles[0]
    assert set(tile.bands) == {"VV", "VH", "NDVI"}
    np.testing.assert_array_equal(tile.read(WHOLE).clear[0], ~hidden)
    part = Window(1, 2, 3, 5)
    np.testing.assert_array_equal(tile.read(part).clear[0], ~hidden[1:3, 2:5])


def test_a_fourth_band_of_bytes_that_gdal_calls_alpha_is_a_band(tmp_path: Path) -> None:
    bands = np.random.default_rng(0).integers(1, 255, (4, *SHAPE)).astype(np.uint8)
    write_raster(tmp_path / "20190606.tif", bands, photometric="RGB")
    tile = open_imagery(tmp_path).tiles[0]
    assert len(tile.bands) == 4
    assert tile.read(WHOLE).clear.all()


def test_a_mask_file_beside_an_image_is_told(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "20190606_B04.tif", np.full(SHAPE, 700, np.uint16))
    path.with_name(f"{path.name}.msk").write_bytes(b"")
    assert "20190606_B04.tif.msk" in open_imagery(tmp_path).warnings[0]


def test_a_condition_on_an_absent_band_is_refused(tmp_path: Path) -> None:
    season(tmp_path, "scl", [4], "uint8")
    with pytest.raises(MissingBandError, match="QA60"):
        open_imagery(tmp_path, clear="QA60&3072=0")


@pytest.mark.parametrize("name", ["S2_20190606_OCM", "S2_20190606_OCM_v1_6_0"])
def test_the_mask_of_omnicloudmask_is_used(tmp_path: Path, name: str) -> None:
    write_raster(tmp_path / "S2_20190606_B04.tif", np.full(SHAPE, 700, np.uint16))
    classes = np.zeros(SHAPE, np.uint8)
    classes[0, :4] = (0, 1, 2, 3)
    write_raster(tmp_path / f"{name}.tif", classes)
    (tile,) = open_imagery(tmp_path).tiles
    assert (tile.bands, tile.clear_expression) == (("B04",), "OCM=0")
    np.testing.assert_array_equal(tile.read(WHOLE).clear[0], classes == 0)


@pytest.mark.parametrize("name", ["valid", "valid_pixels", "S2_valid"])
def test_a_mask_of_valid_pixels_is_told_and_is_no_band(tmp_path: Path, name: str) -> None:
    write_raster(tmp_path / "20190606.tif", np.full((2, *SHAPE), 1, np.uint16), descriptions=("B04", name))
    imagery = open_imagery(tmp_path)
    assert imagery.bands == ("B04",)
    assert any(f'--clear "{name}=1"' in warning for warning in imagery.warnings)
