"""All files of a prediction: each appears whole, or none does."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import geopandas as gpd
from pyogrio.errors import DataSourceError, FeatureError, GeometryError
from rasterio.errors import RasterioError

from cropdetect.errors import DiskFullError
from cropdetect.fields import FieldSet
from cropdetect.files import disk_full_named
from cropdetect.formats import RunRecord
from cropdetect.imagery.series import Imagery
from cropdetect.inference import Predictions
from cropdetect.outputs.crop_map import write_crop_maps
from cropdetect.outputs.preview import write_previews
from cropdetect.outputs.report import ReportContent, render, title_of
from cropdetect.outputs.series import write_series
from cropdetect.outputs.stac import STAC_ITEM, write_stac_item
from cropdetect.outputs.table import prediction_table
from cropdetect.outputs.tables import write_csv, write_geopackage, write_geoparquet, write_submission

_RUN = "run.json"
_OURS = (
    "fields.parquet",
    "fields.gpkg",
    "predictions.csv",
    "submission.csv",
    "crop_map*.tif",
    "series.parquet",
    "preview*.tif",
    "report.html",
    STAC_ITEM,
    _RUN,
)


def write_outputs(
    predictions: Predictions,
    out: Path,
    *,
    run: RunRecord,
    imagery: Imagery | None,
    fields: FieldSet | None,
    min_confidence: float = 0.0,
    submission: bool = False,
) -> list[Path]:
    """Write tables, crop maps, seasons, preview pictures, report.html, stac-item.json and run.json.

    The same answers give the same bytes, but for run.json.

    All are written to `OUT/.partial/outputs` and moved when all are whole, run.json last: where it is, all is. Files that an
    earlier run left under these names and this one does not write are removed.

    Args:
        predictions: the answers.
        out: folder; made when missing.
        run: what run.json holds.
        imagery: the grids of the crop maps; None: no map.
        fields: id rasters of the tiles, where ids are painted.
        min_confidence: below it a field's crop is left empty, 0 to 1.
        submission: also write submission.csv.

    Returns:
        The files.

    Raises:
        DiskFullError: the disk has no room; `out` is as it was.
        FieldsError: an id raster cannot be laid on its tile's grid.
        UnreadableFileError: an id raster is damaged.
    """
    partial = out / ".partial" / "outputs"
    shutil.rmtree(partial, ignore_errors=True)
    table = prediction_table(predictions, min_confidence)
    try:
        with _disk_full_named(out):
            partial.mkdir(parents=True)
            write_geoparquet(table, partial / "fields.parquet")
            write_geopackage(table, partial / "fields.gpkg")
            write_csv(table, partial / "predictions.csv")
            if submission:
                write_submission(predictions, partial / "submission.csv")
            if imagery is not None:
                write_crop_maps(table, predictions.legend, imagery, fields, partial)
            if predictions.series is not None:
                write_series(predictions, partial / "series.parquet")
                if imagery is not None:
                    write_previews(predictions, imagery, partial)
            _write_report(predictions, table, run, partial)
            (partial / _RUN).write_text(run.model_dump_json(indent=2) + "\n", "utf-8")
            write_stac_item(partial, run=run, imagery=imagery, bounds=_bounds(table))
            return _move(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):
            partial.parent.rmdir()  # unless it keeps the state of the prediction


def _bounds(table: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of the fields in degrees, None where no field has a place on Earth."""
    places = table.geometry[table.geometry.notna() & ~table.geometry.is_empty]
    if table.crs is None or len(places) == 0:
        return None
    west, south, east, north = (float(number) for number in places.to_crs("EPSG:4326").total_bounds)
    return west, south, east, north


def _write_report(predictions: Predictions, table: gpd.GeoDataFrame, run: RunRecord, partial: Path) -> None:
    content = ReportContent(
        title=title_of(run),
        table=table,
        legend=predictions.legend,
        series=predictions.series,
        previews=tuple(sorted(partial.glob("preview*.tif"))),
        run=run,
    )
    (partial / "report.html").write_text(render(content), "utf-8")


def _move(partial: Path, out: Path) -> list[Path]:
    finished = sorted(partial.iterdir(), key=lambda file: (file.name == _RUN, file.name))
    for file in finished:
        with file.open("rb") as written:
            os.fsync(written.fileno())
    (out / _RUN).unlink(missing_ok=True)  # it says that all files are there
    new = {file.name for file in finished}
    for pattern in _OURS:
        for old in out.glob(pattern):
            if old.name not in new:
                old.unlink()
    return [file.replace(out / file.name) for file in finished]


@contextmanager
def _disk_full_named(out: Path) -> Iterator[None]:
    """As `disk_full_named`, also for libraries that tell of a full disk in words of their own."""
    try:
        with disk_full_named(out):
            yield
    except (RasterioError, DataSourceError, FeatureError, GeometryError, RuntimeError, OSError) as error:
        if _tells_of_full_disk(error, out):
            raise DiskFullError("the disk is full", where=out, fix="Free some space, then run the same command again.") from error
        raise


def _tells_of_full_disk(error: Exception, folder: Path) -> bool:
    words = f"{error} {error.__cause__ or ''}".lower()
    return any(sign in words for sign in ("no space left", "disk is full", "file too large")) or not _has_room(folder)


def _has_room(folder: Path) -> bool:
    """Tell whether 16 MiB can be written: SQLite and GDAL sometimes report what was missing, and not why."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(2**24))
            probe.flush()
    except OSError:
        return False
    return True
