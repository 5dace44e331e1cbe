"""Named errors. Each says what is wrong, where, and what to do; the command line ends with exit code 2."""


class CropDetectError(Exception):
    """Base of every error that a user's input, options or machine can cause.

    Args:
        what: what is wrong, in one sentence.
        where: the file, date, band or field it was found in, or "".
        fix: what the user can do about it, or "".
    """

    exit_code = 2

    def __init__(self, what: str, *, where: object = "", fix: str = "") -> None:
        self.what = what
        self.where = str(where)
        self.fix = fix
        parts = [f"{self.where}: {what}" if self.where else what]
        if fix:
            parts.append(fix)
        super().__init__("\n".join(parts))

    @property
    def name(self) -> str:
        """The error's name, as scripts may match it."""
        return type(self).__name__


class InputNotFoundError(CropDetectError):
    """A path that was named does not exist, or a folder is empty."""


class UnknownLayoutError(CropDetectError):
    """A folder or file is none of the layouts that can be read."""


class AmbiguousNameError(CropDetectError):
    """A name has several meanings, or two layers would get one name; the candidates and a way to choose are shown."""


class CatalogueError(CropDetectError):
    """A catalogue of imagery cannot be reached, refuses an answer, or has nothing that was asked for."""


class UnreadableFileError(CropDetectError):
    """A file is damaged, truncated or not what its name says."""


class UnsafePathError(CropDetectError):
    """A file would lead outside the user's folder or to the network (VRT, /vsi...)."""


class MissingBandError(CropDetectError):
    """A band that is needed is absent, from all dates or from some."""


class GridError(CropDetectError):
    """Images that should share a grid do not, or a grid cannot be used."""


class ContradictionError(CropDetectError):
    """Two things that a file, its metadata or its pixels say exclude each other; both are named."""


class FieldsError(CropDetectError):
    """A table or raster of fields lacks what is needed (ids, geometry, CRS, labels)."""


class LegendError(CropDetectError):
    """Labels and legend do not fit each other."""


class TableError(CropDetectError):
    """A series table lacks a column or holds values that cannot be used."""


class ChipStoreError(CropDetectError):
    """A chips.zarr store is damaged, unfinished or of another format version."""


class CheckpointError(CropDetectError):
    """A checkpoint folder is damaged, unfinished, of another version, or does not fit the data."""


class WeightsError(CropDetectError):
    """A file of 2020 weights cannot be loaded or is not that network."""


class OptionError(CropDetectError):
    """An option's value cannot be used, or two options contradict each other."""


class OutputExistsError(CropDetectError):
    """The output is there already and belongs to another command."""


class OutputPathError(CropDetectError):
    """The output cannot be written where it was asked for, or would lie in, around or in the place of an input."""


class DiskFullError(CropDetectError):
    """The disk has no room for what must be written."""


class TrainingDataError(CropDetectError):
    """There are too few fields, labels, classes or groups to train on."""


class MissingExtraError(CropDetectError):
    """A command needs a package of an extra that is not installed."""


class ClusterError(CropDetectError):
    """A Dask cluster cannot be reached, lost its scheduler or its workers, or sees other data."""
