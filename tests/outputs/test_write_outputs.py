import os
import resource
import subprocess
import time

import numpy as np
import pytest
from shapely import box

from cropdetect.errors import DiskFullError
from cropdetect.formats import PredictionRun
from cropdetect.outputs import write_outputs

FILES = ["code_list.csv", "crop_map.qml", "crop_map.tif", "crop_map.tif.aux.xml", "fields.gpkg", "fields.parquet"]
FILES += ["predictions.csv", "report.html", "run.json", "stac-item.json"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def written(predictions, run, grid):
    def write_to(out, given=predictions, imagery=None, **options):
        return write_outputs(given, out, run=run, imagery=imagery or grid(), fields=None, **options)

    return write_to


def test_all_files_appear_and_nothing_else(written, tmp_path):
    written(tmp_path / "new" / "out")
    assert sorted(path.name for path in (tmp_path / "new" / "out").iterdir()) == FILES


def test_the_run_is_what_run_json_holds(written, run, tmp_path):
    written(tmp_path)
    assert PredictionRun.model_validate_json((tmp_path / "run.json").read_bytes()) == run


def test_the_same_answer_gives_the_same_bytes(written, tmp_path):
    written(tmp_path / "a", submission=True)
    time.sleep(1.1)  # a GeoPackage counts seconds
    written(tmp_path / "b", submission=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def whole_or_nothing(write_to, out, reference):
    """Write, and tell whether the disk was full; what was written must be whole."""
    try:
        write_to(out)
    except DiskFullError:
        return False
    assert contents(out) == reference
    return True


def test_a_limit_on_file_sizes_is_told_as_a_full_disk(written, tmp_path):
    written(tmp_path / "reference")
    reference, before = contents(tmp_path / "reference"), resource.getrlimit(resource.RLIMIT_FSIZE)
    outcomes = []
    for kilobytes in (1, 10, 20, 60, 70, 90, 200):  # GDAL tells of each in other words, at 90 in none
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
        try:
            outcomes.append(whole_or_nothing(written, tmp_path / str(kilobytes), reference))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert outcomes == [False] * 6 + [True]


def test_a_disk_that_is_really_full_is_named(written, grid, many_predictions, tmp_path):
    random = np.random.default_rng(0)
    squares = [box(600_000 + x, 50_000 - y, 600_330 + x, 50_330 - y) for x, y in random.integers(0, 7000, (150, 2))]
    given = many_predictions(squares, np.eye(3)[random.integers(0, 3, 150)])

    def write_to(out):
        written(out, given=given, imagery=grid(800, 800))

    disk = tmp_path / "disk"
    disk.mkdir()
    write_to(tmp_path / "reference")
    reference = contents(tmp_path / "reference")
    outcomes = []
    for kilobytes in range(16, 720, 64):
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small disk")
        try:
            outcomes.append(whole_or_nothing(write_to, disk / "out", reference))
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    assert outcomes == sorted(outcomes)
    assert True in outcomes
