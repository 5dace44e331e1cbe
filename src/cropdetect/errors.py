"""Named errors. Each says what is wrong, where, and what to do; the command line ends with its exit code."""

import errno
import mmap
import os
import re
from collections.abc import Iterator
from typing import ClassVar

# What libraries say when they get no memory: of Arrow, C++, the loader of shared libraries, GDAL, NumPy, ONNX Runtime, PyTorch,
# and Python's threads, whose stacks need memory too.
_NO_MEMORY = re.compile(
    r"bad_?alloc|\b[mrc]e?alloc of size|failed to map segment from shared object(?!: Operation not permitted)"
    r"|(?:cannot|can't|could not|unable to|failed to) allocate|out ?of ?memory|memory allocation failed"
    r"|can't start new thread",
    re.IGNORECASE,
)
_LITTLE_MEMORY = 2**28  # bytes
_FEW_FILES = 16
# More than any machine has: such a size comes from what a damaged file says.
_BEYOND_MACHINES = re.compile(r"\d{13,}|[\d.]+ [TPEZ]i?B")


class CropDetectError(Exception):
    """Base of every error that a user's input, options or machine can cause.

    Args:
        what: what is wrong, in one sentence.
        where: the file, date, band or field it was found in, or "".
        fix: what the user can do about it, or "".
    """

    exit_code: ClassVar[int] = 2
    cure: ClassVar[str] = ""
    """What usually helps, for docs/errors.md; `fix` says it for the case at hand."""

    def __init__(self, what: str, *, where: object = "", fix: str = "") -> None:
        self.what = what
        self.where = str(where)
        self.fix = fix
        parts = [f"{self.where}: {what}" if self.where else what]
        if fix:
            parts.append(fix)
        super().__init__("\n".join(parts))

    @property
    def name(self) -> str:
        """The error's name, as scripts may match it."""
        return type(self).__name__


class InputNotFoundError(CropDetectError):
    """A path that was named does not exist, or a folder is empty."""

    cure = "Check the path, and that the folder is not empty."


class UnknownLayoutError(CropDetectError):
    """A folder or file is none of the layouts that can be read."""

    cure = "Compare the folder with the layouts in docs/imagery.md; name the files by a pattern (`--pattern`)."


class AmbiguousNameError(CropDetectError):
    """A name has several meanings, or two layers would get one name; the candidates and a way to choose are shown."""

    cure = "Choose one of the candidates by the option that the error names."


class CatalogueError(CropDetectError):
    """A catalogue of imagery cannot be reached, refuses an answer, or has no matching data."""

    cure = "Check the address, the collection, the period and the network; then run the command again."


class UnreadableFileError(CropDetectError):
    """A file is damaged, truncated or not what its name says."""

    cure = "Copy, download or export the file again. If the file is too large for its content, write it again."


class UnsafePathError(CropDetectError):
    """A file would lead outside the user's folder or to the network (VRT, /vsi...)."""

    cure = "Replace the link or the address by the file itself, or add `--follow-links` if the links are yours."


class MissingBandError(CropDetectError):
    """A band that is needed is absent, from all dates or from some."""

    cure = "Add the band, name it with `--band-names`, or use a checkpoint without it."


class GridError(CropDetectError):
    """Images that should share a grid do not, or a grid cannot be used."""

    cure = "Warp the file to the grid of the others, or give it a transform and a CRS with an EPSG code."


class ContradictionError(CropDetectError):
    """Two statements of a file, its metadata or its pixels contradict each other; both are named."""

    cure = "Correct the wrong one, or say with an option which one is right."


class FieldsError(CropDetectError):
    """A table or raster of fields lacks what is needed (ids, geometry, CRS, labels)."""

    cure = "Name the column or layer, set the CRS, or lay the fields on the imagery."


class LegendError(CropDetectError):
    """Labels and legend do not fit each other."""

    cure = "Add the codes to the legend, or name another column of labels."


class TableError(CropDetectError):
    """A series table lacks a column or holds values that cannot be used."""

    cure = "Say what the columns hold in the file of `--columns` (docs/tables.md)."


class ChipStoreError(CropDetectError):
    """A chips.zarr store is damaged, unfinished or of another format version."""

    cure = "Cut the chips again with `cropdetect chips`."


class CheckpointError(CropDetectError):
    """A checkpoint folder is damaged, unfinished, of another version, or does not fit the data."""

    cure = "Copy the whole checkpoint folder again, or make it again. Do not use one that leads elsewhere."


class WeightsError(CropDetectError):
    """A file of 2020 weights cannot be loaded or is not that network."""

    cure = "Download the published weights again."


class OptionError(CropDetectError):
    """An option's value cannot be used, or two options contradict each other."""

    cure = "Write the option as its help (`-h`) says."


class OutputExistsError(CropDetectError):
    """The output is there already and belongs to another command."""

    cure = "Name another folder, or add `--overwrite`."


