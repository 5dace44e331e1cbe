"""How the land is parted: blocks between roads and paths, each cut into strips, each strip into fields.

Blocks are the cells of a jittered lattice (Voronoi). In a block all strips run one way; their widths and the lengths of the
fields in them are lognormal, with the region's medians (see `region`). Borders bend by a few metres. Land kinds and crops are
dealt to the fields elsewhere (`patches`).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.simulation.backdrop import Backdrop
from cropdetect.simulation.frame import SUBPIXEL, Frame
from cropdetect.simulation.noise import generator
from cropdetect.simulation.region import Region

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

_KEY = 2
_LATTICE_KEY = 3
_BORDER = 4  # blocks outside the mosaic, on each side
_REACH = 1.3  # how far a block's fields are laid out from its centre, in block pitches
_JITTER = 0.36
_BEND = 5.0  # metres
_CHUNK = 512  # rows of subpixels worked on at once

FURROW, ROAD, PATH, HEDGE, GRASS_STRIP = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Block:
    """The fields of one block.

    Attributes:
        index: number of the block, the same whichever tile it is seen from.
        x, y: its centre, metres.
        cosine, sine: direction of its strips.
        edges: (strip + 1,) metres across.
        hedges: (strip + 1,) width of what grows on each edge, metres.
        keys: (cell + 1,) sorted: strip number x span + start of each field along its strip.
        ends: (cell + 1,) width of what grows at each field's start.
        wave, phase: (cell,) length of the field's planting stripes, metres, and their phase.
    """

    index: int
    x: float
    y: float
    cosine: float
    sine: float
    edges: Floats
    hedges: Floats
    keys: npt.NDArray[np.float64]
    ends: Floats
    wave: Floats
    phase: Floats

    @property
    def n_cells(self) -> int:
        """Number of fields laid out, most of them beyond the block's border."""
        return len(self.keys) - 1

    def centres(self) -> tuple[Floats, Floats]:
        """(x, y) of each field's centre, metres."""
        strip = np.floor(self.keys[:-1] / _SPAN).astype(int)
        u = (self.edges[strip] + self.edges[np.minimum(strip + 1, len(self.edges) - 1)]) / 2
        start = self.keys[:-1] - strip * _SPAN
        length = np.diff(self.keys)
        v = start - _SPAN / 2 + np.where(length < 2000, length, 0) / 2
        return (self.x + u * self.cosine - v * self.sine).astype(np.float32), (self.y + u * self.sine + v * self.cosine).astype(
            np.float32
        )


_SPAN = 10_000.0  # longer than any block, metres


def lay_block(region: Region, backdrop: Backdrop, seed: int, index: int, x: float, y: float) -> Block:
    """Cut one block into strips and fields."""
    rng = generator(seed, _KEY, index)
    here = np.array([x], np.float32), np.array([y], np.float32)
    angle = region.angle + 14 * float(backdrop.angle.at(*here)[0]) + rng.normal(0, 4) + 90 * (rng.random() < 0.45)
    reach = _REACH * region.block

    def cuts(median: float, spread: float, n: int) -> Floats:
        return np.asarray(-reach + np.cumsum(median * np.exp(spread * rng.standard_normal(n, dtype=np.float32))), np.float32)

    n_strips = int(2 * reach / region.width[0]) + 2
    edges = np.concatenate([[-reach], cuts(*region.width, n_strips)]).astype(np.float32)
    n_cells = int(2 * reach / region.length[0]) + 2
    starts = [np.concatenate([[-reach], cuts(*region.length, n_cells - 1)]) + _SPAN / 2 + s * _SPAN for s in range(n_strips)]
    keys = np.append(np.concatenate(starts), n_strips * _SPAN)

    def hedge_widths(n: int) -> Floats:
        kind = rng.random(n)
        return np.where(kind < 0.55, 0.0, np.where(kind < 0.82, 1.4, rng.uniform(2.0, 4.5, n))).astype(np.float32)

    n = len(keys) - 1
    wave = np.exp(rng.uniform(np.log(20.0), np.log(60.0), n)).astype(np.float32)
    radians = np.radians(angle)
    return Block(
        index, x, y, float(np.cos(radians)), float(np.sin(radians)), edges, hedge_widths(len(edges)), keys,
        hedge_widths(n + 1), wave, rng.uniform(0, 2 * np.pi, n).astype(np.float32),
    )  # fmt: skip


