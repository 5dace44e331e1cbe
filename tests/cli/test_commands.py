"""Every option, from the command line and the configuration file to the function that does the work."""

import datetime as dt
import functools
import inspect
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from cropdetect import api, cli
from cropdetect.cli import app, main
from cropdetect.cli.app import Shown
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.formats import Augmentation, TrainOptions
from cropdetect.options import DataOptions, flag
from cropdetect.training.recipes import train_options

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
NEEDED = {  # what a command cannot do without, as it is typed
    "demo": (), "map": ("d", "o"), "doctor": (), "info": ("p",), "chips": ("i", "o"), "train": ("d", "o"),
    "crossval": ("d", "o", "--folds", "random"),
    "predict": ("d", "o", "--checkpoint", "c"), "evaluate": ("p", "o", "--reference", "r.csv"), "compare": ("a", "b", "o"),
    "report": ("p", "--reference", "r.csv"),
    "simulate": ("o",), "import-cv4a": ("w.pt", "o"),
    "recipe": ("openeo", "--fields", "g.gpkg", "--from", "2024-02-01", "--to", "2024-11-30"),
}  # fmt: skip
TYPED: dict[str, tuple[str | None, Any]] = {  # option: a text, and what the function gets for it; None: a flag
    "fields": ("f.gpkg", Path("f.gpkg")), "layer": ("parcels", "parcels"), "id_column": ("nr", "nr"), "labels": ("crop", "crop"),
    "legend": ("l.yaml", Path("l.yaml")), "columns": ("c.yaml", Path("c.yaml")), "buffer": ("-5", -5.0),
    "chip_size": ("16", 16), "pattern": ("(x)", "(x)"),
    "date": ("2019-06-06", dt.date(2019, 6, 6)), "bands": ("B02, B03", ("B02", "B03")), "band_names": ("a=b", "a=b"),
    "resolution": ("20", 20.0),
    "clear": ("SCL=4,5 CLD<60", "SCL=4,5 CLD<60"), "offset": ("1000", 1000.0), "until": ("2019-08-31", dt.date(2019, 8, 31)),
    "bbox": ("34.0,0.4,34.5,0.9", (34.0, 0.4, 34.5, 0.9)), "limit": ("7", 7), "memory": ("64", 64), "follow_links": (None, True),
    "overwrite": (None, True),
    "preset": ("cv4a", "cv4a"), "recipe": ("cv4a", "cv4a"), "config": ("c.yaml", Path("c.yaml")), "licence": ("MIT", "MIT"),
    "forget_fields": (None, True), "out_of_fold": ("f", Path("f")), "log_dir": ("log", Path("log")),
    "model": ("tempcnn", "tempcnn"), "members": ("2", 2), "snapshots": ("3", 3),
    "group_column": ("village", "village"), "block_size": ("500", 500.0), "calibration": ("vector", "vector"),
    "epochs": ("4", 4), "class_balance": ("weights", "weights"), "seed": ("9", 9), "folds": ("blocked", "blocked"),
    "n_folds": ("3", 3), "fold_buffer": ("100", 100.0), "by_date": (None, True), "checkpoint": ("other", Path("other")),
    "device": ("cuda", "cuda"), "precision": ("bf16", "bf16"), "workers": ("2", 2), "min_confidence": ("0.5", 0.5),
    "submission": (None, True), "season_year": ("2018", 2018), "reference": ("k.csv", Path("k.csv")),
    "sentinel1": ("6", 6), "scheduler": ("tcp://a:1", "tcp://a:1"),
    "title": ("A title", "A title"), "subtitle": ("more", "more"), "pdf": (None, True),
    "map_tiles": ("https://a/{z}/{x}/{y}", "https://a/{z}/{x}/{y}"),
    "pixel_size": ("10", 10.0), "probability_sample": (None, True), "tiles": ("2", 2), "height": ("99", 99),
    "width": ("98", 98), "layout": ("netcdf", "netcdf"), "region": ("flanders", "flanders"), "year": ("2021", 2021),
    "from_": ("2024-03-01", dt.date(2024, 3, 1)), "to": ("2024-10-31", dt.date(2024, 10, 31)), "max_cloud": ("60", 60.0),
    "cache": ("kept", "kept"), "chips": ("c.zarr", Path("c.zarr")), "stats": ("s.json", Path("s.json")),
}  # fmt: skip
SIMULATED_FIELDS = ("12", 12)  # `fields` is a number there
ONLY_TYPED = {"json", "dry_run", "help", "layouts"}


