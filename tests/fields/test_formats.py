"""Every format, layer, archive and geometry that fields come in."""

import json
import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow
import pyarrow.parquet
import pyogrio
import pytest
import shapely

from cropdetect.errors import FieldsError, UnreadableFileError, UnsafePathError
from cropdetect.fields import archives, is_vector_file, read_fields
from tests.fields.parcels import CRS, pack, table, write

FORMATS = (".gpkg", ".geojson", ".geojsonl", ".shp", ".fgb", ".gml", ".gdb", ".parquet")


def areas(fields: gpd.GeoDataFrame) -> list[int]:
    return [round(area, -1) for area in fields.to_crs(CRS).geometry.area]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_gives_the_same_fields_packed_or_not(tmp_path: Path, suffix: str, packed: bool) -> None:
    path = write(table(field_id=["a", "007"], crop=["maïs", "田んぼ"]), tmp_path / f"f{suffix}")
    if packed:
        path = pack(tmp_path / "f.zip", *sorted(tmp_path.iterdir()), below="deep/folder/")
    assert is_vector_file(path)
    got = read_fields(path, label_column="crop")
    assert got.table["field_id"].tolist() == ["a", "007"]
    assert got.table["label"].tolist() == ["maïs", "田んぼ"]
    assert areas(got.table) == [10_000, 10_000]
    assert got.warnings == ()


