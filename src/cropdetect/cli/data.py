"""The verbs that make data and look at it: demo, simulate, info, chips."""

from pathlib import Path
from typing import Annotated

import typer

from cropdetect.cli.app import app, say
from cropdetect.cli.options import (
    BandNames,
    Bands,
    Bbox,
    Buffer,
    ChipSize,
    Clear,
    Date,
    Fields,
    IdColumn,
    Labels,
    Layer,
    Layout,
    Legend,
    Limit,
    Memory,
    Offset,
    Overwrite,
    Pattern,
    Preset,
    Resolution,
    Seed,
    Until,
    data_options,
)


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="Output folder.")] = Path("demo-season"),
    seed: Seed = 0,
    overwrite: Overwrite = False,
) -> None:
    """Simulate a small season, predict it with the shipped checkpoint, and score the answer.

    Example: cropdetect demo
    """
    from cropdetect import api

    metrics = api.demo(out, seed=seed, overwrite=overwrite)
    say(f"{metrics.n_fields} fields with hidden labels: accuracy {metrics.accuracy:.2f}, log loss {metrics.log_loss:.2f}.")
    say(f"Open {out}/predictions/report.html in a browser, fields.gpkg or crop_map.tif in QGIS.")


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="Output folder.", show_default=False)],
    tiles: Annotated[int, typer.Option(min=1, max=99, help="Number of tiles.")] = 4,
    height: Annotated[int, typer.Option(min=64, help="Rows of a tile, 10 m pixels.")] = 3035,
    width: Annotated[int, typer.Option(min=64, help="Columns of a tile, 10 m pixels.")] = 2016,
    fields: Annotated[int, typer.Option(min=1, help="Fields in all.")] = 4688,
    seed: Seed = 0,
    layout: Annotated[Layout, typer.Option(help="How it is stored.")] = "cv4a",
    region: Annotated[str, typer.Option(help="Scene: western-kenya, eastern-uganda or flanders.")] = "western-kenya",
    year: Annotated[int | None, typer.Option(help="Year of the season (default: the region's own).")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a synthetic season with field boundaries, labels and the truth.

    Example: cropdetect simulate season/ --tiles 1 --height 600 --width 600 --fields 200
    """
    from cropdetect import api

    api.simulate(
        out,
        tiles=tiles,
        height=height,
        width=width,
        fields=fields,
        seed=seed,
        layout=layout,
        region=region,
        year=year,
        overwrite=overwrite,
    )
    say(f"A simulated season lies in {out}. Try: cropdetect info {out}")


@app.command()
def info(
    path: Annotated[
        Path, typer.Argument(help="Imagery, fields, chips, table, checkpoint, predictions or scores.", show_default=False)
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    labels: Labels = None,
    pattern: Pattern = None,
    date: Date = None,
    band_names: BandNames = None,
    layer: Layer = None,
    id_column: IdColumn = None,
) -> None:
    """Say what lies at a path: dates, bands, grid, fields, classes, and what is missing.

    Example: cropdetect info season/
    """
    from cropdetect import api

    description = api.info(
        path,
        pattern=pattern,
        date=data_options(date=date).date,
        band_names=band_names,
        layer=layer,
        id_column=id_column,
        label_column=labels,
    )
    print(description.model_dump_json(indent=1) if json else description.text())


@app.command()
def chips(
    imagery: Annotated[Path, typer.Argument(help="Imagery folder or cube.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="Store to write, e.g. chips.zarr.", show_default=False)],
    fields: Fields = None,
    layer: Layer = None,
    id_column: IdColumn = None,
    labels: Labels = None,
    legend: Legend = None,
    buffer: Buffer = 0.0,
    preset: Annotated[Preset, typer.Option(help="How chips are cut; cv4a: exactly as in 2020.")] = "default",
    chip_size: ChipSize = 32,
    pattern: Pattern = None,
    date: Date = None,
    bands: Bands = None,
    band_names: BandNames = None,
    resolution: Resolution = None,
    clear: Clear = None,
    offset: Offset = None,
    until: Until = None,
    bbox: Bbox = None,
    limit: Limit = None,
    memory: Memory = 512,
    overwrite: Overwrite = False,
) -> None:
    """Cut a chip around every field and keep all in a Zarr store.

    Example: cropdetect chips season/ chips.zarr --fields fields.gpkg
    """
    from cropdetect import api

    options = data_options(
        fields=fields,
        layer=layer,
        id_column=id_column,
        label_column=labels,
        legend=legend,
        buffer=buffer,
        pattern=pattern,
        date=date,
        bands=bands,
        band_names=band_names,
        resolution=resolution,
        clear=clear,
        offset=offset,
        until=until,
        bbox=bbox,
        limit=limit,
        chip_size=chip_size,
        memory=memory,
    )
    store = api.chips(imagery, out, preset=preset, options=options, overwrite=overwrite)
    say(f"{len(store)} chips of {len(store.fields)} fields lie in {out}.")
