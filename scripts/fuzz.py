"""Let readers of users' files read mutations of good files, and keep those that end in anything but a named error.

usage: fuzz.py [--seconds 60 | --inputs 400] [--reader NAME ...] [--seed 0] [--keep FOLDER]
"""

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.fuzz.readers import CORPUS, READERS, outcome

MOST_SECONDS, MOST_BYTES = 20, 2**31  # of one input
A_CHILD = 500  # inputs that one process reads
ODD = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b'"',
    b"\x1b[2J",
    b"/etc/passwd",
)


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return content with some bytes flipped, written over, removed, repeated, or cut off."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if not changed:
            break
        # Half of the changes hit the first kilobyte, where headers lie.
        place = draw.randrange(min(len(changed), 1024) if draw.random() < 0.5 else len(changed))
        kind = draw.randrange(6)
        if kind == 0:
            changed[place] ^= 1 << draw.randrange(8)
        elif kind == 1:
            changed[place] = draw.randrange(256)
        elif kind == 2:
            odd = draw.choice(ODD)
            changed[place : place + len(odd)] = odd
        elif kind == 3:
            changed[place:place] = draw.choice(ODD)
        elif kind == 4:
            del changed[place : place + draw.randrange(1, 65)]
        elif draw.random() < 0.2:
            del changed[place:]
        else:
            part = changed[place : place + draw.randrange(1, 65)]
            changed[place:place] = part * draw.randrange(1, 9)
    return bytes(changed)


def fuzz(reader: str, seconds: float, most: int, seed: int, keep: Path) -> tuple[int, int]:
    """Return how many inputs were read, and how many were finds, which are kept with what they led to.

    Args:
        reader: which one.
        seconds: after which it ends.
        most: inputs after which it ends; the same seed and number give the same inputs on every machine.
        seed: of everything random.
        keep: folder for the finds.
    """
    good = CORPUS / READERS[reader][0]
    draw, read, finds, end = random.Random(f"{reader} {seed}"), 0, set(), time.monotonic() + seconds
    while time.monotonic() < end and read < most:
        state, folder = draw.getrandbits(64), Path(tempfile.mkdtemp(prefix="fuzz-"))
        child = os.fork()
        if child == 0:
            _read_many(reader, good, state, folder, end, min(A_CHILD, most - read))
        _, status = os.waitpid(child, 0)
        read += int((folder / "count").read_text() or 0) if (folder / "count").exists() else 0
        if status:
            told = (folder / "told").read_text() if (folder / "told").exists() else f"died of signal {os.WTERMSIG(status)}"
            where = told.strip().splitlines()[-3:]
            if str(where) not in finds:
                finds.add(str(where))
                target = keep / reader / f"{state:016x}"
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / "input" / good.name, target)
                target.with_suffix(".txt").write_text(told)
                print(f"{reader}: {target}: {' | '.join(where)}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
    return read, len(finds)


def _read_many(reader: str, good: Path, state: int, folder: Path, end: float, most: int) -> None:
    """Read mutations until one is a find; never returns."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MOST_BYTES, size + MOST_BYTES))
    draw, content, code, place = random.Random(state), good.read_bytes(), 0, folder / "input"
    for count in range(most):
        place.mkdir()
        (place / good.name).write_bytes(mutated(content, draw))
        signal.alarm(MOST_SECONDS)
        try:
            outcome(reader, place / good.name)
        except BaseException:
            (folder / "told").write_text(traceback.format_exc())
            code = 1
        signal.alarm(0)
        (folder / "count").write_text(str(count + 1))
        if code or time.monotonic() > end:
            break
        shutil.rmtree(place)
    os._exit(code)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="in all, shared out among the readers")
    parser.add_argument("--inputs", type=int, help="for each reader, however long it takes")
    parser.add_argument("--reader", nargs="*", choices=list(READERS), default=list(READERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("fuzz-finds"))
    options = parser.parse_args()
    total = 0
    for name in options.reader:
        seconds = float("inf") if options.inputs else options.seconds / len(options.reader)
        n, found = fuzz(name, seconds, options.inputs or sys.maxsize, options.seed, options.keep)
        total += found
        print(f"{name}: {n} inputs, {found} finds", flush=True)
    sys.exit(bool(total))
