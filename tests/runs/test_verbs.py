"""Whatever a verb is asked to do, every file that the tool did not write is still there afterwards, byte for byte."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box
from shapely.geometry import mapping

from cropdetect import api
from cropdetect.checkpoint import shipped_path
from cropdetect.errors import CropDetectError, OutputExistsError
from cropdetect.formats import Statistics
from cropdetect.imagery import open_imagery
from cropdetect.models import create
from cropdetect.runs import Stopped, read_run
from tests.hostile.base import BANDS, pixels, squares, write_tif
from tests.runs.conftest import SMALL, TRAINED, Call, contents, write_table, written


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cropdetect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, cwd=cwd)


def refused(done: subprocess.CompletedProcess[str], name: str) -> bool:
    return done.returncode == 2 and done.stderr.startswith(f"{name}: ") and "Traceback" not in done.stderr


@pytest.fixture
def mine(tmp_path: Path, table: Path) -> Path:
    """A user's own copy of a table."""
    return Path(shutil.copytree(table, tmp_path / "mine"))


# The commands that lost files, through the installed command --------------------------------------------------------


def test_predict_into_its_own_input_is_refused(mine: Path, checkpoint: Path) -> None:
    before = contents(mine)
    for out in (mine, mine / "out", mine.parent):
        for more in ((), ("--overwrite",)):
            assert refused(run("predict", mine, out, "--checkpoint", checkpoint, *more), "OutputPathError")
    assert contents(mine) == before


