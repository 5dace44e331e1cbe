"""The verb `chips`."""

import shutil
from pathlib import Path

from cropdetect.api._data import DataOptions, open_data, recognise, told
from cropdetect.chips import RandomAccessChips, open_chips, write_chips
from cropdetect.errors import OptionError
from cropdetect.formats import Preset
from cropdetect.runs import OutputFolder


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
        overwrite: replace another output of the tool.

    Returns:
        The opened store.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    options = options or DataOptions()
    output = OutputFolder("chips", locals())
    if preset not in ("default", "cv4a"):
        raise OptionError(f"there is no preset {preset!r}", fix="Use --preset default or --preset cv4a.")
    if recognise(imagery) != "imagery":
        raise OptionError("chips are cut from imagery, which this is not", where=imagery, fix="See cropdetect info.")
    if not output.finished():
        data = open_data(imagery, options, preset)
        told(data.warnings)
        with output.writing() as work:
            write_chips(data.chips, work.new)
    return open_chips(output.path)


def stored(path: Path, state: Path, options: DataOptions, preset: Preset) -> RandomAccessChips:
    """Open data as chips that can be taken in any order: imagery is cut into a store first, once.

    Args:
        path: the data.
        state: folder that keeps the store from one run of a command to the next.
        options: how imagery and fields are read.
        preset: how chips are cut.
    """
    data = open_data(path, options, preset)
    told(data.warnings)
    if isinstance(data.chips, RandomAccessChips):
        return data.chips
    cut = state / "chips.zarr"
    if not cut.exists():
        unfinished = state / "unfinished.zarr"
        shutil.rmtree(unfinished, ignore_errors=True)
        write_chips(data.chips, unfinished)
        unfinished.rename(cut)
    return open_chips(cut)


__all__ = ["chips", "stored"]
