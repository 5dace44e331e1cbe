"""docs/models.csv and docs/models.md say what the code is."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest
import torch

from cropdetect import models

ROOT = Path(__file__).resolve().parents[2]
AGAIN = "run `make docs`"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return importlib.import_module("write_models")


def test_the_table_lists_every_network_with_the_number_of_its_parameters(script: ModuleType) -> None:
    stored = (ROOT / "docs" / "models.csv").read_text("utf-8")
    assert stored == script.csv_text(script.rows()), AGAIN
    listed = [row["name"] for row in script.rows() if row["kind"] == "network"]
    assert listed == models.names()
    for row in script.rows():
        assert all(row[column] for column in ("input", "when to use", "reference")), row["name"]


def test_the_page_is_made_of_the_table_and_the_code(script: ModuleType) -> None:
    assert (ROOT / "docs" / "models.md").read_text("utf-8") == script.page(script.rows()), AGAIN


def test_parameters_are_those_that_a_state_holds(script: ModuleType) -> None:
    """Counted from the saved state of the 2020 network, whose size is known: 847 thousand."""
    published = ROOT.parent / "shared" / "reference" / "cv4a_crop_classification_checkpoint.pt"
    if not published.exists():
        pytest.skip("needs the published weights of 2020")
    state = torch.load(published, map_location="cpu", weights_only=True)
    assert script.n_parameters("conv-gru") == sum(value.numel() for value in state.values())


def test_every_argument_of_a_network_is_on_the_page(script: ModuleType) -> None:
    for row in script.rows():
        if row["kind"] == "network":
            network = models.create(row["name"], bands=script.BANDS, n_classes=2)
            for argument in network.arguments:
                assert f"| `{argument}` |" in script.section(row), (row["name"], argument)
