"""The folder that a verb writes: whole or not at all, and never at the cost of a file that the tool did not write.

Unfinished work lies in `OUT/.partial`. The finished files take the place of `OUT` in one step of the file system where that is
possible, else one by one after a list of what is to be moved has been written, which the next command works off. `run.json`
lists every file of the output with its size and hash: nothing else in the folder is ever replaced or removed.
"""

import datetime as dt
import errno
import json
import os
import platform
import shlex
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cropdetect import signals
from cropdetect.errors import ClusterError, CropDetectError, DiskFullError, MemoryLimitError, OutputExistsError
from cropdetect.files import whole_file
from cropdetect.formats import RunRecord, UnfinishedState
from cropdetect.progress import note
from cropdetect.runs import fingerprint as fingerprints
from cropdetect.runs.lock import locked
from cropdetect.runs.manifest import PARTIAL, RUN, STATE, changed, described, read_record, read_run, some_of
from cropdetect.runs.paths import output_path, refusals_named, refuse_overlap
from cropdetect.runs.placement import finish_pending, moves_are_pending, put_in_place, remove_leftovers

_PACKAGES = (
    *("cropdetect", "numpy", "rasterio", "geopandas", "zarr"),
    *("onnxruntime", "onnxruntime-gpu", "openvino", "torch", "scikit-learn"),
)  # whose versions run.json tells, where they are installed
# Arguments that change no answer.
_NEUTRAL = frozenset({"out", "overwrite", "workers", "scheduler", "log_dir", "on_epoch", "out_of_fold"})
_NOT_MENDED_BY_ANOTHER_COMMAND = (DiskFullError, ClusterError, MemoryLimitError, OutputExistsError)

command_line: ContextVar[tuple[str, ...]] = ContextVar("command_line", default=())
"""The command that is run, where it came from the command line."""


class Stopped(KeyboardInterrupt):
    """An interrupted command; its text says what was kept and how to continue."""


@dataclass(frozen=True)
class Work:
    """Where a verb works until its output is whole.

    Attributes:
        new: empty folder for the files of the output.
        state: folder for what an interrupted run continues from.
        continues: whether `state` holds the work of an interrupted run of the same command.
    """

    new: Path
    state: Path
    continues: bool


