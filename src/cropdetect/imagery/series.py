"""What every source of pixels becomes: a series of dates and bands on one grid, read by window."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from odc.geo.geobox import GeoBox

_SHOWN = 3  # tiles that a warning names


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of pixels: rows [top, bottom), columns [left, right) of a grid."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), pixels."""
        return self.bottom - self.top, self.right - self.left


@dataclass(frozen=True)
class PixelBlock:
    """The pixels of one window.

    Attributes:
        image: (date, band, y, x), the series' dtype. Float images hold NaN where a value is missing; integer images hold
            whatever the file has there, and `clear` is false.
        clear: (date, y, x) bool, true where every band is valid and the pixel is neither cloud, shadow nor snow. Where a season
            has several sensors, or a date lacks a band, this holds for some bands; all others are NaN there.
    """

    image: npt.NDArray[np.generic]
    clear: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FieldFiles:
    """Field files that lie with the imagery.

    Attributes:
        field_ids: raster of field ids on the imagery's grid (0 = none), or None.
        labels: raster of label codes on the same grid (0 = none), or None.
        vector: vector file of fields, or None.
    """

    field_ids: Path | None = None
    labels: Path | None = None
    vector: Path | None = None


@dataclass(eq=False, repr=False)
class ImageSeries(ABC):
    """One tile: all dates and bands on one grid. Nothing is read before `read`.

    Attributes:
        name: name of the tile, "" where there is one only.
        geobox: the grid (shape, affine, CRS; the CRS may be None).
        dates: strictly increasing days.
        bands: names of the bands that `read` gives, in order. Classification bands (SCL, QA...) that only serve the clear
            mask are in `mask_bands`, not here; CLD is in both.
        mask_bands: bands the clear mask is made from.
        dtype: dtype of `read(...).image`.
        block_shape: (height, width) of the blocks the files are stored in; windows on such borders read fastest.
        sensor: "sentinel-2", "sentinel-1", ... where it is known from names or metadata, else None.
        units: what the numbers are, e.g. "digital number".
        offset: what is subtracted from every reflectance (0 or 1000).
        sources: names of the files that pixels come from, for run.json; `files` has all files, with their folders.
        n_bytes: size of the source files, bytes.
        field_files: field files that belong to this tile.
    """

    name: str
    geobox: GeoBox
    dates: tuple[dt.date, ...]
    bands: tuple[str, ...]
    mask_bands: tuple[str, ...]
    dtype: np.dtype[np.generic]
    block_shape: tuple[int, int]
    sensor: str | None
    units: str
    offset: float
    sources: tuple[str, ...]
    n_bytes: int
    field_files: FieldFiles

    @property
    def clear_expression(self) -> str:
        """What makes a pixel clear besides valid values, as `--clear` takes it; "" for nothing."""
        return ""

    @property
    def backscatter_unit(self) -> str:
        """What the numbers of radar bands are: "decibel" or "unknown"; "" where there are none."""
        return ""

    def dates_with(self, band: str) -> tuple[dt.date, ...]:
        """Return the days that have an image of a band; on the others its values are missing."""
        return self.dates

    def dates_by_file(self, dates: Sequence[int]) -> list[list[int]]:
        """Group positions in `dates` so that no file holds dates of two groups: read apart, they decode nothing twice."""
        return [list(dates)]

    @property
    def is_remote(self) -> bool:
        """Whether pixels come from the network."""
        return False

    @abstractmethod
    def read(
        self,
        window: Window,
        *,
        dates: Sequence[int] | None = None,
        bands: Sequence[str] | None = None,
        memory: npt.NDArray[np.generic] | None = None,
    ) -> PixelBlock:
        """Read one window, which must lie inside the grid.

        Args:
            window: rows and columns of `geobox`.
            dates: positions in `dates` (default: all).
            bands: names out of `bands` (default: all).
            memory: (n,) of `dtype`, where the image may be laid if it fits; fresh memory costs the time of clearing it. The
                block then holds until the same memory is given again.

        Raises:
            UnreadableFileError: a file is damaged; it is named.
        """

    def files(self) -> list[Path]:
        """Return the absolute paths of every file that the tile is read from, in order; see `Imagery.files`."""
        beside = (self.field_files.field_ids, self.field_files.labels, self.field_files.vector)
        return sorted(path.absolute() for path in beside if path is not None)


@dataclass(frozen=True)
class Imagery:
    """All tiles found at a path.

    Attributes:
        path: what was opened.
        layout: "cv4a", "files", "chips", "cube", "stac" or "memory".
        tiles: at least one.
        warnings: what a user should know (a date that lacks a band and was left out, ...).
    """

    path: Path
    layout: str
    tiles: tuple[ImageSeries, ...]
    warnings: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        tiles, dates = len(self.tiles), self.dates
        when = f"{len(dates)} dates from {dates[0]} to {dates[-1]}" if dates else "no dates"
        return f"<Imagery of {tiles} {'tile' if tiles == 1 else 'tiles'} ({self.layout}): {when}; bands {', '.join(self.bands)}>"

    @property
    def is_remote(self) -> bool:
        """Whether pixels of some tile come from the network."""
        return any(tile.is_remote for tile in self.tiles)

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """All days of all tiles, in order."""
        return tuple(sorted({day for tile in self.tiles for day in tile.dates}))

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands that every tile has, in the first tile's order."""
        return tuple(b for b in self.tiles[0].bands if all(b in tile.bands for tile in self.tiles))

    def files(self) -> list[Path]:
        """Return the absolute paths of every file that pixels, masks, dates, offsets or fields come from, each once, in order.

        A Zarr store is its folder, whose chunks may change while the folder itself does not.
        """
        return sorted({path for tile in self.tiles for path in tile.files()})


def merge_warnings(tiles: Sequence[str], warnings: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Join the warnings of all tiles; one that several tiles have is given once, with the tiles' names.

    Args:
        tiles: names of the tiles.
        warnings: of each tile; they may begin with "tile <name>: ".
    """
    tiles_of: dict[str, list[str]] = {}
    for tile, texts in zip(tiles, warnings, strict=True):
        for text in texts:
            tiles_of.setdefault(text.removeprefix(f"tile {tile}: "), []).append(tile)
    original = {text for texts in warnings for text in texts}
    merged = []
    for text, names in tiles_of.items():
        if len(names) > 1:
            shown = ", ".join(names[:_SHOWN])
            merged.append(f"{len(names)} tiles ({shown}{', ...' if len(names) > _SHOWN else ''}): {text}")
        else:
            merged.append(text if text in original else f"tile {names[0]}: {text}")
    return tuple(merged)