def test_predict_into_a_folder_of_other_files_is_refused(mine: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("fields.gpkg", "predictions.csv", "preview_holiday.tif", "crop_map_official.tif", "submission.csv"):
        (out / name).write_text("mine")
    before = contents(out)
    for more in ((), ("--overwrite",)):
        done = run("predict", mine, out, "--checkpoint", checkpoint, *more)
        assert refused(done, "OutputExistsError")
        assert "preview_holiday.tif" in done.stderr
    assert contents(out) == before


@pytest.mark.parametrize("verb", ["chips", "train", "crossval", "evaluate"])
def test_overwriting_an_input_or_what_is_around_it_is_refused(mine: Path, verb: str) -> None:
    more = {"crossval": ("--folds", "random"), "evaluate": ("--reference", mine / "fields.csv")}.get(verb, ())
    before = contents(mine.parent)
    for out in (mine, mine.parent):
        assert refused(run(verb, mine, out, *more, "--overwrite"), "OutputPathError")
    assert contents(mine.parent) == before


def test_a_default_that_is_given_is_the_same_command_and_another_value_is_not(mine: Path, tmp_path: Path) -> None:
    trained, predicted = tmp_path / "trained", tmp_path / "predicted"
    api.train(mine, trained, **TRAINED)
    api.predict(mine, predicted, checkpoint=trained)
    before = contents(tmp_path)
    same = {"recipe": "default", "licence": "unknown", "seed": 0, "snapshots": 1, "options": {"memory": 512}}
    api.train(str(mine), str(trained), **TRAINED, **same)
    api.predict(mine, predicted, checkpoint=trained, options=api.DataOptions(chip_size=32), precision="f32", min_confidence=0)
    assert contents(tmp_path) == before
    with pytest.raises(OutputExistsError):
        api.train(mine, trained, **TRAINED, label_smoothing=0.1)
    with pytest.raises(OutputExistsError):
        api.predict(mine, predicted, checkpoint=trained, min_confidence=0.1)


@pytest.mark.parametrize("verb", ["predict", "train"])
def test_the_working_folder_works(mine: Path, checkpoint: Path, tmp_path: Path, verb: str) -> None:
    here = tmp_path / "here"
    here.mkdir()
    more = ("--checkpoint", checkpoint) if verb == "predict" else ("--epochs", 1, "--members", 1)
    assert run(verb, mine, ".", *more, cwd=here).returncode == 0
    assert set(contents(here)) == written(here)


def test_another_clear_is_another_command(tmp_path: Path, checkpoint: Path) -> None:
    api.simulate(tmp_path / "season", **SMALL)
    arguments = ("chips", tmp_path / "season", tmp_path / "chips.zarr")
    assert run(*arguments).returncode == 0
    assert "nothing to do" in run(*arguments).stderr
    assert refused(run(*arguments, "--clear", "none"), "OutputExistsError")
    image = next((tmp_path / "season").rglob("*_B04_*.tif"))
    with image.open("r+b") as file:  # pixels that change in place
        file.seek(-100, 2)
        file.write(b"\1" * 50)
    assert refused(run(*arguments), "OutputExistsError")


def test_an_image_that_changed_behind_the_items_that_name_it_is_another_command(tmp_path: Path) -> None:
    assets = {band: {"href": write_tif(tmp_path / f"{band}.tif", pixels(number)).name} for number, band in enumerate(BANDS)}
    properties, outline = {"datetime": "2019-06-06T00:00:00Z"}, mapping(squares().to_crs(4326).union_all().envelope)
    item = {"type": "Feature", "id": "one", "geometry": outline, "properties": properties, "assets": assets}
    (tmp_path / "items.json").write_text(json.dumps({"type": "FeatureCollection", "features": [item]}))
    squares().to_file(tmp_path / "fields.gpkg")
    arguments = ("chips", f"stac:{tmp_path}/items.json", tmp_path / "chips.zarr", "--fields", tmp_path / "fields.gpkg")
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in run(*arguments).stderr
    write_tif(tmp_path / "B08.tif", pixels(7))
    assert refused(run(*arguments), "OutputExistsError")


@pytest.mark.parametrize("far", [True, False])
def test_fields_beside_the_images_get_a_status_and_leave_nothing_that_refuses(tmp_path: Path, far: bool) -> None:
    api.simulate(tmp_path / "season", **SMALL)
    with_fields = gpd.GeoDataFrame({"field_id": [1, 2]}, geometry=[box(9, 9, 9.01, 9.01)] * 2, crs="EPSG:4326")
    fields = tmp_path / "fields.gpkg"
    if not far:
        imagery = open_imagery(tmp_path / "season")
        west, south, _, _ = imagery.tiles[0].geobox.extent.boundingbox
        with_fields = gpd.GeoDataFrame(
            {"field_id": [1, 2]}, geometry=[box(west, south, west + 1, south + 1)] * 2, crs=imagery.tiles[0].geobox.crs.to_wkt()
        )
    with_fields.to_file(fields)
    done = run("predict", tmp_path / "season", tmp_path / "out", "--fields", fields, "--checkpoint", "kenya-simulated")
    assert done.returncode == 0, done.stderr
    assert ("No field has a pixel on the images" if far else "No field has a pixel (2 too_small)") in done.stderr
    status = set(pd.read_csv(tmp_path / "out" / "predictions.csv")["status"])
    assert status <= {"outside", "too_small", "invalid_geometry"}
    assert not (tmp_path / "out" / ".partial").exists()


@pytest.mark.parametrize("below", ["", "out", "deep/out"])
def test_an_output_that_is_a_file_is_named(mine: Path, checkpoint: Path, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    assert refused(run("predict", mine, tmp_path / "file" / below, "--checkpoint", checkpoint), "OutputPathError")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_report_replaces_no_file_of_the_user(mine: Path, checkpoint: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    api.predict(mine, out, checkpoint=checkpoint)
    (tmp_path / "page.html").write_text("mine")
    for more in ((), ("--overwrite",)):
        assert refused(run("report", out, tmp_path / "page.html", *more), "OutputExistsError")
    assert refused(run("report", out, out / "fields.parquet"), "OutputPathError")
    assert run("report", out, tmp_path / "new.html").returncode == 0
    assert refused(run("report", out, tmp_path / "new.html"), "OutputExistsError")
    assert run("report", out, tmp_path / "new.html", "--overwrite").returncode == 0
    (out / "report.html").write_text("corrected by hand")
    assert refused(run("report", out), "OutputExistsError")
    assert run("report", out, "--overwrite").returncode == 0
    assert "nothing to do" in run("predict", mine, out, "--checkpoint", checkpoint).stderr


# Any verb, any folder, any moment ------------------------------------------------------------------------------------

NAMES = (
    "fields.gpkg", "fields.parquet", "series.csv", "series.parquet", "predictions.csv", "report.html", "metrics.json", "run.json",
    "checkpoint.json", "members/000.onnx", "season/truth.csv", "zarr.json", "image/zarr.json", "crop_map.tif", "notes.txt",
    "README.md", ".hidden", "deep/er/thesis.doc",
)  # fmt: skip
PLACES = ("out", "mine", "mine/out", ".", "link", "deep/out", "season", "trained", "predictions")


def verbs(root: Path) -> dict[str, Call]:
    mine, season, trained = root / "mine", root / "season", root / "trained"
    return {
        "predict": lambda out, **more: api.predict(mine, out, checkpoint=trained, **more),
        "predict images": lambda out, **more: api.predict(season, out, checkpoint=root / "kenya", **more),
        "chips": lambda out, **more: api.chips(season, out, **more),
        "train": lambda out, **more: api.train(mine, out, **TRAINED, **more),
        "crossval": lambda out, **more: api.crossval(mine, out, folds="random", n_folds=2, model="gradient-boosting", **more),
        "evaluate": lambda out, **more: api.evaluate(root / "predictions", out, reference=mine / "fields.csv", **more),
        "simulate": lambda out, **more: api.simulate(out, **SMALL, workers=1, **more),
        "report": lambda out, **more: api.report(root / "predictions", out, **more),
        "import-cv4a": lambda out, **more: api.import_cv4a(root / "weights.pt", out, stats=root / "stats.json", **more),
        "demo": lambda out, **more: api.demo(out, **more),
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with inputs and outputs of the tool, which each example copies."""
    root = tmp_path_factory.mktemp("prepared")
    write_table(root / "mine")
    api.simulate(root / "season", **SMALL)
    shutil.copytree(shipped_path("kenya-simulated"), root / "kenya")
    api.train(root / "mine", root / "trained", **TRAINED)
    api.predict(root / "mine", root / "predictions", checkpoint=root / "trained")
    (root / "link").symlink_to("mine")
    network = create("conv-gru")
    torch.save(network.state_dict(), root / "weights.pt")
    n = len(network.channels)
    statistics = Statistics(channels=list(network.channels), mean=[3.0] * n, std=[2.0] * n, origin="made up")
    (root / "stats.json").write_text(statistics.model_dump_json())
    return root


@pytest.mark.slow
@pytest.mark.parametrize("verb", sorted(verbs(Path())))
def test_each_verb_of_the_property_below_writes_where_nothing_stands_in_its_way(
    prepared: Path, tmp_path: Path, verb: str
) -> None:
    out = tmp_path / "new" / "out"
    verbs(prepared)[verb](out, overwrite=False)
    assert out.is_file() if verb == "report" else written(out) >= {"run.json"}


@contextlib.contextmanager
def stopping_after(steps: int | None) -> Iterator[None]:
    """Interrupt what runs inside at the n-th step of the file system."""
    names, left = ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "write_text"), steps
    before = {name: getattr(Path, name) for name in names}

    def counted(name: str) -> Call:
        def called(*arguments: object, **named: object) -> object:
            nonlocal left
            if left is not None:
                left -= 1
                if left == 0:
                    raise KeyboardInterrupt
            return before[name](*arguments, **named)

        return called

    for name in names:
        setattr(Path, name, counted(name))
    try:
        yield
    finally:
        for name in names:
            setattr(Path, name, before[name])


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    verb=st.sampled_from(sorted(verbs(Path()))),
    place=st.sampled_from(PLACES),
    files=st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=20), max_size=6),
    calls=st.lists(st.tuples(st.booleans(), st.one_of(st.none(), st.integers(1, 60))), min_size=1, max_size=3),
)
def test_every_file_that_the_tool_did_not_write_is_still_there(
    prepared: Path,
    tmp_path_factory: pytest.TempPathFactory,
    verb: str,
    place: str,
    files: dict[str, bytes],
    calls: list[tuple[bool, int | None]],
) -> None:
    root = tmp_path_factory.mktemp("root") / "root"
    shutil.copytree(prepared, root, symlinks=True)
    out = root / place
    for name, text in files.items():
        if (out / name).parent.is_dir() or not out.exists():
            with contextlib.suppress(OSError):
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                if not (out / name).exists():
                    (out / name).write_bytes(text)
    for overwrite, steps in calls:
        replaceable = written(out) if read_run(out) is not None else set()
        before = {path: text for path, text in contents(root).items() if not _replaceable(root / path, out, replaceable)}
        with contextlib.suppress(CropDetectError, Stopped, KeyboardInterrupt), stopping_after(steps):
            verbs(root)[verb](out, overwrite=overwrite)
        after = contents(root)
        assert {path: after.get(path) for path in before} == before, (verb, place, overwrite, steps)


def _replaceable(path: Path, out: Path, names: set[str]) -> bool:
    return path.is_relative_to(out) and (path.relative_to(out).as_posix() in names or ".partial" in path.relative_to(out).parts)