class OutputFolder:
    """The output of one call of a verb.

    Args:
        verb: name of the verb.
        arguments: all arguments of the call, by name (`locals()` in its first line). `out` is the output and `overwrite` allows
            to replace another output of the tool. Paths among the others are inputs. All but the neutral ones are part of the
            fingerprint, so an option that is added later is, too.
        steps: sub-folders that other verbs write on behalf of this one.

    Raises:
        OutputPathError: nothing can be written at `out`, or it equals, contains or lies in an input.
        OutputExistsError: `out` holds files that the tool did not write, and nothing that it wrote.
        DiskFullError: the disk has no room.
    """

    def __init__(self, verb: str, arguments: Mapping[str, Any], steps: Collection[str] = ()) -> None:
        self.verb = verb
        self._steps = frozenset(steps)
        self.path = output_path(Path(arguments["out"]))
        self._overwrite = bool(arguments.get("overwrite", False))
        decisive = {k: v for k, v in arguments.items() if k not in _NEUTRAL}
        self._arguments, self._inputs = fingerprints.plain(decisive), fingerprints.paths_in(decisive)
        refuse_overlap(self.path, fingerprints.paths_in({k: v for k, v in arguments.items() if k != "out"}))
        self._fingerprint: str | None = None
        self._in_place = False
        with refusals_named(self.path, around=True):
            if self.path.exists() and not self.path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "it is a file", str(self.path))
            finish_pending(self.path)
            self._refuse_foreign()

    @property
    def fingerprint(self) -> str:
        """Hash of the verb, its arguments and the content of its inputs."""
        if self._fingerprint is None:
            self._fingerprint = fingerprints.fingerprint(self.verb, self._arguments, self._inputs)
        return self._fingerprint

    def finished(self) -> bool:
        """Tell whether the same command has finished here and its files are all there, unchanged.

        An output that may be replaced counts as none for another call of the same verb.

        Raises:
            OutputExistsError: another command's output is there, or files were changed, and `overwrite` is false.
        """
        run = read_run(self.path)
        if run is None or self._overwrite:
            return False
        missing = [file.path for file in run.files if not (self.path / file.path).is_file()]
        altered = [file.path for file in run.files if file.path not in missing and changed(self.path, file)]
        if run.fingerprint != self.fingerprint:
            if run.may_be_replaced and run.verb == self.verb and not altered:
                return False
            raise OutputExistsError(
                f"the folder holds the output of another command ({run.verb}, finished {run.finished}): {self._difference(run)}",
                where=self.path,
                fix="Name another folder, or add --overwrite to replace that output; files that the tool did not write stay.",
            )
        if altered:
            raise OutputExistsError(
                f"files of this output were changed after they were written: {some_of(altered)}",
                where=self.path,
                fix="Name another folder, or add --overwrite to replace them.",
            )
        if not missing:
            if not (self.path / PARTIAL).exists():  # no other command is about to exchange its output
                with suppress(OSError):
                    remove_leftovers(self.path)
            note(f"{self.path} is finished already; nothing to do.")
        return not missing

    def _difference(self, run: RunRecord) -> str:
        """Say how another run differs from this one."""
        if run.verb != self.verb:
            return f"this is {self.verb}"
        before, now = _flat(run.arguments), _flat(self._arguments)
        others = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        if others:
            return f"{some_of(others)} had another value"
        return "an input has changed since, or cropdetect has"

    @contextmanager
    def writing(self) -> Iterator[Work]:
        """Give the folders to work in; what lies in `Work.new` at the end becomes the output.

        An interruption keeps what `Work.state` holds. An error that the user can mend keeps nothing, since the mended command is
        another one; a full disk, a cluster that went away and too little memory keep it.

        Raises:
            OutputExistsError: another run writes here, the unfinished work of another command lies here, or a file that the
                tool did not write has the name of one to be written.
            OutputPathError: nothing can be written here.
            DiskFullError: the disk has no room.
        """
        started = dt.datetime.now(dt.UTC)
        made = _make(self.path)
        with locked(self.path) as partial:
            try:
                remove_leftovers(self.path)
                work = self._begin(partial)
                with refusals_named(self.path):
                    yield work
                    self._complete(work.new, started)
            except BaseException as error:
                stopped = isinstance(error, KeyboardInterrupt) or signals.has_stopped()  # libraries make other errors of it
                mended = isinstance(error, CropDetectError) and not isinstance(error, _NOT_MENDED_BY_ANOTHER_COMMAND)
                kept = self._clean_up(partial, made, keep=stopped or not mended)
                if stopped:
                    raise Stopped(self._how_to_continue(kept)) from error
                raise

    def _refuse_foreign(self) -> None:
        entries = list(self.path.iterdir()) if self.path.exists() else []  # before another command puts its output in place
        if read_run(self.path) is not None or (self.path / PARTIAL / STATE).is_file():
            return
        there = [entry.name for entry in entries if not _is_placeholder(entry) and not self._is_step(entry)]
        if there:
            raise OutputExistsError(
                f"the folder holds what cropdetect did not write: {some_of(there)}",
                where=self.path,
                fix=f"Name a new or an empty folder, e.g. {self.path.with_name(self.path.name + '-new')}.",
            )

    def _is_step(self, entry: Path) -> bool:
        """Tell whether an entry was written on behalf of this verb, when it did not finish."""
        begun = (entry / PARTIAL / STATE).is_file() or read_run(entry) is not None
        return entry.name in self._steps and begun

    def _begin(self, partial: Path) -> Work:
        file, state, new = partial / STATE, partial / "state", partial / "new"
        begun = read_record(file, UnfinishedState) if file.is_file() else None
        saved = state.is_dir() and any(state.iterdir())
        same = begun is not None and begun.fingerprint == self.fingerprint
        if saved and not same and not self._overwrite:
            what = f"an unfinished {begun.verb} of other inputs or options" if begun else "unfinished work that cannot be read"
            raise OutputExistsError(
                f"the folder holds {what}",
                where=self.path,
                fix="Run the command that was stopped again, name another folder, or add --overwrite to begin again.",
            )
        with refusals_named(self.path):
            if not same:
                shutil.rmtree(state, ignore_errors=True)
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            state.mkdir(exist_ok=True)
            with whole_file(file) as whole:
                whole.write_text(UnfinishedState(fingerprint=self.fingerprint, verb=self.verb).model_dump_json() + "\n", "utf-8")
        if saved and same:
            note(f"Continuing from the work that was saved in {partial}.")
        return Work(new, state, continues=saved and same)

    def _complete(self, new: Path, started: dt.datetime) -> None:
        """List the new files in run.json and let them take the place of the old ones."""
        paths = sorted(file.relative_to(new).as_posix() for file in new.rglob("*") if file.is_file())
        details = json.loads((new / RUN).read_text("utf-8")) if RUN in paths else {}
        files = [described(new, path) for path in paths if path != RUN]
        common = RunRecord(
            format="cropdetect-run",
            verb=self.verb,
            fingerprint=self.fingerprint,
            command=list(command_line.get()) or [f"cropdetect.api.{self.verb}"],
            arguments=self._arguments,
            versions=_versions(),
            files=files,
            started=started.isoformat(timespec="seconds"),
            finished=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            may_be_replaced=details.get("may_be_replaced") is True,
        )
        text = json.dumps({**details, **common.model_dump(mode="json")}, indent=2, ensure_ascii=False)
        (new / RUN).write_text(text + "\n", "utf-8")
        for path in [*paths, RUN]:
            with (new / path).open("rb") as file:
                os.fsync(file.fileno())
        signals.raise_again()
        with signals.held():
            put_in_place(new, self.path)
            self._in_place = True

    def _clean_up(self, partial: Path, made: Sequence[Path], *, keep: bool) -> bool:
        """Remove what an unfinished run left; return whether the same command continues from what stays."""
        if moves_are_pending(self.path):
            return True
        state = partial / "state"
        kept = keep and state.is_dir() and any(state.iterdir())
        shutil.rmtree(partial / "new", ignore_errors=True)
        if not kept:
            shutil.rmtree(partial, ignore_errors=True)
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()
        return kept

    def _how_to_continue(self, kept: bool) -> str:
        if self._in_place:
            return f"Stopped. The output is finished: {self.path}"
        command = shlex.join(command_line.get()) or "the same call"
        steps = self.path.is_dir() and any(map(self._is_step, self.path.iterdir()))
        if kept or steps:
            place = self.path / PARTIAL if kept else self.path
            return f"Stopped. The work so far is kept in {place}. To continue, run again: {command}"
        return f"Stopped. Nothing was kept. To begin again: {command}"


def _flat(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments with those of groups of options beside the others."""
    flat: dict[str, Any] = {}
    for name, value in arguments.items():
        flat |= value if isinstance(value, dict) else {name: value}
    return flat


def _make(out: Path) -> list[Path]:
    """Make the folder; return what had to be made, innermost first."""
    with refusals_named(out, around=True):
        made = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
    return made


def _is_placeholder(entry: Path) -> bool:
    """Tell whether an entry is one that people put into folders that wait for an output."""
    return entry.name == PARTIAL or (
        not entry.is_dir() and (entry.name.startswith(".") or entry.name.upper().startswith("README"))
    )


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
