"""An input that changed in place makes another call of every verb: no verb answers "finished already"."""

import inspect
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest

from cropdetect import api
from cropdetect.api._verb import _OUTPUTS
from cropdetect.cli.commands import option_models
from cropdetect.cli.commands import parameters_of as parameters
from cropdetect.formats import TrainOptions
from cropdetect.in_memory import InMemory
from cropdetect.runs import OutputFolder, code_of
from cropdetect.runs.fingerprint import content
from tests.hostile.base import pixels, squares, write_tif


class FingerprintError(Exception):
    """In place of the work of a verb."""


@pytest.fixture(autouse=True)
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(output: OutputFolder) -> bool:
        raise FingerprintError(output.fingerprint)

    monkeypatch.setattr(OutputFolder, "finished", tell)


def fingerprint(verb: str, arguments: dict[str, Any]) -> str:
    with pytest.raises(FingerprintError) as told:
        getattr(api, verb)(**arguments)
    return str(told.value)


# What each verb needs, beside what is under test; paths are made below.
NEEDED: dict[str, dict[str, Any]] = {
    "chips": {"imagery": "season"}, "train": {"data": "season"}, "crossval": {"data": "season", "folds": "random"},
    "map": {"data": "season"}, "predict": {"data": "season", "checkpoint": "checkpoint"},
    "evaluate": {"predictions": "predictions", "reference": "reference.csv"}, "compare": {"runs": ("first", "second")},
    "import_cv4a": {"weights": "weights.pt", "stats": "stats.json"}, "simulate": {}, "demo": {},
    "recipe": {"service": "openeo", "from_": "2024-03-01", "to": "2024-10-31", "fields": "fields.gpkg"},
}  # fmt: skip
NO_OUTPUT_FOLDER = {"report", "info", "doctor", "plan", "open_data"}  # they write none, or one page that needs --overwrite
NO_INPUT = {"out_of_fold", "log_dir", "cache"}  # folders that a verb writes


def paths_of(verb: str) -> Iterator[str]:
    """Yield the parameters and options of a verb that may be paths, by their declared types."""
    for name, field in parameters(getattr(api, verb)).model_fields.items():
        if name not in _OUTPUTS and _holds_path(field.annotation):
            yield name
    for _, model, _ in option_models(getattr(api, verb)):
        yield from (name for name, field in model.model_fields.items() if _holds_path(field.annotation))


def _holds_path(annotation: Any) -> bool:
    inner = getattr(annotation, "__args__", ())
    return annotation in (Path, InMemory) or any(_holds_path(one) for one in inner)


VERBS = sorted(set(api.__all__) & {name for name in dir(api) if inspect.isfunction(getattr(api, name))} - NO_OUTPUT_FOLDER)
CASES = [(verb, name) for verb in NEEDED for name in paths_of(verb) if name not in NO_INPUT]


def test_every_verb_and_every_path_is_here() -> None:
    writing = [verb for verb in VERBS if "out" in inspect.signature(getattr(api, verb)).parameters]
    assert set(writing) == set(NEEDED)
    assert {name for _, name in CASES} >= {
        *("data", "imagery", "fields", "legend", "columns", "config", "checkpoint", "predictions", "reference", "runs"),
        *("weights", "stats", "chips"),
    }


def write_input(path: Path, text: str) -> None:
    if path.suffix == ".yaml":
        path.write_text(f"epochs: {len(text)}\n" if path.stem == "config" else f"1: {text}\n", "utf-8")
    elif path.suffix:
        path.write_text(text, "utf-8")
    else:
        (path / "deep").mkdir(parents=True, exist_ok=True)
        (path / "deep" / "20190606_B04.tif").write_text(text, "utf-8")


NAMES = {name: f"{name}.yaml" for name in ("legend", "columns", "config")} | {"fields": "fields.gpkg"}


@pytest.mark.parametrize(("verb", "name"), CASES)
def test_each_input_that_changes_in_place_is_another_call(verb: str, name: str, tmp_path: Path) -> None:
    given = {key: value for key, value in NEEDED[verb].items() if {key, name} != {"stats", "chips"}}
    given |= {} if name in given else {name: NAMES.get(name, name)}
    arguments: dict[str, Any] = {"out": tmp_path / "out"}
    for key, value in given.items():
        is_path = key in {one for _, one in CASES}
        arguments[key] = value
        if is_path:
            made = [tmp_path / one for one in (value if isinstance(value, tuple) else (value,))]
            for path in made:
                write_input(path, "before")
            arguments[key] = tuple(made) if isinstance(value, tuple) else made[0]
    before = fingerprint(verb, arguments)
    assert fingerprint(verb, arguments) == before
    changed = arguments[name][-1] if isinstance(arguments[name], tuple) else arguments[name]
    write_input(changed, "afterwards")
    assert fingerprint(verb, arguments) != before


# What lies beside a file, or is named inside it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "beside"),
    [
        ("fields.shp", "fields.dbf"),
        ("fields.shp", "FIELDS.PRJ"),
        ("fields.gpkg", "fields.gpkg-wal"),
        ("20190606_B04.tif", "20190606_B04.tif.msk"),
        ("20190606_B04.tif", "20190606_B04.tfw"),
        ("20190606_B04.tif", "20190606_B04.json"),
        ("20190606_B04.tif", "metadata.json"),
        ("LC08_X_SR_B4.TIF", "LC08_X_MTL.txt"),
        ("S2A.SAFE/GRANULE/B04.jp2", "S2A.SAFE/MTD_MSIL2A.xml"),
    ],
)
def test_a_file_that_belongs_to_another_counts(given: str, beside: str, tmp_path: Path) -> None:
    file, other = tmp_path / given, tmp_path / beside
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("the file")
    without = content(file)
    other.write_text("before")
    before = content(file)
    other.write_text("later")
    assert len({without, before, content(file)}) == 3


