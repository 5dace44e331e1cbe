"""Let readers of users' files read mutations of good files, and keep those that end in anything but a named error.

usage: fuzz.py [--seconds 60 | --share 0.1] [--guided] [--reader NAME ...] [--jobs 2] [--seed 0] [--keep FOLDER]

Without --seconds every reader reads its number of inputs, which are the same on every machine. With --guided, mutations that
reach new lines of Python are mutated further (Atheris, the extra [fuzz]).
"""

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fuzz.mutations import mutated  # noqa: E402
from tests.fuzz.readers import CORPUS, READERS, outcome  # noqa: E402

MOST_SECONDS, MOST_WAIT, MOST_BYTES = 20, 200, 2**31  # of one input: of a processor, of the clock, of memory
A_CHILD = 500  # inputs that one process reads


@dataclass
class Fuzzed:
    """What a reader did.

    Attributes:
        reader: which one.
        outcomes: "read" or the name of an error -> how many inputs.
        seconds: of a processor.
        finds: the last lines of each kind of find, and its file.
    """

    reader: str
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    finds: dict[str, Path] = field(default_factory=dict)


def fuzz(reader: str, seconds: float | None, seed: int, keep: Path, share: float = 1) -> Fuzzed:
    """Let a reader read mutations, in processes of their own; return what came of it.

    Args:
        reader: which one.
        seconds: of a processor, after which it ends; None: after its number of inputs.
        seed: of everything random.
        keep: folder for the finds, each with what it led to.
        share: of its number of inputs.
    """
    result, draw = Fuzzed(reader), random.Random(f"{reader} {seed}")
    most = round(READERS[reader].inputs * share) if seconds is None else sys.maxsize
    while result.seconds < (seconds or float("inf")) and result.outcomes.total() < most:
        state, folder = draw.getrandbits(64), Path(tempfile.mkdtemp(prefix="fuzz-"))
        child = os.fork()
        if child == 0:
            left = float("inf") if seconds is None else seconds - result.seconds
            try:
                _read_many(reader, state, folder, left, min(A_CHILD, most - result.outcomes.total()))
            finally:
                os._exit(70)  # the process must never go on as a copy of this one
        _, status, used = os.wait4(child, 0)
        result.seconds += used.ru_utime + used.ru_stime
        if (folder / "outcomes").exists():
            result.outcomes.update(json.loads((folder / "outcomes").read_text()))
        if status:
            told = (folder / "told").read_text() if (folder / "told").exists() else f"died of signal {os.WTERMSIG(status)}"
            result.outcomes["find"] += 1
            keep_find(result, folder / "input" / Path(READERS[reader].good).name, told, keep)
        shutil.rmtree(folder, ignore_errors=True)
    return result


def keep_find(result: Fuzzed, file: Path, told: str, keep: Path) -> None:
    """Keep an input and what it led to, once for each kind of end."""
    where = " | ".join(told.strip().splitlines()[-3:])
    if where not in result.finds:
        target = keep / result.reader / f"{random.getrandbits(64):016x}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
        target.with_suffix(".txt").write_text(told)
        result.finds[where] = target
        print(f"{result.reader}: {target}: {where}", flush=True)


def _read_many(reader: str, state: int, folder: Path, seconds: float, most: int) -> None:
    """Read mutations until one is a find; never returns."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MOST_BYTES, size + MOST_BYTES))
    good, draw, code, place, outcomes = CORPUS / READERS[reader].good, random.Random(state), 0, folder / "input", Counter[str]()
    content = good.read_bytes()
    for _ in range(most):
        place.mkdir()
        (place / good.name).write_bytes(mutated(content, good.name, draw))
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
        signal.alarm(MOST_WAIT)
        try:
            outcomes[outcome(reader, place / good.name)] += 1
        except BaseException:
            (folder / "told").write_text(traceback.format_exc())
            code = 1
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        (folder / "outcomes").write_text(json.dumps(outcomes))
        if code or time.process_time() > seconds:
            break
        shutil.rmtree(place)
    os._exit(code)


def guided(reader: str, seconds: float | None, seed: int, keep: Path) -> Fuzzed:
    """Do what `fuzz` does, led by the lines of Python that inputs reach (scripts/fuzz_guided.py)."""
    result, folder = Fuzzed(reader), Path(tempfile.mkdtemp(prefix="fuzz-"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-W", "ignore", str(ROOT / "scripts/fuzz_guided.py"), reader, str(folder), str(seconds or 60)]
    limits = [f"-seed={seed + 1}", f"-timeout={MOST_WAIT}", f"-rss_limit_mb={2 * MOST_BYTES // 2**20}"]
    done = subprocess.run([*command, *limits, f"-artifact_prefix={folder}/ended-"], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if (folder / "outcomes").exists():
        result.outcomes.update(json.loads((folder / "outcomes").read_text()))
    for file in sorted(folder.glob("find-*[!t]")):
        keep_find(result, file, file.with_suffix(".txt").read_text(), keep)
    for file in sorted(folder.glob("ended-*")):
        keep_find(result, file, done.stderr, keep)
    if done.returncode and not result.finds:
        raise RuntimeError(done.stderr[-2000:])
    shutil.rmtree(folder, ignore_errors=True)
    return result


def table(results: list[Fuzzed]) -> str:
    """Return a line a reader: inputs, seconds, finds, how many were read, and what errors said no to the others."""
    lines = [f"{'reader':13} {'inputs':>7} {'CPU s':>7} {'finds':>5}  what became of the inputs"]
    for one in results:
        ends = ", ".join(f"{name} {count}" for name, count in one.outcomes.most_common())
        lines.append(f"{one.reader:13} {one.outcomes.total():7} {one.seconds:7.1f} {len(one.finds):5}  {ends}")
    inputs, seconds = sum(one.outcomes.total() for one in results), sum(one.seconds for one in results)
    return "\n".join([*lines, f"{'all':13} {inputs:7} {seconds:7.1f} {sum(len(one.finds) for one in results):5}"])


def main() -> int:
    """Fuzz, print the table; return 1 where there was a find."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, help="of a processor for each reader, in the place of its number of inputs")
    parser.add_argument("--share", type=float, default=1, help="of each reader's number of inputs")
    parser.add_argument("--guided", action="store_true", help="readers in Python only, led by the lines that they reach")
    parser.add_argument("--reader", nargs="*", choices=list(READERS))
    parser.add_argument("--jobs", type=int, default=1, help="readers at a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"))
    options = parser.parse_args()
    readers = options.reader or [name for name, one in READERS.items() if one.is_python or not options.guided]
    way: Callable[..., Fuzzed] = guided if options.guided else partial(fuzz, share=options.share)
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(partial(way, seconds=options.seconds, seed=options.seed, keep=options.keep), readers))
    print(table(results))
    return int(any(one.finds for one in results))


if __name__ == "__main__":
    sys.exit(main())
