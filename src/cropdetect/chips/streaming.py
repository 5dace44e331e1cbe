"""Chips that are cut from imagery while they are streamed."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo, ChipSet
from cropdetect.chips.footprints import Footprints
from cropdetect.chips.reading import BlockReader, Memory, Part, lay, overlap
from cropdetect.chips.schedule import TileSchedule
from cropdetect.chips.season import median_dates
from cropdetect.chips.windows import ChipWindow
from cropdetect.imagery import Imagery, Wanted


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
        self.info = info
        self.fields = fields
        self.field_area = field_area
        self.field_of_chip = np.concatenate([np.zeros(0, np.int64), *(schedule.chips.fields for schedule in schedules)])
        self._schedules = schedules
        self.median_date = self._median_dates(imagery)
        self._imagery = imagery
        self._steps = steps
        self._footprints = footprints
        self._dtype = dtype
        self._days = [
            np.array([tile.dates[step] for step in used], "datetime64[D]")
            for tile, used in zip(imagery.tiles, steps, strict=True)
        ]

    def _median_dates(self, imagery: Imagery) -> npt.NDArray[np.datetime64]:
        """Return the median of all dates of each field's tiles, (field,)."""
        none = np.datetime64("NaT", "D")
        of_tile = [np.datetime64(sorted(tile.dates)[len(tile.dates) // 2]) if tile.dates else none for tile in imagery.tiles]
        n_chips = [len(schedule.chips) for schedule in self._schedules]
        of_chip = np.repeat(np.array(of_tile, "datetime64[D]"), n_chips)
        return median_dates(of_chip[:, None], self.field_of_chip, len(self.fields))

    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`."""
        windows, cut = self._windows(first * batch_size), self._cut(first * batch_size)
        while chips := list(islice(windows, batch_size)):
            batch = self._without_pixels(chips)
            for at, chip in enumerate(chips):
                lay(next(cut), chip.window, batch.image[at], batch.clear[at])
            yield batch

    def dates_of_first(self, n: int) -> npt.NDArray[np.datetime64]:
        """See `ChipSet.dates_of_first`."""
        return self._without_pixels(list(islice(self._windows(), n))).date

    def wanted(self) -> list[Wanted]:
        """Return which pixels of each tile the chips show; what else is read with them is not used."""
        return [
            Wanted(steps, self.info.bands, [chip.window for chip in schedule.chips])
            for schedule, steps in zip(self._schedules, self._steps, strict=True)
        ]

    def _windows(self, skip: int = 0) -> Iterator[ChipWindow]:
        """Yield where one chip after the other lies, leaving out the first `skip`."""
        return islice(chain.from_iterable(schedule.chips for schedule in self._schedules), skip, None)

    def _cut(self, skip: int) -> Iterator[list[Part]]:
        """Yield the pixels of one chip after the other, leaving out the first `skip`; they hold until the next is asked for."""
        memory = Memory()
        for tile, schedule in enumerate(self._schedules):
            if skip < len(schedule.chips):
                yield from self._cut_tile(tile, schedule, skip, memory)
            skip = max(0, skip - len(schedule.chips))

    def _cut_tile(self, tile: int, schedule: TileSchedule, skip: int, memory: Memory) -> Iterator[list[Part]]:
        series, steps, bands = self._imagery.tiles[tile], self._steps[tile], self.info.bands
        reader = BlockReader(series, steps, bands, memory)
        blocks = schedule.chips_of_blocks(skip)
        partly_read: dict[int, list[Part]] = {}
        blocks_left = Counter(chip for _, chips in blocks for chip in chips)
        for block, chips in blocks:
            shared = [chip for chip in chips if not schedule.read_alone[chip]] if steps else []
            parts, read = [], {}  # let go of the last block before the next is read: the budget holds one
            needed = [overlap(schedule.chips[chip].window, block) for chip in shared]
            read = dict(zip(shared, reader.read(needed, block.shape), strict=True))
            for chip in chips:
                window = schedule.chips[chip].window
                parts = partly_read.pop(chip, [])
                if schedule.read_alone[chip]:
                    parts += [Part(window, series.read(window, dates=steps, bands=bands))] if steps else []
                elif chip in read:
                    parts.append(read[chip])
                blocks_left[chip] -= 1
                if blocks_left[chip]:
                    partly_read[chip] = [*parts[:-1], *(part.cropped(window) for part in parts[-1:])]
                else:
                    yield parts

    def _without_pixels(self, chips: Sequence[ChipWindow]) -> ChipBatch:
        """Return chips with masks and dates, whose pixels are 0 and not clear."""
        n, size = len(chips), self.info.size
        mask = np.zeros((n, size, size), np.float32)
        date = np.full((n, self.info.n_steps), np.datetime64("NaT", "D"), "datetime64[D]")
        for at, chip in enumerate(chips):
            steps, footprints = self._steps[chip.tile], self._footprints[chip.tile]
            inside = chip.shows(footprints)
            rows, columns = footprints.rows[chip.pixels][inside], footprints.columns[chip.pixels][inside]
            mask[at, rows - chip.window.top, columns - chip.window.left] = footprints.shares[chip.pixels][inside]
            date[at, : len(steps)] = self._days[chip.tile]
        field = np.array([chip.field for chip in chips], np.int64)
        return ChipBatch(
            field=field,
            image=np.zeros((n, self.info.n_steps, len(self.info.bands), size, size), self._dtype),
            mask=mask,
            clear=np.zeros((n, self.info.n_steps, size, size), bool),
            date=date,
            season_year=self.season_year[field],
        )
