"""What every layout boils down to: tiles of acquisitions, whose bands are layers of files."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

from cropdetect.errors import AmbiguousNameError, OptionError
from cropdetect.imagery.clear import Condition
from cropdetect.imagery.series import FieldFiles, Window
from cropdetect.imagery.stores.resample import Axis

Pixels = npt.NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class PixelReader(ABC):
    """Reads layers that lie on one grid, in one file or one variable of a cube. Holds no open file, so it can be pickled.

    Attributes:
        path: the file (for Zarr the folder).
        geobox: the grid, north up.
        dtype: dtype of the stored numbers.
        block_shape: (height, width) of the stored blocks.
        is_remote: whether pixels come from the network.
        in_memory: whether the caller holds the pixels, so that no file lies at `path`.
    """

    is_remote: ClassVar[bool] = False
    in_memory: ClassVar[bool] = False

    path: Path
    geobox: GeoBox
    dtype: np.dtype[np.generic]
    block_shape: tuple[int, int]

    @abstractmethod
    def read_into(self, indexes: Sequence[int], window: Window, outs: Sequence[Pixels]) -> None:
        """Read `indexes` (layers) into `outs`, one (y, x) array a layer, converting to the dtype of the array.

        Raises:
            UnreadableFileError: the file is damaged, gone, or of another size than it was; it is named.
        """

    def read_valid(self, index: int, window: Window) -> npt.NDArray[np.bool_] | None:
        """Return where a layer has values by a mask that the file brings, (y, x); None where it brings none.

        Raises:
            UnreadableFileError: as `read_into`.
        """
        return None


@dataclass(frozen=True, eq=False)
class Layer:
    """One band of one acquisition: where its pixels lie, and how they become values.

    A layout sets what the file and its metadata say. `cropdetect.imagery.interpret` completes it from other metadata and the
    pixels. `build_series` sets the last two attributes, and decides on `nodata` and `offset`.

    Attributes:
        reader: what reads it.
        index: which layer of the reader.
        band: name, "" while it is not known.
        date: the day, None while it is not known.
        time: time of day, or "" where it is not known.
        group: equal for all layers of one acquisition, where the time does not tell acquisitions of one day apart.
        nodata: the stored number that means "no value", or None (NaN and infinity always mean that).
        fills: further stored numbers that mean "no value".
        valid_range: the lowest and the highest stored number that are values, or None where all may be.
        sensor: whose band it is, where names or metadata tell.
        variants: what tells apart bands of one name, if anything does: an orbit's direction, and a statistic.
        date_given: whether the date is not the image's own, but the user's for all images, or the middle of a longer time.
        place: which layer of which file it is, for messages, where two layers of one name are an error; "" where they are not.
        scale: factor and
        add: summand that turn stored numbers into values: value = stored x scale + add.
        decibels: factor of the logarithm that makes decibels of the values (10 of power, 20 of amplitude); 0: they stay.
        units: what the values are, or "".
        offset: what the producer added to reflectances, or None where that is not known; it is subtracted, down to 0 at least.
        metadata_files: files beside the image that its date or offset comes from.
        interpolated: whether resampling takes weighted means; otherwise it takes the nearest pixel.
        axes: how rows and columns of the series' grid lie on the reader's grid; None where the grids are equal.
    """

    reader: PixelReader
    index: int
    band: str = ""
    date: dt.date | None = None
    time: str = ""
    group: str = ""
    sensor: str | None = None
    variants: tuple[str, str] = ("", "")
    date_given: bool = False
    place: str = ""
    nodata: float | None = None
    fills: tuple[float, ...] = ()
    valid_range: tuple[float, float] | None = None
    scale: float = 1.0
    add: float = 0.0
    decibels: float = 0.0
    units: str = ""
    offset: float | None = None
    metadata_files: tuple[Path, ...] = ()
    interpolated: bool = True
    axes: tuple[Axis, Axis] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether stored numbers are the values."""
        return self.scale == 1.0 and self.add == 0.0 and self.decibels == 0.0

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The smallest dtype that holds the values."""
        stored = self.reader.dtype
        return stored if self.is_plain else np.result_type(stored, np.float32)

    @property
    def pixel_area(self) -> float:
        """Area of a stored pixel, in squared units of the CRS."""
        affine = self.reader.geobox.affine
        return abs(float(affine.a * affine.e))


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One image of the area.

    Attributes:
        date: the day.
        layers: band name -> layer.
        offset: what the producer added to every reflectance, or None where that is not known.
        offset_by_name: whether only the product's name tells the offset, and not its metadata.
    """

    date: dt.date
    layers: Mapping[str, Layer]
    offset: float | None = None
    offset_by_name: bool = False


