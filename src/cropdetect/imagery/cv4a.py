"""The folders of the 2020 competition: ``ROOT/0{tile}/{yyyymmdd}/{tile}_{band}_{yyyymmdd}.tif``.

Beside the dates lie ``{tile}_field_id.tif`` and ``{tile}_label.tif``. One tile's folder can be opened as well.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from cropdetect.imagery.assemble import Found
from cropdetect.imagery.bands import SENTINEL2_ORDER
from cropdetect.imagery.fieldfiles import find_field_files
from cropdetect.imagery.layer import Acquisition
from cropdetect.imagery.names import to_date
from cropdetect.imagery.naming import Naming
from cropdetect.imagery.raster import open_raster

NAME = "cv4a"

_BANDS = tuple(name for name in SENTINEL2_ORDER if name != "B10")
_FILE = re.compile(rf"(?P<tile>\d+)_(?P<band>{'|'.join(_BANDS)})_(?P<date>\d{{8}})\.tiff?", re.IGNORECASE)


def recognise(path: Path, naming: Naming) -> bool:
    """Whether `path` is such a folder. A pattern says that it is not."""
    return naming.pattern is None and path.is_dir() and any(_images(date) for _, date in _date_folders(path))


def find(path: Path, naming: Naming) -> list[Found]:
    """Return the tiles at `path`, from file heads only.

    Raises:
        UnreadableFileError: a file is damaged.
    """
    tiles: dict[Path, list[Acquisition]] = {}
    for tile, date in _date_folders(path):
        day = to_date(date.name)
        images = _images(date)
        if day is None or not images:
            continue
        layers = {name: open_raster(images[name]).layers[0] for name in _BANDS if name in images}
        tiles.setdefault(tile, []).append(Acquisition(day, layers))
    return [
        Found(
            name=str(int(tile.name)) if tile != path else "",
            acquisitions=tuple(acquisitions),
            field_files=find_field_files(path, [tile], tile=str(int(tile.name)) if tile != path else "", alone=len(tiles) == 1),
            sensor="sentinel-2",
        )
        for tile, acquisitions in tiles.items()
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
