"""The verb `chips`."""

from pathlib import Path
from typing import TYPE_CHECKING

from cropdetect.api._verb import verb
from cropdetect.errors import OptionError
from cropdetect.formats import Preset
from cropdetect.options import DataOptions
from cropdetect.runs import OutputFolder

if TYPE_CHECKING:
    from cropdetect.chips import RandomAccessChips


@verb
def chips(
    imagery: Path, out: Path, *, options: DataOptions = DataOptions(), preset: Preset = "default", overwrite: bool = False
) -> "RandomAccessChips":
    """Cut a chip around every field and keep all in a Zarr store.

    Args:
        imagery: imagery folder or cube.
        out: store to write, e.g. chips.zarr.
        options: how imagery and fields are read.
        preset: how chips are cut; cv4a: exactly as in 2020.
        overwrite: replace another output of cropdetect; other files stay.

    Returns:
        The opened store.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    output = OutputFolder("chips", locals())
    from cropdetect.chips import open_chips, open_data, recognise, write_chips

    if recognise(imagery) != "imagery":
        raise OptionError("chips are cut from imagery, which this is not", where=imagery, fix="See cropdetect info.")
    if not output.finished():
        data = open_data(imagery, options, preset)
        data.warn()
        with output.writing() as work:
            write_chips(data.chips, work.new)
    return open_chips(output.path)
