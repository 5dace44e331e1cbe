"""Files that scripts make are as the scripts make them now."""

import filecmp
import importlib
import re
import subprocess
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


DOCUMENTATION = sorted(file.stem for kind in ("write", "draw") for file in (ROOT / "scripts").glob(f"{kind}_*.py"))


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


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


@pytest.mark.parametrize("name", DOCUMENTATION)
def test_what_make_docs_writes_is_up_to_date(name: str) -> None:
    written = script(name).pages()
    assert written
    for path, text in written.items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run `make docs`"


def test_make_docs_runs_every_script_of_the_documentation() -> None:
    assert {"write_help", "write_schemas", "write_models", "write_checkpoints", "draw_architecture", "draw_rooms"} <= set(
        DOCUMENTATION
    )
    plan = subprocess.run(
        ["make", "-n", "docs", "VENV=no-such-folder"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert all(f"scripts/{name}.py" in plan for name in DOCUMENTATION)


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
    assert script("write_checkpoints").page(text.replace(f"| fields | {fields} |", "| fields | 12 |")) == text


@pytest.mark.parametrize("name", ["architecture", "rooms"])
def test_drawings_are_xml_with_colours_for_the_dark(name: str) -> None:
    svg = (ROOT / "docs" / "images" / f"{name}.svg").read_text("utf-8")
    assert ET.fromstring(svg).tag.endswith("svg")
    assert "prefers-color-scheme: dark" in svg


def test_the_drawing_of_the_rooms_has_a_dot_for_every_import_and_no_arrow_upwards() -> None:
    package = ROOT / "src" / "cropdetect"
    names = [name.removeprefix("cropdetect.") for name in script("draw_rooms").rooms()]
    found = set()
    for file in package.rglob("*.py"):
        room = file.relative_to(package).parts[0].removesuffix(".py")
        lines = re.findall(r"^ *(?:from|import) cropdetect(?:\.| import )(.+)", file.read_text("utf-8"), re.MULTILINE)
        found |= {(room, name) for name in names for line in lines if re.match(rf"{name}\b", line) and name != room in names}
    assert found <= {(a, b) for k, a in enumerate(names) for b in names[k + 1 :]}
    svg = ET.parse(ROOT / "docs" / "images" / "rooms.svg").getroot()
    assert len([one for one in svg if one.tag.endswith("circle")]) == len(found) > 20
    assert [one.text for one in svg if one.get("class") == "title"] == names


def test_the_example_is_the_simulated_season_and_the_shipped_checkpoint(tmp_path: Path) -> None:
    script("make_example").main(tmp_path)
    assert_same_pixels(tmp_path / "chips", ROOT / "data" / "input" / "chips")
    assert_same(tmp_path / "checkpoint", ROOT / "data" / "input" / "checkpoint")
    size = sum(file.stat().st_size for file in (ROOT / "data" / "input" / "chips").rglob("*") if file.is_file())
    assert size < 4_000_000


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_checkpoint_is_described_as_the_code_does_now(tmp_path: Path, name: str) -> None:
    write_description(tmp_path, read_checkpoint(shipped_path(name)).record)
    for file in files(tmp_path):
        assert (tmp_path / file).read_bytes() == (shipped_path(name) / file).read_bytes(), "run scripts/refresh_stac_item.py"


def test_the_example_gives_every_field_a_crop_without_a_warning(tmp_path: Path) -> None:
    example = ROOT / "data" / "input"
    run = api.predict(example / "chips", tmp_path / "out", checkpoint=example / "checkpoint")
    assert (run.n_fields, run.status_counts, run.warnings) == (24, {"ok": 24}, [])
    page = (ROOT / "docs" / "output-data.md").read_text("utf-8")
    columns = (tmp_path / "out" / "predictions.csv").read_text("utf-8").splitlines()[0].split(",")
    assert [name for name in columns if f"| `{re.sub('^prob_.*', 'prob_<class>', name)}` |" not in page] == []
    assert [file.name for file in (tmp_path / "out").iterdir() if f"`{file.name}`" not in page] == []


@pytest.mark.parametrize("folder", ["data/input/chips", "data/input/checkpoint", "data/output"])
def test_a_guide_lies_in_every_folder_of_data(folder: str) -> None:
    assert (ROOT / folder / "README.md").is_file()