def test_files_that_only_lie_in_the_same_folder_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "fields.gpkg").write_text("the file")
    before = content(tmp_path / "fields.gpkg")
    for name in ("fields.gpkg-shm", "fields_2.gpkg", "notes.txt", "items.json"):
        (tmp_path / name).write_text("of others")
    (tmp_path / "fields.zarr").mkdir()
    assert content(tmp_path / "fields.gpkg") == before


@pytest.mark.parametrize("prefix", ["stac:", ""])
@pytest.mark.parametrize("changed", ["items.json", "images/a.tif"])
def test_items_on_disk_count_with_the_images_that_they_name(prefix: str, changed: str, tmp_path: Path) -> None:
    items, image = tmp_path / "items.json", tmp_path / "images" / "a.tif"
    image.parent.mkdir()
    image.write_text("before")
    assets = {"B04": {"href": "images/a.tif"}, "B08": {"href": "https://nowhere.invalid/b.tif"}, "odd": {"href": "\0"}}
    items.write_text(json.dumps({"features": [{"type": "Feature", "assets": assets}]}))
    arguments = {"data": f"{prefix}{items}", "checkpoint": tmp_path / "checkpoint", "out": tmp_path / "out"}
    write_input(tmp_path / "checkpoint", "x")
    before = fingerprint("predict", arguments)
    assert fingerprint("predict", arguments) == before
    with (tmp_path / changed).open("a") as file:
        file.write(" ")
    assert fingerprint("predict", arguments) != before


def test_the_same_input_named_in_another_way_is_the_same_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_input(tmp_path / "season", "x")
    (tmp_path / "link").symlink_to("season")
    monkeypatch.chdir(tmp_path)
    ways = ("season", "./season/", tmp_path / "season", "link", f"../{tmp_path.name}/season")
    assert len({fingerprint("chips", {"imagery": way, "out": tmp_path / "out"}) for way in ways}) == 1


def test_the_name_of_a_catalogue_does_not_depend_on_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        found.add(fingerprint("chips", {"imagery": "stac:earth-search/sentinel-2-l2a", "out": tmp_path / "out"}))
    assert len(found) == 1


@pytest.mark.parametrize("file", ["own_one.py", "own_package/layers/parts.py"])
@pytest.mark.parametrize("verb", ["train", "crossval", "map"])
def test_code_of_an_own_model_that_changes_is_another_call(
    verb: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    code = tmp_path / file
    code.parent.mkdir(parents=True, exist_ok=True)
    for folder in ("own_package", "own_package/layers"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "__init__.py").touch()
    code.write_text("WIDTH = 1\n")
    name = "own_one:Net" if file == "own_one.py" else "own_package.net:Net"
    write_input(tmp_path / "season", "x")
    arguments = {"data": tmp_path / "season", "out": tmp_path / "out", "model": name}
    arguments |= {"folds": "random"} if verb == "crossval" else {}
    before = fingerprint(verb, arguments)
    assert fingerprint(verb, arguments) == before
    stat = code.stat()
    code.write_text("WIDTH = 2\n")
    os.utime(code, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fingerprint(verb, arguments) != before


IMPORTS = {  # of a module `helper` that lies beside the model
    "import": "import helper",
    "import from": "from helper import WIDTH",
    "import in a function": "def late():\n    import helper",
    "import by name": "import importlib\nimportlib.import_module('helper')",
    "import of an import": "import between",
}


@pytest.mark.parametrize("statement", IMPORTS.values(), ids=IMPORTS.keys())
@pytest.mark.parametrize("place", ["helper.py", "helper/__init__.py", "helper/inner.py"])
def test_code_that_an_own_model_imports_counts(
    statement: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own.py").write_text(statement)
    (tmp_path / "between.py").write_text("import helper")
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("WIDTH = 1")
    before = code_of("own:Net")
    (tmp_path / place).write_text("WIDTH = 2")
    assert code_of("own:Net") != before


def test_code_that_is_installed_or_not_imported_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    for folder in (installed, tmp_path):
        monkeypatch.syspath_prepend(folder)
    (tmp_path / "own.py").write_text("import json, numpy, installed_one, cropdetect, not_there")
    before = code_of("own:Net")
    (installed / "installed_one.py").write_text("WIDTH = 1")
    (tmp_path / "other.py").write_text("WIDTH = 1")
    assert code_of("own:Net") == before


def test_an_own_model_that_is_installed_counts_and_one_that_is_no_python_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-packages").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    for code in ("import json", "this is no Python"):
        (tmp_path / "site-packages" / "own_model.py").write_text(code)
        assert code_of("own_model:Net")


def test_models_of_the_package_and_models_that_are_not_there_have_no_code() -> None:
    for name in (TrainOptions().model, "random-forest", "no.such.package:Net", ":", "..:x"):
        assert code_of(name) == {}


def test_reading_a_single_file_leaves_nothing_beside_it_that_makes_another_call(tmp_path: Path) -> None:
    squares().to_file(tmp_path / "fields.gpkg")
    image = write_tif(tmp_path / "20190606_B04.tif", pixels())
    before = content(image), content(tmp_path / "fields.gpkg")
    api.info(image, fields=tmp_path / "fields.gpkg")
    gpd.read_file(tmp_path / "fields.gpkg")
    assert (content(image), content(tmp_path / "fields.gpkg")) == before
