"""How busy the cores are while imagery is cut and a network predicts.

    python benchmarks/busy_cores.py SEASON --checkpoint CHECKPOINT [--json]

The share of the cores that this process used or wanted: the threads of the process run, or wait for a core that another program
holds (both from Linux' /proc/self/task/*/schedstat), at most all cores at a time. A core that is free while nothing of ours wants
it is idle, whatever the other programs do. Opening and planning before, and output after, are not counted.
"""

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, emit, in_own_process, peak_memory_mb

INTERVAL = 0.25  # seconds between two looks; the wait for a core is told when it ends, and is seldom longer
NANOSECONDS = 1e9


def wanted() -> dict[str, float]:
    """Return the seconds that each thread of this process, but the calling one, has run or waited for a core."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        if task.name != str(threading.get_native_id()):
            try:
                ran, waited, _ = map(int, (task / "schedstat").read_text("ascii").split())
            except OSError:  # it has ended
                continue
            found[task.name] = (ran + waited) / NANOSECONDS
    return found


class Watch:
    """Looks at the threads again and again.

    Attributes:
        wall: seconds.
        busy: seconds of all cores together, used or wanted.
    """

    def __init__(self) -> None:
        self.wall = self.busy = 0.0
        self._ended = threading.Event()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch while the block runs."""
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        try:
            yield
        finally:
            self._ended.set()
            watcher.join()

    def _watch(self) -> None:
        cores = len(os.sched_getaffinity(0))
        before, start = wanted(), time.monotonic()
        while not self._ended.wait(INTERVAL):
            now, end = wanted(), time.monotonic()
            seconds = sum(value - before.get(task, 0.0) for task, value in now.items())
            self.busy += min(seconds, cores * (end - start))
            self.wall += end - start
            before, start = now, end


def predicted(season: Path, checkpoint: Path) -> dict[str, float]:
    """Predict in this process, and return how busy it was."""
    from cropdetect.checkpoint import checkpoint_path, read_checkpoint
    from cropdetect.chips import open_data
    from cropdetect.inference import predict_chips
    from cropdetect.options import DataOptions

    trained = read_checkpoint(checkpoint_path(checkpoint))
    opened = open_data(season, DataOptions(chip_size=trained.record.chips.size), trained.record.chips.preset)
    watch = Watch()
    with watch.watching():
        predict_chips(opened.chips, trained)
    cores = len(os.sched_getaffinity(0))
    return {"busy": watch.busy / watch.wall / cores, "chips": len(opened.chips), "peak_memory_mb": peak_memory_mb()}


def measure(season: Path, checkpoint: Path | str) -> Row:
    """Return the row of one prediction in a process of its own."""
    found = in_own_process(__file__, season, "--checkpoint", checkpoint, "--here")
    work = f"imagery with the 2020 network, {found['chips']:,} chips: how busy all cores are"
    return Row(work, 100 * found["busy"], "percent", peak_memory_mb=found["peak_memory_mb"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True, help="of the 2020 network")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(predicted(options.season, options.checkpoint)))
        return
    emit([measure(options.season, options.checkpoint)], as_json=options.json)


if __name__ == "__main__":
    main()
