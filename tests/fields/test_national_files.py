"""Parcel files as national agencies publish them: counts and classes counted with GDAL or SQLite, not with our code."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cropdetect.cli.app import app
from cropdetect.errors import FieldsError
from cropdetect.fields import archives, read_fields

FILES = [
    # file, layer, column of crops, fields, EPSG code, classes, the largest class and its fields, the first two ids
    ("ai4sf/1_vietnam_areas.gpkg", None, "country", 100, 32648, 1, ("vietnam", 100), [1, 2]),
    ("ai4sf/4_cambodia_areas.gpkg", None, "country", 100, 32648, 1, ("cambodia", 100), [1, 2]),
    ("at/inspire_schlaege_2025-1_polygon.gpkg.zip", None, "SNAR_CODE", 100, 31287, 15, ("717", 30), None),
    ("be_vlg/*_GPKG.zip", None, "GWSCOD_H", 100, 31370, 15, ("60", 44), [1, 2]),
    ("be_wal/LU_ExistingLandUse_SIGEC2022.gml.zip", None, "specificLandUse_title", 10, 3035, 3, ("Prairie et fourrage", 8), None),
    ("ch/lwb_nutzungsflaechen_v2_0_lv95.gpkg", None, "lnf_code", 100, 2056, 2, ("502", 76), [1, 2]),
    ("de_bb/antrag.zip", None, "code", 100, 25833, 15, ("088", 26), [1, 2]),
    ("dk/Marker_2026.zip", None, "Afgkode", 100, 25832, 21, ("252", 20), [1, 2]),
    ("ec_lv/LV_2021.zip", None, "PRODUCT_CO", 100, 3059, 20, ("710", 45), [12268367, 12357291]),
    ("es_cat/Cultius_DUN2023_GPKG.zip", None, "cultiu", 100, 25831, 2, ("ALBERCOQUER", 96), [1, 2]),
    ("fi/LandUse.ExistingLandUse.GSAAAgriculturalParcel.gpkg", None, "KASVIKOODI", 100, 3067, 19, ("1400", 20), [1, 2]),
    ("hr/land_parcels.gpkg", None, "land_use_id", 100, 3765, 6, ("200", 51), [188054, 188105]),
    ("ie/GSAA_2024.zip", None, "specificLandUse_title", 100, 4258, 12, ("Permanent Pasture", 75), None),
    ("pt/Continente.gpkg", None, "CUL_CODIGO", 100, 3763, 19, ("006", 19), [1, 2]),
    ("pt/Continente.gpkg", "Culturas_Aveiro", "CT_português", 100, 3763, 19, ("MILHO", 19), [1, 2]),
    ("pt/Continente.gpkg", "OcupacoesSolo_Aveiro", "VDO_DESCRI", 100, 3763, 12, ("Espaço florestal arborizado", 43), [1, 2]),
    ("si/KMRS_2023.rar", None, "SIFRA_KMRS", 100, 3794, 15, ("204", 46), [11, 12]),
]


def path_of(shared_data: Path, name: str) -> Path:
    return next((shared_data / "lpis_formats").glob(name))


@pytest.mark.parametrize(("name", "layer", "crop", "fields", "crs", "classes", "largest", "ids"), FILES)
def test_a_national_file_is_read_right(
    shared_data: Path,
    name: str,
    layer: str | None,
    crop: str,
    fields: int,
    crs: int,
    classes: int,
    largest: tuple[str, int],
    ids: list[int] | None,
) -> None:
    path = path_of(shared_data, name)
    if path.suffix == ".rar" and archives.ctypes.util.find_library("archive") is None:
        pytest.skip("no libarchive on this computer")
    got = read_fields(path, layer=layer, label_column=crop).table
    assert len(got) == fields
    assert got.crs.to_epsg() == crs
    assert got["status"].eq("ok").all()
    counts = got["label"].value_counts()
    assert len(counts) == classes
    assert (counts.index[0], counts.iloc[0]) == largest
    assert got["field_id"].is_unique
    if ids is not None:
        assert got["field_id"].tolist()[:2] == ids


def test_what_sqlite_counts_in_a_geopackage_is_what_is_read(shared_data: Path) -> None:
    path = path_of(shared_data, "fi/*.gpkg")
    with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as database:
        rows = database.execute(
            "select PERUSLOHKOTUNNUS, KASVIKOODI, KASVIKOODI_SELITE_FI from hvd_kasvulohko order by fid"
        ).fetchall()
    got = read_fields(path, label_column="KASVIKOODI").table
    assert list(zip(got["PERUSLOHKOTUNNUS"], got["label"], got["KASVIKOODI_SELITE_FI"], strict=True)) == rows


def test_several_layers_are_listed(shared_data: Path) -> None:
    with pytest.raises(FieldsError, match=r"Culturas_Aveiro, OcupacoesSolo_Aveiro[\s\S]*--layer"):
        read_fields(path_of(shared_data, "pt/Continente.gpkg"))


@pytest.mark.parametrize(("name", "layer", "crop", "fields", "crs", "classes", "largest", "ids"), FILES[-7:])
def test_info_tells_of_a_national_file(
    shared_data: Path,
    name: str,
    layer: str | None,
    crop: str,
    fields: int,
    crs: int,
    classes: int,
    largest: tuple[str, int],
    ids: list[int] | None,
) -> None:
    options = ["--labels", crop, "--json", *(["--layer", layer] if layer else [])]
    done = CliRunner().invoke(app, ["info", str(path_of(shared_data, name)), *options])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)["facts"]
    assert facts["fields"] == fields
    assert facts["fields_crs"] == f"EPSG:{crs}"
    assert len(facts["labels"]) == classes
    assert facts["labels"][largest[0]] == largest[1]
    assert ids is None or facts["field_ids"].startswith(str(ids[0]))
