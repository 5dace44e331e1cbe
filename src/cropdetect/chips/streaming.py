"""Chips that are cut from imagery while they are streamed."""

from collections import Counter
from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo, ChipSet
from cropdetect.chips.footprints import Footprints
from cropdetect.chips.schedule import TileSchedule
from cropdetect.chips.season import median_dates
from cropdetect.chips.windows import ChipWindow
from cropdetect.imagery import Imagery, ImageSeries, PixelBlock, Wanted, Window


class CutChips(ChipSet):
    """Chips that are cut while they are streamed. Made by `cut_chips`.

    Args:
        info: see `ChipInfo`.
        fields: see `ChipSet`.
        field_area: see `ChipSet`.
        imagery: all tiles.
        steps: for each tile the positions of the dates that are used.
        schedules: for each tile.
        footprints: for each tile.
        dtype: of the chips.
    """

    def __init__(
        self,
        info: ChipInfo,
        fields: gpd.GeoDataFrame,
        field_area: npt.NDArray[np.float64],
        imagery: Imagery,
        steps: Sequence[Sequence[int]],
        schedules: Sequence[TileSchedule],
        footprints: Sequence[Footprints],
        dtype: np.dtype[np.generic],
    ) -> None:
        chips = [chip for schedule in schedules for chip in schedule.chips]
        self.info = info
        self.fields = fields
        self.field_area = field_area
        self.field_of_chip = np.array([chip.field for chip in chips], np.int64)
        self.median_date = self._median_dates(imagery, chips)
        self._imagery = imagery
        self._steps = steps
        self._schedules = schedules
        self._footprints = footprints
        self._dtype = dtype

    def _median_dates(self, imagery: Imagery, chips: Sequence[ChipWindow]) -> npt.NDArray[np.datetime64]:
        """Return the median of all dates of each field's tiles, (field,)."""
        none = np.datetime64("NaT")
        of_tile = [np.datetime64(sorted(tile.dates)[len(tile.dates) // 2]) if tile.dates else none for tile in imagery.tiles]
        of_chip = np.array([of_tile[chip.tile] for chip in chips], "datetime64[D]")
        return median_dates(of_chip[:, None], self.field_of_chip, len(self.fields))

    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`."""
        waiting: list[ChipBatch] = []
        for chip in self._chips(first * batch_size):
            waiting.append(chip)
            if len(waiting) == batch_size:
                yield ChipBatch.concatenate(waiting)
                waiting = []
        if waiting:
            yield ChipBatch.concatenate(waiting)

    def wanted(self) -> list[Wanted]:
        """Return which pixels of each tile the chips show; what else is read with them is not used."""
        return [
            Wanted(steps, self.info.bands, [chip.window for chip in schedule.chips])
            for schedule, steps in zip(self._schedules, self._steps, strict=True)
        ]

    def _chips(self, skip: int) -> Iterator[ChipBatch]:
        """Yield chips one by one, leaving out the first `skip`."""
        for tile, schedule in enumerate(self._schedules):
            if skip < len(schedule.chips):
                yield from self._cut_tile(tile, schedule, skip)
            skip = max(0, skip - len(schedule.chips))

    def _cut_tile(self, tile: int, schedule: TileSchedule, skip: int) -> Iterator[ChipBatch]:
        series, steps, bands = self._imagery.tiles[tile], self._steps[tile], self.info.bands
        blocks = schedule.chips_of_blocks(skip)
        partly_read: dict[int, ChipBatch] = {}
        blocks_left = Counter(chip for _, chips in blocks for chip in chips)
        for block, chips in blocks:
            shared = [schedule.chips[chip].window for chip in chips if not schedule.read_alone[chip] and steps]
            pixels = None  # let go of the last block before the next is read: the budget holds one
            if shared:
                needed = _hull([_overlap(window, block) for window in shared])
                pixels = series.read(needed, dates=steps, bands=bands)
            for chip in chips:
                window = schedule.chips[chip].window
                batch = partly_read[chip] if chip in partly_read else self._empty(schedule.chips[chip], series)
                if pixels is not None and not schedule.read_alone[chip]:
                    _copy(pixels, needed, window, batch)
                elif steps:
                    _copy(series.read(window, dates=steps, bands=bands), window, window, batch)
                blocks_left[chip] -= 1
                if blocks_left[chip]:
                    partly_read[chip] = batch
                else:
                    partly_read.pop(chip, None)
                    yield batch

    def _empty(self, chip: ChipWindow, series: ImageSeries) -> ChipBatch:
        """Return a chip (batch of one) with mask and dates, without pixels."""
        size, steps, footprints = self.info.size, self._steps[chip.tile], self._footprints[chip.tile]
        inside = chip.shows(footprints)
        rows, columns = footprints.rows[chip.pixels][inside], footprints.columns[chip.pixels][inside]
        mask = np.zeros((1, size, size), np.float32)
        mask[0, rows - chip.window.top, columns - chip.window.left] = footprints.shares[chip.pixels][inside]
        date = np.full((1, self.info.n_steps), np.datetime64("NaT"), "datetime64[D]")
        date[0, : len(steps)] = [np.datetime64(series.dates[step], "D") for step in steps]
        return ChipBatch(
            field=np.array([chip.field], np.int64),
            image=np.zeros((1, self.info.n_steps, len(self.info.bands), size, size), self._dtype),
            mask=mask,
            clear=np.zeros((1, self.info.n_steps, size, size), bool),
            date=date,
            season_year=self.season_year[[chip.field]],
        )


def _overlap(a: Window, b: Window) -> Window:
    return Window(max(a.top, b.top), max(a.left, b.left), min(a.bottom, b.bottom), min(a.right, b.right))


def _hull(windows: Sequence[Window]) -> Window:
    return Window(
        min(w.top for w in windows), min(w.left for w in windows), max(w.bottom for w in windows), max(w.right for w in windows)
    )


def _copy(pixels: PixelBlock, block: Window, window: Window, chip: ChipBatch) -> None:
    """Copy what a block of pixels shows of a chip's window."""
    part = _overlap(block, window)

    def within(outer: Window) -> tuple[slice, slice]:
        rows = slice(part.top - outer.top, part.bottom - outer.top)
        return rows, slice(part.left - outer.left, part.right - outer.left)

    n_steps = len(pixels.clear)
    chip.image[(0, slice(n_steps), slice(None), *within(window))] = pixels.image[(..., *within(block))]
    chip.clear[(0, slice(n_steps), *within(window))] = pixels.clear[(..., *within(block))]
