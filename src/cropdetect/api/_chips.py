"""The verb `chips`."""

from pathlib import Path

from cropdetect.api._data import DataOptions, open_data, recognise, told
from cropdetect.chips import RandomAccessChips, write_chips
from cropdetect.errors import OptionError
from cropdetect.files import refuse_existing
from cropdetect.formats import Preset


def chips(
    imagery: Path,
    out: Path,
    *,
    preset: Preset = "default",
    options: DataOptions | None = None,
    overwrite: bool = False,
) -> RandomAccessChips:
    """Cut a chip around every field of some imagery and keep all in a Zarr 3 store.

    Args:
        imagery: folder or cube.
        out: the store to write, e.g. `chips.zarr`.
        preset: "default", or "cv4a" for chips exactly as in 2020.
        options: how imagery and fields are read.
        overwrite: replace a store that is there already.

    Returns:
        The opened store.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    if preset not in ("default", "cv4a"):
        raise OptionError(f"there is no preset {preset!r}", fix="Use --preset default or --preset cv4a.")
    if recognise(imagery) != "imagery":
        raise OptionError("chips are cut from imagery, which this is not", where=imagery, fix="See cropdetect info.")
    refuse_existing(out, overwrite=overwrite)
    data = open_data(imagery, options or DataOptions(), preset)
    told(data.warnings)
    return write_chips(data.chips, out, overwrite=overwrite)


def stored(path: Path, out: Path, options: DataOptions, preset: Preset) -> RandomAccessChips:
    """Open data as chips that can be taken in any order: imagery is cut into a store at `out` first, once.

    A store that is there already is used again when it was cut from the same inputs with the same options.
    """
    from cropdetect.chips import open_chips

    data = open_data(path, options, preset)
    told(data.warnings)
    if isinstance(data.chips, RandomAccessChips):
        return data.chips
    if out.exists():
        there = open_chips(out)
        if there.info.fingerprint == data.chips.info.fingerprint:
            return there
    return write_chips(data.chips, out, overwrite=True)


__all__ = ["chips", "stored"]
