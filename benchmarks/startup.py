"""CPU seconds until the command does its work: `--help`, `import cropdetect`, and `predict` until it reads the first chip.

Usage: python benchmarks/startup.py [--quick] [--json]

`predict` reads the example in data/input, whose checkpoint has five members. Each is a process of its own; the median counts.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "data" / "input"
MEMBERS = 5
HELP = """
import contextlib, io, sys
sys.argv = ["cropdetect", "--help"]
from cropdetect.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main()
"""
PREDICT = """
import os, sys, time
from cropdetect.inference import predict
def first(*_):
    print(time.process_time(), flush=True)
    os._exit(0)
sys.modules["cropdetect.inference.predict"].checked_batches = first
sys.argv = ["cropdetect", "predict", {data!r}, {out!r}, "--checkpoint", {checkpoint!r}]
from cropdetect.cli import main
main()
"""


def seconds(code: str, runs: int) -> float:
    """Return the median of what the code prints last, run in new processes."""
    found = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        found.append(float(done.stdout.split()[-1]))
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else 7
    end = "\nimport time; print(time.process_time(), flush=True)"
    with tempfile.TemporaryDirectory() as folder:
        paths = {"data": str(EXAMPLE / "chips"), "out": f"{folder}/out", "checkpoint": str(EXAMPLE / "checkpoint")}
        rows = [
            ("import cropdetect", seconds("import cropdetect" + end, runs), None),
            ("cropdetect --help", seconds(HELP + end, runs), 0.3),
            (f"predict until the first chip, {MEMBERS} members", seconds(PREDICT.format(**paths), runs), 1.5 + 0.1 * MEMBERS),
        ]
    for work, ours, goal in rows:
        beside = "goal" if goal else ""
        one = {"work": work, "ours": ours, "unit": "CPU s", "beside": beside, "theirs": goal, "peak_memory_mb": None}
        print(json.dumps(one) if arguments.json else f"{work}: {ours:.2f} CPU s" + (f" (goal: {goal:.1f})" if goal else ""))


if __name__ == "__main__":
    main()
