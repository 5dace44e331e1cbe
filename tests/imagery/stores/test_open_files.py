import os
import pickle
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cropdetect.errors import UnreadableFileError
from cropdetect.imagery import ImageSeries, Window, open_imagery
from cropdetect.imagery.stores import open_files
from tests.imagery.data import cube, write_cv4a, write_raster

WHOLE = Window(0, 0, 12, 9)


@pytest.fixture(autouse=True)
def _closed() -> None:
    open_files.close_files()


def n_open() -> int:
    return int(open_files._files(open_files._limit()).cache_info().currsize)


def descriptors() -> set[str]:
    """The files that this process has open, by Linux' own account."""
    links = (entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return {str(link.readlink()) for link in links}


def pixels(tile: ImageSeries) -> int:
    """Return the one value that all pixels have."""
    image = tile.read(Window(0, 0, *tile.geobox.shape)).image
    assert image.min() == image.max()
    return int(image.max())


def write(kind: str, path: Path, value: int, shape: tuple[int, int] = (12, 9)) -> Path:
    """Write a folder with one image of two dates."""
    image = np.full((2, *shape), value, np.uint16)
    if kind == "tif":
        for day, layer in zip(("20180415", "20180425"), image, strict=True):
            write_raster(path / f"{day}_VV.tif", layer)
    elif kind == "nc":
        path.mkdir(exist_ok=True)
        cube({"VV": image}).to_netcdf(path / "cube.nc", engine="h5netcdf")
    else:
        cube({"VV": image}).to_zarr(path / "cube.zarr", zarr_format=int(kind[-1]), consolidated=False)
    return path


KINDS = ["tif", "nc", "zarr2", "zarr3"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_replaced_is_read_anew_by_the_same_series_and_by_a_new_one(tmp_path: Path, kind: str) -> None:
    folder = write(kind, tmp_path / "season", 5)
    tile = open_imagery(folder).tiles[0]
    assert pixels(tile) == 5
    other = write(kind, tmp_path / "other", 7)
    shutil.rmtree(folder)
    other.rename(folder)
    assert pixels(tile) == 7
    assert pixels(open_imagery(folder).tiles[0]) == 7


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_written_over_in_place_is_read_anew(tmp_path: Path, kind: str) -> None:
    folder = write(kind, tmp_path / "season", 5)
    tile = open_imagery(folder).tiles[0]
    assert pixels(tile) == 5
    shutil.copytree(write(kind, tmp_path / "other", 7), folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    assert pixels(tile) == 7


def test_chunks_that_change_in_place_are_read_anew(tmp_path: Path) -> None:
    folder = write("zarr3", tmp_path / "season", 5)
    tile = open_imagery(folder).tiles[0]
    assert pixels(tile) == 5
    other = write("zarr3", tmp_path / "other", 7)
    for chunk in (other / "cube.zarr" / "VV" / "c").rglob("*"):
        if chunk.is_file():
            shutil.copyfile(chunk, folder / chunk.relative_to(other))
    assert pixels(tile) == 7


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(10, 9), (20, 20)])
def test_a_file_that_is_replaced_by_one_of_another_size_is_an_error(tmp_path: Path, kind: str, shape: tuple[int, int]) -> None:
    folder = write(kind, tmp_path / "season", 5)
    tile = open_imagery(folder).tiles[0]
    assert pixels(tile) == 5
    other = write(kind, tmp_path / "other", 7, shape)
    shutil.rmtree(folder)
    other.rename(folder)
    with pytest.raises(UnreadableFileError, match="another size"):
        tile.read(Window(0, 0, 5, 5))
    assert open_imagery(folder).tiles[0].geobox.shape == shape


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_gone_is_named(tmp_path: Path, kind: str) -> None:
    tile = open_imagery(write(kind, tmp_path / "season", 5)).tiles[0]
    assert pixels(tile) == 5
    shutil.rmtree(tmp_path / "season")
    with pytest.raises(UnreadableFileError, match=r"season.*gone"):
        tile.read(WHOLE)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux tells which files are open")
def test_opening_keeps_no_file_open_and_reading_opens_what_it_needs(tmp_path: Path) -> None:
    tile = open_imagery(write_cv4a(tmp_path)).tiles[0]
    assert n_open() == 0
    tile.read(Window(0, 0, 5, 5), dates=[0], bands=["B04"])
    ours = sorted(Path(name).name for name in descriptors() if name.startswith(str(tmp_path)))
    assert ours == ["0_B04_20190606.tif", "0_CLD_20190606.tif"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="Linux tells which files are open")
@pytest.mark.parametrize("kind", KINDS[:2])
def test_the_old_file_is_closed_when_the_new_one_is_opened(tmp_path: Path, kind: str) -> None:
    folder = write(kind, tmp_path / "season", 5)
    tile = open_imagery(folder).tiles[0]
    pixels(tile)
    other = write(kind, tmp_path / "other", 7)
    shutil.rmtree(folder)
    other.rename(folder)
    pixels(tile)
    assert not [name for name in descriptors() if "deleted" in name and str(tmp_path) in name]


MANY = """
import resource, sys, threading
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from cropdetect.imagery import Window, open_imagery
tile = open_imagery(sys.argv[1]).tiles[0]
wrong = []
def read():
    image = tile.read(Window(0, 0, 2, 2)).image
    wrong.append([int(v) for v in image[:, 0, 0, 0]] != [1 + number % 5 for number in range(len(tile.dates))])
threads = [threading.Thread(target=read) for _ in range(3)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(tile.dates), len(wrong), any(wrong))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
def test_thousands_of_files_are_read_by_several_threads_at_the_usual_limit_of_open_files(tmp_path: Path) -> None:
    days = np.arange("2016-01-01", "2019-08-01", dtype="datetime64[D]")
    assert len(days) > 1300
    images = [write_raster(tmp_path / f"{value}.tif", np.full((2, 2), value, np.uint16)) for value in range(1, 6)]
    (tmp_path / "season").mkdir()
    for number, day in enumerate(days):
        shutil.copyfile(images[number % 5], tmp_path / "season" / f"{day}_VV.tif")
    run = subprocess.run([sys.executable, "-c", MANY, str(tmp_path / "season")], capture_output=True, text=True, check=False)
    assert run.stdout.split() == [str(len(days)), "3", "False"], run.stderr[-2000:]


def test_threads_read_the_same_file_at_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(1, 60_000, (600, 600)).astype(np.uint16)
    write_raster(tmp_path / "20180415_VV.tif", image, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    tile = open_imagery(tmp_path).tiles[0]
    wrong: list[Window] = []
    together = threading.Barrier(4)

    def read(seed: int) -> None:
        together.wait()
        places = np.random.default_rng(seed).integers(0, 500, (40, 2))
        for top, left in places.tolist():
            window = Window(top, left, top + 90, left + 90)
            if not np.array_equal(tile.read(window).image[0, 0], image[top : top + 90, left : left + 90]):
                wrong.append(window)
        together.wait()

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert n_open() == 4  # one a thread


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_can_be_sent_to_another_process(tmp_path: Path, kind: str) -> None:
    tile = open_imagery(write(kind, tmp_path / "season", 5)).tiles[0]
    pixels(tile)
    assert pixels(pickle.loads(pickle.dumps(tile))) == 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_opens_its_own_files(tmp_path: Path) -> None:
    tile = open_imagery(write_cv4a(tmp_path)).tiles[0]
    tile.read(WHOLE)
    assert n_open() > 0
    child = os.fork()
    if child == 0:
        os._exit(n_open())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_system_without_limits_of_open_files_has_a_limit_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert 16 <= open_files._limit() <= 512