def options(verb: str) -> Iterator[str]:
    return (one.name for one in COMMANDS[verb].params if one.param_type_name == "option" and one.name not in ONLY_TYPED)


EVERY_OPTION = [(verb, name) for verb in COMMANDS for name in options(verb)]


class CalledError(Exception):
    """In place of the work that a verb does."""


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a command in this process: its exit code, and what it says on stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["cropdetect", *arguments])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with warnings.catch_warnings(), pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0), capsys.readouterr().err

    return run


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Run a command with a recorder in place of the function of `api`: what the function would get."""

    def run(verb: str, *arguments: str, function: str | None = None) -> dict[str, Any]:
        name, found = function or verb.replace("-", "_"), {}
        replaced = getattr(api, name)

        @functools.wraps(replaced)
        def record(**given: Any) -> None:
            found.update(dict(api.parameters_of(replaced)(**given)))
            raise CalledError

        monkeypatch.setattr(api, name, record)
        with pytest.raises(CalledError):
            app([verb, *arguments], standalone_mode=False)
        data = found.pop("options", None)
        return found | {f"data.{key}": value for key, value in (data or ())}

    return run


@pytest.mark.parametrize(("verb", "name"), EVERY_OPTION)
def test_every_option_reaches_the_function_and_changes_nothing_else(called: Callable, verb: str, name: str) -> None:
    text, value = SIMULATED_FIELDS if (verb, name) == ("simulate", "fields") else TYPED[name]
    option = flag(name)
    before = called(verb, *NEEDED[verb])
    after = called(verb, *NEEDED[verb], option, *([] if text is None else [text]))
    changed = {key: got for key, got in after.items() if before.get(key, object) != got}
    assert changed in ({name: value}, {f"data.{name}": value})
    assert type(next(iter(changed.values()))) is type(value)


def test_the_verbs_are_listed_in_the_order_of_the_work() -> None:
    order = "demo map info chips train crossval predict evaluate report compare simulate import-cv4a recipe doctor"
    assert list(COMMANDS) == order.split()


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_option_and_argument_has_help(verb: str) -> None:
    assert all(len(one.help or "") > 5 for one in COMMANDS[verb].params)
    assert f"Example: cropdetect {verb}" in COMMANDS[verb].help


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_parameter_of_the_function_is_on_the_command_line(verb: str) -> None:
    function = inspect.signature(getattr(api, verb.replace("-", "_"))).parameters
    python_only = {"options", "training", "on_epoch", "with_labels", *(("dates", "workers") if verb == "simulate" else ())}
    assert set(function) - python_only <= {one.name for one in COMMANDS[verb].params}


OUT_OF_RANGE = [
    ("chips", "--limit", "0"), ("chips", "--memory", "63"), ("chips", "--chip-size", "0"), ("chips", "--chip-size", "1025"),
    ("chips", "--preset", "best"), ("chips", "--until", "tomorrow"), ("chips", "--date", "20190640"), ("chips", "--bands", ","),
    ("chips", "--bbox", "34,0,35"), ("chips", "--bbox", "34,0,35,north"), ("train", "--epochs", "0"), ("train", "--members", "0"),
    ("train", "--snapshots", "0"), ("train", "--seed", "-1"), ("train", "--class-balance", "fair"),
    ("train", "--calibration", "good"), ("crossval", "--n-folds", "1"), ("crossval", "--fold-buffer", "-1"),
    ("predict", "--workers", "0"), ("predict", "--min-confidence", "1.5"), ("predict", "--device", "tpu"),
    ("predict", "--precision", "f16"), ("evaluate", "--pixel-size", "0"), ("evaluate", "--seed", "-1"),
    ("simulate", "--tiles", "0"), ("simulate", "--tiles", "100"), ("simulate", "--height", "31"), ("simulate", "--width", "1"),
    ("simulate", "--fields", "0"), ("simulate", "--layout", "jpeg"), ("demo", "--seed", "-1"), ("info", "--date", "may"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "option", "value"), [*OUT_OF_RANGE, ("train", "--block-size", "0")])
def test_what_cannot_be_used_ends_with_2_and_names_the_option(typed: Callable, verb: str, option: str, value: str) -> None:
    code, said = typed(verb, *NEEDED[verb], option, value)
    assert code == 2
    assert option in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("verb", "option", "value"), OUT_OF_RANGE)
def test_python_refuses_the_same_values_and_names_the_same_option(tmp_path: Path, verb: str, option: str, value: str) -> None:
    name, number = option[2:].replace("-", "_"), float(value) if value.lstrip("-").replace(".", "").isdigit() else value
    where = {"predict": {"checkpoint": "c"}, "crossval": {"folds": "random"}, "evaluate": {"reference": "r"}}.get(verb, {})
    paths = [tmp_path / one for one in NEEDED[verb] if not one.startswith("--")][: 1 if verb in ("info", "simulate") else 2]
    of_data = name in DataOptions.model_fields and verb in ("chips", "train")
    given = {"options": {name: number}} if of_data else {name: number}
    with pytest.raises(OptionError, match=option):
        getattr(api, verb)(*paths, **where, **given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", COMMANDS)
def test_an_empty_path_is_not_taken_for_the_working_folder(typed: Callable, verb: str) -> None:
    options_of = [name for name in options(verb) if name == "cache" or isinstance(TYPED[name][1], Path)]
    calls = [[*NEEDED[verb], flag(name), ""] for name in options_of if (verb, name) != ("simulate", "fields")]
    by_position = [one for one in COMMANDS[verb].params if one.param_type_name == "argument"]
    calls += [["" if one == place else "a" for one in range(len(by_position))] for place in range(len(by_position))]
    for call in calls:
        code, said = typed(verb, *call)
        assert (code, said.partition(":")[0]) == (2, "OptionError"), call


def test_a_value_is_shown_with_an_example_of_a_better_one() -> None:
    with pytest.raises(OptionError, match=r"(?s)^--until 'tomorrow' .*--until 2019-08-31"):
        DataOptions(until="tomorrow")
    with pytest.raises(OptionError, match=r"(?s)^--bbox '1,2' .*--bbox 34.0,0.4,34.5,0.9"):
        DataOptions(bbox="1,2")


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: DataOptions(limt=3), "limit"),
        (lambda: api.predict("d", "o", chekpoint="c"), "checkpoint"),
        (lambda: api.chips("d", "o", opitons={}), "options"),
        (lambda: api.chips("d", "o", options={"chipsize": 3}), "chip_size"),
        (lambda: api.train("d", "o", epoch=3), "epochs"),
        (lambda: api.train("d", "o", augmentation={"trun": 1}), "augmentation.turn"),
    ],
)
def test_a_name_that_is_not_known_is_answered_with_the_nearest(call: Callable[[], object], meant: str) -> None:
    with pytest.raises(OptionError, match=f"(?s)there is no option .*Do you mean {meant}\\?"):
        call()


def test_a_needed_argument_that_is_missing_is_named() -> None:
    with pytest.raises(OptionError, match="--checkpoint is missing"):
        api.predict("d", "o")


def test_texts_are_taken_for_paths(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="nowhere"):
        api.info(str(tmp_path / "nowhere"))


def test_every_option_of_the_configuration_file_is_known_and_has_a_text(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(yaml.safe_dump(TrainOptions().model_dump(mode="json")))
    assert train_options(None, config, {}) == TrainOptions()
    for model in (TrainOptions, DataOptions, Augmentation):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("epoch: 3", "Do you mean epochs"), ("batch_size: 0", "batch_size 0"), ("augmentation: {turn: 2}", "augmentation.turn 2")],
)
def test_a_fault_of_the_configuration_file_names_the_file_and_the_option(tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(text)
    with pytest.raises(OptionError, match=rf"(?s)c\.yaml: .*{said}"):
        train_options(None, config, {})


def test_a_setting_given_singly_wins_over_the_file_and_the_file_over_the_recipe(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("epochs: 3\nmembers: 4\n")
    settings = train_options("cv4a", config, {"members": 5})
    assert (settings.recipe, settings.snapshots, settings.epochs, settings.members) == ("cv4a", 6, 3, 5)


@pytest.mark.parametrize("verb", ["evaluate", "report"])
@pytest.mark.parametrize("old", [["--labels", "k.csv", "--label-column", "crop"], ["--labels=k.csv", "--label-column=crop"]])
def test_the_old_form_of_labels_means_the_same_with_a_warning(called: Callable, verb: str, old: list[str]) -> None:
    needed = [one for one in NEEDED[verb] if one not in ("--reference", "r.csv")]
    with pytest.warns(UserWarning, match="--reference FILE"):
        before = called(verb, *needed, *old)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert called(verb, *needed, "--reference", "k.csv", "--labels", "crop") == before
    assert (before["reference"], before["labels"]) == (Path("k.csv"), "crop")


def test_a_dry_run_takes_what_predict_takes(called: Callable) -> None:
    arguments = (*NEEDED["predict"], "--season-year", "2018", "--limit", "3", "--dry-run")
    given = called("predict", *arguments, function="plan")
    assert (given["season_year"], given["data.limit"], given["checkpoint"]) == (2018, 3, Path("c"))


@pytest.mark.parametrize("option", ["labels", "fields", "resolution", "buffer"])
def test_an_option_that_a_chip_store_cannot_take_is_named_as_it_is_typed(typed: Callable, tmp_path: Path, option: str) -> None:
    store = tmp_path / "c.zarr"
    store.mkdir()
    (store / "zarr.json").write_text("cropdetect-chips")
    code, said = typed("train", str(store), str(tmp_path / "out"), f"--{option}", str(TYPED[option][0]))
    assert code == 2
    assert said.startswith(f"OptionError: --{option} does not apply to a chip store")


@pytest.mark.parametrize("option", ["--labels", "--legend", "--bands", "--chip-size"])
def test_predict_says_that_the_checkpoint_decides_what_a_training_option_would(option: str) -> None:
    done = CliRunner().invoke(app, ["predict", "data", "out", "--checkpoint", "c", option, "16"])
    assert isinstance(done.exception, OptionError)
    assert f"predict takes no {option}" in str(done.exception)


def test_info_prints_the_commands_that_follow_with_its_options(tmp_path: Path) -> None:
    table = tmp_path / "my series.csv"
    table.write_text("parcel,date,B04,B08,crop\n1,2019-06-06,500,3000,rye\n2,2019-06-06,600,2900,oats\n")
    done = CliRunner().invoke(app, ["info", str(table), "--id-column", "parcel", "--labels", "crop", "--bands", "B04,B08"])
    assert done.exit_code == 0, done.exception
    assert f"map '{table}' map/ --id-column parcel --labels crop --bands B04,B08\n" in done.stdout
    assert f"predict '{table}' out/ --checkpoint NAME --id-column parcel\n" in done.stdout


def test_help_lists_every_verb_by_task_with_its_whole_sentence_and_the_main_job_first() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).stdout
    places = [shown.index(f"\n  {verb} ") for verb in ("map", "predict", "info", "demo", "doctor", "import-cv4a")]
    assert places == sorted(places)
    assert all(shown.count(f"\n  {verb} ") == 1 for verb in COMMANDS)
    assert "..." not in shown[shown.index("From some labels to a map:") :]


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"cropdetect {metadata.version('cropdetect')}\n"


@pytest.mark.parametrize(("typed", "expected"), [("cropdetect pre", "predict"), ("cropdetect predict --min", "--min-confidence")])
def test_the_shell_completes_verbs_and_options(typed: str, expected: str) -> None:
    code = "import sys; sys.argv = ['cropdetect']; from cropdetect.cli import main; main()"
    asked = {"_CROPDETECT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [expected]


def test_doctor_says_what_is_missing_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from cropdetect.api import _doctor

    whole = CliRunner().invoke(app, ["doctor"])
    assert whole.exit_code == 0
    assert all(word in whole.stdout for word in ("processor", "memory", "disk", "ONNX Runtime", "[train]", "torch"))
    monkeypatch.setattr(_doctor, "_installed", lambda name: name not in ("openvino", "pandas"))
    found = {one["name"]: one for one in json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["findings"]}
    assert (found["[fast]"]["state"], found["[fast]"]["fix"]) == ("missing", "pip install 'cropdetect[fast]'")
    assert found["packages"]["text"] == "pandas"
    assert not {"[audit]", "[dev]", "[docs]", "[fuzz]", "[test]"} & set(found)


def test_train_ends_with_the_table_of_crossval(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from tests.runs.conftest import write_table

    data = write_table(tmp_path / "table")
    done = CliRunner().invoke(app, ["train", str(data), str(tmp_path / "out"), "--epochs", "1", "--members", "2"])
    assert done.exit_code == 0, done.exception
    shown = ("log loss (nats)", "95 % interval", "macro F1", "wheat", "report.html", "Next: cropdetect predict")
    assert all(word in done.stdout for word in shown)


def test_a_warning_that_two_steps_of_a_command_give_is_shown_once(capsys, monkeypatch):
    monkeypatch.setattr(Shown, "warnings", [])
    for warning in ("the area is small", "few fields", "the area is small"):
        cli._show_warning(warning)
    assert capsys.readouterr().err.splitlines() == ["Warning: the area is small", "Warning: few fields"]
