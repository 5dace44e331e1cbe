"""The command line, run as its users run it, within limits, and what came of it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    """

    code: int | None
    out: str
    err: str
    seconds: float
    megabytes: float

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
    """

    def __init__(self, scratch: Path, imported: Sequence[str] = ()) -> None:
        self._scratch = scratch
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.server", *imported],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "ready\n"

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=30)

    def run(
        self,
        *arguments: object,
        seconds: float = 60,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        limits: Mapping[str, int] | None = None,
        without: Path | None = None,
    ) -> Ended:
        """Run a command line.

        Args:
            arguments: of the command.
            seconds: after which it is killed.
            folder: where it runs.
            environment: variables that it has beside the usual ones.
            limits: of the operating system, by name.
            without: an empty folder that is deleted before the command looks at it.
        """
        out, err = self._scratch / "out", self._scratch / "err"
        request = {
            "arguments": list(map(str, arguments)),
            "seconds": seconds,
            "folder": str(folder or self._scratch),
            "environment": dict(environment or {}),
            "limits": dict(limits or {}),
            "without": None if without is None else str(without),
            "out": str(out),
            "err": str(err),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return Ended(**answer, out=out.read_text("utf-8", "replace"), err=err.read_text("utf-8", "replace"))
