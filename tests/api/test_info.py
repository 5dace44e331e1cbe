"""What `info` says of imagery: bands with their numbers, masks and how they are used, fields."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from tests.api.conftest import CRS, GRID, square, write_band, write_fields


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three dates of two bands with known numbers; the lower half of the second date is cloud."""
    cloud = np.zeros((96, 96), np.uint16)
    cloud[48:] = 90
    for number, day in enumerate(("20190606", "20190701", "20190711")):
        values = np.full((96, 96), 500 + 100 * number, np.uint16)
        write_band(tmp_path / "season" / day / f"{day}_B04.tif", values)
        write_band(tmp_path / "season" / day / f"{day}_B08.tif", 5 * values)
        write_band(tmp_path / "season" / day / f"{day}_CLD.tif", cloud if number == 1 else np.zeros_like(cloud))
    return tmp_path / "season"


def test_each_band_is_told_with_its_numbers_on_clear_pixels(images: Path) -> None:
    facts = api.info(images).facts
    assert (facts["clear_where"], facts["units"]) == ("CLD<40", "digital number")
    assert facts["clear_share"] == {"quartile_1": 0.75, "median": 1.0, "quartile_3": 1.0}
    red = {"sensor": "sentinel-2", "kind": "reflectance", "role": "red", "dates": 3, "clear_dates": 3}
    red |= {"unit": "reflectance x 10000", "scale": 1.0, "offset": 0.0, "no_value": [0]}
    assert facts["values"]["B04"] == red | {"quantile_05": 500.0, "median": 600.0, "quantile_95": 700.0}
    assert (facts["values"]["B08"]["role"], facts["values"]["B08"]["median"]) == ("nir", 3000.0)


def test_another_rule_of_what_is_clear_changes_what_is_told(images: Path) -> None:
    facts = api.info(images, clear="none").facts
    assert facts["clear_where"] == "every band has a value"
    assert facts["clear_share"]["quartile_1"] == 1.0


def test_fields_that_are_named_are_told_with_the_images(images: Path, tmp_path: Path) -> None:
    fields = write_fields(tmp_path / "mine.gpkg", GRID)
    assert "not read" in api.info(images).facts["fields"]
    facts = api.info(images, fields=fields, labels="crop").facts
    assert (facts["fields"], facts["labels"]) == (16, {"cassava": 8, "maize": 8})


def test_fields_that_lie_beside_the_images_are_told_with_both_places(images: Path, tmp_path: Path) -> None:
    features = [(1, square(4, 4), "maize"), (2, square(4, 5000), "maize")]
    one = api.info(images, fields=write_fields(tmp_path / "one.gpkg", features))
    assert (one.facts["fields_outside_the_images"], one.warnings) == (1, [])
    none = api.info(images, fields=write_fields(tmp_path / "none.gpkg", features[1:]))
    (warning,) = none.warnings
    to_degrees = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    (x, y), (west, north) = to_degrees.transform(690_040, 59_920), to_degrees.transform(640_480, 59_520)
    assert f"The fields lie around {x:.4f} E, {y:.4f} N (EPSG:32636" in warning
    assert f"the images around {west:.4f} E, {north:.4f} N (EPSG:32636" in warning


def test_people_get_aligned_lines_and_no_raw_data(images: Path) -> None:
    shown = CliRunner().invoke(app, ["info", str(images)])
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    head = next(line for line in lines if "quantile 5" in line)
    red = next(line for line in lines if "B04" in line and "reflectance" in line)
    assert head.index("median") == red.index("600.0")
    assert "96 x 96 pixels\n" in shown.output
    assert not set("{}[]") & set(shown.output)
