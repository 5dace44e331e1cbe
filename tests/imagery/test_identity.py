"""Which band a name is, from the producers' tables of bands, and how a checkpoint finds its bands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropdetect.errors import MissingBandError
from cropdetect.imagery.bands import BANDS, find_band
from cropdetect.imagery.identity import identify, match_bands, sensor_in, sensor_of, unsure_bands

S2, L8, L5 = "sentinel-2", "landsat-8", "landsat-5"


@pytest.mark.parametrize(
    ("name", "given_sensor", "sensor", "band", "variant"),
    [
        ("B02", None, S2, "B02", ""),
        ("b02", None, S2, "B02", ""),
        ("B2", S2, S2, "B02", ""),
        ("b2", S2, S2, "B02", ""),
        ("blue", S2, S2, "B02", ""),
        ("Blue", S2, S2, "B02", ""),
        ("S2-L2A-B02", None, S2, "B02", ""),
        ("SENTINEL2_L2A_B02", None, S2, "B02", ""),
        ("S2_B2", None, S2, "B02", ""),
        ("FRE_B2", S2, S2, "B02", ""),
        ("swir_2", S2, S2, "B12", ""),
        ("nbart_swir_2", S2, S2, "B11", ""),
        ("nbart_swir_3", S2, S2, "B12", ""),
        ("nbart_swir_2", "landsat-8", "landsat-8", "B7", ""),
        ("nbart_blue", S2, S2, "B02", ""),
        ("B02_10m", None, S2, "B02", ""),
        ("band2", S2, S2, "B02", ""),
        ("band_2", S2, None, "band_2", ""),
        ("rededge1", S2, S2, "B05", ""),
        ("red_edge_1", S2, S2, "B05", ""),
        ("nbart_red_edge_3", S2, S2, "B07", ""),
        ("rededge078", S2, S2, "B07", ""),
        ("nir", S2, S2, "B08", ""),
        ("nir_1", S2, S2, "B08", ""),
        ("nir08", S2, S2, "B8A", ""),
        ("NIR narrow", S2, S2, "B8A", ""),
        ("Red-Edge 1", S2, S2, "B05", ""),
        ("nir_2", S2, S2, "B8A", ""),
        ("b8a", None, S2, "B8A", ""),
        ("swir16", S2, S2, "B11", ""),
        ("swir_2", S2, S2, "B12", ""),
        ("coastal_aerosol", S2, S2, "B01", ""),
        ("scl", None, S2, "SCL", ""),
        ("S2-L2A-SCL", None, S2, "SCL", ""),
        ("SR_B4", L8, L8, "B4", ""),
        ("sr_b4", L8, L8, "B4", ""),
        ("sr_band4", L8, L8, "B4", ""),
        ("B04", L8, L8, "B4", ""),
        ("B05", L8, L8, "B5", ""),
        ("L8_B05", None, L8, "B5", ""),
        ("LC08_SR_B5", None, L8, "B5", ""),
        ("nir08", L8, L8, "B5", ""),
        ("swir_1", L8, L8, "B6", ""),
        ("red", L8, L8, "B4", ""),
        ("ST_B10", L8, L8, "B10", ""),
        ("lwir11", L8, L8, "B10", ""),
        ("SR_B4", L5, L5, "B4", ""),
        ("red", L5, L5, "B3", ""),
        ("swir22", L5, L5, "B7", ""),
        ("sur_refl_b01", None, "modis", "sur_refl_b01", ""),
        ("red", "modis", "modis", "sur_refl_b01", ""),
        ("green_i", "planetscope", "planetscope", "green_i", ""),
        ("NIR", "planetscope", "planetscope", "nir", ""),
        ("VV", None, "sentinel-1", "VV", ""),
        ("vh", S2, "sentinel-1", "VH", ""),
        ("VV_asc", None, "sentinel-1", "VV", "asc"),
        ("Sigma0_VV", None, "sentinel-1", "VV", "sigma0"),
        ("VV_db", None, "sentinel-1", "VV", "db"),
        ("B4_p50", S2, S2, "B04", "p50"),
        ("B04_median", None, S2, "B04", "median"),
        ("B04_p50_asc", None, S2, "B04", "p50_asc"),
        ("NDVI_max", S2, None, "NDVI", "max"),
        ("ndvi", None, None, "NDVI", ""),
        ("A07", None, "embedding", "A07", ""),
        ("a63", None, "embedding", "A63", ""),
        ("A64", None, None, "A64", ""),
        ("B2", None, None, "B2", ""),  # of Sentinel-2 or of Landsat
        ("red", None, None, "red", ""),
        ("wetness", S2, None, "wetness", ""),
    ],
)  # fmt: skip
def test_a_name_is_this_band(name: str, given_sensor: str | None, sensor: str | None, band: str, variant: str) -> None:
    found = identify(name, given_sensor)
    assert (found.sensor, found.name, found.variant) == (sensor, band, variant)


@pytest.mark.parametrize(
    ("name", "sensor", "kind", "role"),
    [
        ("B05", S2, "reflectance", "rededge071"),
        ("B05", L8, "reflectance", "nir"),
        ("B4", L8, "reflectance", "red"),
        ("B4", L5, "reflectance", "nir"),
        ("B8", L8, "reflectance", "pan"),
        ("B10", S2, "reflectance", "cirrus"),
        ("B10", L8, "other", "lwir11"),
        ("B04_stdDev", S2, "other", "red"),
        ("B04_p10", S2, "reflectance", "red"),
        ("VV_desc", None, "backscatter", ""),
        ("S2-L2A-SCL", None, "classes", ""),
        ("SR_QA_AEROSOL", L8, "classes", ""),
        ("A07", None, "other", ""),
    ],
)
def test_what_a_band_measures_depends_on_its_sensor(name: str, sensor: str | None, kind: str, role: str) -> None:
    assert (find_band(name, sensor).kind, find_band(name, sensor).role) == (kind, role)


@pytest.mark.parametrize(
    ("names", "sensor"),
    [
        (["B2", "B3", "B4", "B8A"], S2),
        (["B2", "B12"], S2),
        (["B2", "B3", "B4", "QA60"], S2),
        (["red", "nir", "scl"], S2),
        (["red_edge_1", "red_edge_2"], S2),
        (["S2-L2A-B02", "VV"], S2),
        (["SR_B2", "SR_B4", "SR_B6"], L8),
        (["SR_B1", "SR_B5", "SR_B7"], L5),
        (["B4", "QA_PIXEL"], "landsat"),
        (["B4", "B5", "B10", "QA_PIXEL"], L8),
        (["B2", "B10", "B11"], None),
        (["red", "nir"], None),
        (["A00", "A63"], "embedding"),
        (["sur_refl_b01", "sur_refl_b02"], "modis"),
    ],
)
def test_a_set_of_names_tells_the_sensor_only_where_one_sensor_has_such_bands(names: list[str], sensor: str | None) -> None:
    assert sensor_of(names) == sensor


@pytest.mark.parametrize(
    ("text", "sensor"),
    [
        ("Landsat 8 OLI", L8),
        ("LC09", L8),
        ("landsat-7", L5),
        ("S2A_MSIL2A", S2),
        ("sentinel-2-l2a", S2),
        ("COPERNICUS/S2_SR", S2),
        ("s1-grd-sigma0-asc-weekly", "sentinel-1"),
        ("Landsat", "landsat"),
        ("sentinel-1 and sentinel-2", None),
        ("scene2", None),
    ],
)
def test_a_text_names_a_sensor(text: str, sensor: str | None) -> None:
    assert sensor_in(text) == sensor


@given(
    st.sampled_from([band for band in BANDS if band.sensor == S2 and band.kind == "reflectance"]),
    st.sampled_from(["", "S2-L2A-", "S2_", "sentinel2_", "nbart_"]),
    st.sampled_from(["", "_p50", "_asc", "_median"]),
    st.sampled_from([str, str.lower, str.upper]),
    st.booleans(),
)
def test_a_band_that_is_written_is_read_back(band, prefix, suffix, case, short) -> None:  # type: ignore[no-untyped-def]
    own = band.name.replace("B0", "B") if short else band.name
    found = identify(case(f"{prefix}{own}{suffix}"), S2)
    assert (found.sensor, found.name, found.variant) == (S2, band.name, suffix[1:])


def test_a_checkpoint_finds_its_bands_however_they_are_written() -> None:
    needed = ["B02", "B8A", "B11"]
    for have in (["swir16", "nir08", "blue"], ["S2-L2A-B11", "S2-L2A-B8A", "S2-L2A-B02"], ["B11", "b8a", "B2"]):
        assert match_bands(have, needed, sensor=S2, needed_sensor=S2) == [2, 1, 0]
    assert match_bands(["B04", "wetness"], ["wetness"], sensor=S2, needed_sensor=S2) == [1]
    assert match_bands(["B02", "blue"], ["blue"], sensor=S2, needed_sensor=S2) == [1]  # the exact name


@pytest.mark.parametrize(
    ("have", "sensor", "message"),
    [
        (["B05"], L8, "B05 of the data is of landsat-8, and that of the checkpoint is of sentinel-2"),
        (["B5"], None, "--band-names B5=B05"),
        (["B05_p50"], S2, "B05_p50"),
        (["rededge1", "S2_B5"], S2, "rededge1, S2_B5 are all B05"),
    ],
)
def test_a_band_of_another_sensor_of_no_sensor_or_twice_is_an_error(have: list[str], sensor: str | None, message: str) -> None:
    with pytest.raises(MissingBandError, match="B05") as error:
        match_bands(have, ["B05"], sensor=sensor, needed_sensor=S2)
    assert message in str(error.value)


def test_bands_whose_meaning_depends_on_an_unknown_sensor_are_named() -> None:
    assert unsure_bands(["B2", "B5", "VV", "NDVI"], None) == ["B2", "B5"]
    assert unsure_bands(["B2", "B5"], S2) == []


def test_bands_of_another_sensor_are_told_with_both_sensors() -> None:
    with pytest.raises(MissingBandError, match="the data are of landsat-8, and the checkpoint learned from sentinel-2"):
        match_bands(["B2", "B3", "B5"], ["B02", "B03", "B08"], sensor="landsat-8", needed_sensor="sentinel-2")
