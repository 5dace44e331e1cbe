"""The grid of a series, and whether all its files fit on it.

Images of one band may be granules: parts of the area with the same pixels, which touch or overlap. The grid holds all of them.
"""

import math
from collections import Counter
from collections.abc import Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.errors import GridError, OptionError
from cropdetect.imagery.layers import PixelReader
from cropdetect.imagery.stores.resample import Axis, axis

_SAME = 0.01  # pixels
_FINER = 32  # times that another resolution may be finer: the memory grows with the square


def common_grid(acquisitions: Sequence[Sequence[PixelReader]], resolution: float | None) -> GeoBox:
    """Return the finest grid of all files, or that of `resolution` (CRS units) with the same top left corner.

    Args:
        acquisitions: the readers of each acquisition.
        resolution: wanted pixel size, or None.

    Raises:
        GridError: a file's CRS or extent is not that of most others; its file is named.
        OptionError: the resolution is not positive, or wider than the image.
    """
    granules = _granules(acquisitions)
    if granules is not None:
        return _at_resolution(granules, resolution, acquisitions[0][0])
    readers = [reader for readers in acquisitions for reader in readers]
    readers = list(dict.fromkeys(readers))
    grids = Counter(reader.geobox for reader in readers)
    usual = max(grids, key=lambda grid: grids[grid])
    for reader in readers:
        _check_grid(reader, usual)
    return _at_resolution(min(grids, key=lambda grid: (_pixel_area(grid), -grids[grid])), resolution, readers[0])


def _pixel_area(grid: GeoBox) -> float:
    return abs(float(grid.affine.a * grid.affine.e))


def _granules(acquisitions: Sequence[Sequence[PixelReader]]) -> GeoBox | None:
    """Return the grid that holds those of all acquisitions, which are parts of it; None where all are equal or do not fit."""
    finest: list[GeoBox] = []
    for readers in acquisitions:
        own = min((reader.geobox for reader in readers), key=_pixel_area)
        if not all(_fits(reader.geobox, own) for reader in readers):
            return None
        finest.append(own)
    parts = list(dict.fromkeys(finest))
    first = parts[0]
    if len(parts) == 1 or not all(_on_pixels_of(part, first) for part in parts) or not _connected(parts):
        return None
    affine = first.affine
    boxes = [_edges(part) for part in parts]
    left, top = min(box[0] for box in boxes), max(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), min(box[3] for box in boxes)
    shape = round((top - bottom) / -affine.e), round((right - left) / affine.a)
    return GeoBox(shape, Affine(affine.a, 0, left, 0, affine.e, top), first.crs)


def _on_pixels_of(grid: GeoBox, other: GeoBox) -> bool:
    """Whether two grids have the same pixels, apart from their extent."""
    mine, its = grid.affine, other.affine
    if grid.crs is None or grid.crs != other.crs or not (math.isclose(mine.a, its.a) and math.isclose(mine.e, its.e)):
        return False
    shifts = ((mine.c - its.c) / its.a, (mine.f - its.f) / its.e)
    return all(abs(shift - round(shift)) < _SAME for shift in shifts)


def _connected(parts: Sequence[GeoBox]) -> bool:
    """Whether every part touches or overlaps others, up to the first."""
    reached, left = [parts[0]], list(parts[1:])
    while left:
        near = [part for part in left if any(_touch(part, other) for other in reached)]
        if not near:
            return False
        reached += near
        left = [part for part in left if part not in near]
    return True


def _touch(one: GeoBox, other: GeoBox) -> bool:
    west, north, east, south = _edges(one)
    other_west, other_north, other_east, other_south = _edges(other)
    slack = _SAME * one.affine.a
    across = min(east, other_east) - max(west, other_west)
    along = min(north, other_north) - max(south, other_south)
    return across >= -slack and along >= -slack and max(across, along) > slack


