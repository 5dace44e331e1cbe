"""Views and virtual tables of a GeoPackage are looked at before GDAL runs them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from cropdetect.errors import CropDetectError, UnreadableFileError, UnsafePathError
from cropdetect.fields import geopackage
from cropdetect.fields.geopackage import check_geopackage

_LAYER = (
    "insert into gpkg_geometry_columns select '{0}', column_name, geometry_type_name, srs_id, z, m from gpkg_geometry_columns"
)
_ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select i as fid, null as geom from n"


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a GeoPackage of one field and runs SQL on it."""

    def write(*statements: str) -> Path:
        file = tmp_path / "fields.gpkg"
        gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=32636).to_file(file, layer="fields")
        with closing(sqlite3.connect(file)) as database, database:
            for statement in statements:
                database.execute(statement)
        return file

    return write


@pytest.mark.parametrize(
    "statements",
    [
        (),
        ("create view few as select fid, geom from fields", _LAYER.format("few")),
        (f"create view endless as {_ENDLESS}",),  # no layer: nothing reads it
        ("create table more (fid integer primary key, geom blob, twice as (fid * 2))", _LAYER.format("more")),
    ],
    ids=["a table", "a view", "an endless view that is no layer", "a computed column"],
)
def test_what_ends_is_read(package: Callable[..., Path], statements: tuple[str, ...]) -> None:
    check_geopackage(package(*statements))


@pytest.mark.parametrize(
    ("statements", "error", "said"),
    [
        ((f"create view endless as {_ENDLESS}", _LAYER.format("endless")), UnreadableFileError, "endless in it has no end"),
        (
            ("drop table gpkg_contents", f"create view gpkg_contents as {_ENDLESS}"),
            UnreadableFileError,
            "gpkg_contents in it has",
        ),
        (
            ("create view long as select 1 as fid, zeroblob(900000000) as geom", _LAYER.format("long")),
            UnreadableFileError,
            "long in it has values that are too long",
        ),
        (
            ("create view far as select fid, load_file('/etc/passwd') as geom from fields", _LAYER.format("far")),
            UnsafePathError,
            "a function that SQLite does not have .load_file",
        ),
        (("create view lost as select * from nowhere", _LAYER.format("lost")), UnreadableFileError, "nowhere"),
    ],
    ids=["endless", "the table of contents", "a long value", "an unknown function", "a table that is not there"],
)
def test_what_does_not_end_or_leads_elsewhere_is_refused(
    package: Callable[..., Path], statements: tuple[str, ...], error: type[CropDetectError], said: str
) -> None:
    with pytest.raises(error, match=said):
        check_geopackage(package(*statements))


def test_a_view_that_takes_long_is_stopped(package: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    slow = f"select 1 as fid, null as geom where (select count(*) from ({_ENDLESS})) > 0"
    file = package(f"create view slow as {slow}", _LAYER.format("slow"))
    monkeypatch.setattr(geopackage, "_MOST_STEPS", 2)
    with pytest.raises(UnreadableFileError, match="slow in it takes too long"):
        check_geopackage(file)


def test_a_virtual_table_that_is_no_index_is_refused(package: Callable[..., Path]) -> None:
    entry = "'table', 'far', 'far', 0, 'CREATE VIRTUAL TABLE far USING VirtualText(''/etc/passwd'')'"
    file = package("pragma writable_schema = on", f"insert into sqlite_master values ({entry})")
    with pytest.raises(UnsafePathError, match="far in it is a virtual table"):
        check_geopackage(file)


def test_a_file_that_a_stopped_program_wrote_is_named(package: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    file = package()
    file.with_name("fields.gpkg-journal").touch()

    class Refusing(sqlite3.Connection):
        def execute(self, *arguments: object) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("unable to open database file")

    monkeypatch.setattr(geopackage.sqlite3, "connect", lambda address, uri: Refusing(address, uri=uri))
    with pytest.raises(UnreadableFileError, match=r"stopped while it wrote this file, since fields\.gpkg-journal lies beside it"):
        check_geopackage(file)
