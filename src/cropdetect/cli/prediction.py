"""The verbs that answer: predict, report."""

from pathlib import Path
from typing import Annotated

import typer

from cropdetect.cli.app import app, say
from cropdetect.cli.options import (
    Bbox,
    Buffer,
    Clear,
    DataPath,
    Date,
    Fields,
    IdColumn,
    Layer,
    Limit,
    Memory,
    Offset,
    Overwrite,
    Pattern,
    Resolution,
    Until,
    data_options,
)


@app.command()
def predict(
    data: DataPath,
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint folder.", show_default=False)],
    fields: Fields = None,
    layer: Layer = None,
    id_column: IdColumn = None,
    buffer: Buffer = 0.0,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    precision: Annotated[str, typer.Option(help="f32, or bf16 (needs the extra [fast]).")] = "f32",
    workers: Annotated[int | None, typer.Option(min=1, help="Threads (default: all cores).")] = None,
    min_confidence: Annotated[float, typer.Option(min=0, max=1, help="Leave the crop empty below this.")] = 0.0,
    submission: Annotated[bool, typer.Option("--submission", help="Also write the competition's submission.csv.")] = False,
    season_year: Annotated[int | None, typer.Option(help="Year that days are counted from (default: by the dates).")] = None,
    pattern: Pattern = None,
    date: Date = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and end.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Give every field its crop, with probabilities, as tables and maps.

    Example: cropdetect predict season/ out/ --fields fields.gpkg --checkpoint checkpoint/
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        layer=layer,
        id_column=id_column,
        buffer=buffer,
        pattern=pattern,
        date=date,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        memory=memory,
    )
    if dry_run:
        print(api.plan(data, checkpoint=checkpoint, options=options, season_year=season_year).text())
        return
    api.predict(
        data,
        out,
        checkpoint=checkpoint,
        options=options,
        device=device,
        precision=precision,
        workers=workers,
        min_confidence=min_confidence,
        submission=submission,
        season_year=season_year,
        overwrite=overwrite,
    )
    from cropdetect.outputs import prediction_summary, read_prediction_table

    table, legend = read_prediction_table(out)
    say(prediction_summary(table, legend, out))


@app.command()
def report(
    predictions: Annotated[Path, typer.Argument(help="Output folder of predict, evaluate or crossval.", show_default=False)],
    out: Annotated[Path | None, typer.Argument(help="Page to write (default: report.html in that folder).")] = None,
    labels: Annotated[Path | None, typer.Option(help="Table or vector file of known crops: adds scores.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the known crops.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Make report.html again: map, areas, doubtful fields, data quality, scores.

    Example: cropdetect report out/ --labels known.gpkg
    """
    from cropdetect import api

    page = api.report(predictions, out, labels=labels, label_column=label_column, overwrite=overwrite)
    say(f"The report lies in {page}.")
