"""What bad input leads to: a named error with exit code 2 and nothing half-written, or a field's own status."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import shapely.affinity
from shapely.geometry import mapping, shape

from cropdetect import api
from cropdetect.errors import (
    CropDetectError,
    DiskFullError,
    FieldsError,
    InputNotFoundError,
    MissingBandError,
    OptionError,
    OutputExistsError,
    UnknownLayoutError,
    UnreadableFileError,
    UnsafePathError,
)
from tests.api.conftest import CRS, DATES, GRID, rows, square, write_band, write_fields


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cropdetect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def predict(data: Path, out: Path, checkpoint: Path, **options: object) -> dict[object, dict[str, object]]:
    api.predict(data, out, checkpoint=checkpoint, options=api.DataOptions(**options))
    return rows(out)


def test_the_command_line_names_the_error_and_ends_with_2(tmp_path: Path, checkpoint: Path) -> None:
    done = run("predict", tmp_path / "nowhere", tmp_path / "out", "--checkpoint", checkpoint)
    assert done.returncode == 2
    assert done.stderr.startswith("InputNotFoundError: ")
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_no_imagery(tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises((UnknownLayoutError, InputNotFoundError), match="empty"):
        predict(tmp_path / "empty", tmp_path / "out", checkpoint)
    assert not (tmp_path / "out").exists()


def test_a_truncated_tiff_is_named(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    file = broken / DATES[2] / f"{DATES[2]}_B04.tif"
    file.write_bytes(file.read_bytes()[:4000])
    with pytest.raises(UnreadableFileError, match="B04"):
        predict(broken, tmp_path / "out", checkpoint)
    assert not (tmp_path / "out" / "predictions.csv").exists()


def test_a_file_of_zeros_is_named(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    file = broken / DATES[2] / f"{DATES[2]}_B04.tif"
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(UnreadableFileError, match="B04"):
        predict(broken, tmp_path / "out", checkpoint)


def test_a_missing_date_leaves_the_others(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    for file in (broken / DATES[2]).iterdir():
        file.unlink()
    answer = predict(broken, tmp_path / "out", checkpoint)
    assert {row["status"] for row in answer.values()} == {"ok"}
    assert {row["n_dates"] for row in answer.values()} == {len(DATES) - 1}


def test_a_date_that_lacks_a_band_is_used_without_it_with_a_warning(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    (broken / DATES[2] / f"{DATES[2]}_B04.tif").unlink()
    done = api.predict(broken, tmp_path / "out", checkpoint=checkpoint)
    assert any("B04" in warning and "2019-07-11" in warning for warning in done.warnings)
    assert {row["n_dates"] for row in rows(tmp_path / "out").values()} == {len(DATES)}


def test_a_band_that_the_checkpoint_needs_is_named(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    for date in DATES:
        (broken / date / f"{date}_B08.tif").unlink()
    with pytest.raises(MissingBandError, match="B08"):
        predict(broken, tmp_path / "out", checkpoint)


def test_fields_in_another_crs_give_the_same_crops(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    here = predict(season, tmp_path / "a", checkpoint, fields=write_fields(tmp_path / "here.gpkg", GRID))
    there = predict(season, tmp_path / "b", checkpoint, fields=write_fields(tmp_path / "there.gpkg", GRID, "EPSG:4326"))
    assert {i: row["crop"] for i, row in here.items()} == {i: row["crop"] for i, row in there.items()}
    for i, row in here.items():
        assert there[i]["confidence"] == pytest.approx(row["confidence"], abs=0.02)


def test_fields_without_crs_are_an_error(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    table = gpd.read_file(write_fields(tmp_path / "fields.gpkg", GRID)).set_crs(None, allow_override=True)
    table.to_file(tmp_path / "bare.shp")
    with pytest.raises(FieldsError, match="CRS"):
        predict(season, tmp_path / "out", checkpoint, fields=tmp_path / "bare.shp")


def test_each_bad_field_gets_its_status_and_loses_no_other(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    fields = [
        (1, square(4, 4), "maize"),
        (2, square(4, 5000), "maize"),  # far outside
        (3, square(90, 90, 12), "maize"),  # half outside
        (4, square(10, 10, 1), "maize"),  # one pixel
        (5, square(10, 10, 0.1), "maize"),  # a hundredth of a pixel
        (6, None, "maize"),
        (1, square(26, 26), "maize"),  # the id of the first
        (8, square(48, 4), "maize"),
    ]
    api.predict(
        season,
        tmp_path / "out",
        checkpoint=checkpoint,
        options=api.DataOptions(fields=write_fields(tmp_path / "f.gpkg", fields)),
    )
    table = gpd.read_file(tmp_path / "out" / "fields.gpkg")
    assert table["status"].tolist() == [
        "ok",
        "outside",
        "partly_outside",
        "ok",
        "too_small",
        "invalid_geometry",
        "duplicate_id",
        "ok",
    ]
    answered = table["status"].isin(["ok", "partly_outside"])
    assert table.loc[answered, "crop"].notna().all()
    assert table.loc[~answered, ["crop", "confidence", "prob_maize"]].isna().all(axis=None)
    assert "nan" not in (tmp_path / "out" / "predictions.csv").read_text().lower()


def test_a_sky_without_a_gap_gives_no_answer(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    for date in DATES:
        write_band(broken / date / f"{date}_CLD.tif", np.full((96, 96), 100, np.uint16))
    answer = predict(broken, tmp_path / "out", checkpoint)
    assert {row["status"] for row in answer.values()} == {"no_data"}
    assert {row["crop"] for row in answer.values()} == {None}


def test_one_clouded_field_does_not_lose_the_others(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    cloud = np.zeros((96, 96), np.uint16)
    cloud[2:14, 2:14] = 100
    for date in DATES:
        write_band(broken / date / f"{date}_CLD.tif", cloud)
    answer = predict(broken, tmp_path / "out", checkpoint)
    assert answer[100]["status"] == "no_data"
    assert {row["status"] for i, row in answer.items() if i != 100} == {"ok"}


def test_nan_pixels_are_not_clear(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    for date in DATES:
        file = broken / date / f"{date}_B04.tif"
        with rasterio.open(file) as source:
            values = source.read(1).astype(np.float32)
        values[2:14, 2:14] = np.nan
        write_band(file, values)
    answer = predict(broken, tmp_path / "out", checkpoint)
    assert answer[100]["status"] == "no_data"
    assert {row["status"] for i, row in answer.items() if i != 100} == {"ok"}


def test_an_id_raster_with_nan_has_no_field_there(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    ids = np.full((96, 96), np.nan, np.float32)
    ids[4:12, 4:12], ids[4:12, 26:34], ids[40, 40] = 7, 8, 0
    write_band(tmp_path / "ids.tif", ids)
    answer = predict(broken, tmp_path / "out", checkpoint, fields=tmp_path / "ids.tif")
    assert {i: row["status"] for i, row in answer.items()} == {7: "ok", 8: "ok"}


def test_names_with_spaces_and_other_alphabets_work(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    import shutil

    data = tmp_path / "saison d'été 田んぼ"
    shutil.copytree(season, data)
    ids = ["поле 1", "=cmd|' /C calc'!A0", "c, d\n"]
    fields = [(name, square(4, 4 + 22 * place), "maïs") for place, name in enumerate(ids)]
    out = tmp_path / "résultats 1"
    api.predict(
        data, out, checkpoint=checkpoint, options=api.DataOptions(fields=write_fields(tmp_path / "champs é.gpkg", fields))
    )
    table = gpd.read_parquet(out / "fields.parquet")
    assert table["field_id"].tolist() == ["поле 1", "=cmd|' /C calc'!A0", "c, d\n"]  # an id is never changed
    assert table["status"].tolist() == ["ok"] * 3
    assert "\n=cmd" not in (out / "predictions.csv").read_text("utf-8")


def test_a_vrt_in_disguise_is_refused(broken: Path, tmp_path: Path, checkpoint: Path) -> None:
    file = broken / DATES[0] / f"{DATES[0]}_B04.tif"
    file.write_text(
        '<VRTDataset rasterXSize="96" rasterYSize="96"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        "<SourceFilename>/vsicurl/http://127.0.0.1:9/x.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises((UnsafePathError, UnreadableFileError), match="B04"):
        predict(broken, tmp_path / "out", checkpoint)


def test_fields_that_are_no_fields_are_named(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "fields.gpkg").write_bytes(b"no geopackage")
    with pytest.raises(UnreadableFileError, match=r"fields\.gpkg"):
        predict(season, tmp_path / "out", checkpoint, fields=tmp_path / "fields.gpkg")


def test_another_run_in_the_folder_is_refused_and_the_same_does_nothing(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    out = tmp_path / "out"
    predict(season, out, checkpoint)
    before = {file.name: file.stat().st_mtime_ns for file in out.iterdir()}
    predict(season, out, checkpoint)
    assert {file.name: file.stat().st_mtime_ns for file in out.iterdir()} == before
    with pytest.raises(OutputExistsError):
        predict(season, out, checkpoint, limit=3)
    api.predict(season, out, checkpoint=checkpoint, options=api.DataOptions(limit=3), overwrite=True)
    assert len(rows(out)) == 3


def moved(shape: shapely.Polygon) -> shapely.Polygon:
    return shapely.affinity.translate(shape, 50_000)


def in_degrees_turned(shape: shapely.Polygon) -> shapely.Polygon:
    there = gpd.GeoSeries([shape], crs=CRS).to_crs(4326)[0]
    return shapely.transform(there, lambda points: points[:, ::-1])


@pytest.mark.parametrize(
    ("crs", "change", "said"),
    [
        (CRS, moved, ["34.7", "34.2", "check the place and the CRS of both"]),
        ("EPSG:32637", lambda shape: shape, ["EPSG:32637", "EPSG:32636"]),
        ("EPSG:4326", lambda shape: shape, ["EPSG:4326", "EPSG:32636"]),
        ("EPSG:4326", in_degrees_turned, ["EPSG:4326", "only the other way round"]),
    ],
    ids=["beside", "another zone", "metres as degrees", "swapped"],
)
def test_fields_in_the_wrong_place_are_told_and_the_next_right_command_runs(
    season: Path,
    tmp_path: Path,
    checkpoint: Path,
    crs: str,
    change: Callable[[shapely.Polygon], shapely.Polygon],
    said: list[str],
) -> None:
    wrong, out = tmp_path / "wrong.parquet", tmp_path / "out"
    shapes = [change(shape(geometry)) for _, geometry, _ in GRID]
    gpd.GeoDataFrame({"field_id": [i for i, _, _ in GRID]}, geometry=shapes, crs=crs).to_parquet(wrong)
    try:
        told = " ".join(api.predict(season, out, checkpoint=checkpoint, fields=wrong).warnings)
        assert {row["status"] for row in rows(out).values()} == {"outside"}
        assert len(rows(out)) == len(GRID)
    except FieldsError as error:
        told = str(error)
        assert not out.exists()
    assert [word for word in said if word not in told] == []
    answer = predict(season, out, checkpoint, fields=write_fields(tmp_path / "right.gpkg", GRID))
    assert {row["status"] for row in answer.values()} == {"ok"}


def test_unusable_options_are_named(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(OptionError, match="clear"):
        predict(season, tmp_path / "out", checkpoint, clear="SCL is nice")
    with pytest.raises(CropDetectError):
        api.predict(season, tmp_path / "out", checkpoint=checkpoint, device="tpu")
    done = run("predict", season, tmp_path / "out", "--checkpoint", checkpoint, "--until", "tomorrow")
    assert done.returncode == 2
    assert "OptionError" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_named_and_leaves_nothing_half_written(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80k", "tmpfs", small], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount")
    try:
        with pytest.raises(DiskFullError, match="disk"):
            predict(season, small / "out", checkpoint)
        assert not (small / "out" / "run.json").exists()
        for file in small.rglob("*.gpkg"):
            gpd.read_file(file)
    finally:
        subprocess.run(["umount", small], check=True)


# The command line, which the operating system kills as soon as two parts of the answers lie on the disk.
KILLED_AFTER_TWO_PARTS = """
import os, signal, sys
from cropdetect import cli
from cropdetect.inference import parts

