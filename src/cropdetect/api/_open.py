"""Opening data for Python: what the verbs see of imagery, fields and tables."""

from typing import TYPE_CHECKING

from cropdetect.api._verb import Reading, verb
from cropdetect.formats import Preset
from cropdetect.options import DataOptions, DataSource

if TYPE_CHECKING:
    from cropdetect.chips import OpenedData


@verb
def open_data(
    data: DataSource, *, options: DataOptions = DataOptions(), preset: Preset = "default", **reading: Reading
) -> "OpenedData":
    """Open imagery with its fields, a chip store, or a table of series; pixels are read when chips are asked for.

    Args:
        data: a path, a Dataset or DataArray of xarray, or a table.
        options: how it is read.
        preset: how chips are cut.
        reading: single options of `DataOptions`, e.g. `fields`.

    Returns:
        `chips` (see `cropdetect.chips.ChipSet`), and the `imagery` and `fields` that they are cut from.

    Raises:
        CropDetectError: one of its kinds, when input or option is at fault.

    Example:
        >>> import cropdetect as cd
        >>> import pandas as pd
        >>> days = ["2024-05-01", "2024-06-01"]
        >>> table = pd.DataFrame({"field_id": [1, 1], "date": days, "B04": [900, 700], "B08": [2100, 3300]})
        >>> cd.open_data(table).chips.info.bands
        ('B04', 'B08')
    """
    from cropdetect import chips

    opened = chips.open_data(data, options, preset)
    opened.warn()
    return opened
