"""The command line as a whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cropdetect.cli import app


def test_help_takes_at_most_half_a_second_of_cpu() -> None:
    best = 9.0
    for _ in range(3):  # the fastest of three: the machine may be busy
        before = os.times()
        subprocess.run([sys.executable, "-m", "cropdetect", "--help"], check=True, capture_output=True)
        after = os.times()
        spent = after.children_user - before.children_user + after.children_system - before.children_system
        best = min(best, spent)
    assert best <= 0.5


def test_what_predicts_imports_no_torch() -> None:
    rooms = "cropdetect.chips, cropdetect.inference, cropdetect.outputs.report, cropdetect.outputs.scores, cropdetect.simulation"
    code = f"import sys, cropdetect.api, {rooms}; print([m for m in sys.modules if m.split('.')[0] in ('torch', 'sklearn')])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_functions_of_the_verbs_are_imported_without_the_libraries_that_do_the_work() -> None:
    heavy = "'numpy', 'pandas', 'geopandas', 'rasterio', 'xarray', 'zarr', 'scipy', 'onnxruntime', 'torch', 'yaml'"
    code = f"import sys, cropdetect.api, cropdetect.cli; print([m for m in sys.modules if m in ({heavy})])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_what_a_prediction_imports_is_only_what_it_needs() -> None:
    heavy = "'scipy.stats', 'scipy.optimize', 'matplotlib', 'distributed', 'onnx', 'pandas.plotting._matplotlib'"
    code = (
        "import sys, cropdetect.chips, cropdetect.inference, cropdetect.outputs; "
        "from cropdetect.evaluation import more_than_chance; "
        f"more_than_chance(3, 40, 0.05); print([m for m in sys.modules if m in ({heavy})])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_without_torch_training_names_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; sys.argv[0] = 'cropdetect'; from cropdetect.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", str(tmp_path / "a"), str(tmp_path / "b")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("MissingExtraError")
    assert "cropdetect[train]" in done.stderr


def test_every_verb_has_help_with_an_example() -> None:
    runner = CliRunner()
    verbs = ("demo", "simulate", "info", "chips", "train", "crossval", "import-cv4a", "predict", "evaluate", "report", "recipe")
    for verb in verbs:
        result = runner.invoke(app, [verb, "--help"])
        assert result.exit_code == 0
        assert f"Example: cropdetect {verb}" in result.output


def test_simulate_takes_region_and_year(tmp_path: Path) -> None:
    arguments = ["--tiles", "1", "--height", "96", "--width", "96", "--fields", "1", "--year", "2021"]
    days = {}
    for region in ("eastern-uganda", "flanders"):
        done = CliRunner().invoke(app, ["simulate", str(tmp_path / region), "--region", region, *arguments])
        assert done.exit_code == 0, done.output
        days[region] = {folder.name for folder in (tmp_path / region / "00").iterdir() if folder.is_dir()}
        assert all(day.startswith("2021") for day in days[region])
    assert days["flanders"] != days["eastern-uganda"]
    done = CliRunner().invoke(app, ["simulate", str(tmp_path / "x"), "--region", "atlantis"])
    assert "atlantis" in str(done.exception)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out"
    subprocess.run([sys.executable, "-m", "cropdetect", "demo", str(out)], check=True, capture_output=True)
    return out


def test_the_demo_predicts_better_than_the_class_shares(demo: Path) -> None:
    metrics = json.loads((demo / "metrics.json").read_text())
    counts = [one["n"] for one in metrics["per_class"].values()]
    assert metrics["n_fields"] == sum(counts)
    assert metrics["accuracy"] > max(counts) / sum(counts)


def test_the_demo_again_does_nothing_and_another_needs_overwrite(demo: Path) -> None:
    command = [sys.executable, "-m", "cropdetect", "demo", str(demo)]
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, "nothing to do" in again.stderr) == (0, True)
    other = subprocess.run([*command, "--seed", "1"], capture_output=True, text=True, check=False)
    assert (other.returncode, other.stderr.startswith("OutputExistsError")) == (2, True)


def test_a_dry_run_says_how_much_there_is_to_do_and_writes_nothing(demo: Path, tmp_path: Path) -> None:
    arguments = ["predict", str(demo / "season"), str(tmp_path / "out"), "--checkpoint", str(demo / "checkpoint"), "--dry-run"]
    done = subprocess.run([sys.executable, "-m", "cropdetect", *arguments], capture_output=True, text=True, check=True)
    assert "fields" in done.stdout
    assert "240" in done.stdout
    assert "The dates run from" not in done.stdout
    assert not (tmp_path / "out").exists()
    other_year = subprocess.run(
        [sys.executable, "-m", "cropdetect", *arguments, "--season-year", "2000"], capture_output=True, text=True, check=True
    )
    assert "The checkpoint was trained on a season from 6 June to 3 November." in " ".join(other_year.stdout.split())


@pytest.mark.parametrize(("part", "kind"), [("season", "imagery"), ("checkpoint", "checkpoint"), ("predictions", "predictions")])
def test_info_describes_each_part_of_the_demo(demo: Path, part: str, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cropdetect", "info", str(demo / part), "--json"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["kind"] == kind


def test_quiet_shows_no_notes_and_a_log_file_keeps_what_is_said(tmp_path: Path) -> None:
    arguments = ["simulate", str(tmp_path / "s"), "--tiles", "1", "--height", "64", "--width", "64", "--fields", "1"]
    program = [sys.executable, "-m", "cropdetect"]
    log = tmp_path / "log.txt"
    subprocess.run([*program, *arguments], check=True, capture_output=True)
    said = subprocess.run([*program, "--log-file", str(log), *arguments], check=True, capture_output=True, text=True)
    quiet = subprocess.run([*program, "-q", *arguments], check=True, capture_output=True, text=True)
    assert "nothing to do" in said.stderr
    assert quiet.stderr == ""
    assert quiet.stdout == said.stdout
    assert [line.partition(" ")[2] for line in log.read_text().splitlines()] == said.stderr.splitlines()
    missing = ["-v", "--log-file", str(log), "info", str(tmp_path / "nowhere")]
    failed = subprocess.run([*program, *missing], check=False, capture_output=True, text=True)
    assert failed.returncode == 2
    assert "Traceback" in failed.stderr
    assert "InputNotFoundError" in log.read_text().splitlines()[-2]
    refused = subprocess.run([*program, "--log-file", str(tmp_path), "doctor"], check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr.split(":")[0]) == (2, "OutputPathError")
