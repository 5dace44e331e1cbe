"""Every verb in odd surroundings: no standard streams, no terminal, no working folder, no rights, letters of another locale."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.base import pixels, squares, write_tif
from tests.hostile.command import Command
from tests.hostile.test_network import ROOT
from tests.hostile.verbs import CALLS, IMPORTED, WRITING, Given, contents, inputs

QUICK = ("evaluate", "report", "compare", "info", "recipe", "doctor")
EVERY = [verb if verb in QUICK else pytest.param(verb, marks=pytest.mark.slow) for verb in CALLS]
READING = [(verb, name) for verb in CALLS for name in inputs(verb)]


def test_every_verb_has_a_call() -> None:
    import typer

    from cropdetect.cli import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert set(CALLS) == set(commands)
    taking = {verb for verb, command in commands.items() if "out" in [parameter.name for parameter in command.params]}
    assert set(WRITING) == taking


@pytest.mark.parametrize("verb", EVERY)
def test_without_streams_a_verb_writes_the_same(verb: str, verbs: Command, given: Given, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = verbs.run(*given.call(verb, out))
    assert ended.code == 0, ended.err
    before = contents(out)
    for closed, code in ((("closed", "closed", "closed"), 0), (("", "broken", "broken"), 141), (("", "broken", ""), 141)):
        shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
        ended = verbs.run(*given.call(verb, out), closed=closed)
        assert (ended.code, "Traceback" in ended.err) == (code, False), ended.err
        assert contents(out) == before


@pytest.mark.parametrize("verb", CALLS)
def test_a_working_folder_that_is_gone_is_said(verb: str, verbs: Command, given: Given, tmp_path: Path) -> None:
    for number, out in enumerate((Path("out"), tmp_path / "out")):
        gone = tmp_path / str(number)
        gone.mkdir()
        ended = verbs.run(*given.call(verb, out), folder=gone, without=gone)
        assert (ended.code, ended.error) == (2, "InputNotFoundError"), ended.err
        assert "the working folder does not exist any more" in ended.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("verb", WRITING)
def test_a_place_that_may_not_be_written_is_named(verb: str, verbs: Command, given: Given, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(0o500)
    for out in (place / "out", place / "new" / "out"):
        ended = verbs.run(*given.call(verb, out), as_usual_user=True)
        assert (ended.code, ended.error) == (2, "OutputPathError"), ended.err
        assert str(place) in ended.err
        assert "Traceback" not in ended.err
        assert list(place.iterdir()) == []


@pytest.mark.parametrize(("verb", "name"), READING)
def test_an_input_that_may_not_be_read_is_named_and_nothing_is_written(
    verb: str, name: str, verbs: Command, given: Given, tmp_path: Path
) -> None:
    path, source = tmp_path / "input" / given.path(name).name, given.path(name)
    path.parent.mkdir()
    shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
    path.chmod(0)
    try:
        ended = verbs.run(*given.call(verb, tmp_path / "out", **{name: path}), as_usual_user=True)
    finally:
        path.chmod(0o700)
    assert ended.code == 2, ended.err
    assert path.name in ended.err
    assert any(word in ended.err for word in ("rights", "readable", "permission")), ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("verb", "name"), [(verb, name) for verb, name in READING if verb in WRITING])
def test_an_output_in_an_input_is_refused(verb: str, name: str, verbs: Command, given: Given, tmp_path: Path) -> None:
    path, source = tmp_path / "input" / given.path(name).name, given.path(name)
    path.parent.mkdir()
    shutil.copytree(source, path) if source.is_dir() else shutil.copy(source, path)
    before = contents(path)
    outs = [path, path / "out", path.parent] if path.is_dir() else [path, path.parent]
    for out in outs:
        if verb == "report" and out == path / "out":  # a page may lie in the folder of its predictions
            continue
        for more in ((), ("--overwrite",)):
            ended = verbs.run(*given.call(verb, out, **{name: path}), *more)
            assert (ended.code, ended.error) == (2, "OutputPathError"), ended.err
    assert contents(path) == before


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of locales with Latin-1."""
    folder = tmp_path_factory.mktemp("locales")
    command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", str(folder / "de_DE.ISO-8859-1")]
    if shutil.which("localedef") is None or subprocess.run(command, capture_output=True, check=False).returncode > 1:
        pytest.skip("no locale can be made")
    return folder


