"""The verb `chips`."""

from typing import TYPE_CHECKING

from cropdetect.api._verb import Reading, verb
from cropdetect.errors import OptionError
from cropdetect.formats import Preset
from cropdetect.in_memory import as_source, place_of
from cropdetect.options import AnyPath, DataOptions, ImagerySource
from cropdetect.runs import OutputFolder

if TYPE_CHECKING:
    from cropdetect.chips import RandomAccessChips


@verb
def chips(
    imagery: ImagerySource,
    out: AnyPath,
    *,
    options: DataOptions = DataOptions(),
    preset: Preset = "default",
    overwrite: bool = False,
    **reading: Reading,
) -> "RandomAccessChips":
    """Cut a chip around every field and keep all in a Zarr store.

    In Python the imagery may also be a Dataset or DataArray of xarray.

    Args:
        imagery: images (folder or cube), or stac:CATALOGUE/COLLECTION.
        out: store to write, e.g. chips.zarr.
        options: how imagery and fields are read.
        preset: how chips are cut; cv4a: exactly as in 2020.
        overwrite: replace another output of cropdetect; other files stay.
        reading: single options of `DataOptions`, e.g. `fields`.

    Returns:
        The opened store.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    output = OutputFolder("chips", {name: value for name, value in locals().items() if name != "reading"})
    from cropdetect.chips import open_chips, open_data, recognise, write_chips

    source = as_source(imagery)
    if recognise(source) != "imagery":
        raise OptionError(
            "chips are cut from imagery, but this is no imagery", where=place_of(source), fix="See cropdetect info."
        )
    if not output.finished():
        data = open_data(source, options, preset)
        data.warn()
        with output.writing() as work:
            write_chips(data.chips, work.new, places=data.places)
    return open_chips(output.path)
