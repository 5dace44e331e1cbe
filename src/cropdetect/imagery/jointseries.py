"""A season of several parts, such as Sentinel-1 beside Sentinel-2: each with its own dates and its own clear mask."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.series import ImageSeries, PixelBlock, Window
from cropdetect.imagery.values import UNKNOWN


@dataclass(eq=False, repr=False)
class JointSeries(ImageSeries):
    """See `ImageSeries`; the image is of real numbers, NaN where a band is missing.

    A pixel of a date is clear where it is in any part; what other parts show there is missing, too. So an optical cloud hides no
    radar, neither of its own date nor of others. Where no part is clear the image holds what the files have, as elsewhere.

    Attributes:
        parts: series on the same grid, of the same dtype, no band in two of them.
    """

    parts: tuple[FileSeries, ...]

    @property
    def clear_expression(self) -> str:
        """See `ImageSeries.clear_expression`."""
        return " ".join(dict.fromkeys(condition.text for part in self.parts for condition in part.conditions))

    @property
    def backscatter_unit(self) -> str:
        """See `ImageSeries.backscatter_unit`."""
        units = {part.backscatter_unit for part in self.parts} - {""}
        return units.pop() if len(units) == 1 else UNKNOWN if units else ""

    @property
    def is_remote(self) -> bool:
        """See `ImageSeries.is_remote`."""
        return any(part.is_remote for part in self.parts)

    def dates_with(self, band: str) -> tuple[dt.date, ...]:
        """See `ImageSeries.dates_with`."""
        return next(part.dates for part in self.parts if band in part.bands)

    def read(
        self,
        window: Window,
        *,
        dates: Sequence[int] | None = None,
        bands: Sequence[str] | None = None,
        memory: npt.NDArray[np.generic] | None = None,
    ) -> PixelBlock:
        """See `ImageSeries.read`. Of each part the acquisitions of a day are merged as `FileSeries.read` does."""
        names = self.bands if bands is None else tuple(bands)
        unknown = [name for name in names if name not in self.bands]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} is none of the bands {', '.join(self.bands)}")
        days = [self.dates[position] for position in (range(len(self.dates)) if dates is None else dates)]
        image = np.full((len(days), len(names), *window.shape), np.nan, self.dtype)
        hidden = np.zeros(image.shape, bool)
        clear = np.zeros((len(days), *window.shape), bool)
        for part in self.parts:
            own = [name for name in names if name in part.bands]
            steps = [step for step, day in enumerate(days) if day in part.dates]
            if not own or not steps:
                continue
            block = part.read(window, dates=[part.dates.index(days[step]) for step in steps], bands=own)
            places = np.ix_(steps, [names.index(name) for name in own])
            image[places], hidden[places] = block.image, ~block.clear[:, None]
            clear[steps] |= block.clear
        image[hidden & clear[:, None]] = np.nan
        return PixelBlock(image, clear)

    def files(self) -> list[Path]:
        """See `ImageSeries.files`."""
        return sorted({path for part in self.parts for path in part.files()} | set(super().files()))
