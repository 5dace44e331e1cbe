"""How finished files take the place of an older output: in one step of the file system, else file by file from a list."""

import ctypes
import glob
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from cropdetect.errors import OutputExistsError
from cropdetect.files import whole_file
from cropdetect.formats import PendingMoves
from cropdetect.runs.lock import locked
from cropdetect.runs.manifest import PARTIAL, RUN, STATE, read_record, read_run, some_of

_MOVES = "moves.json"
_BESIDE = ".cropdetect"  # end of the name of the folder that is exchanged with the output
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_AT_FDCWD = -100


def put_in_place(new: Path, out: Path) -> None:
    """Let `new` (in `OUT/.partial`) become the output; what the tool did not write stays."""
    run = read_run(out)
    ours = {file.path for file in run.files} | {RUN} if run is not None else set()
    paths = sorted((file.relative_to(new).as_posix() for file in new.rglob("*") if file.is_file()), key=lambda p: (p == RUN, p))
    around = {parent for path in ours for parent in _with_parents(path)}
    there = {entry.relative_to(out).as_posix() for entry in out.rglob("*")}
    links = {path for path in there - ours if (out / path).is_symlink()}
    foreign = {path for path in (there - around) | links if path != PARTIAL and not path.startswith(f"{PARTIAL}/")}
    in_the_way = [path for path in paths if path in foreign or (out / path).is_dir()]
    files = [path for path in foreign if path in links or not (out / path).is_dir()]
    in_the_way += [path for path in files if any(name.startswith(f"{path}/") for name in paths)]
    if in_the_way:
        raise OutputExistsError(
            f"files that cropdetect did not write have the names of output files: {some_of(in_the_way)}",
            where=out,
            fix="Move or rename them, then run the same command again, which continues.",
        )
    if not foreign and _exchanged(new, out):
        return
    moves = PendingMoves(move=paths, remove=sorted(ours - set(paths)))
    write_moves(out, moves)
    finish_moves(out)


def write_moves(out: Path, moves: PendingMoves) -> None:
    """Write the list of what is to be moved."""
    with whole_file(out / PARTIAL / _MOVES) as whole:
        whole.write_text(moves.model_dump_json() + "\n", "utf-8")


def moves_are_pending(out: Path) -> bool:
    """Tell whether a run is putting files in place, or was killed while it did."""
    return (out / PARTIAL / _MOVES).is_file()


def finish_pending(out: Path) -> None:
    """Finish what a killed run has begun to put in place.

    Raises:
        OutputExistsError: it was not killed.
    """
    if moves_are_pending(out):
        with locked(out):
            finish_moves(out)


def finish_moves(out: Path) -> None:
    """Finish what a run has begun to put in place; the caller holds the lock of the output."""
    file, new = out / PARTIAL / _MOVES, out / PARTIAL / "new"
    pending = read_record(file, PendingMoves)
    if pending is None:
        file.unlink(missing_ok=True)
        return
    for path in pending.move:
        if (new / path).is_file() and _is_inside(out, path):
            (out / path).parent.mkdir(parents=True, exist_ok=True)
            (new / path).replace(out / path)
    for path in pending.remove:
        if not _is_inside(out, path):
            continue
        (out / path).unlink(missing_ok=True)
        for folder in (out / path).parents:
            if folder == out or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()
    if pending.ends:
        shutil.rmtree(out / PARTIAL, ignore_errors=True)
    else:
        file.unlink()


def _is_inside(out: Path, path: str) -> bool:
    """Tell whether a path of an output leads through no link of the user's."""
    return (out / path).parent.resolve().is_relative_to(out.resolve())


def remove_leftovers(out: Path) -> None:
    """Remove what a run that was killed during an exchange left beside the output: the new folder, or the replaced one."""
    for beside in out.parent.glob(f".{glob.escape(out.name)}.*{_BESIDE}"):
        with suppress(FileNotFoundError):  # the run itself has removed it meanwhile
            emptied = {entry.name for entry in beside.iterdir()} <= {PARTIAL}
            if emptied or read_run(beside) is not None or (beside / PARTIAL / STATE).is_file():
                _remove(beside)


def _exchanged(new: Path, out: Path) -> bool:
    """Exchange the folder with the output in one step; return whether that was possible.

    The working folder and mount points stay where they are, and not every system can exchange folders.
    """
    libc = _libc()
    if _is_around_here(out) or os.path.ismount(out) or not hasattr(libc, "renameat2"):
        return False
    before = out.stat()
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=_BESIDE, dir=out.parent))
    except OSError:
        return False
    new.rename(beside)
    with suppress(OSError):
        os.chown(beside, before.st_uid, before.st_gid)
    beside.chmod(before.st_mode & 0o7777)
    if libc.renameat2(_AT_FDCWD, os.fsencode(beside), _AT_FDCWD, os.fsencode(out), _EXCHANGE):
        beside.rename(new)
        return False
    _remove(beside)
    return True


def _is_around_here(out: Path) -> bool:
    try:
        here = Path.cwd()
    except FileNotFoundError:  # it was deleted
        return False
    return out == here or out in here.parents


def _remove(replaced: Path) -> None:
    """Remove a folder that was exchanged, last what tells that it is one; another run may do the same."""
    with suppress(FileNotFoundError):
        for entry in list(replaced.iterdir()):
            if entry.name != PARTIAL:
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
    shutil.rmtree(replaced, ignore_errors=True)


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
