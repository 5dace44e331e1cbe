import errno
import os
import resource
import subprocess
import time

import pytest

from cropdetect.errors import DiskFullError
from cropdetect.formats import RunRecord
from cropdetect.outputs import write, write_outputs

FILES = ["crop_map.tif", "fields.gpkg", "fields.parquet", "predictions.csv", "run.json"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def written(predictions, run, grid):
    def write_to(out, given=predictions, imagery=None, **options):
        return write_outputs(given, out, run=run, imagery=imagery or grid(), fields=None, **options)

    return write_to


def test_all_files_appear_and_nothing_else(written, tmp_path):
    files = written(tmp_path / "new" / "out")
    assert sorted(file.name for file in files) == FILES
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == FILES


def test_the_run_is_what_run_json_holds(written, run, tmp_path):
    written(tmp_path)
    assert RunRecord.model_validate_json((tmp_path / "run.json").read_bytes()) == run


def test_the_same_answer_gives_the_same_bytes(written, tmp_path):
    written(tmp_path / "a", submission=True)
    time.sleep(1.1)  # a GeoPackage counts seconds
    written(tmp_path / "b", submission=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_files_of_an_earlier_run_do_not_stay_beside_new_ones(written, grid, tmp_path):
    written(tmp_path, imagery=grid(tiles=("1", "2")), submission=True)
    (tmp_path / "notes.txt").write_text("the user's own")
    written(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "notes.txt"])


def test_the_state_of_a_prediction_is_left_alone(written, tmp_path):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "state.json").write_text("{}")
    written(tmp_path)
    assert [path.name for path in (tmp_path / ".partial").iterdir()] == ["state.json"]


@pytest.mark.parametrize("step", ["write_geoparquet", "write_geopackage", "write_csv", "write_crop_maps"])
def test_a_full_disk_leaves_the_folder_as_it_was(written, tmp_path, monkeypatch, step):
    written(tmp_path)
    before = contents(tmp_path)

    def full(table, path, *others):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write, step, full)
    with pytest.raises(DiskFullError):
        written(tmp_path, min_confidence=0.9)
    assert contents(tmp_path) == before
    assert not (tmp_path / ".partial").exists()


@pytest.mark.parametrize("kilobytes", [1, 8, 60, 90])
def test_a_limit_on_file_sizes_is_told_as_a_full_disk(written, grid, tmp_path, kilobytes):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
    try:
        with pytest.raises(DiskFullError):
            written(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("kilobytes", [4, 40, 120, 132, 140, 160])
def test_a_disk_that_is_really_full_is_named(written, grid, many_predictions, tmp_path, kilobytes):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small disk")
    try:
        with pytest.raises(DiskFullError):
            written(disk / "out", imagery=grid(2000, 2000), given=_noise(many_predictions))
        assert contents(disk / "out") == {}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _noise(many_predictions):
    import numpy as np
    from shapely import box

    random = np.random.default_rng(0)
    squares = [box(600_000 + x, 50_000 - y, 600_030 + x, 50_030 - y) for x, y in random.integers(0, 20_000, (400, 2))]
    return many_predictions(squares, np.eye(3)[random.integers(0, 3, 400)])