class OutputPathError(CropDetectError):
    """The output cannot be written at this place, or it would overlap an input."""

    cure = "Name a folder outside the inputs that you may write to."


class DiskFullError(CropDetectError):
    """The disk has no room for what must be written."""

    cure = "Free some space, and run the same command again: it continues."


class TrainingDataError(CropDetectError):
    """There are too few fields, labels, classes or groups to train on."""

    cure = "Add labelled fields, or merge rare classes in the legend."


class MissingExtraError(CropDetectError):
    """A command needs a package of an extra that is not installed."""

    cure = "Install the extra that the error names, e.g. `pip install 'cropdetect[train]'`."


class ClusterError(CropDetectError):
    """A Dask cluster cannot be reached, lost its scheduler or its workers, or sees other data."""

    cure = "Check that the scheduler and its workers run, and that they have this version of cropdetect."


class MemoryLimitError(CropDetectError):
    """There is not enough memory for what must be held at once."""

    cure = "Give more memory, lower `--memory`, or work on a part of the area (`--bbox`)."


class TooManyFilesError(CropDetectError):
    """The program has reached the limit of open files."""

    cure = "Raise the limit of open files, e.g. `ulimit -n 4096`."


class UnexpectedError(CropDetectError):
    """Something unexpected happened: a fault of the tool, or an input that nobody has tried before."""

    exit_code = 1
    cure = "Run the command again with `--debug`, and report what it prints, as SECURITY.md and the issue form say."


def named(error: BaseException) -> CropDetectError:
    """Return the error that tells a user of an exception that nobody caught.

    An error that a reader raised because the machine gave it no memory blames the machine, and not the file.
    """
    if isinstance(error, CropDetectError):
        lacks_memory = any(_lacks_memory(cause) for cause in _causes(error) if not isinstance(cause, CropDetectError))
        return _no_memory(error.where) if lacks_memory else error
    where = os.fsdecode(error.filename) if isinstance(error, OSError) and isinstance(error.filename, str | bytes) else ""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFullError("the disk is full, or a file may be no larger", where=where, fix=DiskFullError.cure)
    if number in (errno.EMFILE, errno.ENFILE) or "Too many open files" in str(error):
        return _no_files(where)
    if isinstance(error, MemoryError) or any(_lacks_memory(cause) for cause in (error, *_causes(error))):
        return _no_memory(where)
    if isinstance(error, UnicodeEncodeError) and error.reason == "surrogates not allowed":
        return UnreadableFileError(
            "a name or a text here is not UTF-8", where=ascii(error.object)[:200], fix="Rename or correct it."
        )
    if isinstance(error, FileNotFoundError):
        return InputNotFoundError(
            "this does not exist, or not any more", where=where or "the working folder", fix="Check the path."
        )
    if isinstance(error, PermissionError):
        return not_permitted(where)
    if _files_are_scarce():
        return _no_files(where)
    if _memory_is_scarce():
        return _no_memory(where)
    reason = " ".join(str(error).split())[:300]
    return UnexpectedError(f"{type(error).__name__}: {reason}".rstrip(": "), where=_place(error), fix=UnexpectedError.cure)


def not_permitted(path: object) -> UnreadableFileError:
    """Return the error that names a path whose rights deny what was tried."""
    return UnreadableFileError(
        "there is no permission to read or write this", where=path, fix="Change its rights, or name another path."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what an exception was raised from."""
    while error.__cause__ is not None:
        error = error.__cause__
        yield error


def _lacks_memory(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    if not isinstance(error, MemoryError) and not _NO_MEMORY.search(str(error)):
        return False
    return not _BEYOND_MACHINES.search(str(error))


def _memory_is_scarce() -> bool:
    """Tell whether there is little memory left: not every library says that it lacks some."""
    try:
        with mmap.mmap(-1, _LITTLE_MEMORY):
            return False
    except OSError:
        return True


def _files_are_scarce() -> bool:
    """Tell whether few more files can be opened: not every library says why it could not open one."""
    opened: list[int] = []
    try:
        while len(opened) < _FEW_FILES:
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return True
    finally:
        for number in opened:
            os.close(number)
    return False


def _no_files(where: object) -> TooManyFilesError:
    return TooManyFilesError("no more files can be opened", where=where, fix=TooManyFilesError.cure)


def _no_memory(where: object) -> MemoryLimitError:
    damaged = " If it is small, it may be damaged." if where else ""
    return MemoryLimitError("there is not enough memory", where=where, fix=f"{MemoryLimitError.cure}{damaged}")


def _place(error: BaseException) -> str:
    """Return the innermost line of this package that was running, e.g. "cropdetect/fields/vector.py, line 12"."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename.replace(os.sep, "/")
        if "/cropdetect/" in file:
            place = f"cropdetect/{file.rpartition('/cropdetect/')[2]}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
