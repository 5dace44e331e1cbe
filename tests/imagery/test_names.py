import datetime as dt

import pytest

from cropdetect.imagery.dates import parse_date
from cropdetect.imagery.names import parse_path

APRIL = dt.date(2018, 4, 15)


@pytest.mark.parametrize(
    ("path", "date", "band", "tile"),
    [
        ("T31UDS_20180415T105031_B04_10m", APRIL, "B04", "T31UDS"),
        ("T31UDS_20180415T105031_B8A", APRIL, "B8A", "T31UDS"),
        ("a b/20180415_B04", APRIL, "B04", ""),
        ("B04_2018-04-15", APRIL, "B04", ""),
        ("2018_04_15/B04", APRIL, "B04", ""),
        ("B04/S2_B04_20180415_10m", APRIL, "B04", ""),
        ("20170101/scene_20180415_B04", APRIL, "B04", ""),
        ("S1_VV_20180415T055000", APRIL, "VV", ""),
        ("NDVI_2018105", APRIL, "NDVI", ""),
        ("20180415_wetness", APRIL, "wetness", ""),
        ("20180415_Red_Edge_1", APRIL, "Red_Edge_1", ""),
        ("20180415_red-edge", APRIL, "red_edge", ""),
        ("S2A_20180415_nir_narrow", APRIL, "nir_narrow", ""),
        ("planetscope_20180415_coastal_blue", APRIL, "coastal_blue", ""),
        ("S2_20180415_band_4", APRIL, "B4", ""),
        ("S2_20180415_Band08", APRIL, "B8", ""),
        ("S2A_20180415_infra_red", APRIL, "", ""),
        ("HLS.S30.T31UDS.2018105T105031.v2.0.Fmask", None, "Fmask", "T31UDS"),
    ],
)
def test_names_tell_date_band_and_tile(path, date, band, tile):
    name = parse_path(path, None)
    assert name.band == band
    assert name.tile == tile
    if date is not None:
        assert name.period is not None
        assert name.period.day == date


@pytest.mark.parametrize("path", ["T31UDS_20180415T105031_TCI_10m", "20180415_PVI", "X.SAFE/GRANULE/L2A/IMG_DATA/R10m/T31_AOT"])
def test_previews_and_by_products_are_no_bands(path):
    assert parse_path(path, None) is None


def test_no_such_day_is_no_date():
    assert parse_date("20180231") is None
