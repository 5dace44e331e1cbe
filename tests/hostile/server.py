"""Runs the command line in a fork of one process that has imported everything: a run costs milliseconds, not seconds.

Reads a request a line from standard input, as JSON (see `command.Command.run`), and answers with a line. Each run has a process
group of its own, limits of memory, files and file sizes, and is killed when its CPU time is over: other work on the machine does
not count. One that waits for nothing is killed after ten times as long by the clock.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from cropdetect import signals
from cropdetect.__main__ import main

_IMPORTED = (
    "cropdetect.api",
    "cropdetect.cli",
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
_PATIENCE = 10  # seconds by the clock for each of CPU time
_TO_END = 60.0  # seconds that processes have which a command has begun
_SET_CHILD_SUBREAPER = 36  # prctl(2)
_CAPABILITIES_VERSION, _OVERRIDE_AND_READ_ALL = 0x20080522, 0b110  # capset(2): CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_NEVER = (
    *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"),
    *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pty.spawn", "pickle.find_class"),
)


def serve() -> None:
    """Answer requests until standard input ends."""
    for name in (*_IMPORTED, *sys.argv[1:]):
        importlib.import_module(name)
    if sys.platform == "linux":  # what a command leaves behind becomes a child of this process
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


def _run(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a command line, once or several times at once; return how each run ended."""
    before = _memory("VmHWM")
    runs = [_Run(request, out, err) for out, err in request["streams"]]
    while any(run.status is None for run in runs):
        for run in runs:
            run.signal()
        _reap(runs)
        time.sleep(0.002)
    left = _left_behind(runs)
    return [run.ended(before) | {"left": left} for run in runs]


class _Run:
    """One run of a command line, in a process and a session of its own."""

    def __init__(self, request: dict[str, Any], out: str, err: str) -> None:
        self.started, self.status, self.usage = time.monotonic(), None, None
        self._due = sorted([*request["signals"], [request["seconds"] * _PATIENCE, None]])
        self._to_group, self._over = request["to_group"], False
        signal.pthread_sigmask(signal.SIG_BLOCK, signals.STOPPING)  # until the command can take them
        self.process = os.fork()
        if self.process == 0:
            _be_the_command(request, out, err)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.STOPPING)

    def signal(self) -> None:
        """Send the signals that are due; None is the end of its time."""
        while self.status is None and self._due and time.monotonic() - self.started >= self._due[0][0]:
            _, number = self._due.pop(0)
            self._over = number is None
            with contextlib.suppress(ProcessLookupError):
                if self._over or self._to_group:
                    os.killpg(self.process, signal.SIGKILL if self._over else number)
                else:
                    os.kill(self.process, number)

    def ended(self, before: float) -> dict[str, Any]:
        """Say how it ended."""
        assert self.status is not None
        assert self.usage is not None
        code = os.waitstatus_to_exitcode(self.status)
        return {
            "code": None if self._over or code == -signal.SIGXCPU else code,
            "seconds": self.seconds,
            "megabytes": max(0.0, self.usage.ru_maxrss / 1024 - before),
        }


def _reap(runs: list[_Run]) -> bool:
    """Take the processes that have ended; return whether there are others."""
    while True:
        try:
            process, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if process == 0:
            return True
        for run in runs:
            if run.process == process:
                run.status, run.usage, run.seconds = status, usage, time.monotonic() - run.started


def _left_behind(runs: list[_Run]) -> list[str]:
    """Return the command lines of processes that outlive the command that began them by some seconds, and end these."""
    deadline = time.monotonic() + _TO_END
    while (others := _reap(runs)) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = []
    while others:
        for child in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            left.append(Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")[:200])
            os.kill(int(child), signal.SIGKILL)
        time.sleep(0.02)
        others = _reap(runs)
    return left


def _be_the_command(request: dict[str, Any], out: str, err: str) -> None:
    code = 1
    try:
        os.setsid()
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        for number, (name, closed) in enumerate(zip((os.devnull, out, err), request["closed"], strict=True)):
            _lead(number, name, closed)
        sys.stdout, sys.stderr = (_text(number) for number in (1, 2))
        for one in signals.STOPPING:  # also where these tests run in the background of a shell, or with `nohup`
            signal.signal(one, signal.SIG_DFL)
        if request["as_usual_user"]:
            lose_rights()
        most = math.ceil(request["seconds"])
        resource.setrlimit(resource.RLIMIT_CPU, (most, most + 60))  # SIGXCPU, then SIGKILL
        _limit(request["limits"])
        sys.addaudithook(_tell)
        sys.argv = ["cropdetect", *request["arguments"]]
        signals.end_at_once()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals.STOPPING)
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


def _lead(number: int, name: str, how: str) -> None:
    """Lead a standard stream to a file, to a pipe that nobody reads, or nowhere."""
    if how == "closed":
        os.close(number)
        return
    if how == "broken":
        reads, target = os.pipe()
        os.close(reads)
    else:
        target = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(target, number)
    os.close(target)


def _text(number: int) -> TextIO | None:
    """Return a standard stream as Python opens it, in the encoding of the locale."""
    try:
        os.fstat(number)
    except OSError:
        return None
    return open(number, "w", closefd=False)


def lose_rights() -> None:
    """Take from root what lets it read and write everything."""
    if os.geteuid() == 0 and sys.platform == "linux":
        libc, header = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
        sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
        assert libc.capget(header, sets) == 0
        sets[0] &= ~_OVERRIDE_AND_READ_ALL
        assert libc.capset(header, sets) == 0


def _tell(event: str, arguments: tuple[Any, ...]) -> None:
    """Say on standard error where Python goes to the network, starts a program, or loads a pickle."""
    if event in _NEVER and not (event == "socket.connect" and isinstance(arguments[1], str)):
        with contextlib.suppress(OSError):  # nobody reads
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
