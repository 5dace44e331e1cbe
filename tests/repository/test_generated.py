"""Files that scripts make are as the scripts make them now."""

import filecmp
import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import rasterio

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint, shipped_names, shipped_path
from cropdetect.checkpoint.folder import write_description
from cropdetect.formats import ModelCardRecord
from tests.repository.conftest import ROOT

SHIPPED = ROOT / "src" / "cropdetect" / "checkpoint" / "shipped" / "kenya-simulated"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_same_pixels(first: Path, second: Path) -> None:
    """Compare the files of two folders: images may differ by one digital number, which processors round differently."""
    assert files(first) == files(second)
    for name in sorted(files(first)):
        if name.endswith(".tif"):
            with rasterio.open(first / name) as one, rasterio.open(second / name) as other:
                assert one.profile == other.profile
                assert np.abs(one.read().astype(int) - other.read().astype(int)).max() <= 1, name
        else:
            assert (first / name).read_bytes() == (second / name).read_bytes(), name


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} - {"README.md"}


def assert_same(first: Path, second: Path) -> None:
    assert files(first) == files(second)
    _, different, unreadable = filecmp.cmpfiles(first, second, sorted(files(first)), shallow=False)
    assert (different, unreadable) == ([], [])


@pytest.mark.parametrize("name", ["index.md", "checkpoints.md"])
def test_docs_repeat_what_the_checkpoints_and_the_model_card_say(name: str) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    assert script("make_docs").page(text) == text, "run scripts/make_docs.py"


def test_every_shipped_checkpoint_has_a_card() -> None:
    text = (ROOT / "docs" / "checkpoints.md").read_text("utf-8")
    assert all(f"## {name}\n" in text and read_checkpoint(shipped_path(name)).record.training.licence for name in shipped_names())


def test_the_model_card_is_of_the_shipped_checkpoint() -> None:
    card = ModelCardRecord.model_validate_json((ROOT / "docs" / "model_card.json").read_bytes())
    record = read_checkpoint(SHIPPED).record
    assert card.members == [member.onnx_sha256 for member in record.members], "run benchmarks/model_card.py"
    assert list(card.metrics.per_class) == record.legend
    assert sum(size.n for size in card.metrics.by_size or ()) == card.metrics.n_fields > 0


def test_the_page_would_change_with_the_checkpoint() -> None:
    text = (ROOT / "docs" / "index.md").read_text("utf-8")
    fields = read_checkpoint(SHIPPED).record.training.n_fields
    assert f"| fields | {fields} |" in text
    assert script("make_docs").page(text.replace(f"| fields | {fields} |", "| fields | 12 |")) == text


def test_the_picture_is_the_scripts_and_is_xml() -> None:
    svg = (ROOT / "docs" / "images" / "architecture.svg").read_text("utf-8")
    assert svg == script("draw_architecture").picture(), "run scripts/draw_architecture.py"
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "prefers-color-scheme: dark" in svg


def test_the_example_is_the_simulated_season_and_the_shipped_checkpoint(tmp_path: Path) -> None:
    script("make_example").main(tmp_path)
    assert_same_pixels(tmp_path / "chips", ROOT / "data" / "input" / "chips")
    assert_same(tmp_path / "checkpoint", ROOT / "data" / "input" / "checkpoint")
    size = sum(file.stat().st_size for file in (ROOT / "data" / "input" / "chips").rglob("*") if file.is_file())
    assert size < 4_000_000


def test_the_shipped_checkpoint_is_described_as_the_code_does_now(tmp_path: Path) -> None:
    write_description(tmp_path, read_checkpoint(SHIPPED).record)
    for name in files(tmp_path):
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes(), "run scripts/refresh_stac_item.py"


def test_the_example_gives_every_field_a_crop_without_a_warning(tmp_path: Path) -> None:
    example = ROOT / "data" / "input"
    run = api.predict(example / "chips", tmp_path / "out", checkpoint=example / "checkpoint")
    assert (run.n_fields, run.status_counts, run.warnings) == (24, {"ok": 24}, [])


@pytest.mark.parametrize("folder", ["data/input/chips", "data/input/checkpoint", "data/output"])
def test_a_guide_lies_in_every_folder_of_data(folder: str) -> None:
    assert (ROOT / folder / "README.md").is_file()
