"""What every layout boils down to: acquisitions, whose bands are layers of files."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from cropdetect.imagery.series import Window

Pixels = npt.NDArray[np.generic]


@dataclass(frozen=True)
class PixelStore(ABC):
    """Layers that lie on one grid, in one file or one variable of a cube. Holds no open file, so it can be pickled.

    Attributes:
        path: the file (for Zarr the folder).
        geobox: the grid, north up.
        dtype: dtype of the stored numbers.
        block_shape: (height, width) of the stored blocks.
    """

    path: Path
    geobox: GeoBox
    dtype: np.dtype[np.generic]
    block_shape: tuple[int, int]

    @abstractmethod
    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """Read `indexes` (layers) into `outs`, one (y, x) array a layer, converting to the dtype of the array.

        Raises:
            UnreadableFileError: the file is damaged; it is named.
        """


@dataclass(frozen=True)
class Layer:
    """One band of one acquisition.

    Attributes:
        store: where it lies.
        index: which layer of the store.
        nodata: the stored number that means "no value", or None (NaN always means that).
        scale: factor and
        add: summand that turn stored numbers into values: value = stored x scale + add.
        units: what the values are, or "".
    """

    store: PixelStore
    index: int
    nodata: float | None = None
    scale: float = 1.0
    add: float = 0.0
    units: str = ""

    @property
    def plain(self) -> bool:
        """Whether stored numbers are the values."""
        return self.scale == 1.0 and self.add == 0.0


@dataclass(frozen=True)
class Acquisition:
    """One image of the area.

    Attributes:
        date: the day.
        layers: band name -> layer.
        offset: what the producer added to every reflectance, or None where nothing tells.
    """

    date: dt.date
    layers: Mapping[str, Layer] = field(default_factory=dict)
    offset: float | None = None
