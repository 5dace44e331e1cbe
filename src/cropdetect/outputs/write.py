"""All files of a prediction."""

from pathlib import Path

import geopandas as gpd

from cropdetect.fields import FieldSet
from cropdetect.files import disk_full_named
from cropdetect.formats import PredictionRun
from cropdetect.imagery import Imagery, bounds_in_degrees
from cropdetect.inference import Predictions
from cropdetect.outputs.crop_map import write_crop_maps
from cropdetect.outputs.fiboa import CODE_LIST, with_fiboa_columns, write_code_list, write_fiboa
from cropdetect.outputs.own_columns import with_own_columns
from cropdetect.outputs.preview import write_previews
from cropdetect.outputs.report import ReportContent, name_of, own_scores, render
from cropdetect.outputs.series import write_series
from cropdetect.outputs.stac import answers_id, write_stac_item
from cropdetect.outputs.styles import write_map_legend
from cropdetect.outputs.table import prediction_table
from cropdetect.outputs.tables import write_csv, write_geopackage, write_submission
from cropdetect.spare_memory import give_back

_RUN = "run.json"


def write_outputs(
    predictions: Predictions,
    out: Path,
    *,
    run: PredictionRun,
    imagery: Imagery | None,
    fields: FieldSet | None,
    min_confidence: float = 0.0,
    submission: bool = False,
) -> None:
    """Write tables, crop maps, seasons, preview pictures, report.html, stac-item.json and run.json.

    The same answers give the same bytes, but for run.json.

    Args:
        predictions: the answers.
        out: folder that is empty, or made here.
        run: what run.json holds.
        imagery: the grids of the crop maps; None: no map.
        fields: id rasters of the tiles, where ids are painted.
        min_confidence: below it a field's crop is left empty, 0 to 1.
        submission: also write submission.csv.

    Raises:
        DiskFullError: the disk has no room.
        FieldsError: an id raster cannot be laid on its tile's grid.
        UnreadableFileError: an id raster is damaged.
    """
    table = prediction_table(predictions, min_confidence)
    with_own = with_own_columns(table, predictions.fields, predictions.legend)
    give_back()  # predicting takes more than what is kept of it
    with disk_full_named(out):
        out.mkdir(parents=True, exist_ok=True)
        write_csv(with_own, out / "predictions.csv")
        write_geopackage(with_own, out / "fields.gpkg", predictions.legend)
        write_fiboa(with_fiboa_columns(with_own, predictions.legend), out / "fields.parquet", collection=answers_id(out))
        del with_own
        give_back()  # the tables take several times their size while they are written
        write_code_list(predictions.legend, out / CODE_LIST)
        if submission:
            write_submission(predictions, out / "submission.csv")
        if imagery is not None:
            for crop_map in write_crop_maps(table, predictions.legend, imagery, fields, out):
                write_map_legend(crop_map, predictions.legend)
            give_back()
        if predictions.series is not None:
            write_series(predictions, out / "series.parquet")
            give_back()
            if imagery is not None:
                write_previews(predictions, imagery, out)
        give_back()
        _write_report(predictions, table, run, out)
        (out / "run.json").write_text(run.model_dump_json(indent=2) + "\n", "utf-8")
        write_stac_item(out, run=run, imagery=imagery, bounds=_bounds(table))


def fields_table(predictions: Predictions, min_confidence: float = 0.0) -> gpd.GeoDataFrame:
    """Return the table of fields.parquet: the answers, the user's columns, and those of fiboa."""
    table = with_own_columns(prediction_table(predictions, min_confidence), predictions.fields, predictions.legend)
    return with_fiboa_columns(table, predictions.legend)


def _bounds(table: gpd.GeoDataFrame) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north of the fields in degrees, None where no field has a place on Earth."""
    places = table.geometry[table.geometry.notna() & ~table.geometry.is_empty]
    if table.crs is None or len(places) == 0:
        return None
    return bounds_in_degrees(places)


def _write_report(predictions: Predictions, table: gpd.GeoDataFrame, run: PredictionRun, out: Path) -> None:
    content = ReportContent(
        name=name_of(run),
        table=table,
        legend=predictions.legend,
        series=predictions.series,
        previews=tuple(sorted(out.glob("preview*.tif"))),
        run=run,
        metrics=own_scores(run),
        title=run.title,
        subtitle=run.subtitle,
    )
    (out / "report.html").write_text(render(content), "utf-8")
