"""What a layout is: it recognises a user's folder or file, and says which tiles lie there."""

import datetime as dt
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import geopandas as gpd

from cropdetect.imagery.clear import Condition
from cropdetect.imagery.layers import FoundTile

SEE_LAYOUTS = "docs/data.md says what can be given; add --layouts to cropdetect info to see how folders of imagery may look."


@dataclass(frozen=True, eq=False)
class Search:
    """Which images of a STAC catalogue are wanted.

    Attributes:
        first: day, and
        last: day of the images; None: not said.
        max_cloud: percent, from which on scenes are left out.
        places: (EPSG:4326) outlines of the fields; None where there are none.
        cache: folder that keeps what is fetched; None: the user's cache folder.
    """

    first: dt.date | None = None
    last: dt.date | None = None
    max_cloud: float | None = None
    places: gpd.GeoSeries | None = None
    cache: Path | None = None


@dataclass(frozen=True)
class OpenOptions:
    """What the user said in `open_imagery`; None is the default.

    Attributes:
        root: the folder that the user named; sidecar files are looked for up to it.
        pattern: regular expression with the groups date, band, tile.
        date: day of images whose names tell none.
        resolution: pixel size, units of the CRS.
        clear: conditions of a clear pixel.
        offset: what is taken off every reflectance.
        bands: names of the bands to use.
        band_names: old name -> new name of bands.
        search: which images of a STAC catalogue are wanted.
        memory: megabytes that one stored chunk may take when it is read.
    """

    root: Path
    pattern: re.Pattern[str] | None = None
    date: dt.date | None = None
    resolution: float | None = None
    clear: tuple[Condition, ...] | None = None
    offset: float | None = None
    bands: tuple[str, ...] | None = None
    band_names: Mapping[str, str] = field(default_factory=dict)
    search: Search = field(default_factory=Search)
    memory: int = 512

    @property
    def pattern_tells_tiles(self) -> bool:
        """Whether the pattern names tiles, so that folders do not."""
        return self.pattern is not None and "tile" in self.pattern.groupindex


class Layout(ABC):
    """One way in which imagery lies on disk. A new one is a file with a subclass, and its place in `LAYOUTS`.

    Attributes:
        name: what `Imagery.layout` is, e.g. "cv4a".
        description: one line: a heading of docs/imagery.md.
        tree: how such a folder looks: shown in docs/imagery.md and by `cropdetect info --layouts`.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    tree: ClassVar[str]

    @abstractmethod
    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """Whether `path`, which exists, is of this layout; from names alone, without opening files."""

    @abstractmethod
    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """Return the tiles at a `path` that this layout recognises, at least one; from the headers of files only.

        Raises:
            UnknownLayoutError: no image can be used; it says why.
            UnreadableFileError: a file is damaged.
            UnsafePathError: a file leads elsewhere.
            GridError: a file has no usable grid.
        """
