"""What of remote imagery has to be fetched for some windows, and fetching it: each block once, by several threads.

A scene that cannot be fetched is a missing date, which is told. What is there already is not fetched again.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace

from cropdetect.errors import CropDetectError, UnreadableFileError
from cropdetect.imagery.fileseries import FileSeries
from cropdetect.imagery.layers import Acquisition, Layer, PixelReader
from cropdetect.imagery.layouts.stac import THREADS, missing_dates
from cropdetect.imagery.series import Imagery, Window, merge_warnings
from cropdetect.imagery.stores.http import FetchError
from cropdetect.imagery.stores.open_files import close_files
from cropdetect.imagery.stores.partial_copy import Range
from cropdetect.imagery.stores.placed import PlacedReader
from cropdetect.imagery.stores.remote import Block, RemoteRaster
from cropdetect.imagery.stores.resample import Axis, regridder
from cropdetect.imagery.threads import side_by_side
from cropdetect.progress import Progress

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Wanted:
    """What will be read of one tile.

    Attributes:
        steps: positions of the dates.
        bands: names, besides those of the clear mask.
        windows: of the tile's grid.
    """

    steps: Sequence[int]
    bands: Sequence[str]
    windows: Sequence[Window]


@dataclass(frozen=True, eq=False)
class _Scene:
    """What will be fetched of one acquisition of one tile.

    Attributes:
        tile: position of the tile.
        acquisition: the acquisition.
        files: each remote file, with the indexes of its layers and the blocks.
    """

    tile: int
    acquisition: Acquisition
    files: tuple[tuple[RemoteRaster, tuple[int, ...], frozenset[Block]], ...]

    def ranges(self) -> list[tuple[RemoteRaster, list[Range]]]:
        """Return the bytes to fetch of each file."""
        return [(reader, reader.ranges(indexes, sorted(blocks))) for reader, indexes, blocks in self.files]


@dataclass(frozen=True, eq=False)
class Download:
    """What has to be fetched. Made by `plan_download`.

    Attributes:
        imagery: the remote imagery.
        scenes: that are needed, with what is needed of each.
    """

    imagery: Imagery
    scenes: tuple[_Scene, ...]

    def size(self) -> tuple[int, int]:
        """Return the bytes of all blocks that are needed, and of those that are not in the cache yet.

        Headers are fetched where they are not there; a scene whose header cannot be fetched does not count.
        """
        whole = left = 0
        with side_by_side(THREADS) as pool:
            for scene in pool.map(_sizes, self.scenes):
                whole, left = whole + scene[0], left + scene[1]
        return whole, left

    def run(self) -> Imagery:
        """Fetch what is not in the cache, and return imagery that is read from there.

        Returns:
            Imagery without the scenes that could not be fetched; a warning names them. Pixels of blocks that are not needed
            have no value.

        Raises:
            FetchError: no scene could be fetched.
            DiskFullError: the disk has no room.
        """
        failures: dict[int, CropDetectError] = {}
        whole, left = self.size()
        days = {scene.acquisition.date for scene in self.scenes}
        with side_by_side(THREADS) as pool, Progress("fetching", -(-left // _MEGABYTE), "MB") as progress:
            tasks = {pool.submit(_fetch, scene): scene for scene in self.scenes}
            done: dict[object, int] = defaultdict(int)
            fetched = told = 0
            for task in as_completed(tasks):
                scene = tasks[task]
                try:
                    fetched += task.result()
                except (FetchError, UnreadableFileError) as error:
                    failures[id(scene)] = error
                done[scene.acquisition.date] += 1
                progress.advance(fetched // _MEGABYTE - told, f"{len(done)} of {len(days)} dates")
                told = fetched // _MEGABYTE
        close_files()
        if failures and len(failures) == len(self.scenes):
            raise next(iter(failures.values()))
        return self._local(failures, whole)

    def as_it_is(self) -> Imagery:
        """Return imagery that is read from the cache as it is: pixels that are not there have no value."""
        return self._local({}, self.size()[0])

    def _local(self, failures: Mapping[int, CropDetectError], size: int) -> Imagery:
        """Return the imagery without failed scenes, read from the cache."""
        failed = [scene for scene in self.scenes if id(scene) in failures]
        left_out = {(scene.tile, id(scene.acquisition)) for scene in failed}
        named = {f"{scene.acquisition.date} ({_name(scene.acquisition)})": failures[id(scene)] for scene in failed}
        tiles = []
        for number, tile in enumerate(self.imagery.tiles):
            if not isinstance(tile, FileSeries) or not tile.is_remote:
                tiles.append(tile)
                continue
            kept = [one for one in tile.acquisitions if (number, id(one)) not in left_out]
            if not kept:
                continue
            share = size // len(self.imagery.tiles)
            days = tuple(sorted({one.date for one in kept}))
            tiles.append(replace(tile, acquisitions=tuple(map(_complete, kept)), dates=days, n_bytes=share))
        warnings = merge_warnings([""], [missing_dates(named)])
        return replace(self.imagery, tiles=tuple(tiles), warnings=(*self.imagery.warnings, *warnings))


def plan_download(imagery: Imagery, wanted: Sequence[Wanted]) -> Download:
    """Return what has to be fetched of imagery.

    Args:
        imagery: remote imagery, not read yet.
        wanted: what will be read of each tile.
    """
    scenes: list[_Scene] = []
    for number, (tile, needs) in enumerate(zip(imagery.tiles, wanted, strict=True)):
        if isinstance(tile, FileSeries) and tile.is_remote and needs.windows:
            scenes += _scenes(number, tile, needs)
    return Download(imagery, tuple(scenes))


def _scenes(number: int, tile: FileSeries, needs: Wanted) -> Iterator[_Scene]:
    days = {tile.dates[step] for step in needs.steps}
    names = tuple(dict.fromkeys((*needs.bands, *tile.mask_bands)))
    known: dict[object, frozenset[Block]] = {}  # how a file's grid lies on the tile's -> the blocks
    for acquisition in tile.acquisitions:
        if acquisition.date not in days:
            continue
        layers: dict[int, list[Layer]] = defaultdict(list)
        for name in names:
            if name in acquisition.layers:
                layers[id(acquisition.layers[name].reader)].append(acquisition.layers[name])
        files = []
        for same in layers.values():
            reader, indexes = _remote(same[0].reader), tuple(layer.index for layer in same)
            if reader is None:
                continue
            key = same[0].axes, reader.geobox, reader.block_shape, reader.south_up, _shift(same[0].reader)
            if key not in known:
                known[key] = frozenset(_blocks(same[0], reader, needs.windows))
            if known[key]:
                files.append((reader, indexes, known[key]))
        if files:
            yield _Scene(number, acquisition, tuple(files))


def _remote(reader: PixelReader) -> RemoteRaster | None:
    inner = reader.inner if isinstance(reader, PlacedReader) else reader
    return inner if isinstance(inner, RemoteRaster) else None


def _shift(reader: PixelReader) -> tuple[int, int]:
    return (reader.down, reader.right) if isinstance(reader, PlacedReader) else (0, 0)


def _blocks(layer: Layer, reader: RemoteRaster, windows: Sequence[Window]) -> Iterator[Block]:
    """Yield the blocks of a file that some windows of the tile need, as `read_layers` reads them."""
    for window in windows:
        source = window if layer.axes is None else _source(layer.axes, window)
        if isinstance(layer.reader, PlacedReader):
            part = layer.reader.within(source)
            if part is None:
                continue
            source = part
        yield from reader.blocks(source)


def _source(axes: tuple[Axis, Axis], window: Window) -> Window:
    plan = regridder(*axes, (window.top, window.left, window.bottom, window.right))
    (top, bottom), (left, right) = plan.rows, plan.columns
    return Window(top, left, bottom, right)


def _sizes(scene: _Scene) -> tuple[int, int]:
    try:
        found = [(reader.copy, ranges) for reader, ranges in scene.ranges()]
        return sum(copy.whole_bytes(ranges) for copy, ranges in found), sum(copy.missing_bytes(ranges) for copy, ranges in found)
    except (FetchError, UnreadableFileError):
        return 0, 0


def _fetch(scene: _Scene) -> int:
    """Fetch what is missing of a scene; return its bytes."""
    fetched = 0
    for reader, ranges in scene.ranges():
        missing = reader.copy.missing_bytes(ranges)
        reader.copy.ensure(ranges)
        fetched += missing
    return fetched


def _complete(acquisition: Acquisition) -> Acquisition:
    """Return an acquisition that reads only what was fetched."""
    readers: dict[int, PixelReader] = {}
    for layer in acquisition.layers.values():
        readers.setdefault(id(layer.reader), _completed(layer.reader))
    layers = {name: replace(layer, reader=readers[id(layer.reader)]) for name, layer in acquisition.layers.items()}
    return replace(acquisition, layers=layers)


def _completed(reader: PixelReader) -> PixelReader:
    if isinstance(reader, PlacedReader):
        return replace(reader, inner=_completed(reader.inner))
    return replace(reader, complete=True) if isinstance(reader, RemoteRaster) else reader


def _name(acquisition: Acquisition) -> str:
    return next(iter({layer.group: None for layer in acquisition.layers.values()}))
