"""The grid of a season of several sensors, whose images may have other pixels and other extents."""

from collections.abc import Sequence

from odc.geo.geobox import GeoBox

from cropdetect.errors import GridError
from cropdetect.imagery.layers import PixelReader
from cropdetect.imagery.parts import Part
from cropdetect.imagery.sensors import RADAR
from cropdetect.imagery.stores.grids import common_grid


def grid_of_parts(parts: Sequence[Part], resolution: float | None) -> GeoBox:
    """Return the grid on which all parts are read.

    The images of one sensor must fit each other. Where there are several, the grid has the area of the optical sensor with the
    most bands and the finest pixels of all. Other sensors are missing where they do not reach.

    Args:
        parts: of a tile.
        resolution: wanted pixel size in units of the CRS, or None.

    Raises:
        GridError: a file does not fit the others of its sensor, or two sensors have different CRSs or lie apart.
        OptionError: the resolution cannot be used.
    """
    by_sensor: dict[str, list[Part]] = {}
    for part in parts:
        by_sensor.setdefault(part.sensor, []).append(part)
    if len(by_sensor) == 1:
        return common_grid(_readers(parts), resolution)
    main = max(by_sensor, key=lambda sensor: (sensor != RADAR, sum(len(part.bands) for part in by_sensor[sensor])))
    grids = {sensor: common_grid(_readers(own), None) for sensor, own in by_sensor.items()}
    for sensor, grid in grids.items():
        _check_beside(grid, sensor, by_sensor[sensor][0], grids[main], main)
    finest = min(float(grid.affine.a) for grid in grids.values())
    if resolution is None and finest > 0.99 * grids[main].affine.a:
        return grids[main]
    return common_grid(_readers(by_sensor[main]), resolution or finest)


def _readers(parts: Sequence[Part]) -> list[list[PixelReader]]:
    return [[a.layers[name].reader for name in part.used] for part in parts for a in part.acquisitions]


def _check_beside(grid: GeoBox, sensor: str, part: Part, main_grid: GeoBox, main: str) -> None:
    """Raise where a sensor's images cannot be read on the grid of another's."""
    where = part.acquisitions[0].layers[part.bands[0]].reader.path
    if grid.crs != main_grid.crs:
        raise GridError(
            f"the CRS of {sensor or 'some bands'} is {grid.crs}, that of {main or 'the others'} {main_grid.crs}",
            where=where,
            fix=f"Warp one of them, e.g. gdalwarp -t_srs {main_grid.crs} IN.tif OUT.tif.",
        )
    own, its = grid.boundingbox, main_grid.boundingbox
    if min(own.right, its.right) <= max(own.left, its.left) or min(own.top, its.top) <= max(own.bottom, its.bottom):
        raise GridError(
            f"the images of {sensor or 'some bands'} and of {main or 'the others'} show different areas",
            where=where,
            fix="Give images of one area, or open each folder by itself.",
        )