@pytest.mark.parametrize("suffix", FORMATS)
def test_reading_leaves_nothing_behind(tmp_path: Path, suffix: str) -> None:
    path = write(table(field_id=["a"]), tmp_path / f"f{suffix}")
    (tmp_path / "f.xsd").unlink(missing_ok=True)  # without its schema GDAL looks through a GML file, and would keep what it saw
    before = sorted(tmp_path.rglob("*"))
    read_fields(path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_label_column_that_is_absent_is_an_error_that_lists_the_columns(tmp_path: Path, suffix: str) -> None:
    path = write(table(field_id=["a"], crop=["b"]), tmp_path / f"f{suffix}")
    with pytest.raises(FieldsError, match=r"no column 'plant'[\s\S]*field_id, crop"):
        read_fields(path, label_column="plant")


# Layers -------------------------------------------------------------------------------------------------------------------


def layered(path: Path, **layers: gpd.GeoDataFrame) -> Path:
    for name, fields in layers.items():
        pyogrio.write_dataframe(fields, path, layer=name, driver="GPKG", append=path.exists())
    return path


def points(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return fields.assign(geometry=fields.geometry.centroid)


FARM = table(field_id=["p", "q"], crop=["maize", "wheat"])


@pytest.mark.parametrize("first", ["points", "parcels"])
def test_of_several_layers_the_one_with_polygons_is_used_and_named(tmp_path: Path, first: str) -> None:
    layers = {"points": points(FARM), "parcels": FARM}
    order = {first: layers.pop(first), **layers}
    got = read_fields(layered(tmp_path / "f.gpkg", **order))
    assert areas(got.table) == [10_000, 10_000]
    assert any("parcels, the only one with polygons" in warning for warning in got.warnings)


def test_layers_of_unknown_geometry_are_looked_into(tmp_path: Path) -> None:
    path = layered(tmp_path / "f.gpkg", points=points(FARM), parcels=FARM)
    with sqlite3.connect(path) as database:
        database.execute("update gpkg_geometry_columns set geometry_type_name = 'GEOMETRY'")
    assert areas(read_fields(path).table) == [10_000, 10_000]


def test_several_layers_with_polygons_are_an_error_that_lists_them_unless_one_is_named(tmp_path: Path) -> None:
    path = layered(tmp_path / "f.gpkg", y2023=FARM, y2024=FARM.iloc[:1], empty=FARM.iloc[:0])
    with pytest.raises(FieldsError, match=r"y2023, y2024[\s\S]*--layer"):
        read_fields(path)
    assert len(read_fields(path, layer="y2024").table) == 1
    with pytest.raises(FieldsError, match=r"no layer 'y2022'[\s\S]*y2023, y2024"):
        read_fields(path, layer="y2022")


def test_of_several_layers_with_polygons_the_one_with_the_named_column_is_used(tmp_path: Path) -> None:
    path = layered(tmp_path / "f.gpkg", soil=FARM.drop(columns="crop").assign(soil="clay"), crops=FARM)
    got = read_fields(path, label_column="crop")
    assert got.table["label"].tolist() == ["maize", "wheat"]
    assert any("crops, the only one with polygons and crop" in warning for warning in got.warnings)


def test_tables_without_geometry_are_no_layers(tmp_path: Path) -> None:
    path = layered(tmp_path / "f.gpkg", parcels=FARM)
    pyogrio.write_dataframe(pd.DataFrame({"code": [1]}), path, layer="legend", driver="GPKG", append=True)
    got = read_fields(path)
    assert (len(got.table), got.warnings) == (2, ())
    with pytest.raises(FieldsError, match="no layer 'legend' with geometries"):
        read_fields(path, layer="legend")


def test_layers_without_any_polygon_are_an_error(tmp_path: Path) -> None:
    path = layered(tmp_path / "f.gpkg", a=points(FARM), b=points(FARM))
    with pytest.raises(FieldsError, match=r"none of its layers has polygons \(a, b\)"):
        read_fields(path)


def test_the_record_of_an_inspire_data_set_is_no_field(tmp_path: Path) -> None:
    ring = "<gml:exterior><gml:LinearRing><gml:posList>0 0 0 9 9 9 0 0</gml:posList></gml:LinearRing></gml:exterior>"
    shape = f'<gml:Polygon srsName="EPSG:32636">{ring.replace("9", "640009")}</gml:Polygon>'
    (tmp_path / "f.gml").write_text(
        '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:lu="urn:lu" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"<gml:featureMember><lu:DataSet><lu:extent>{shape}</lu:extent></lu:DataSet></gml:featureMember>"
        f'<gml:featureMember><lu:Object><lu:localId>007</lu:localId><lu:use xlink:title="Rye"/><lu:geometry>{shape}</lu:geometry>'
        "</lu:Object></gml:featureMember></gml:FeatureCollection>"
    )
    got = read_fields(tmp_path / "f.gml", label_column="use_title").table
    assert got["field_id"].tolist() == ["007"]
    assert got["label"].tolist() == ["Rye"]


# Geometries ---------------------------------------------------------------------------------------------------------------

_SQUARE = "((640000 60000, 640100 60000, 640100 60100, 640000 60100, 640000 60000))"
_ARC = "CIRCULARSTRING(640000 60000, 640100 60100, 640200 60000, 640100 59900, 640000 60000)"
_3D = "((640000 60000 5, 640100 60000 5, 640100 60100 6, 640000 60100 6, 640000 60000 5))"


@pytest.mark.parametrize(
    ("wkt", "area"),
    [
        (f"POLYGON{_SQUARE}", 10_000),
        (f"MULTIPOLYGON({_SQUARE})", 10_000),
        (f"POLYGON Z{_3D}", 10_000),
        ("POLYGON ZM((640000 60000 5 1, 640100 60000 5 1, 640100 60100 6 1, 640000 60000 5 1))", 5_000),
        (f"GEOMETRYCOLLECTION(POINT(640000 60000), POLYGON{_SQUARE})", 10_000),
        (f"GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POLYGON{_SQUARE}), LINESTRING(0 0, 1 1))", 10_000),
        (f"CURVEPOLYGON({_ARC})", 31_416),
        (f"MULTISURFACE(CURVEPOLYGON({_ARC}))", 31_416),
        ("POINT(640000 60000)", None),
        ("GEOMETRYCOLLECTION(POINT(640000 60000))", None),
        ("LINESTRING(640000 60000, 640100 60000)", None),
        ("TIN Z(((640000 60000 0, 640100 60000 0, 640100 60100 0, 640000 60000 0)))", None),
        ("GEOMETRYCOLLECTION EMPTY", None),
    ],
)
def test_polygons_are_taken_from_any_geometry_and_the_others_get_a_status(tmp_path: Path, wkt: str, area: int | None) -> None:
    (tmp_path / "in.csv").write_text(f'field_id,WKT\nodd,"{wkt}"\nplain,"POLYGON{_SQUARE}"\n')
    about, rows = pyogrio.read_arrow(tmp_path / "in.csv")  # WKB as GDAL makes it of the text
    pyogrio.write_arrow(
        rows.drop_columns("WKT"),
        tmp_path / "f.gpkg",
        driver="GPKG",
        geometry_name=about["geometry_name"] or "wkb_geometry",
        geometry_type="Unknown",
        crs=CRS,
    )
    got = read_fields(tmp_path / "f.gpkg").table
    assert got["field_id"].tolist() == ["odd", "plain"]
    assert got["status"].tolist() == ["invalid_geometry" if area is None else "ok", "ok"]
    if area is not None:
        assert not got.geometry[0].has_z
        assert got.geometry[0].area == pytest.approx(area, rel=2e-3)


def test_a_geometry_that_cannot_be_read_loses_no_other(tmp_path: Path) -> None:
    path = write(table(field_id=["a", "b"]), tmp_path / "f.parquet")
    arrow = pyarrow.parquet.read_table(path)
    broken = [b"\x01\x03\x00", arrow.column("geometry")[1].as_py()]
    pyarrow.parquet.write_table(arrow.set_column(1, "geometry", pyarrow.array(broken)), path)
    assert read_fields(path).table["status"].tolist() == ["invalid_geometry", "ok"]


# Archives -----------------------------------------------------------------------------------------------------------------


def test_all_data_sets_of_an_archive_are_looked_at(tmp_path: Path) -> None:
    plots = write(FARM, tmp_path / "plots.shp").parent
    write(points(FARM), tmp_path / "samples.gpkg")
    (tmp_path / "about.json").write_text("{}")
    (tmp_path / "read me.txt").write_text("hello")
    path = pack(tmp_path / "f.zip", *sorted(plots.iterdir()))
    got = read_fields(path)
    assert areas(got.table) == [10_000, 10_000]
    assert any("plots, the only one with polygons" in warning for warning in got.warnings)
    write(FARM, tmp_path / "more.gpkg")
    both = pack(tmp_path / "both.zip", *sorted(file for file in tmp_path.iterdir() if file != path))
    with pytest.raises(FieldsError, match=r"more, plots[\s\S]*--layer"):
        read_fields(both)
    assert len(read_fields(both, layer="plots").table) == 2


def test_names_in_an_archive_may_have_any_case(tmp_path: Path) -> None:
    write(FARM, tmp_path / "plots.shp")
    with zipfile.ZipFile(tmp_path / "f.ZIP", "w") as archive:
        for file in tmp_path.glob("plots.*"):
            archive.write(file, f"DATA\\PLOTS{file.suffix.upper()}")
    got = read_fields(tmp_path / "f.ZIP")
    assert got.table["field_id"].tolist() == ["p", "q"]
    assert got.table.crs == CRS


@pytest.mark.parametrize("name", ["../f.gpkg", "/tmp/f.gpkg", "a/../../f.gpkg", "C:\\f.gpkg", "..\\f.gpkg"])
def test_an_archive_that_would_write_outside_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    inner = write(FARM, tmp_path / "f.gpkg")
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, inner.read_bytes())
    with pytest.raises(UnsafePathError, match="outside"):
        read_fields(tmp_path / "f.zip")


def test_an_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        link = zipfile.ZipInfo("f.gpkg")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafePathError, match="link"):
        read_fields(tmp_path / "f.zip")