@dataclass(frozen=True)
class Land:
    """The parted land in a tile's window, at 5 m.

    Attributes:
        cell: (y, x) int32, position of the field in the concatenated cells of `blocks`.
        line: (y, x) uint8, what a subpixel's line is: FURROW (nothing), ROAD, PATH, HEDGE, GRASS_STRIP.
        stripes: (y, x) int8, the planting stripes of the field there, sine x 127.
        blocks: the blocks seen.
        first: (block + 1,) position of each block's first cell.
    """

    cell: Ints
    line: npt.NDArray[np.uint8]
    stripes: npt.NDArray[np.int8]
    blocks: tuple[Block, ...]
    first: npt.NDArray[np.int64]


def part_land(region: Region, backdrop: Backdrop, seed: int, frame: Frame, mosaic_size: tuple[float, float]) -> Land:
    """Part the land of a tile's window into fields and lines."""
    x, y = frame.axes(SUBPIXEL)
    pitch = region.block
    n_columns = int(np.ceil(mosaic_size[0] / pitch)) + 2 * _BORDER
    n_rows = int(np.ceil(mosaic_size[1] / pitch)) + 2 * _BORDER
    jitter = generator(seed, _LATTICE_KEY).uniform(-_JITTER, _JITTER, (2, n_rows, n_columns))
    rows, columns = np.indices((n_rows, n_columns))
    seed_x = ((columns - _BORDER + 0.5 + jitter[0]) * pitch).astype(np.float32)
    seed_y = ((rows - _BORDER + 0.5 + jitter[1]) * pitch).astype(np.float32)

    def span(low: float, high: float) -> range:
        return range(int(low // pitch) + _BORDER - 2, int(high // pitch) + _BORDER + 3)

    blocks = tuple(
        lay_block(region, backdrop, seed, r * n_columns + c, float(seed_x[r, c]), float(seed_y[r, c]))
        for r in span(y[0], y[-1])
        for c in span(x[0], x[-1])
        if 0 <= r < n_rows and 0 <= c < n_columns
    )
    first = np.concatenate([[0], np.cumsum([block.n_cells for block in blocks])])
    slot = np.full(n_rows * n_columns, -1, np.int32)
    slot[[block.index for block in blocks]] = np.arange(len(blocks))
    shape = len(y), len(x)
    cell, line, stripes = np.zeros(shape, np.int32), np.zeros(shape, np.uint8), np.zeros(shape, np.int8)
    for top in range(0, len(y), _CHUNK):
        part = slice(top, min(top + _CHUNK, len(y)))
        px = x[None, :] + np.float32(_BEND) * backdrop.bend_x.on_axes(x, y[part])
        py = y[part, None] + np.float32(_BEND) * backdrop.bend_y.on_axes(x, y[part])
        nearest, line[part] = _nearest_block(px, py, seed_x, seed_y, pitch, seed)
        _fill_cells(blocks, first, slot[nearest], px, py, cell[part], line[part], stripes[part])
    return Land(cell, line, stripes, blocks, first)


def _nearest_block(
    px: Floats, py: Floats, seed_x: Floats, seed_y: Floats, pitch: float, seed: int
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    """Return the number of the block each point lies in, and the roads and paths between blocks."""
    n_columns = seed_x.shape[1]
    home_r, home_c = (py / pitch).astype(np.int32) + _BORDER, (px / pitch).astype(np.int32) + _BORDER
    home = np.where(py < 0, home_r - 1, home_r) * n_columns + np.where(px < 0, home_c - 1, home_c)
    flat_x, flat_y = seed_x.ravel(), seed_y.ravel()
    best = np.full(px.shape, np.inf, np.float32)
    second = best.copy()
    best_index = np.zeros(px.shape, np.int32)
    second_index = best_index.copy()
    for dr in (-1, 0, 1):
        for dc in (-1, 0, 1):
            index = home + (dr * n_columns + dc)
            distance = (flat_x[index] - px) ** 2 + (flat_y[index] - py) ** 2
            closer = distance < best
            between = ~closer & (distance < second)
            second = np.where(closer, best, np.where(between, distance, second))
            second_index = np.where(closer, best_index, np.where(between, index, second_index))
            best = np.where(closer, distance, best)
            best_index = np.where(closer, index, best_index)
    apart = np.hypot(flat_x[best_index] - flat_x[second_index], flat_y[best_index] - flat_y[second_index])
    to_border = (second - best) / (2 * np.maximum(apart, 1))
    low = np.minimum(best_index, second_index).astype(np.uint64)
    high = np.maximum(best_index, second_index).astype(np.uint64)
    mixed = (low * np.uint64(7919) + high * np.uint64(104729) + np.uint64(seed * 31)) * np.uint64(2654435761)
    lot = (mixed >> np.uint64(7)) % np.uint64(100)  # the same from both sides of a border
    kind = np.zeros(px.shape, np.uint8)
    kind[(lot < 22) & (to_border < 3.6)] = ROAD
    kind[(lot >= 22) & (lot < 62) & (to_border < 1.6)] = PATH
    kind[(lot >= 62) & (to_border < 2.0)] = HEDGE
    return best_index, kind


def _fill_cells(
    blocks: tuple[Block, ...], first: npt.NDArray[np.int64], block_of: Ints, px: Floats, py: Floats,
    cell: Ints, line: npt.NDArray[np.uint8], stripes: npt.NDArray[np.int8],
) -> None:  # fmt: skip
    """Write the cell, the hedges between cells and the planting stripes of every point."""
    order = np.argsort(block_of, axis=None, kind="stable")
    sorted_blocks = block_of.ravel()[order]
    present, starts = np.unique(sorted_blocks, return_index=True)
    ends = np.append(starts[1:], len(order))
    flat_x, flat_y = px.ravel(), py.ravel()
    flat_cell, flat_line, flat_stripes = cell.reshape(-1), line.reshape(-1), stripes.reshape(-1)
    for number, start, end in zip(present, starts, ends, strict=True):
        block, points = blocks[number], order[start:end]
        dx, dy = flat_x[points] - np.float32(block.x), flat_y[points] - np.float32(block.y)
        u = dx * np.float32(block.cosine) + dy * np.float32(block.sine)
        v = dy * np.float32(block.cosine) - dx * np.float32(block.sine)
        strip = np.clip(np.searchsorted(block.edges, u, side="right") - 1, 0, len(block.edges) - 2)
        along = v.astype(np.float64) + (_SPAN / 2 + strip * _SPAN)
        field = np.clip(np.searchsorted(block.keys, along, side="right") - 1, 0, block.n_cells - 1)
        flat_cell[points] = first[number] + field
        reach = np.maximum.reduce([
            block.hedges[strip] / 2 - (u - block.edges[strip]),
            block.hedges[strip + 1] / 2 - (block.edges[strip + 1] - u),
            block.ends[field] / 2 - (along - block.keys[field]),
            block.ends[field + 1] / 2 - (block.keys[field + 1] - along),
        ])  # fmt: skip
        bushy = np.maximum.reduce([block.hedges[strip], block.hedges[strip + 1], block.ends[field]]) > 1.5
        free = flat_line[points] == FURROW
        flat_line[points] = np.where(free & (reach > 0), np.where(bushy, HEDGE, GRASS_STRIP), flat_line[points])
        wave = np.sin(u * (2 * np.pi / block.wave[field]) + block.phase[field])
        flat_stripes[points] = (127 * wave).astype(np.int8)
