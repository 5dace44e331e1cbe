"""Let one reader read mutations, and mutate those further that reach new lines of Python; scripts/fuzz.py --guided runs it.

usage: fuzz_guided.py READER FOLDER SECONDS [OPTIONS OF LIBFUZZER...]      needs Atheris, the extra [fuzz]
"""

import json
import os
import random
import shutil
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["cropdetect", "yaml", "json"]):
    from tests.fuzz.mutations import mutated
    from tests.fuzz.readers import CORPUS, READERS, outcome


def main(reader: str, folder: Path, seconds: float, options: list[str]) -> None:
    """Fuzz for some seconds of a processor; never returns."""
    good, place = CORPUS / READERS[reader].good, folder / "input"
    outcomes: Counter[str] = Counter()
    known: set[str] = set()
    saved = time.process_time()

    def read(content: bytes) -> None:
        nonlocal saved
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / good.name).write_bytes(content)
        try:
            outcomes[outcome(reader, place / good.name)] += 1
        except Exception:
            told = traceback.format_exc()
            end = "".join(told.splitlines()[-3:])
            outcomes["find"] += 1
            if end not in known:
                known.add(end)
                (folder / f"find-{len(known)}").write_bytes(content)
                (folder / f"find-{len(known)}.txt").write_text(told)
        if time.process_time() - saved > 1:
            saved = time.process_time()
            (folder / "outcomes").write_text(json.dumps(outcomes))
        if saved > seconds:
            os._exit(0)

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        return mutated(content or good.read_bytes(), good.name, random.Random(seed))[:most]

    seeds = folder / "seeds"
    seeds.mkdir()
    shutil.copy(good, seeds)
    most = max(4096, 4 * good.stat().st_size)
    atheris.Setup([sys.argv[0], *options, f"-max_len={most}", str(seeds)], read, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