def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f.gpkg").write_bytes(bytes(2_000_000))
    path = pack(tmp_path / "f.zip", tmp_path / "f.gpkg")
    assert path.stat().st_size * 200 < 2_000_000
    monkeypatch.setattr(archives, "_SMALL", 1_000_000)
    with pytest.raises(UnsafePathError, match="times its own size"):
        read_fields(path)


def test_damaged_and_empty_archives_are_named(tmp_path: Path) -> None:
    path = pack(tmp_path / "f.zip", write(FARM, tmp_path / "f.gpkg"))
    content = path.read_bytes()
    middle = len(content) // 2
    for damaged in (b"", b"PK", content[:middle], content[:middle] + bytes(40) + content[middle + 40 :]):
        path.write_bytes(damaged)
        with pytest.raises(UnreadableFileError, match=r"f\.zip"):
            read_fields(path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FieldsError, match="holds no vector file"):
        read_fields(pack(path, tmp_path / "notes.txt"))
    assert not is_vector_file(path)


def test_an_archive_is_unpacked_nowhere_but_in_a_temporary_folder_that_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(tmp_path / "f.zip", write(FARM, tmp_path / "f.gpkg"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    before = sorted(tmp_path.iterdir())
    read_fields(path)
    assert sorted(tmp_path.iterdir()) == before
    assert list((tmp_path / "tmp").iterdir()) == []


# Shapefiles ---------------------------------------------------------------------------------------------------------------


def shapefile(folder: Path, text: str, encoding: str, *, declared: str | None) -> Path:
    """A Shapefile whose table holds the text in an encoding, which its .cpg declares or nothing does."""
    path = write(table(field_id=["x"], crop=["?" * 60]), folder / "f.shp", encoding="utf-8")
    content = path.with_suffix(".dbf").read_bytes().replace(b"?" * 60, text.encode(encoding).ljust(60))
    path.with_suffix(".dbf").write_bytes(content[:29] + b"\0" + content[30:])
    path.with_suffix(".cpg").unlink()
    if declared is not None:
        path.with_suffix(".cpg").write_text(declared)
    return path


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "maïs, 田んぼ"),
        ("cp1251", "пшеница"),
        ("koi8-r", "рожь"),
        ("cp1250", "pšenice ozimá"),
        ("iso-8859-2", "żyto"),
        ("iso-8859-7", "σιτάρι"),
        ("cp1256", "قمح"),
        ("cp932", "田んぼ"),
        ("gbk", "小麦"),
        ("big5", "稻米"),
        ("euc-kr", "벼"),
        ("iso-8859-15", "œufs à 3 €"),
    ],
)
def test_text_of_a_shapefile_is_read_in_the_encoding_that_it_declares(tmp_path: Path, encoding: str, text: str) -> None:
    got = read_fields(shapefile(tmp_path, text, encoding, declared=encoding), label_column="crop")
    assert got.table["label"].tolist() == [text]
    assert got.warnings == ()


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("65001", "utf-8", "maïs, 田んぼ"),
        ("CP65001", "utf-8", "maïs"),
        ("UTF8", "utf-8", "maïs"),
        ("ANSI 1251", "cp1251", "пшеница"),
        ("ANSI_1251", "cp1251", "пшеница"),
        ("OEM 850", "cp850", "maïs"),
        ("1256", "cp1256", "قمح"),
        ("936", "gbk", "小麦"),
        ("ISO 8859-1", "latin-1", "maïs"),
        ("88591", "latin-1", "maïs"),
    ],
)
def test_the_ways_to_declare_an_encoding_are_understood(tmp_path: Path, declared: str, encoding: str, text: str) -> None:
    got = read_fields(shapefile(tmp_path, text, encoding, declared=declared), label_column="crop")
    assert (got.table["label"].tolist(), got.warnings) == ([text], ())


