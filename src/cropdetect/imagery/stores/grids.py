"""The grid of a series, and whether all its files fit on it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.errors import GridError, OptionError
from cropdetect.imagery.layers import PixelReader
from cropdetect.imagery.stores.resample import Axis, axis

_SAME = 0.01  # pixels


def common_grid(readers: Iterable[PixelReader], resolution: float | None) -> GeoBox:
    """Return the finest grid of all files, or that of `resolution` (CRS units) with the same top left corner.

    Raises:
        GridError: a file's CRS or extent is not that of most others; its file is named.
        OptionError: the resolution is not positive, or wider than the image.
    """
    readers = list(dict.fromkeys(readers))
    grids = Counter(reader.geobox for reader in readers)
    usual = max(grids, key=lambda grid: grids[grid])
    for reader in readers:
        _check_grid(reader, usual)
    finest = min(grids, key=lambda grid: (abs(grid.affine.a * grid.affine.e), -grids[grid]))
    if resolution is None:
        return finest
    if not (math.isfinite(resolution) and resolution > 0):
        raise OptionError(f"the resolution {resolution} is not positive", fix="Give the pixel size in units of the CRS, e.g. 10.")
    affine = finest.affine
    if affine.is_identity and finest.crs is None:
        raise OptionError(
            "images without a georeference have no resolution", where=readers[0].path, fix="Leave the resolution out."
        )
    height, width = (abs(size * pixel) for size, pixel in zip(finest.shape, (affine.e, affine.a), strict=True))
    if resolution > min(height, width):
        raise OptionError(f"the resolution {resolution} is wider than the image ({width:g} x {height:g})")
    if math.isclose(affine.a, resolution) and math.isclose(-affine.e, resolution):
        return finest
    shape = math.ceil(height / resolution - _SAME), math.ceil(width / resolution - _SAME)
    return GeoBox(shape, Affine(resolution, 0, affine.c, 0, -resolution, affine.f), finest.crs)


def _check_grid(reader: PixelReader, usual: GeoBox) -> None:
    grid = reader.geobox
    if grid == usual:
        return
    if grid.crs != usual.crs:
        raise GridError(
            f"the CRS is {_name(grid)}, that of the other files {_name(usual)}",
            where=reader.path,
            fix="Warp the file to the others' grid, or name the tiles apart: a pattern with a group (?P<tile>...).",
        )
    # An extent that is no multiple of the coarser pixel may end within one of them.
    pixel = [max(abs(a), abs(b)) for a, b in ((grid.affine.a, usual.affine.a), (grid.affine.e, usual.affine.e))]
    finer = [min(abs(a), abs(b)) for a, b in ((grid.affine.a, usual.affine.a), (grid.affine.e, usual.affine.e))]
    for mine, other, coarse, fine in zip(_edges(grid), _edges(usual), pixel * 2, finer * 2, strict=True):
        allowed = coarse - _SAME * fine if coarse > 1.5 * fine else _SAME * fine
        if abs(mine - other) >= allowed:
            raise GridError(
                f"the extent is {_edges(grid)}, that of the other files {_edges(usual)}",
                where=reader.path,
                fix="Warp the file to the others' grid, or name the tiles apart: a pattern with a group (?P<tile>...).",
            )


def _edges(grid: GeoBox) -> tuple[float, float, float, float]:
    affine, (height, width) = grid.affine, grid.shape
    return affine.c, affine.f, affine.c + affine.a * width, affine.f + affine.e * height


def _name(grid: GeoBox) -> str:
    return "unknown" if grid.crs is None else str(grid.crs)[:40]


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
