import numpy as np
import pytest

from cropdetect.errors import OptionError
from cropdetect.imagery.clear import parse_clear
from cropdetect.imagery.masks import default_clear


def holds(text, **bands):
    return [all(condition.holds(np.array([bands[condition.band]]))[0] for condition in parse_clear(text))]


@pytest.mark.parametrize(
    ("text", "bands", "clear"),
    [
        ("SCL=4,5 CLD<60", {"SCL": 4, "CLD": 59}, True),
        ("SCL=4,5 CLD<60", {"SCL": 5, "CLD": 60}, False),
        ("SCL=4,5 CLD<60", {"SCL": 6, "CLD": 0}, False),
        ("CLD<=60", {"CLD": 60}, True),
        ("QA60!=1024,2048", {"QA60": 1024}, False),
        ("QA60!=1024,2048", {"QA60": 0}, True),
        ("NDVI>0.5", {"NDVI": 0.6}, True),
        ("NDVI>=0.5", {"NDVI": 0.5}, True),
        ("NDVI>0.5", {"NDVI": np.nan}, False),
        ("none", {}, True),
    ],
)
def test_an_expression_says_what_is_clear(text, bands, clear):
    assert holds(text, **bands) == [clear]


@pytest.mark.parametrize("text", ["", "  ", "SCL", "SCL=", "SCL=a", "=4", "CLD<1,2", "SCL==4", "CLD<nan", "none SCL=4", "SCL 4"])
def test_what_is_no_expression_is_refused_with_an_example(text):
    with pytest.raises(OptionError, match="SCL=4,5 CLD<60"):
        parse_clear(text)


def test_the_default_is_vegetation_soil_water_and_unclassified_and_little_cloud_probability():
    scl, cloud = default_clear(["SCL", "CLD", "B04"])
    assert np.flatnonzero(scl.holds(np.arange(12))).tolist() == [4, 5, 6, 7]
    assert np.flatnonzero(cloud.holds(np.arange(101)))[-1] == 39
    assert default_clear(["B04"]) == ()
