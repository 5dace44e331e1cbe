"""The command line, run as its users run it, within limits, and what came of it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: its exit code; below 0 the signal that ended it; None where it was killed because its time was over.
        out: what it printed.
        err: what it said on standard error.
        seconds: how long it took.
        megabytes: memory that it held at most, beyond the imported program.
        left: command lines of the processes that it left behind.
    """

    code: int | None
    out: str
    err: str
    seconds: float
    megabytes: float
    left: Sequence[str] = ()

    @property
    def error(self) -> str | None:
        """Name of the error that it ended with, as scripts match it."""
        lines = [line for line in self.err.splitlines() if not line.startswith("Warning:")]
        names = [line.partition(":")[0] for line in lines]
        return next((name for name in names if name.endswith("Error") and name.isidentifier()), None)


class Command:
    """Runs `cropdetect`. To be used in a `with` block.

    Args:
        scratch: folder for what the commands print.
        imported: modules that the commands need beside the usual ones.
        environment: variables that Python has when it starts, e.g. the locale.
    """

    def __init__(self, scratch: Path, imported: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> None:
        self._scratch = scratch
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.server", *imported],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=120)

    def run(self, *arguments: object, **how: Any) -> Ended:
        """Run a command line; see `run_at_once`."""
        return self.run_at_once(1, *arguments, **how)[0]

    def run_at_once(
        self,
        n: int,
        *arguments: object,
        seconds: float = 120,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Mapping[str, int] | None = None,
        without: Path | None = None,
        signals: Sequence[tuple[float, int]] = (),
        to_group: bool = False,
        as_usual_user: bool = False,
        closed: Sequence[str] = ("", "", ""),
    ) -> list[Ended]:
        """Run the same command line several times at once.

        Args:
            n: how often.
            arguments: of the command.
            seconds: of CPU time, after which it is killed.
            folder: where it runs.
            environment: variables that it has beside the usual ones.
            limits: of the operating system, by name.
            without: an empty folder that is deleted before the command looks at it.
            signals: that it gets, each with the seconds after which it does.
            to_group: also all processes that it has begun get them, as from a terminal.
            as_usual_user: without the rights that root has.
            closed: how each standard stream is not there: "closed", or "broken", a pipe that nobody reads.
        """
        streams = [(self._scratch / f"out{number}", self._scratch / f"err{number}") for number in range(n)]
        for file in (file for pair in streams for file in pair):
            file.write_text("")
        request = {
            "arguments": list(map(str, arguments)),
            "seconds": seconds,
            "folder": str(folder or self._scratch),
            "environment": dict(environment or {}),
            "limits": dict(limits or {}),
            "without": None if without is None else str(without),
            "signals": list(signals),
            "to_group": to_group,
            "as_usual_user": as_usual_user,
            "closed": list(closed),
            "streams": [list(map(str, pair)) for pair in streams],
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answers = json.loads(self._server.stdout.readline())
        texts = [[file.read_text("utf-8", "replace") for file in pair] for pair in streams]
        return [Ended(**answer, out=out, err=err) for answer, (out, err) in zip(answers, texts, strict=True)]
