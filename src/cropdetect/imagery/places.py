"""Can a grid lie where it says? A CRS without a place on the ground is refused, and so are numbers that are none in it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from odc.geo.geobox import GeoBox

from cropdetect.errors import GridError
from cropdetect.imagery.layers import FoundTile
from cropdetect.imagery.series import ImageSeries

_NO_GROUND = ("Geocentric CRS", "Vertical CRS", "Temporal CRS", "Parametric CRS", "Engineering CRS")
_FURTHEST = 360  # degrees of longitude: some grids count from 0 to 360
_DEGREES_LIKE = 0.01  # metres: the pixels of images in metres are larger, where they lie within 360 m of the origin
_FIX = "assign the CRS that its coordinates are in, e.g. with gdal_edit -a_srs."


def check_crs_kinds(tiles: Iterable[FoundTile]) -> None:
    """Check the CRS of all files.

    Raises:
        GridError: one has no place on the ground.
    """
    readers = (layer.reader for tile in tiles for acquisition in tile.acquisitions for layer in acquisition.layers.values())
    paths = {reader.geobox.crs: reader.path for reader in readers if reader.geobox.crs is not None}
    for crs, path in paths.items():
        kind = crs.proj.type_name
        if kind in _NO_GROUND:
            said = kind.replace("Engineering", "local").replace("Geo", "geo").replace("Vert", "vert")
            raise GridError(
                f"its CRS, {crs.proj.name}, is a {said}, in which no image can lie", where=path, fix=_FIX.capitalize()
            )


def beyond_180(tiles: Sequence[ImageSeries]) -> tuple[str, ...]:
    """Return a warning where longitudes are beyond 180 or -180."""
    for grid in (tile.geobox for tile in tiles if tile.geobox.crs is not None and tile.geobox.crs.geographic):
        west, east = grid.affine.c, grid.affine.c + grid.affine.a * grid.shape[1]
        if east > 180 + grid.affine.a or west < -180 - grid.affine.a:
            return (
                f"the images lie at longitudes {west:.7g} to {east:.7g}; fields are laid on them 360 degrees further or less",
            )
    return ()


def check_place(grid: GeoBox, path: Path) -> None:
    """Check where a grid lies, before polygons are laid on it.

    Args:
        grid: of a tile.
        path: of the imagery, for messages.

    Raises:
        GridError: degrees are called metres, or metres are called degrees.
    """
    if grid.crs is None or grid.affine.is_identity:
        return
    x = sorted((grid.affine.c, grid.affine.c + grid.affine.a * grid.shape[1]))
    y = sorted((grid.affine.f, grid.affine.f + grid.affine.e * grid.shape[0]))
    pixel = max(abs(grid.affine.a), abs(grid.affine.e))
    within = max(map(abs, x)) <= _FURTHEST + pixel and max(map(abs, y)) <= 90 + pixel  # some grids end at -90.125
    if grid.crs.geographic and not within:
        unit, likely = "degrees", "metres" if min(map(abs, (*x, *y))) > _FURTHEST else "coordinates of another kind"
    elif grid.crs.projected and within and pixel < _DEGREES_LIKE:
        unit, likely = "metres", "degrees (EPSG:4326)"
    else:
        return
    place = f"{x[0]:.7g} to {x[1]:.7g}, {y[0]:.7g} to {y[1]:.7g}"
    raise GridError(
        f"the images lie at {place}, which cannot be {unit}, as their CRS, {grid.crs.proj.name}, has them",
        where=path,
        fix=f"They look like {likely}: {_FIX}",
    )