@dataclass(frozen=True, eq=False)
class FoundTile:
    """One tile as a layout found it.

    Attributes:
        name: of the tile, "" where there is one only.
        acquisitions: in order of time.
        field_files: that belong to it.
        sensor: as the metadata have it; None where it has to be guessed from the names of the bands.
        warnings: what the user should know.
        clear: what is clear by the product's documentation; None: as the table of quality layers says.
        is_declared: whether it is known what all numbers mean, so that no pixels need to be looked at.
    """

    name: str
    acquisitions: tuple[Acquisition, ...]
    field_files: FieldFiles = field(default_factory=FieldFiles)
    sensor: str | None = None
    warnings: tuple[str, ...] = ()
    clear: tuple[Condition, ...] | None = None
    is_declared: bool = False

    def with_layers(self, change: Callable[[str, Layer], Layer]) -> "FoundTile":
        """Return the tile with `change(name, layer)` in place of every layer."""
        acquisitions = tuple(
            replace(one, layers={name: change(name, layer) for name, layer in one.layers.items()}) for one in self.acquisitions
        )
        return replace(self, acquisitions=acquisitions)


def group_layers(layers: Sequence[Layer]) -> tuple[Acquisition, ...]:
    """Return the acquisitions of one tile in order of time; every layer has a band and a date.

    The layers of one day are one acquisition, unless a band occurs twice: then `time` and `group` tell acquisitions apart. Of a
    band in several resolutions (Sentinel-2 products) the finest is taken.

    Raises:
        AmbiguousNameError: two layers are the same band of one acquisition.
        OptionError: a date that the user gave, or the middle of a year, would be that of two images of one band.
    """
    days: dict[dt.date, dict[tuple[str, str], dict[str, Layer]]] = {}
    for layer in layers:
        if layer.date is None:
            raise ValueError(f"a layer of {layer.reader.path} has no date")
        same = days.setdefault(layer.date, {}).setdefault((layer.time, layer.group), {})
        other = same.get(layer.band)
        if other is not None and other.place and layer.place and other.pixel_area == layer.pixel_area:
            raise AmbiguousNameError(
                f"two layers would be band {layer.band} of {layer.date}: {other.place} and {layer.place}",
                fix="Give them different names in their files, or move one of the files away. Layers of several days need the "
                "day in their descriptions, e.g. 20190606_B04.",
            )
        if layer.band not in same or layer.pixel_area < same[layer.band].pixel_area:
            same[layer.band] = layer
    _refuse_given_date(layers)
    acquisitions = []
    for day in sorted(days):
        for bands in _joined([days[day][key] for key in sorted(days[day])]):
            offsets = [layer.offset for layer in bands.values() if layer.offset is not None]
            acquisitions.append(Acquisition(day, bands, max(offsets, default=None)))
    return tuple(acquisitions)


def _refuse_given_date(layers: Sequence[Layer]) -> None:
    """Raise where a date that is not the images' own would be that of two images of one band and place."""
    seen: dict[tuple[str, dt.date | None, GeoBox], Layer] = {}
    for layer in layers:
        if not layer.date_given:
            continue
        other = seen.setdefault((layer.band, layer.date, layer.reader.geobox), layer)
        if other.reader.path != layer.reader.path:
            raise OptionError(
                f"two images of band {layer.band} would get the day {layer.date}, since their names have no day: "
                f"{_names_of(other.reader.path, layer.reader.path)}",
                fix="Put the dates into the names of the files or into metadata beside them, or give a --pattern.",
            )


def _names_of(one: Path, other: Path) -> str:
    """Return the names of two files, with as many of their folders as tell them apart."""
    parts = next(n for n in range(1, len(one.parts) + 1) if one.parts[-n] != other.parts[-n])
    return " and ".join("/".join(path.parts[-parts:]) for path in (one, other))


def _joined(groups: list[dict[str, Layer]]) -> list[dict[str, Layer]]:
    """Join groups of one day that have no band in common: first groups of the same time, then all."""
    for same_time in (True, False):
        joined: list[dict[str, Layer]] = []
        for group in groups:
            time = next(iter(group.values())).time
            for other in joined:
                times_fit = not same_time or time == next(iter(other.values())).time
                if times_fit and not (other.keys() & group.keys()):
                    other.update(group)
                    break
            else:
                joined.append(dict(group))
        groups = joined
    return groups
