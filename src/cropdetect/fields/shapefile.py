"""The parts of a Shapefile must belong together: GDAL reads what they have in common, and loses the other fields in silence.

References:
    ESRI Shapefile technical description, 1998: the index (.shx) has 8 bytes a record, offset and length in 16-bit words.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.errors import UnreadableFileError

_HEADER = 100  # bytes of .shp and .shx
_RECORD = 8  # bytes of a record's header in .shp, and of an entry of .shx
_COPY = "Copy or export all of its files again: .shp, .shx, .dbf and .prj."


def check_shapefile(file: Path) -> None:
    """Refuse a Shapefile whose parts are cut off, missing, or of different files.

    Raises:
        UnreadableFileError: it is shorter than its header says, or its outlines, its index and its rows are not equally many.
    """
    with file.open("rb") as content:
        declared = 2 * int.from_bytes(content.read(_HEADER)[24:28], "big")
    if file.stat().st_size < declared:
        raise UnreadableFileError("the file is shorter than its header says", where=file, fix=_COPY)
    index = shapefile_part(file, ".shx")
    if index is None:
        raise UnreadableFileError(f"a part of the Shapefile is missing: {file.stem}.shx", where=file, fix=_COPY)
    whole = index.read_bytes()
    length = 2 * int.from_bytes(whole[24:28], "big")
    entries = whole[_HEADER:length]
    records = 2 * np.frombuffer(entries[: len(entries) // _RECORD * _RECORD], ">u4").reshape(-1, 2).astype(np.int64)
    if len(whole) < length or not _fits(file, *records.T):
        raise UnreadableFileError(
            f"its index {index.name} names other records than it has, so it belongs to another file or is cut off",
            where=file,
            fix=_COPY,
        )
    table = shapefile_part(file, ".dbf")
    if table is None:
        return
    with table.open("rb") as content:
        rows = int.from_bytes(content.read(8)[4:], "little")
    if rows != len(records):
        raise UnreadableFileError(f"it has {len(records)} outlines, but {table.name} has {rows} rows", where=file, fix=_COPY)


def _fits(file: Path, offsets: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> bool:
    """Tell whether a .shp has records of these bytes at these places, and no further one; edited files have unused bytes."""
    end = int((offsets + _RECORD + lengths).max(initial=_HEADER))
    if end > file.stat().st_size or (offsets < _HEADER).any():
        return False
    content = np.memmap(file, np.uint8, "r")
    stated = content[offsets[:, None] + np.arange(4, _RECORD)].astype(np.int64) @ (256 ** np.arange(3, -1, -1))
    has_next = bytes(content[end : end + 4]) == (len(offsets) + 1).to_bytes(4, "big")
    return not has_next and bool((2 * stated == lengths).all())


def shapefile_part(file: Path, suffix: str) -> Path | None:
    """Return another file of a Shapefile, whose suffix may be in capitals; None where it is not there."""
    return next((part for one in (suffix, suffix.upper()) if (part := file.with_suffix(one)).is_file()), None)
