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
        (FileNotFoundError(errno.ENOENT, "x"), "InputNotFoundError"),
        (PermissionError(errno.EACCES, "x", "a.tif"), "UnreadableFileError"),
        (ZeroDivisionError("division by zero"), "UnexpectedError"),
        (errors.GridError("x"), "GridError"),
    ],
)
def test_an_exception_gets_the_name_that_tells_most(error: Exception, name: str) -> None:
    assert named(error).name == name
    assert str(named(error))


def test_an_unexpected_error_says_where_it_happened() -> None:
    try:
        read_json(5)  # type: ignore[arg-type]
    except AttributeError as error:
        assert "cropdetect/documents.py, line" in named(error).where
