"""What the measuring scripts share: CPU seconds and memory of a process of its own, and the rows that they print."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One measurement beside another of the same run.

    Attributes:
        work: what was done.
        ours: the number.
        unit: of both numbers, e.g. "CPU s" or "fields/CPU s".
        beside: what it is compared with; "" for nothing.
        theirs: its number.
        peak_memory_mb: largest resident memory of the process that did the work.
    """

    work: str
    ours: float
    unit: str
    beside: str = ""
    theirs: float | None = None
    peak_memory_mb: float | None = None


def emit(rows: Sequence[Row], *, as_json: bool) -> None:
    """Print rows: one JSON object a line, or as text."""
    for row in rows:
        if as_json:
            print(json.dumps(asdict(row)), flush=True)
        else:
            beside = "" if row.theirs is None else f"  beside {row.theirs:,.6g} ({row.beside})"
            peak = "" if row.peak_memory_mb is None else f"  {row.peak_memory_mb:,.0f} MB"
            print(f"{row.work:70} {row.ours:12,.6g} {row.unit}{beside}{peak}", flush=True)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_own_process(script: str, *arguments: object) -> dict[str, float]:
    """Run a script with arguments after which it prints one JSON object as its last line, and return that.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-W", "ignore", script, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