@pytest.mark.parametrize(
    ("declared", "text", "said"), [(" \n", "maïs", "read as UTF-8"), ("klingon", "mais", "not known ('klingon')")]
)
def test_an_encoding_that_says_nothing_is_doubted(tmp_path: Path, declared: str, text: str, said: str) -> None:
    got = read_fields(shapefile(tmp_path, text, "utf-8", declared=declared), label_column="crop")
    assert got.table["label"].tolist() == [text]
    assert any(said in warning for warning in got.warnings)


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [("utf-8", "maïs, 田んぼ", "UTF-8"), ("latin-1", "maïs, blé", "Latin-1"), ("ascii", "maize", None)],
)
def test_text_in_an_encoding_that_nothing_declares_is_doubted(tmp_path: Path, encoding: str, text: str, said: str | None) -> None:
    got = read_fields(shapefile(tmp_path, text, encoding, declared=None), label_column="crop")
    assert got.table["label"].tolist() == [text]
    assert any(said in warning for warning in got.warnings) if said else got.warnings == ()


# GeoParquet ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["0.1.0", "0.4.0", "1.0.0", "1.1.0", "2.0.0", "9.9.9", None])
def test_geoparquet_of_any_version_is_read(tmp_path: Path, version: str | None) -> None:
    known = version if version not in ("9.9.9", None) else "1.0.0"
    fields = table(id=["007"], **{"crop:code": ["1200"], "crop:name": ["maize"]})
    try:
        path = write(fields, tmp_path / "f.parquet", schema_version=known)
    except ValueError:
        pytest.skip(f"these versions of GeoPandas and PyArrow write no GeoParquet {known}")
    if known != version:
        arrow = pyarrow.parquet.read_table(path)
        geo = json.loads(arrow.schema.metadata[b"geo"])
        geo = geo | {"version": version} if version else {key: value for key, value in geo.items() if key != "version"}
        pyarrow.parquet.write_table(arrow.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), path)
    got = read_fields(path).table
    assert (got["field_id"][0], got["label"][0], got["crop:name"][0]) == ("007", "1200", "maize")
    assert got.crs == CRS
    assert areas(got) == [10_000]


