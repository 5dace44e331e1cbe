"""The option `--layer` on the command line."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from typer.testing import CliRunner

from cropdetect.cli import app
from tests.fields.parcels import table
from tests.imagery.data import write_raster


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """A season of two dates, and a GeoPackage with two layers of polygons on it."""
    for day in ("20190606", "20190616"):
        write_raster(tmp_path / "season" / f"{day}_B04.tif", np.full((60, 60), 1500, np.uint16), left=640_000.0, top=60_000.0)
    for year, ids in (("y2023", ["a", "b"]), ("y2024", ["c"])):
        pyogrio.write_dataframe(table(field_id=ids), tmp_path / "farm.gpkg", layer=year, append=year == "y2024")
    return tmp_path / "season", tmp_path / "farm.gpkg"


def test_a_layer_is_chosen_by_name(data: tuple[Path, Path], tmp_path: Path) -> None:
    season, farm = data
    command = ["chips", str(season), str(tmp_path / "c.zarr"), "--fields", str(farm)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code != 0
    done = CliRunner().invoke(app, [*command, "--layer", "y2024"])
    assert done.exit_code == 0, done.output
    assert "1 chips of 1 fields" in done.output
    shown = CliRunner().invoke(app, ["info", str(farm), "--layer", "y2023", "--json"])
    assert json.loads(shown.stdout)["facts"]["fields"] == 2


def test_a_layer_of_nothing_is_an_error(data: tuple[Path, Path], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["chips", str(data[0]), str(tmp_path / "c.zarr"), "--layer", "y2024"])
    assert done.exit_code != 0
    assert "--fields" in str(done.exception) + done.output
