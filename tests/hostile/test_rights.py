"""Files and folders whose rights deny reading, and a working folder that is gone, end with a named error that says so."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.base import DAYS, Base, make_base

_DROP_FROM_BOUNDING_SET, _OVERRIDE, _READ_SEARCH = 24, 1, 2  # prctl(2), capabilities(7)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="rights and capabilities of Linux")]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("base"))


def as_usual_user() -> None:
    """Take from root, in a new process, what lets it read everything."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        for capability in (_OVERRIDE, _READ_SEARCH):
            libc.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def predict(season: Path, fields: Path, checkpoint: Path, out: Path, **how: object) -> "subprocess.CompletedProcess[str]":
    command = ["predict", season, out, "--fields", fields, "--checkpoint", checkpoint]
    return subprocess.run(
        [sys.executable, "-m", "cropdetect", *map(str, command)], capture_output=True, text=True, preexec_fn=as_usual_user, **how
    )


@pytest.mark.parametrize(
    "hidden", [f"season/{DAYS[0]}/{DAYS[0]}_B04.tif", f"season/{DAYS[0]}", "season", "fields.gpkg", "checkpoint/checkpoint.json"]
)
def test_what_may_not_be_read_is_named_and_nothing_is_written(base: Base, tmp_path: Path, hidden: str) -> None:
    inputs = [base.copy(kind, tmp_path) for kind in ("season", "fields", "checkpoint")]
    path = tmp_path / hidden
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        done = predict(*inputs, tmp_path / "out")
    finally:
        path.chmod(mode)
    assert done.returncode == 2, done.stderr
    assert Path(hidden).name in done.stderr
    assert any(word in done.stderr for word in ("rights", "not readable")), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_working_folder_that_is_gone_is_said(base: Base, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()

    def remove() -> None:
        os.chdir(gone)
        gone.rmdir()

    command = [sys.executable, "-m", "cropdetect", "predict", str(base.season), "out", "--checkpoint", str(base.checkpoint)]
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=remove, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.partition(":")[0] in ("OutputPathError", "InputNotFoundError"), done.stderr
    assert not (tmp_path / "out").exists()