def test_a_parquet_file_without_a_crs_is_in_degrees_and_one_with_null_in_none(tmp_path: Path) -> None:
    arrow = pyarrow.parquet.read_table(write(table(id=[1]).to_crs("EPSG:4326"), tmp_path / "f.parquet"))
    for stated, expected in (({}, "OGC:CRS84"), ({"crs": None}, None)):
        geo = json.loads(arrow.schema.metadata[b"geo"])
        del geo["columns"]["geometry"]["crs"]
        geo["columns"]["geometry"] |= stated
        pyarrow.parquet.write_table(arrow.replace_schema_metadata({b"geo": json.dumps(geo)}), tmp_path / "f.parquet")
        assert read_fields(tmp_path / "f.parquet").table.crs == expected


@pytest.mark.parametrize("main", ["centre", "outline"])
def test_polygons_beside_points_are_the_fields(tmp_path: Path, main: str) -> None:
    fields = table(id=[1, 2]).rename_geometry("outline")
    fields["centre"] = fields.geometry.centroid.set_crs(fields.crs).to_crs(4326)
    fields.set_geometry(main).to_parquet(tmp_path / "fields.parquet")
    found = read_fields(tmp_path / "fields.parquet")
    assert found.table.geometry.area.tolist() == table(id=[1, 2]).geometry.area.tolist()
    assert found.table.crs == table(id=[1, 2]).crs
    assert (found.table["status"] == "ok").all()
    said = "fields.parquet: the main geometries, centre, are no polygons; those of outline are used"
    assert (said in found.warnings) == (main == "centre")


def test_two_columns_of_polygons_beside_points_are_refused_by_name(tmp_path: Path) -> None:
    fields = table(id=[1, 2]).rename_geometry("outline")
    fields["centre"] = fields.geometry.centroid
    fields["inner"] = fields.geometry.buffer(-1)
    fields.set_geometry("centre").to_parquet(tmp_path / "fields.parquet")
    with pytest.raises(
        FieldsError, match="main geometries, centre, are no polygons, and several columns hold some: outline, inner"
    ):
        read_fields(tmp_path / "fields.parquet")


def test_points_alone_get_a_status(tmp_path: Path) -> None:
    fields = table(id=[1, 2])
    fields.set_geometry(fields.geometry.centroid).to_parquet(tmp_path / "fields.parquet")
    assert (read_fields(tmp_path / "fields.parquet").table["status"] == "invalid_geometry").all()


def test_geoarrow_and_other_names_of_the_geometry_are_read(tmp_path: Path) -> None:
    fields = table(id=[1]).rename_geometry("outline").assign(geometry="not a geometry")
    fields.to_parquet(tmp_path / "f.parquet", geometry_encoding="geoarrow", schema_version="1.1.0")
    got = read_fields(tmp_path / "f.parquet").table
    assert areas(got) == [10_000]
    assert got["geometry_in_file"].tolist() == ["not a geometry"]


