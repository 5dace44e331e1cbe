"""The real commands, where there is no network, and under a tracer of what they open and which addresses they look for."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.base import Base, make_base
from tests.hostile.command import ROOT

WITHOUT_NETWORK = ["unshare", "-rn"]
_OPENED = re.compile(r'(?:open|openat|creat|execve|mkdir|rename|unlink|link|symlink)\w*\([^"]*"([^"]*)"')


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return make_base(tmp_path_factory.mktemp("base"))


def _run(*arguments: object, before: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    import os

    command = [*before, sys.executable, "-m", "cropdetect", *map(str, arguments)]
    home.mkdir(exist_ok=True)
    path = os.pathsep.join([str(ROOT / "src"), os.environ["PATH"]])
    environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment, cwd=home)


def _commands(base: Base, out: Path) -> list[list[object]]:
    return [
        ["info", base.season],
        ["predict", base.season, out, "--checkpoint", base.checkpoint],
        ["report", out],
        ["evaluate", out, out.with_name("scores"), "--reference", base.fields],
    ]


def test_the_commands_need_no_network(base: Base, tmp_path: Path) -> None:
    if shutil.which("unshare") is None or subprocess.run([*WITHOUT_NETWORK, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no right to leave the network")
    for arguments in _commands(base, tmp_path / "out"):
        done = _run(*arguments, before=WITHOUT_NETWORK, home=tmp_path / "home")
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_commands_look_for_no_address_and_touch_no_file_but_their_own(base: Base, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace")
    log, home = tmp_path / "log", tmp_path / "home"
    tracer = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=network,%file", "-o", str(log)]
    own = (str(tmp_path), str(base.season.parent), sys.prefix, sys.base_prefix, str(ROOT))
    system = ("/proc/", "/sys/", "/dev/", "/usr/", "/lib", "/etc/", "/opt/", "/tmp/cropdetect-", "/tmp/tmp", "/bin/", "/var/tmp")
    for arguments in _commands(base, tmp_path / "out"):
        done = _run(*arguments, before=tracer, home=home)
        assert done.returncode == 0, done.stderr
        text = log.read_text("utf-8", "replace")
        assert not re.findall(r".*(?:connect|send\w*)\(.*AF_INET.*", text)
        written = [line for line in text.splitlines() if re.search(r"O_(WRONLY|RDWR|CREAT)|mkdir|rename|unlink", line)]
        elsewhere = [
            name for line in written for name in _OPENED.findall(line) if not name.startswith((*own, "/dev/", "/tmp/", "/proc/"))
        ]
        assert [name for name in elsewhere if name.startswith("/")] == []
        read = [name for name in _OPENED.findall(text) if name.startswith("/") and not name.startswith((*own, *system))]
        assert [name for name in read if Path(name).is_file()] == []
        assert list(home.iterdir()) == []
