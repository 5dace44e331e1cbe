"""Variables of a dataset that the caller opened: NumPy and Dask arrays, and what xarray reads lazily."""

from dataclasses import dataclass
from typing import ClassVar

import xarray as xr

from cropdetect.imagery.stores.cubes import CubeVariable


@dataclass(frozen=True, eq=False)
class MemoryVariable(CubeVariable):
    """One variable of a dataset; see `CubeVariable`. Only the window that is asked for is computed.

    Attributes:
        held: the variable.
    """

    in_memory: ClassVar = True

    held: xr.Variable | None = None

    def opened(self) -> xr.Variable:
        """See `CubeVariable.opened`."""
        assert self.held is not None
        return self.held
