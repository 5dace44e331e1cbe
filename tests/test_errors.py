"""Every error has a meaning and a cure, and an exception that nobody caught gets a name."""

import errno

import pytest

from cropdetect import errors
from cropdetect.documents import read_json
from cropdetect.errors import CropDetectError, named
from write_errors import PAGE, page


def test_the_page_of_errors_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_every_error_has_a_meaning_and_a_cure() -> None:
    for kind in CropDetectError.__subclasses__():
        assert kind.__doc__
        assert kind.cure.endswith("."), kind


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OSError(errno.ENOSPC, "x"), "DiskFullError"),
        (OSError(errno.EMFILE, "x", "a.tif"), "TooManyFilesError"),
        (MemoryError(), "MemoryLimitError"),
        (RuntimeError("std::bad_alloc"), "MemoryLimitError"),
        (OSError(errno.ENOMEM, "x", "a.tif"), "MemoryLimitError"),
        (ImportError("a.so: failed to map segment from shared object"), "MemoryLimitError"),
        (ImportError("a.so: failed to map segment from shared object: Operation not permitted"), "UnexpectedError"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "MemoryLimitError"),
        (RuntimeError("Failed to allocate memory for requested buffer of size 40"), "MemoryLimitError"),
        (RuntimeError("can't start new thread"), "MemoryLimitError"),
        (FileNotFoundError(errno.ENOENT, "x"), "InputNotFoundError"),
        (PermissionError(errno.EACCES, "x", "a.tif"), "UnreadableFileError"),
        (ZeroDivisionError("division by zero"), "UnexpectedError"),
        (errors.GridError("x"), "GridError"),
    ],
)
def test_an_exception_gets_the_name_that_tells_most(error: Exception, name: str) -> None:
    assert named(error).name == name
    assert str(named(error))


@pytest.mark.parametrize(
    ("cause", "name"),
    [
        (MemoryError("malloc of size 64 failed"), "MemoryLimitError"),
        (MemoryError("Unable to allocate 7.45 TiB for an array with shape (1000000, 1000000)"), "UnreadableFileError"),
        (MemoryError("malloc of size 1152921504606846976 failed"), "UnreadableFileError"),
        (ValueError("it is damaged"), "UnreadableFileError"),
    ],
)
def test_a_reader_that_got_no_memory_does_not_blame_the_file(cause: Exception, name: str) -> None:
    error = errors.UnreadableFileError("the file cannot be read", where="a.tif")
    error.__cause__ = cause
    assert (named(error).name, named(error).where) == (name, "a.tif")


def test_an_unexpected_error_says_where_it_happened() -> None:
    try:
        read_json(5)  # type: ignore[arg-type]
    except AttributeError as error:
        assert "cropdetect/documents.py, line" in named(error).where
