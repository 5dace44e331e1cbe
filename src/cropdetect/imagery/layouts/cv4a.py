"""The folders of the 2020 competition: ``ROOT/0{tile}/{yyyymmdd}/{tile}_{band}_{yyyymmdd}.tif``.

``{tile}_field_id.tif`` and ``{tile}_label.tif`` lie beside the folders of the dates. The folder of one tile can be opened, too.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from cropdetect.imagery.bands import COMPETITION_BANDS
from cropdetect.imagery.dates import parse_date
from cropdetect.imagery.layers import Acquisition, FoundTile
from cropdetect.imagery.layouts.folders import find_field_files, paths_with, some_names
from cropdetect.imagery.layouts.layout import Layout, OpenOptions
from cropdetect.imagery.stores.rasters import read_header

_SUFFIXES = (".tif", ".tiff", ".jp2")
_FILE = re.compile(rf"(?P<tile>\d+)_(?P<band>{'|'.join(COMPETITION_BANDS)})_(?P<date>\d{{8}})\.tiff?", re.IGNORECASE)


class CompetitionFolders(Layout):
    """See the module."""

    name = "cv4a"
    description = "The folders of the CV4A competition"
    tree = """ROOT/
├── 00/
│   ├── 20190606/
│   │   ├── 0_B01_20190606.tif
│   │   └── 0_CLD_20190606.tif
│   ├── 0_field_id.tif
│   └── 0_label.tif
└── 01/ ..."""

    def recognises(self, path: Path, options: OpenOptions) -> bool:
        """See `Layout.recognises`. A user's pattern rules it out."""
        return options.pattern is None and path.is_dir() and any(_images(date) for _, date in _date_folders(path))

    def find(self, path: Path, options: OpenOptions) -> list[FoundTile]:
        """See `Layout.find`."""
        tiles: dict[Path, list[Acquisition]] = {}
        empty: list[str] = []
        others: list[str] = []
        for tile, date in _date_folders(path):
            day = parse_date(date.name)
            images = _images(date)
            if day is None or not images:
                empty.append(date.relative_to(path).as_posix())
                continue
            others += sorted(file.name for file in paths_with(date, _SUFFIXES) if file not in images.values())
            layers = {
                name: replace(read_header(images[name])[0], band=name, date=day) for name in COMPETITION_BANDS if name in images
            }
            tiles.setdefault(tile, []).append(Acquisition(day, layers))
        warnings = [
            f"{len(names)} {what} are left out: {some_names(names)}"
            for what, names in (
                ("folders without a day, or without images of it,", empty),
                ("images whose names are not of the form TILE_BAND_DATE.tif", others),
            )
            if names
        ]
        names = {tile: str(int(tile.name)) if tile != path else "" for tile in tiles}
        return [
            FoundTile(
                name=names[tile],
                acquisitions=tuple(acquisitions),
                field_files=find_field_files(path, [tile], tile=names[tile], alone=len(tiles) == 1),
                sensor="sentinel-2",
                warnings=tuple(warnings) if number == 0 else (),
            )
            for number, (tile, acquisitions) in enumerate(tiles.items())
        ]


def _date_folders(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (tile folder, date folder) in order."""
    tiles = [folder for folder in sorted(path.iterdir()) if re.fullmatch(r"\d{1,4}", folder.name) and folder.is_dir()]
    for tile in tiles or [path]:
        for date in sorted(tile.iterdir()):
            if re.fullmatch(r"\d{8}", date.name) and date.is_dir():
                yield tile, date


def _images(date: Path) -> dict[str, Path]:
    """Return band -> file of a date's folder."""
    matches = ((_FILE.fullmatch(file.name), file) for file in sorted(date.iterdir()))
    return {match["band"].upper(): file for match, file in matches if match and match["date"] == date.name}
