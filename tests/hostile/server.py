"""Runs the command line in a fork of one process that has imported everything: a run costs milliseconds, not seconds.

Reads a request a line from standard input, as JSON (see `command.Command.run`), and answers with a line. Each run has a process
group of its own, limits of memory, CPU time, files and file sizes, and is killed when its time is over.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_IMPORTED = (
    "cropdetect.api",
    "cropdetect.chips.open",
    "cropdetect.fields",
    "cropdetect.inference",
    "cropdetect.outputs",
    "cropdetect.outputs.report",
    "cropdetect.simulation",
    "h5netcdf",
    "h5py",
    "onnxruntime",
    "rich.progress",
    "scipy.io",
    "xarray.backends.zarr",
)
_NEVER = (
    *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"),
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn", "pickle.find_class"),
)


def serve() -> None:
    """Answer requests until standard input ends."""
    for name in (*_IMPORTED, *sys.argv[1:]):
        importlib.import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(request: dict[str, Any]) -> dict[str, Any]:
    before, started = _memory("VmHWM"), time.monotonic()
    child = os.fork()
    if child == 0:
        _be_the_command(request)
    ended, status, usage = _wait(child, request["seconds"])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it may have started
    return {
        "code": os.waitstatus_to_exitcode(status) if ended else None,
        "seconds": time.monotonic() - started,
        "megabytes": max(0.0, usage.ru_maxrss / 1024 - before),
    }


def _wait(child: int, seconds: float) -> tuple[bool, int, Any]:
    """Wait for a process; return whether it ended by itself, its status, and what it used."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status, usage = os.wait4(child, os.WNOHANG)
        if done:
            return True, status, usage
        time.sleep(0.005)
    os.killpg(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    return False, status, usage


def _be_the_command(request: dict[str, Any]) -> None:
    code = 1
    try:
        os.setsid()
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        null = os.open(os.devnull, os.O_RDONLY)
        written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for number, source in enumerate((null, os.open(request["out"], written), os.open(request["err"], written))):
            os.dup2(source, number)
        sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
        _limit(request["limits"])
        sys.addaudithook(_tell)
        sys.argv = ["cropdetect", *request["arguments"]]
        from cropdetect.cli import main

        with _left_out(request["without"]):
            main()
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0 if stop.code is None else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _tell(event: str, arguments: tuple[Any, ...]) -> None:
    """Say on standard error where Python goes to the network, starts a program, or loads a pickle."""
    if event in _NEVER and not (event == "socket.connect" and isinstance(arguments[1], str)):
        print(f"{event} {arguments}", file=sys.__stderr__, flush=True)


def _limit(limits: dict[str, int]) -> None:
    """Set limits by the operating system's names, e.g. RLIMIT_NOFILE; that of memory counts from what is there already."""
    for name, value in limits.items():
        value += int(_memory("VmSize") * 2**20) if name == "RLIMIT_AS" else 0
        resource.setrlimit(getattr(resource, name), (value, value))


@contextlib.contextmanager
def _left_out(folder: str | None) -> Iterator[None]:
    """Delete a folder, which may be the working directory, before the command runs."""
    if folder is not None:
        Path(folder).rmdir()
    yield


def _memory(name: str) -> float:
    """Return a number of this process' memory, megabytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(name)


if __name__ == "__main__":
    serve()
