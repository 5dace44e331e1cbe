"""An output is whole or not there, and nothing that the tool did not write is lost."""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from cropdetect.errors import DiskFullError, OptionError, OutputExistsError, OutputPathError
from cropdetect.files import sha256
from cropdetect.formats import RunRecord
from cropdetect.runs import OutputFolder, Stopped, placement, read_run, refuse_overlap, replace_files
from cropdetect.runs.lock import locked
from tests.runs.conftest import Call, contents, written


def write(out: Path, overwrite: bool = False, **files: str) -> OutputFolder:
    """Write an output of these files ("__" in a name is a folder)."""
    output = OutputFolder("test", {"out": out, "overwrite": overwrite, "files": files})
    if not output.finished():
        with output.writing() as work:
            for name, text in files.items():
                file = work.new / name.replace("__", "/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
    return output


def texts(folder: Path) -> dict[str, str]:
    return {name: text.decode() for name, text in contents(folder).items() if name != "run.json"}


@pytest.fixture(params=["one step", "file by file"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put outputs in place as the file system allows, and as if it could not exchange folders."""
    if request.param == "file by file":
        monkeypatch.setattr(placement, "_exchanged", lambda new, out: False)
    return str(request.param)


@pytest.mark.usefixtures("way")
def test_an_output_appears_with_a_record_of_its_files_and_nothing_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "out", a="1", folder__b="2")
    out = tmp_path / "deep" / "out"
    assert texts(out) == {"a": "1", "folder/b": "2"}
    run = RunRecord.model_validate_json((out / "run.json").read_bytes())
    assert (run.verb, run.arguments["files"]) == ("test", {"a": "1", "folder__b": "2"})
    assert {(file.path, file.bytes, file.sha256) for file in run.files} == {
        (name, 1, sha256(out / name)) for name in ("a", "folder/b")
    }
    assert [entry.name for entry in out.parent.iterdir()] == ["out"]


@pytest.mark.usefixtures("way")
def test_the_same_call_does_nothing_and_another_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "out", a="1")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()}
    write(tmp_path / "out", a="1")
    assert "nothing to do" in capsys.readouterr().err
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()} == before
    with pytest.raises(OutputExistsError, match=r"another command.*: a had another value"):
        write(tmp_path / "out", a="2")
    with pytest.raises(OutputExistsError, match="this is another"):
        OutputFolder("another", {"out": tmp_path / "out"}).finished()
    assert texts(tmp_path / "out") == {"a": "1"}


def test_an_input_that_changed_is_told(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("1")
    with OutputFolder("test", {"out": tmp_path / "out", "data": data}).writing():
        pass
    data.write_text("2")
    with pytest.raises(OutputExistsError, match="an input has changed"):
        OutputFolder("test", {"out": tmp_path / "out", "data": data}).finished()


@pytest.mark.usefixtures("way")
def test_overwriting_replaces_what_the_tool_wrote_and_leaves_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, a="1", b="1", folder__c="1")
    (out / "notes.txt").write_text("mine")
    (out / "folder" / "mine.txt").write_text("mine")
    (out / "empty").mkdir()
    write(out, overwrite=True, a="2", d="2")
    assert texts(out) == {"a": "2", "d": "2", "notes.txt": "mine", "folder/mine.txt": "mine"}
    assert (out / "empty").is_dir()
    assert written(out) == {"a", "d", "run.json"}


@pytest.mark.usefixtures("way")
def test_a_file_that_was_changed_is_replaced_only_when_asked(tmp_path: Path) -> None:
    write(tmp_path / "out", a="1")
    (tmp_path / "out" / "a").write_text("corrected by hand")
    with pytest.raises(OutputExistsError, match="were changed after they were written: a"):
        write(tmp_path / "out", a="1")
    assert texts(tmp_path / "out") == {"a": "corrected by hand"}
    write(tmp_path / "out", overwrite=True, a="1")
    assert texts(tmp_path / "out") == {"a": "1"}


@pytest.mark.usefixtures("way")
def test_a_file_that_was_removed_is_written_again(tmp_path: Path) -> None:
    write(tmp_path / "out", a="1", b="2")
    (tmp_path / "out" / "a").unlink()
    write(tmp_path / "out", a="1", b="2")
    assert texts(tmp_path / "out") == {"a": "1", "b": "2"}


def test_a_folder_of_other_files_is_refused_and_five_are_named(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.tif").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputExistsError, match=r"0\.tif, 1\.tif, 2\.tif, 3\.tif, 4\.tif, \.\.\. \(7 in all\)"):
            write(tmp_path, overwrite=overwrite, a="1")
    assert set(texts(tmp_path).values()) == {"mine"}


@pytest.mark.parametrize("name", ["README.md", "readme", ".gitkeep", ".DS_Store"])
def test_a_placeholder_does_not_fill_a_folder_and_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("put results here")
    write(tmp_path, a="1")
    write(tmp_path, overwrite=True, a="2")
    assert texts(tmp_path) == {name: "put results here", "a": "2"}


def test_a_run_json_of_another_tool_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"files": [{"path": "a", "bytes": 1, "sha256": "0"}]}')
    with pytest.raises(OutputExistsError):
        write(tmp_path, overwrite=True, a="1")


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mine", ["b", "b/inside", "folder"])
def test_a_file_of_the_user_that_has_the_name_of_a_new_one_stays(tmp_path: Path, mine: str) -> None:
    out = tmp_path / "out"
    write(out, a="1")
    (out / mine).parent.mkdir(exist_ok=True)
    (out / mine).write_text("mine")
    with pytest.raises(OutputExistsError, match=mine.split("/")[0]):
        write(out, overwrite=True, a="2", b="2", folder__c="2")
    assert texts(out)[mine] == "mine"
    assert texts(out)["a"] == "1"


def test_the_working_folder_can_be_an_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(), a="1")
    write(Path(), overwrite=True, b="2")
    assert texts(tmp_path) == {"b": "2"}
    assert Path.cwd() == tmp_path


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link", a="1")
    write(tmp_path / "link", overwrite=True, a="2")
    assert (tmp_path / "link").is_symlink()
    assert texts(tmp_path / "real") == {"a": "2"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_mount_point_can_be_an_output(tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tmp_path], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount")
    try:
        write(tmp_path, a="1")
        write(tmp_path, overwrite=True, b="2")
        assert texts(tmp_path) == {"b": "2"}
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_an_output_that_is_a_file_or_below_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "out", tmp_path / "file" / "deep" / "out"):
        with pytest.raises(OutputPathError, match="file is a file, not a folder"):
            write(out, a="1")
    assert texts(tmp_path) == {"file": "mine"}


@pytest.mark.parametrize("name", ["null\0byte", "x" * 300])
def test_a_path_that_cannot_be_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputPathError):
        write(tmp_path / name, a="1")


READ_ONLY = """
import os, sys
from pathlib import Path
from cropdetect.errors import CropDetectError
from tests.runs.test_output import write
os.setuid(65534)
try:
    write(Path(sys.argv[1]), a="1")
except CropDetectError as error:
    print(error.name, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user")
@pytest.mark.parametrize(("mode", "below"), [(0o555, ""), (0o555, "new/out"), (0o000, ""), (0o000, "new")])
def test_a_place_without_the_right_to_write_is_named(mode: int, below: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "closed"
        folder.mkdir()
        Path(name).chmod(0o755)
        folder.chmod(mode)
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(
            [sys.executable, "-B", "-c", READ_ONLY, folder / below], cwd=root, capture_output=True, text=True, check=False
        )
        folder.chmod(0o755)
        assert done.stdout.startswith("OutputPathError"), done.stderr[-500:]
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", ["../outside", "/etc/outside", "a/../../outside", "..", "a//b", "C:/outside", "a\\b", ""])
def test_a_record_that_names_files_elsewhere_is_no_record(tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("mine")
    out = tmp_path / "out"
    write(out, a="1")
    record = json.loads((out / "run.json").read_text())
    record["files"].append({"path": path, "bytes": 1, "sha256": "0"})
    (out / "run.json").write_text(json.dumps(record))
    with pytest.raises(OutputExistsError):
        write(out, overwrite=True, a="2")
    moves = {"move": [], "remove": [path]}
    (out / "run.json").unlink()
    (out / ".partial").mkdir()
    (out / ".partial" / "moves.json").write_text(json.dumps(moves))
    with pytest.raises(OutputExistsError):
        write(out, overwrite=True, a="2")
    assert (tmp_path / "outside").read_text() == "mine"


@pytest.mark.usefixtures("way")
def test_nothing_is_written_or_removed_through_a_link_of_the_user(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    write(out, folder__a="1")
    (out / "folder").rename(elsewhere)
    (out / "folder").symlink_to(elsewhere)
    with pytest.raises(OutputExistsError, match="folder"):
        write(out, overwrite=True, folder__a="2")
    write(tmp_path / "again", folder__a="1", b="1")
    (tmp_path / "again" / "folder").rename(tmp_path / "moved")
    (tmp_path / "again" / "folder").symlink_to(tmp_path / "moved")
    write(tmp_path / "again", overwrite=True, b="2")
    assert (texts(elsewhere), texts(tmp_path / "moved")) == ({"a": "1"}, {"a": "1"})
    assert (tmp_path / "again" / "folder").is_symlink()


# Overlap of outputs with inputs --------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "fields.gpkg").write_text("mine")
    (tmp_path / "to-data").symlink_to("data")
    yield tmp_path


@pytest.mark.parametrize(
    ("given", "out", "relation"),
    [
        ("data", "data", "is"),
        ("data", "data/../data", "is"),
        ("data", "to-data", "is"),
        ("to-data", "data", "is"),
        ("data", "data/sub", "lies in"),
        ("data", "data/new", "lies in"),
        ("data", "data/new/deep", "lies in"),
        ("data", "to-data/new", "lies in"),
        ("data/sub", "data", "contains"),
        ("data/fields.gpkg", "data", "contains"),
        ("data/fields.gpkg", "data/fields.gpkg", "is"),
        ("data/fields.gpkg", "data/fields.gpkg/out", "lies in"),
        ("to-data/fields.gpkg", "data", "contains"),
        ("data/sub", ".", "contains"),
    ],
)
def test_an_output_that_overlaps_an_input_is_refused(
    places: Path, given: str, out: str, relation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OutputPathError, match=f"the output {relation} the input"):
        OutputFolder("test", {"out": places / out, "data": places / given, "overwrite": True})
    monkeypatch.chdir(places)
    with pytest.raises(OutputPathError):
        OutputFolder("test", {"out": Path(out), "data": Path(given)})
    assert texts(places / "data") == {"fields.gpkg": "mine"}


@pytest.mark.parametrize(
    ("given", "out"), [("data", "data-out"), ("data", "other/data"), ("data/sub", "data/out"), ("none", "out")]
)
def test_an_output_apart_from_the_inputs_is_allowed(places: Path, given: str, out: str) -> None:
    refuse_overlap((places / out).resolve(), [places / given])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_folder_mounted_twice_is_one(places: Path) -> None:
    (places / "again").mkdir()
    mounted = subprocess.run(["mount", "--bind", places / "data", places / "again"], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount")
    try:
        with pytest.raises(OutputPathError, match="is the input"):
            refuse_overlap(places / "again", [places / "data"])
        with pytest.raises(OutputPathError, match="lies in the input"):
            refuse_overlap(places / "again" / "new", [places / "data"])
    finally:
        subprocess.run(["umount", places / "again"], check=True)


# Unfinished work -----------------------------------------------------------------------------------------------------


def interrupted(out: Path, error: BaseException, saved: bool = True, **arguments: object) -> None:
    with OutputFolder("test", {"out": out, **arguments}).writing() as work:
        (work.new / "half").write_text("h")
        if saved:
            (work.state / "part").write_text("1")
        raise error


def test_an_interruption_keeps_the_state_and_the_same_call_continues(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"kept in .*\.partial\. To continue"):
        interrupted(tmp_path / "out", KeyboardInterrupt())
    assert set(texts(tmp_path / "out")) == {".partial/lock", ".partial/state.json", ".partial/state/part"}
    with OutputFolder("test", {"out": tmp_path / "out"}).writing() as work:
        assert work.continues
        assert (work.state / "part").read_text() == "1"
        assert not list(work.new.iterdir())
    assert list(contents(tmp_path / "out")) == ["run.json"]


def test_unfinished_work_of_another_call_is_kept_until_overwriting_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        interrupted(tmp_path / "out", KeyboardInterrupt())
    with pytest.raises(OutputExistsError, match="unfinished test"):
        interrupted(tmp_path / "out", RuntimeError(), other=1)
    with OutputFolder("test", {"out": tmp_path / "out", "other": 1, "overwrite": True}).writing() as work:
        assert not work.continues
        assert list(work.state.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "saved", "kept"),
    [
        (OptionError("wrong"), True, False),
        (DiskFullError("full"), True, True),
        (RuntimeError("a fault of the tool"), True, True),
        (RuntimeError("a fault of the tool"), False, False),
        (SystemExit(3), True, True),
    ],
)
def test_only_what_a_later_run_can_use_is_kept(tmp_path: Path, error: BaseException, saved: bool, kept: bool) -> None:
    with pytest.raises(type(error)):
        interrupted(tmp_path / "new" / "out", error, saved)
    assert (tmp_path / "new" / "out" / ".partial" / "state" / "part").is_file() == kept
    assert kept or not list(tmp_path.iterdir())


def test_an_interruption_before_anything_was_saved_leaves_the_older_output(tmp_path: Path) -> None:
    write(tmp_path / "out", a="1")
    before = contents(tmp_path / "out")
    with pytest.raises(Stopped, match="Nothing was kept"):
        interrupted(tmp_path / "out", KeyboardInterrupt(), saved=False, overwrite=True)
    assert contents(tmp_path / "out") == before


def test_a_second_run_into_the_same_folder_is_refused_while_the_first_writes(tmp_path: Path) -> None:
    first, second = (OutputFolder("test", {"out": tmp_path / "out"}) for _ in range(2))
    with first.writing() as work:
        (work.new / "a").write_text("1")
        named = f"another command is writing here: process {os.getpid()} on"
        with pytest.raises(OutputExistsError, match=named), second.writing():
            pass
    assert texts(tmp_path / "out") == {"a": "1"}


def test_a_command_that_has_just_begun_to_write_is_awaited_until_it_has_said_which_process_it_is(tmp_path: Path) -> None:
    partial = tmp_path / "out" / ".partial"
    partial.mkdir(parents=True)
    with FileLock(partial / "lock"):
        (partial / "holder").touch()
        saying = threading.Timer(0.3, lambda: (partial / "holder").write_text("4711 on thishost", "utf-8"))
        saying.start()
        with pytest.raises(OutputExistsError, match="writing here: process 4711 on thishost"), locked(tmp_path / "out"):
            pass
        saying.join()


# Kills ---------------------------------------------------------------------------------------------------------------


def die_after(steps: int) -> None:
    """End this process, without any clean-up, before a given step of the file system."""
    left = steps

    def counted(function: Call) -> Call:
        def called(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return function(*arguments, **named)

        return called

    for name in ("rename", "replace", "unlink", "rmdir", "mkdir"):
        setattr(Path, name, counted(getattr(Path, name)))
    os.rmdir, os.unlink = counted(os.rmdir), counted(os.unlink)  # type: ignore[assignment]


def write_and_die(out: Path, steps: int, way: str) -> None:
    die_after(steps)
    if way == "file by file":
        placement._exchanged = lambda new, out: False
    write(out, overwrite=True, a="new", b="new", folder__c="new")
    os._exit(0)


@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("way", ["one step", "file by file"])
def test_a_kill_at_any_step_leaves_an_output_that_the_next_run_finds_whole(tmp_path: Path, way: str, mine: bool) -> None:
    old, new = {"a": "old", "z": "old"}, {"a": "new", "b": "new", "folder/c": "new"}
    steps, ended = 0, False
    while not ended:
        out = tmp_path / str(steps) / "out"
        write(out, a="old", z="old")
        if mine:
            (out / "mine").write_text("mine")
        process = multiprocessing.get_context("fork").Process(target=write_and_die, args=(out, steps, way))
        process.start()
        process.join()
        ended = process.exitcode == 0
        assert ended or process.exitcode == 9
        there = {name: text for name, text in texts(out).items() if not name.startswith(".partial/")}
        assert not mine or there.pop("mine") == "mine"
        if way == "one step" and not mine:
            assert there in (old, new), steps
        write(out, overwrite=True, a="new", b="new", folder__c="new")
        assert texts(out) == new | ({"mine": "mine"} if mine else {}), steps
        assert [entry.name for entry in out.parent.iterdir()] == ["out"], steps
        steps += 1
    assert steps > 5


def interrupt_after(steps: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Raise KeyboardInterrupt before a given step of the file system, and once alone; return the steps that were counted."""
    counted: list[int] = []

    def stopping(function: Call) -> Call:
        def called(*arguments: object, **named: object) -> object:
            counted.append(len(counted))
            if counted[-1] == steps:
                raise KeyboardInterrupt
            return function(*arguments, **named)

        return called

    for name in ("rename", "replace", "unlink", "rmdir", "mkdir"):
        monkeypatch.setattr(Path, name, stopping(getattr(Path, name)))
    return counted


@pytest.mark.parametrize("verb", ["all files", "one file"])
def test_an_interruption_at_any_step_of_moving_files_leaves_an_output_that_the_same_call_finds_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    steps, ended = 0, False
    while not ended:
        out = tmp_path / str(steps)
        write(out, a="old", z="old")
        (out / "mine").write_text("mine")

        def change(out: Path = out) -> None:
            if verb == "one file":
                replace_files(out, {"a": b"new"}, overwrite=False)
            else:
                write(out, overwrite=True, a="new", b="new", folder__c="new")

        with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
            counted = interrupt_after(steps, patch)
            change()
        ended = len(counted) <= steps
        change()
        new = {"a": "new", "z": "old"} if verb == "one file" else {"a": "new", "b": "new", "folder/c": "new"}
        assert texts(out) == new | {"mine": "mine"}, steps
        assert written(out) == {*new, "run.json"}, steps
        steps += 1
    assert steps > 8


# One file of an output -----------------------------------------------------------------------------------------------


def test_a_file_of_an_output_is_replaced_and_noted(tmp_path: Path) -> None:
    write(tmp_path / "out", page="1")
    replace_files(tmp_path / "out", {"page": b"22"}, overwrite=False)
    run = read_run(tmp_path / "out")
    assert run is not None
    assert [(file.path, file.bytes) for file in run.files] == [("page", 2)]
    write(tmp_path / "out", page="1")  # finished, as it was
    assert texts(tmp_path / "out") == {"page": "22"}
    (tmp_path / "out" / "page").write_text("by hand")
    with pytest.raises(OutputExistsError):
        replace_files(tmp_path / "out", {"page": b"3"}, overwrite=False)
    replace_files(tmp_path / "out", {"page": b"3"}, overwrite=True)
    assert texts(tmp_path / "out") == {"page": "3"}


def test_a_file_that_the_tool_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    write(tmp_path / "out", a="1")
    (tmp_path / "out" / "page").write_text("mine")
    with pytest.raises(OutputExistsError, match="did not write"):
        replace_files(tmp_path / "out", {"page": b"2"}, overwrite=True)


def test_the_record_keeps_what_the_verb_said(tmp_path: Path) -> None:
    with OutputFolder("test", {"out": tmp_path / "out"}).writing() as work:
        (work.new / "run.json").write_text(json.dumps({"dates": ["2019-06-06"], "verb": ""}))
    said = json.loads((tmp_path / "out" / "run.json").read_text())
    assert (said["dates"], said["verb"], said["files"]) == (["2019-06-06"], "test", [])


def test_a_finished_output_removes_what_a_killed_exchange_left_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "out", a="1")
    beside = tmp_path / ".out.abc.cropdetect"
    (beside / ".partial").mkdir(parents=True)
    (beside / ".partial" / "state.json").touch()
    (tmp_path / "out" / ".partial").mkdir()  # another command is about to write
    write(tmp_path / "out", a="1")
    assert beside.exists()
    (tmp_path / "out" / ".partial").rmdir()
    write(tmp_path / "out", a="1")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