def _at_resolution(finest: GeoBox, resolution: float | None, reader: PixelReader) -> GeoBox:
    """Return a grid, or the grid of another resolution over the same area."""
    if resolution is None:
        return finest
    if not (math.isfinite(resolution) and resolution > 0):
        raise OptionError(f"the resolution {resolution} is not positive", fix="Give the pixel size in units of the CRS, e.g. 10.")
    affine = finest.affine
    if affine.is_identity and finest.crs is None:
        raise OptionError("images without a georeference have no resolution", where=reader.path, fix="Leave the resolution out.")
    height, width = (abs(size * pixel) for size, pixel in zip(finest.shape, (affine.e, affine.a), strict=True))
    if resolution > min(height, width):
        raise OptionError(f"the resolution {resolution} is wider than the image ({width:g} x {height:g})")
    if resolution < affine.a / _FINER:
        raise OptionError(
            f"the resolution {resolution:g} is more than {_FINER} times finer than the images' ({affine.a:g})",
            fix="Give a larger one; finer pixels show no more than the images do.",
        )
    if math.isclose(affine.a, resolution) and math.isclose(-affine.e, resolution):
        return finest
    shape = math.ceil(height / resolution - _SAME), math.ceil(width / resolution - _SAME)
    return GeoBox(shape, Affine(resolution, 0, affine.c, 0, -resolution, affine.f), finest.crs)


def _check_grid(reader: PixelReader, usual: GeoBox) -> None:
    grid = reader.geobox
    fix = "Warp the file to the others' grid, or name the tiles apart: a pattern with a group (?P<tile>...)."
    if grid.crs != usual.crs:
        raise GridError(f"the CRS is {_name(grid)}, that of the other files {_name(usual)}", where=reader.path, fix=fix)
    if not _fits(grid, usual):
        raise GridError(f"the extent is {_edges(grid)}, that of the other files {_edges(usual)}", where=reader.path, fix=fix)


def _fits(grid: GeoBox, usual: GeoBox) -> bool:
    """Whether two grids show the same area; an extent that is no multiple of the coarser pixel may end within one of them."""
    if grid == usual:
        return True
    if grid.crs != usual.crs:
        return False
    pixel = [max(abs(a), abs(b)) for a, b in ((grid.affine.a, usual.affine.a), (grid.affine.e, usual.affine.e))]
    finer = [min(abs(a), abs(b)) for a, b in ((grid.affine.a, usual.affine.a), (grid.affine.e, usual.affine.e))]
    return all(
        abs(mine - other) < (coarse - _SAME * fine if coarse > 1.5 * fine else _SAME * fine)
        for mine, other, coarse, fine in zip(_edges(grid), _edges(usual), pixel * 2, finer * 2, strict=True)
    )


def _edges(grid: GeoBox) -> tuple[float, float, float, float]:
    affine, (height, width) = grid.affine, grid.shape
    return affine.c, affine.f, affine.c + affine.a * width, affine.f + affine.e * height


def _name(grid: GeoBox) -> str:
    return "unknown" if grid.crs is None else str(grid.crs)[:40]


def half_pixel_shift(readers: Sequence[PixelReader]) -> tuple[PixelReader, PixelReader] | None:
    """Return a fine and a coarse file whose corners lie half the difference of their pixels apart, as where corners name pixels.

    Written with corners for centres, every grid is moved by half of its own pixel, so the finer one less than the coarser.
    """
    fine = min(readers, key=lambda reader: _pixel_area(reader.geobox))
    for coarse in readers:
        apart = coarse.geobox.affine, fine.geobox.affine
        half = (apart[0].a - apart[1].a) / 2
        shifts = abs(apart[0].c - apart[1].c), abs(apart[0].f - apart[1].f)
        if half > 0 and all(math.isclose(shift, half, rel_tol=1e-6) for shift in shifts):
            return fine, coarse
    return None


def axes(source: GeoBox, wanted: GeoBox) -> tuple[Axis, Axis] | None:
    """Return how rows and columns of `wanted` lie on `source`, or None where the grids are equal."""
    rows = axis(source.shape[0], source.affine.f, source.affine.e, wanted.affine.f, wanted.affine.e)
    columns = axis(source.shape[1], source.affine.c, source.affine.a, wanted.affine.c, wanted.affine.a)
    if rows.same and columns.same and rows.shift == 0 and columns.shift == 0 and source.shape == wanted.shape:
        return None
    return rows, columns


def usual_block(readers: Sequence[PixelReader], wanted: GeoBox) -> tuple[int, int]:
    """Return the usual block shape of the readers on the wanted grid; if there are none, that of the first, rescaled."""
    on_grid = Counter(reader.block_shape for reader in readers if axes(reader.geobox, wanted) is None)
    if on_grid:
        return on_grid.most_common(1)[0][0]
    reader = readers[0]
    pixel = [abs(a / b) for a, b in ((reader.geobox.affine.e, wanted.affine.e), (reader.geobox.affine.a, wanted.affine.a))]
    height, width = (
        min(size, max(1, round(block * ratio)))
        for size, block, ratio in zip(wanted.shape, reader.block_shape, pixel, strict=True)
    )
    return height, width
