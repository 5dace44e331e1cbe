"""Simulate a season of the competition's full size; count seconds and memory of all its processes.

Usage: python benchmarks/simulation_speed.py [--small] [--workers N] [--out FOLDER]

Needs 8 GB of disk and about 11 minutes of CPU time (--small: one tile of 1000 x 1000 pixels). Memory is the sum over the process
tree of proportional set sizes (pages that processes share count once), looked at five times a second; Linux only.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FULL = {"tiles": 4, "height": 3035, "width": 2016, "fields": 4688}
SMALL = {"tiles": 1, "height": 1000, "width": 1000, "fields": 700}
_EVERY = 0.2  # seconds

_CODE = """
import json, sys
from pathlib import Path
from cropdetect import api
api.simulate(Path(sys.argv[1]), **json.loads(sys.argv[2]))
"""


def tree(root: int) -> list[int]:
    """Return a process and all below it."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def memory(process: int) -> int:
    """Return the proportional set size, bytes; 0 where the process has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="one tile of 1000 x 1000 pixels, 700 fields")
    parser.add_argument("--workers", type=int, default=None, help="processes (default: one a CPU)")
    parser.add_argument("--out", type=Path, default=None, help="folder to keep the season in")
    arguments = parser.parse_args()
    size = SMALL if arguments.small else FULL
    scratch = Path(tempfile.mkdtemp())
    out = arguments.out or scratch / "season"
    options = {**size, "workers": arguments.workers, "overwrite": True}

    start = time.monotonic()
    running = subprocess.Popen([sys.executable, "-c", _CODE, str(out), json.dumps(options)])
    peak = most = 0
    while running.poll() is None:
        processes = tree(running.pid)
        peak, most = max(peak, sum(map(memory, processes))), max(most, len(processes))
        time.sleep(_EVERY)
    wall = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    written = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    shutil.rmtree(scratch, ignore_errors=True)
    if running.returncode:
        sys.exit(running.returncode)
    print(f"{size}, {os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the end")
    print(f"{written / 1e9:.1f} GB written; wall {wall:.0f} s; CPU {used.ru_utime:.0f} s user, {used.ru_stime:.0f} s system")
    print(f"peak memory {peak / 2**20:.0f} MiB, summed over at most {most} processes")


if __name__ == "__main__":
    main()