parts._SECONDS_A_PART = 0
save, saved = parts.Parts.save, []

def save_then_die(self):
    save(self)
    saved.append(self)
    if len(saved) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

parts.Parts.save = save_then_die
cli.main()
"""


def test_a_killed_prediction_goes_on_to_the_same_bytes(tmp_path: Path, season: Path, checkpoint: Path) -> None:
    many = [(i, square(r, c, 3), "maize") for i, (r, c) in enumerate((r, c) for r in range(0, 90, 3) for c in range(0, 90, 3))]
    fields = write_fields(tmp_path / "many.gpkg", many)
    arguments = ["predict", season, "--checkpoint", checkpoint, "--fields", fields]
    out = tmp_path / "killed"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_TWO_PARTS, *map(str, [*arguments[:2], out, *arguments[2:]])],
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(list((out / ".partial" / "state").glob("answers-*.npz"))) == 2
    assert not (out / "predictions.csv").exists()
    assert run(*arguments[:2], out, *arguments[2:]).returncode == 0
    assert run(*arguments[:2], tmp_path / "whole", *arguments[2:]).returncode == 0
    for name in ("predictions.csv", "fields.parquet", "fields.gpkg", "crop_map.tif"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_polygons_that_cross_themselves_are_mended(season: Path, tmp_path: Path, checkpoint: Path) -> None:
    from shapely.geometry import Polygon

    bow = Polygon([(640040, 59960), (640140, 59860), (640140, 59960), (640040, 59860)])
    fields = write_fields(tmp_path / "f.gpkg", [(1, mapping(bow), "maize")])
    assert predict(season, tmp_path / "out", checkpoint, fields=fields)[1]["status"] == "ok"
    assert gpd.read_file(fields).crs == CRS
