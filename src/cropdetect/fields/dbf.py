"""What GDAL does not tell of a Shapefile's table (.dbf): its encoding where nothing says it, and numbers of 16 digits and more.

References:
    https://en.wikipedia.org/wiki/.dbf
"""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from cropdetect.fields.shapefile import shapefile_part

_HEADER, _DESCRIPTOR = 32, 32  # bytes
_ENCODING_AT = 29
_UNSTATED = (0x00, 0x57)  # "ANSI" is what writers put there by habit
_LOOKED_AT = 2**24  # bytes of rows from which the encoding is told
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CODE_PAGE = re.compile(r"(?:ansi|oem|cp|ms|ibm|windows)?[-_ ]*(?!8859)(\d{3,5})", re.IGNORECASE)  # ANSI 1252, 65001
_OF_GDAL = re.compile(r"(?:iso)?[-_ ]*8859[-_ ]*\d{1,2}|system", re.IGNORECASE)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str
    start: int
    width: int


@dataclass(frozen=True)
class _Rows:
    """The rows of a table: where they begin, how long each is, and where each column lies in them."""

    start: int
    width: int
    columns: tuple[_Column, ...]
    states_encoding: bool


def text_encoding(shapefile: Path) -> tuple[str | None, str | None]:
    """Return the encoding of a Shapefile's text where GDAL would not find it, and a warning.

    Without a .cpg file, and where it does not know what that says, GDAL takes text for Latin-1, although much of it is UTF-8.

    Returns:
        None, None where the file states its encoding or needs none.
    """
    table = shapefile_part(shapefile, ".dbf")
    if table is None:
        return None, None
    stated = shapefile_part(shapefile, ".cpg")
    name = "" if stated is None else stated.read_text("latin-1").strip()
    if name:
        return _codec(name)
    with table.open("rb") as file:
        content = file.read(_LOOKED_AT)
    rows = _rows(content)
    if rows.states_encoding:
        return None, None
    text = b" ".join(
        content[at + column.start : at + column.start + column.width]
        for at in range(rows.start, len(content), rows.width)
        for column in rows.columns
        if column.kind == "C"
    )
    foreign = len(_NOT_ASCII.findall(text))
    if foreign == 0:
        return None, None
    broken = len(_NOT_ASCII.findall(_UTF8.sub(b"", text)))
    if broken <= foreign // 10:  # letters that are cut off at the end of a column
        return "utf-8", "its text is read as UTF-8, because nothing states its encoding; a .cpg file can"
    return None, "nothing states the encoding of its text; it is read as Latin-1. If letters look wrong, add a .cpg file"


def _codec(name: str) -> tuple[str | None, str | None]:
    """Return what Python calls the encoding that a .cpg file states, and a warning; None where GDAL knows it."""
    page = _CODE_PAGE.fullmatch(name)
    codec = name if page is None else "utf-8" if page[1] == "65001" else f"cp{page[1]}"
    try:
        codecs.lookup(codec)
    except LookupError:
        if _OF_GDAL.fullmatch(name):
            return None, None
        return None, f"its .cpg file states an encoding that is not known ({name[:20]!a}): its text is read as Latin-1"
    return (None if page is None else codec), None


def whole_numbers(shapefile: Path, name: str) -> list[int | None] | None:
    """Return a column of numbers digit by digit; None where it is not there or has fractions."""
    table = shapefile_part(shapefile, ".dbf")
    if table is None:
        return None
    content = table.read_bytes()
    rows = _rows(content)
    column = next((one for one in rows.columns if one.name == name and one.kind in "NF"), None)
    if column is None:
        return None
    numbers: list[int | None] = []
    for at in range(rows.start, len(content) - rows.width + 1, rows.width):
        if content[at : at + 1] == b"*":  # deleted
            continue
        digits = content[at + column.start : at + column.start + column.width].strip(b" \0*")
        try:
            numbers.append(int(digits) if digits else None)
        except ValueError:
            return None
    return numbers


def _rows(content: bytes) -> _Rows:
    start, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    columns, at = [], 1  # a row begins with the mark of deletion
    for place in range(_HEADER, start - _DESCRIPTOR + 1, _DESCRIPTOR):
        one = content[place : place + _DESCRIPTOR]
        if one[:1] in (b"\r", b""):
            break
        columns.append(_Column(one[:11].split(b"\0")[0].decode("latin-1"), chr(one[11]), at, one[16]))
        at += one[16]
    return _Rows(start, max(width, 1), tuple(columns), content[_ENCODING_AT : _ENCODING_AT + 1] not in map(_byte, _UNSTATED))


def _byte(number: int) -> bytes:
    return bytes([number])