@pytest.fixture(scope="module", params=["ASCII", "Latin-1"])
def abroad(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The commands where files and streams hold other letters than Unicode's."""
    name, more = "C", {"PYTHONCOERCECLOCALE": "0"}
    if request.param == "Latin-1":
        more["LOCPATH"], name = str(request.getfixturevalue("latin")), "de_DE.ISO-8859-1"
    environment = {"LC_ALL": name, "LANG": name, "PYTHONUTF8": "0", **more}
    with Command(tmp_path_factory.mktemp("abroad"), IMPORTED, environment) as running:
        yield running


STEERING = {
    "GDAL_SKIP": "GTiff",
    "OGR_SQLITE_PRAGMA": "query_only=1",
    "PROJ_AUX_DB": "/nowhere",
    "GDAL_GEOREF_SOURCES": "WORLDFILE",
    "ZARR_ASYNC__CONCURRENCY": "0",
}


def test_settings_of_libraries_change_no_byte_and_are_named(given: Given, tmp_path: Path) -> None:
    (tmp_path / ".gdal").mkdir()
    (tmp_path / ".gdal" / "gdalrc").write_text("[configoptions]\nGDAL_SKIP=GTiff\nOGR_SQLITE_JOURNAL=WAL\n")
    command = [sys.executable, "-m", "cropdetect", *given.call("predict", tmp_path / "out")]
    kept = {"GDAL_CACHEMAX": "64", "GDAL_CURL_CA_BUNDLE": "/etc/ssl/ca.pem", "PROJ_CURL_CA_BUNDLE": "/etc/ssl/ca.pem"}
    settings = {**STEERING, **kept, "HOME": str(tmp_path), "PROJ_DATA": "/nowhere", "PROJ_LIB": ""}
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings}, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(given.path("answers"))
    for name, value in STEERING.items():
        assert f"{name}={value}" in done.stderr
    assert "GDAL in ~/.gdal/gdalrc are not used" in done.stderr
    assert "PROJ_DATA=/nowhere leads to no proj.db and is not used" in done.stderr
    assert not any(name in done.stderr for name in kept)
    assert "ERROR" not in done.stderr


@pytest.mark.parametrize(("name", "driver"), [("GDAL_SKIP", "GTiff"), ("OGR_SKIP", "GPKG")])
def test_in_python_a_driver_that_the_environment_leaves_out_is_named(name: str, driver: str, tmp_path: Path) -> None:
    write_tif(tmp_path / "20190606_B04.tif", pixels())
    squares().to_file(tmp_path / "fields.gpkg")
    code = f"import cropdetect; cropdetect.open_data({str(tmp_path)!r})"
    environment = {**os.environ, name: driver}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    what, fix = done.stderr.strip().splitlines()[-2:]
    assert f"GDAL's driver {driver}, which this file needs, is left out here" in what
    assert fix == f"Remove {name}={driver} from the environment."


@pytest.mark.slow
@pytest.mark.parametrize("verb", CALLS)
def test_another_locale_changes_no_byte(verb: str, abroad: Command, verbs: Command, given: Given, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = verbs.run(*given.call(verb, out))
    before = contents(out)
    shutil.rmtree(out) if out.is_dir() else out.unlink(missing_ok=True)
    again = abroad.run(*given.call(verb, out))
    assert again.code == ended.code == 0, again.err
    assert contents(out) == before


@pytest.mark.slow
def test_a_process_without_a_terminal_runs(given: Given, tmp_path: Path) -> None:
    command = ["setsid", "--wait", sys.executable, "-m", "cropdetect", *given.call("predict", tmp_path / "out")]
    if shutil.which("setsid") is None:
        pytest.skip("no setsid")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(given.path("answers"))
