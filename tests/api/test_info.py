"""What `info` says of imagery: bands with their numbers, masks and how they are used, fields."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
from typer.testing import CliRunner

from cropdetect import api
from cropdetect.cli import app
from cropdetect.errors import TableError, UnknownLayoutError
from tests.api.conftest import CRS, GRID, square, write_band, write_fields
from tests.imagery.data import write_raster


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


def test_a_table_of_field_means_is_told_without_chips(tmp_path: Path) -> None:
    rows = [f"{field},2021-0{month}-01,{100 * month},3000\n" for field, end in (("a", 9), ("b", 8)) for month in range(4, end)]
    (tmp_path / "series.csv").write_text("field_id,date,B04,B08\n" + "".join(rows), "utf-8")
    (tmp_path / "fields.csv").write_text("field_id,label\na,maize\nb,wheat\n", "utf-8")
    found = api.info(tmp_path)
    assert found.kind == "table"
    assert found.facts.keys().isdisjoint({"chips", "chip_size", "preset", "steps_per_chip"})
    assert "dates per field 4 to 5, mostly 4.5" in " ".join(found.text().split())
    assert "chip" not in found.text().replace(str(tmp_path), "")


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


def test_a_list_of_known_crops_says_its_columns_and_how_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "crops.csv").write_text("parcel_nr;code;name\n007;115;Weizen\n008;411;Mais\n009;115;Weizen\n")
    with pytest.raises(
        TableError, match="no dates and no bands: parcel_nr seems to hold ids of fields and code their crops"
    ) as told:
        api.info(tmp_path / "crops.csv")
    assert "--reference crops.csv --id-column parcel_nr --labels code" in told.value.fix


@pytest.mark.parametrize(
    ("descriptions", "said"), [(("B04", "B08"), "scene.tif has 2 bands: B04, B08"), ((), "scene.tif has 2 bands: band_1, band_2")]
)
def test_an_image_without_a_date_says_its_bands_and_the_option(tmp_path: Path, descriptions: tuple[str, ...], said: str) -> None:
    file = write_raster(tmp_path / "scene.tif", np.full((2, 8, 8), 700, np.uint16), descriptions=descriptions)
    with pytest.raises(UnknownLayoutError, match=said) as told:
        api.info(file)
    assert "--date 2019-06-06" in told.value.fix
    names = "" if descriptions else "band_1=B04,band_2=B08"
    facts = api.info(file, date="2018-04-15", band_names=names or None).facts
    assert (facts["days"], facts["bands"]) == (["2018-04-15"], ["B04", "B08"])


def test_people_get_aligned_lines_and_no_raw_data(images: Path) -> None:
    shown = CliRunner().invoke(app, ["info", str(images)])
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    head = next(line for line in lines if "quantile 5" in line)
    red = next(line for line in lines if "B04" in line and "reflectance" in line)
    assert head.index("median") == red.index("600.0")
    assert "96 x 96 pixels\n" in shown.output
    assert not set("{}[]") & set(shown.output)
