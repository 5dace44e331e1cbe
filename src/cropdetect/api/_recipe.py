"""The verb `recipe`: the script that makes the export that a checkpoint needs."""

import datetime as dt
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from cropdetect.api._verb import verb
from cropdetect.options import Day
from cropdetect.runs import OutputFolder

if TYPE_CHECKING:
    import geopandas as gpd

    from cropdetect.exports import Export

_SCRIPTS = {"earth-engine": "earth_engine.js", "openeo": "openeo_export.py"}


@verb
def recipe(
    service: Literal["earth-engine", "openeo"],
    out: Path = Path("export"),
    *,
    fields: Path,
    from_: Day,
    to: Annotated[Day, Field(le=dt.date(2200, 12, 31))],
    checkpoint: Path | None = None,
    layer: str | None = None,
    id_column: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the script that makes a table of field means at Earth Engine or openEO, and the fields to send there.

    The script has the bands that the checkpoint needs, the masks of clouds and the pixel size. It says how to run it, and which
    command reads the table.

    Args:
        service: earth-engine (JavaScript for its code editor) or openeo (Python for the Copernicus Data Space).
        out: output folder: the script, and the fields in degrees with their ids as text.
        fields: field outlines (GeoPackage, GeoParquet, GeoJSON, Shapefile, ...).
        from_: first day (YYYY-MM-DD).
        to: last day (YYYY-MM-DD).
        checkpoint: checkpoint folder, or the name of a checkpoint that comes with cropdetect (default: Sentinel-2's bands of 10
            and 20 m).
        layer: layer of the file of fields (default: the one with polygons).
        id_column: column of the field ids (default: found by name).
        overwrite: replace another output of cropdetect; other files stay.

    Returns:
        The script.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    arguments = dict(locals())
    from cropdetect.checkpoint import checkpoint_path, read_checkpoint
    from cropdetect.exports import Export, render, write_fields
    from cropdetect.fields import read_fields

    place = None if checkpoint is None else checkpoint_path(checkpoint)
    output = OutputFolder("recipe", arguments | {"checkpoint": place})
    file = output.path / _SCRIPTS[service]
    if output.finished():
        return file
    record = None if place is None else read_checkpoint(place).record
    export = Export(
        service=service,
        first=from_,
        last=to,
        bands=None if record is None else record.bands,
        sensor=None if record is None else record.sensor,
    )
    read = read_fields(fields, layer=layer, id_column=id_column, label_column="")
    for text in read.warnings:
        warnings.warn(text, stacklevel=2)
    with output.writing() as work:
        sent = write_fields(read.table, work.new, service=service, where=fields)
        command = _next_command(export, out, checkpoint, sent)
        (work.new / file.name).write_text(render(export, sent=sent, next_command=command), "utf-8")
        if service == "openeo":  # whose tables number the bands
            (work.new / "columns.yaml").write_text(f"bands: [{', '.join(export.names)}]\n", "utf-8")
    return file


def _next_command(export: "Export", out: Path, checkpoint: Path | None, sent: "gpd.GeoDataFrame") -> Sequence[str]:
    """Return the command that reads the table."""
    table = [f"{export.name}.csv"]
    options = ["--fields", str(out / "fields.geojson")]
    if export.service == "openeo":
        table, options = [str(out / table[0])], [*options, "--columns", str(out / "columns.yaml")]
    if checkpoint is not None:
        return ["cropdetect", "predict", *table, "out/", *options, "--checkpoint", str(checkpoint)]
    label = next((name for name in ("label", "crop", "crop:code", "crop_code") if name in sent.columns), "COLUMN")
    return ["cropdetect", "train", *table, "checkpoint/", *options, "--labels", label]
