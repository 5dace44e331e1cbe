"""What is looked for in a STAC catalogue: images of the fields, in the period of the options."""

from pathlib import Path

import geopandas as gpd

from cropdetect.chips.selection import fields_inside
from cropdetect.errors import OptionError
from cropdetect.fields import NO_LABELS, read_fields
from cropdetect.imagery import Search, boxes_of, is_item_collection, is_stac, utm_zone
from cropdetect.in_memory import InMemory, as_file, as_source
from cropdetect.options import DataOptions, flag


def search_of(source: Path | InMemory, options: DataOptions) -> Search:
    """Return what to look for; the fields are read for their outlines.

    Raises:
        OptionError: options of a catalogue are given with other data, or the fields are a raster or have no CRS.
    """
    if isinstance(source, InMemory) or not (is_stac(source) or is_item_collection(source)):
        _refuse(options)
        return Search()
    return Search(
        first=options.from_,
        last=options.to,
        max_cloud=options.max_cloud,
        places=_places(options),
        cache=None if options.cache is None else Path(options.cache).expanduser(),
    )


def _places(options: DataOptions) -> gpd.GeoSeries | None:
    """Return the outlines of the fields in degrees; the box of the options where no fields are given; None where neither is."""
    if options.fields is None:
        return None if options.bbox is None else boxes_of(options.bbox)
    with as_file(as_source(options.fields)) as file:
        if file.suffix.lower() in (".tif", ".tiff"):
            raise OptionError(
                "a raster of field ids lies on the grid of images that are there", where=file, fix="Give --fields polygons."
            )
        table = read_fields(file, layer=options.layer, id_column=options.id_column, label_column=NO_LABELS).table
        shapes = table.geometry.iloc[fields_inside(table, options.bbox, options.limit)].dropna()
        if shapes.crs is None:
            raise OptionError("the fields have no CRS, so their place is not known", where=file, fix="Give them a CRS.")
    shapes = shapes[~shapes.is_empty]
    if options.buffer > 0 and len(shapes):
        shapes = shapes.to_crs(utm_zone(shapes)).buffer(options.buffer)
    return shapes.to_crs("EPSG:4326")


def _refuse(options: DataOptions) -> None:
    """Raise OptionError where options of a STAC catalogue are given with other data."""
    for name in ("from_", "to", "max_cloud", "cache"):
        if getattr(options, name) is not None:
            raise OptionError(
                f"{flag(name)} applies to a STAC catalogue, and this is none",
                fix=f"Leave {flag(name)} out (--until uses dates up to a day), or give stac:earth-search/sentinel-2-l2a",
            )
