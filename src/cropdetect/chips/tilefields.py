"""What cutting needs to know of the fields on one tile, whether they are polygons or painted pixels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from cropdetect.chips.coverage import Masks
from cropdetect.chips.placing import Integers, Placement


@dataclass(frozen=True)
class Placed:
    """The fields found on a tile, and their chips.

    Attributes:
        fields: (field,) rows of fields that may touch the tile.
        area: (field,) float64, their whole area, pixels of this tile.
        covered: (field,) float64, what of it lies in the tile.
        chips: their chips. No chip has an empty mask.
        cut_off: rows of fields of which a part is in the tile, but in none of their chips (preset cv4a).
    """

    fields: Integers
    area: npt.NDArray[np.float64]
    covered: npt.NDArray[np.float64]
    chips: Placement
    cut_off: Integers


class TileFields(ABC):
    """The fields on one tile. To be used in a `with` block, where files are held open."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close what is open."""

    @abstractmethod
    def place(self, fields: Integers) -> Placed:
        """Find which of these rows of the table lie on the tile, and lay chips around them."""

    @abstractmethod
    def masks(self, chips: Placement) -> Masks:
        """Return the share of each pixel inside the chip's field, (chip, y, x) float32, 0 to 1."""
