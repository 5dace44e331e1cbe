"""The table of bands against published numbers and the names that other libraries use."""

import re

import pytest
from pystac.extensions.eo import Band as StacBand

from cropdetect.imagery.bands import (
    BANDS,
    COMPETITION_BANDS,
    SENTINEL2_ORDER,
    band_with_role,
    find_band,
    in_order,
    is_band,
    is_classes,
    is_quality,
    is_reflectance,
)
from cropdetect.imagery.identity import sensor_of
from tests.imagery.data import CV4A_BANDS

# Sentinel-2B: centre and width, nm (ESA, Sentinel-2 MSI instrument, spectral bands; the table has Sentinel-2A).
SENTINEL2B = {
    "B01": (442.3, 21), "B02": (492.1, 66), "B03": (559.0, 36), "B04": (665.0, 31), "B05": (703.8, 16), "B06": (739.1, 15),
    "B07": (779.7, 20), "B08": (833.0, 106), "B8A": (864.0, 22), "B09": (943.2, 21), "B10": (1376.9, 30), "B11": (1610.4, 94),
    "B12": (2185.7, 185),
}  # fmt: skip


def test_sentinel2_has_thirteen_reflectances_from_short_to_long_waves_and_its_two_masks_behind_them() -> None:
    rows = [find_band(name) for name in SENTINEL2_ORDER]
    assert [band.name for band in rows if band.wavelength] == list(SENTINEL2B)
    waves = [band.wavelength for band in rows if band.wavelength]
    assert waves == sorted(waves)
    assert SENTINEL2_ORDER[13:] == ("SCL", "CLD")


def test_the_competition_has_these_thirteen_bands() -> None:
    assert COMPETITION_BANDS == CV4A_BANDS


@pytest.mark.parametrize(("name", "centre", "width"), [(name, *numbers) for name, numbers in SENTINEL2B.items()])
def test_the_twin_satellite_has_nearly_the_same_wavelengths(name: str, centre: float, width: float) -> None:
    assert find_band(name).wavelength == pytest.approx(centre, abs=width / 6)


@pytest.mark.parametrize("name", SENTINEL2B)
def test_wavelengths_lie_in_the_range_of_stacs_common_name(name: str) -> None:
    band = find_band(name)
    assert band.wavelength is not None
    # Version 2 of the extension splits "rededge"; it names the parts by their centre in 10 nm.
    ranges = {"rededge071": (0.69, 0.73), "rededge075": (0.73, 0.76), "rededge078": (0.76, 0.80)}
    low, high = ranges.get(band.role) or StacBand.band_range(band.role) or (0, 0)
    assert low <= band.wavelength / 1000 <= high


def test_every_pattern_can_be_compiled_and_fits_its_own_name_alone() -> None:
    for band in BANDS:
        assert re.compile(band.spellings)
        if not band.pattern:
            assert find_band(band.name, None if band.tells_sensor else band.sensor) is band
    names = [(band.sensor, band.name) for band in BANDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "name", ["SCL", "scl", "CLM", "FMASK", "Fmask", "QA", "QA60", "BQA", "QA_PIXEL", "state_QA", "QC", "MSK_CLDPRB"]
)
def test_classes_and_flags_are_quality_and_not_for_networks(name: str) -> None:
    assert is_classes(name)
    assert is_quality(name)
    assert not is_reflectance(name)


@pytest.mark.parametrize("name", ["CLD", "SNW", "SCL_20m", "dataMask"])
def test_probabilities_and_masks_are_quality_and_bands(name: str) -> None:
    assert is_quality(name)
    assert not is_classes(name)
    assert is_band(name)


@pytest.mark.parametrize(
    "name", ["B01", "B8A", "B4", "b4", "B10", "coastal", "red", "RED", "rededge", "rededge2", "nir08", "swir16"]
)
def test_reflectances(name: str) -> None:
    assert is_reflectance(name)
    assert not is_quality(name)


@pytest.mark.parametrize("name", ["VV", "VH", "NDVI", "EVI", "wetness", "A07", "B100", "elevation"])
def test_what_is_no_reflectance_is_neither_quality_nor_decoded(name: str) -> None:
    assert not is_reflectance(name)
    assert not is_quality(name)
    assert is_band(name)


@pytest.mark.parametrize("name", ["TCI", "PVI", "AOT", "WVP", "field_ids", "fieldid", "label", "labels"])
def test_previews_and_rasters_of_fields_are_no_bands(name: str) -> None:
    assert not is_band(name)


@pytest.mark.parametrize(
    ("role", "names", "band"),
    [
        ("red", ["B02", "B04", "B08"], "B04"),
        ("red", ["Red", "NIR"], "Red"),
        ("red", ["B4", "red"], "B4"),
        ("nir", ["B8A", "B08"], "B08"),
        ("nir", ["B8A", "B04"], "B8A"),
        ("nir", ["B8A", "nir"], "nir"),
        ("nir", ["B04"], None),
        ("blue", [], None),
    ],
)
def test_a_role_finds_its_band(role: str, names: list[str], band: str | None) -> None:
    assert band_with_role(role, names) == band


@pytest.mark.parametrize(
    ("names", "sensor"),
    [
        (["B02", "SCL"], "sentinel-2"),
        (["B02", "VV"], "sentinel-2"),
        (["VV", "VH"], "sentinel-1"),
        (["VV", "VH", "dataMask"], "sentinel-1"),
        (["VV", "NDVI"], None),
        (["B2", "B3"], None),
        (["SCL"], None),
        ([], None),
    ],
)
def test_the_sensor_follows_from_names(names: list[str], sensor: str | None) -> None:
    assert sensor_of(names) == sensor


def test_bands_stand_in_sentinel2s_order_and_others_follow_as_they_come() -> None:
    assert in_order(["zeta", "CLD", "B12", "B8A", "alpha", "B08", "B8A"]) == ("B08", "B8A", "B12", "CLD", "zeta", "alpha")