def test_an_index_that_pandas_kept_holds_the_ids(tmp_path: Path) -> None:
    table(field_id=["007", "8"]).set_index("field_id").to_parquet(tmp_path / "f.parquet")
    assert read_fields(tmp_path / "f.parquet").table["field_id"].tolist() == ["007", "8"]


# What leads elsewhere -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".geojson", ".json", ".geojsonl", ".gml", ".gpkg", ".fgb"])
@pytest.mark.parametrize(
    "content",
    [
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read in.gpkg ! write out.gpkg"}',
        '<OGRVRTDataSource xmlns:gml="http://www.opengis.net/gml"><OGRVRTLayer name="x"/></OGRVRTDataSource>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x xmlns="http://www.opengis.net/gml">&e;</x>',
    ],
)
def test_content_that_leads_to_other_files_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    write(FARM, tmp_path / "in.gpkg")
    (tmp_path / f"f{suffix}").write_text(content)
    before = sorted(tmp_path.iterdir())
    with pytest.raises((UnsafePathError, UnreadableFileError)):
        read_fields(tmp_path / f"f{suffix}")
    assert sorted(tmp_path.iterdir()) == before


def geojson(path: Path, crs: object) -> Path:
    shape = shapely.geometry.mapping(shapely.box(34.2, 0.5, 34.3, 0.6))
    feature = {"type": "Feature", "properties": {"field_id": "a"}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], "crs": crs}, indent=1))
    return path


@pytest.mark.parametrize("kind", ["link", "url", "Link"])
def test_a_crs_that_is_a_link_is_not_followed(tmp_path: Path, kind: str, listener: tuple[str, list[str]]) -> None:
    address, asked = listener
    path = geojson(tmp_path / "f.geojson", {"type": kind, "properties": {"href": address, "url": address, "type": "ogcwkt"}})
    with pytest.raises(UnsafePathError, match="link"):
        read_fields(path)
    assert asked == []


def test_gdal_reaches_no_network_while_it_reads_fields(
    tmp_path: Path, listener: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the check of contents, too."""
    address, asked = listener
    monkeypatch.setattr("cropdetect.fields.vector.check_content", lambda *_: None)
    read_fields(geojson(tmp_path / "f.geojson", {"type": "link", "properties": {"href": address, "type": "ogcwkt"}}))
    assert asked == []
    pyogrio.read_dataframe(tmp_path / "f.geojson")  # GDAL by itself does, so that this test tests something
    assert asked != []


@pytest.mark.parametrize(
    "name",
    ["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "http://www.opengis.net/def/crs/EPSG/0/4326"],
)
def test_a_crs_that_geojson_names_is_used(tmp_path: Path, name: str) -> None:
    got = read_fields(geojson(tmp_path / "f.geojson", {"type": "name", "properties": {"name": name}})).table
    assert got.crs.is_geographic
    assert got.total_bounds.tolist() == [34.2, 0.5, 34.3, 0.6]


def test_a_crs_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FieldsError, match="EPSG:99999"):
        read_fields(geojson(tmp_path / "f.geojson", {"type": "name", "properties": {"name": "EPSG:99999"}}))


def test_a_link_in_a_file_geodatabase_is_refused(tmp_path: Path) -> None:
    path = write(FARM, tmp_path / "f.gdb")
    (path / "a00000099.gdbtable").symlink_to("/etc/passwd")
    with pytest.raises(UnsafePathError, match=r"a00000099"):
        read_fields(path)


def test_a_folder_called_gdb_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.gdb").mkdir()
    with pytest.raises(UnreadableFileError, match="File Geodatabase"):
        read_fields(tmp_path / "f.gdb")


def test_settings_of_gdal_are_as_they_were(tmp_path: Path) -> None:
    read_fields(write(FARM, tmp_path / "f.gpkg"))
    assert pyogrio.get_gdal_config_option("GDAL_HTTP_PROXY") is None
    assert pyogrio.get_gdal_config_option("GML_FIELDTYPES") is None
