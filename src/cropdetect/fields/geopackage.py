"""What a GeoPackage holds beside plain tables: views, which may have no end, and virtual tables, which may read any file.

A GeoPackage is an SQLite database. Reading a view runs its SQL. A virtual table is read by a module, and GDAL is built with
modules that open files by their paths (SpatiaLite's VirtualText, VirtualShape, ...). Python's SQLite has no such modules and none
of GDAL's functions, so it can look first.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cropdetect.errors import UnreadableFileError, UnsafePathError
from cropdetect.imagery import unreadable

_PLAIN = re.compile(r"create (table|view|trigger|index|unique index)\s", re.IGNORECASE)
_INDEX = re.compile(r"""create virtual table ("[^"]*"|'[^']*'|\w+) using (rtree|rtree_i32|geopoly|fts[345]) ?\(""", re.IGNORECASE)
_STEPS, _MOST_STEPS = 1_000_000, 200  # of SQLite's machine between two looks; looks
_ROWS, _ROWS_A_BYTE = 100_000, 2  # that a view may have, and for each byte of the file
_LONGEST = 2**20  # bytes of a value that is computed
_BYTES, _RATIO = 2**28, 200  # that a view may have, and over the size of the file
_FIX = "Save the layer as a table, e.g. with: ogr2ogr -f GPKG tables.gpkg {name} {layer}"


def check_geopackage(file: Path) -> None:
    """Refuse a GeoPackage that leads elsewhere, or a layer of which needs too much time or memory.

    Raises:
        UnsafePathError: it has a virtual table that is no index, or a view that calls a function that SQLite does not have.
        UnreadableFileError: it is damaged, or has a view that is endless or huge.
    """
    try:
        with _opened(file) as database:
            steps = iter(range(_MOST_STEPS))
            database.set_progress_handler(lambda: next(steps, None) is None, _STEPS)
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(_LONGEST, file.stat().st_size))
            for name, sql in database.execute("select name, sql from sqlite_master where sql is not null").fetchall():
                if not (_PLAIN.match(str(sql)) or _INDEX.match(str(sql))):
                    what = f"{name} in it is a virtual table, which may read other files"
                    raise UnsafePathError(what, where=file, fix="Export the fields themselves.")
            for name in _computed(database):
                _check_size(database, name, file)
    except sqlite3.Error as error:
        raise unreadable(file, error) from error


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a database to read it; as GDAL does, without its write-ahead log where that cannot be read.

    Raises:
        UnreadableFileError: a program was stopped while it wrote the file.
    """
    address = f"{file.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        try:
            database.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            journal = file.with_name(f"{file.name}-journal")
            if journal.exists():
                raise UnreadableFileError(
                    f"a program was stopped while it wrote this file, since {journal.name} lies beside it",
                    where=file,
                    fix="Open the file once with the program that wrote it, e.g. QGIS. Or export it again.",
                ) from error
            with closing(sqlite3.connect(f"{address}&immutable=1", uri=True)) as alone:
                yield alone
        else:
            yield database


def _computed(database: sqlite3.Connection) -> list[str]:
    """Return those of GDAL's own tables, and of the layers, that are views or have computed columns."""
    entries = database.execute("select name, sql from sqlite_master where type in ('table', 'view')").fetchall()
    computed = {str(name) for name, sql in entries if not str(sql).lower().startswith(("create table", "create virtual"))}
    own = [name for name in computed if name.lower().startswith("gpkg_")]
    if own or "gpkg_geometry_columns" not in {str(name).lower() for name, _ in entries}:
        return own
    layers = {str(name).lower() for (name,) in database.execute("select table_name from gpkg_geometry_columns")}
    named = [str(name) for name, _ in entries if str(name).lower() in layers]
    return [name for name in named if name in computed or _has_computed_columns(database, name)]


def _has_computed_columns(database: sqlite3.Connection, table: str) -> bool:
    return bool(database.execute("select 1 from pragma_table_xinfo(?) where hidden in (2, 3)", (table,)).fetchall())


def _check_size(database: sqlite3.Connection, name: str, file: Path) -> None:
    """Let SQLite compute a view, or a table with computed columns, and refuse it where there is too much of it."""
    size, n_bytes = file.stat().st_size, 0
    most_rows, most_bytes = max(_ROWS, _ROWS_A_BYTE * size), max(_BYTES, _RATIO * size)
    fix = _FIX.format(name=file.name, layer=name)
    quoted = name.replace('"', '""')
    try:
        for number, row in enumerate(database.execute(f'select * from "{quoted}"')):
            n_bytes += sum(len(value) for value in row if isinstance(value, str | bytes))
            if number > most_rows or n_bytes > most_bytes:
                raise UnreadableFileError(f"{name} in it has no end, or is too much for memory", where=file, fix=fix)
    except sqlite3.DataError as error:  # too long a value
        raise UnreadableFileError(f"{name} in it has values that are too long", where=file, fix=fix) from error
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise UnreadableFileError(f"{name} in it takes too long to be computed", where=file, fix=fix) from error
        if "no such function" not in str(error):
            raise
        what = f"{name} in it calls a function that SQLite does not have ({str(error).rpartition(' ')[2]})"
        raise UnsafePathError(what, where=file, fix=fix) from error
