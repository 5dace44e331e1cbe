"""What a small set of imagery costs to train and cross-validate, and how accurate it is with other efforts.

Usage: python benchmarks/small_training.py [--seeds N] [--efforts MEMBERSxEPOCHS ...] [--json] [--quick]

A season of 63 fields and 8 dates is simulated for each seed, of which 44 fields have a label. Each effort is cross-validated in
five random folds and trained once. Scores are out of fold; CPU seconds are those of all processes. "default" is what both do
without options; 10x80 is ten members of 80 epochs. --quick: one tiny season, to see that it works.
"""

import argparse
import datetime as dt
import json
import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cropdetect import api, progress
from cropdetect.formats import MetricsRecord

SEASON = {"tiles": 1, "height": 320, "width": 320, "fields": 63}
DATES = tuple(dt.date(2019, 6, 6) + dt.timedelta(days=20 * number) for number in range(8))
BLOCK = 500.0  # metres


def timed(function: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[float, float, Any]:
    """Return CPU seconds with those of child processes, seconds, and the result."""
    start, wall = os.times(), time.monotonic()
    result = function(*arguments, **named)
    end = os.times()
    return sum(end[:4]) - sum(start[:4]), time.monotonic() - wall, result


def settings_of(effort: str) -> dict[str, int]:
    if effort == "default":
        return {}
    members, epochs = effort.split("x")
    return {"members": int(members), "epochs": int(epochs)}


def measure(season: Path, out: Path, effort: str, seed: int) -> tuple[dict[str, tuple[float, float]], MetricsRecord]:
    """Return CPU seconds and seconds of both verbs, and the scores of the cross-validation."""
    how = {"seed": seed, "block_size": BLOCK, **settings_of(effort)}
    cpu, wall, scores = timed(api.crossval, season, out / f"crossval-{effort}", folds="random", **how)
    trained = timed(api.train, season, out / f"train-{effort}", **how)
    return {"crossval": (cpu, wall), "train": trained[:2]}, scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--efforts", nargs="+", default=["10x80", "default"])
    parser.add_argument("--json", action="store_true", help="one object a line, for docs/performance.md")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    efforts: Sequence[str] = ["1x2", "1x1"] if arguments.quick else arguments.efforts
    season = {**SEASON, "fields": 40, "height": 160, "width": 160} if arguments.quick else SEASON
    warnings.simplefilter("ignore")
    progress.be_quiet()
    found: dict[str, list[tuple[dict[str, tuple[float, float]], MetricsRecord]]] = {effort: [] for effort in efforts}
    for seed in range(1, 2 if arguments.quick else arguments.seeds + 1):
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "season"
            api.simulate(data, **season, seed=seed, dates=DATES)
            api.chips(data, Path(folder) / "chips.zarr")
            for effort in efforts:
                found[effort].append(measure(Path(folder) / "chips.zarr", Path(folder), effort, seed))
    loss, f1 = (
        {effort: float(np.mean([getattr(scores, name) for _, scores in runs])) for effort, runs in found.items()}
        for name in ("log_loss", "macro_f1")
    )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for verb in ("crossval", "train"):
        cpu = {effort: float(np.median([costs[verb][0] for costs, _ in runs])) for effort, runs in found.items()}
        if arguments.json:
            row = {"work": f"{verb} of a small set of imagery, {efforts[-1]}", "ours": cpu[efforts[-1]], "unit": "CPU s"}
            print(json.dumps({**row, "beside": efforts[0], "theirs": cpu[efforts[0]], "peak_memory_mb": round(memory, 1)}))
            continue
        for effort, runs in found.items():
            wall = np.median([costs[verb][1] for costs, _ in runs])
            scores = f"log loss {loss[effort]:.3f}  macro F1 {f1[effort]:.3f}"
            print(f"{verb:9} {effort:8} {cpu[effort]:7.1f} CPU s {wall:7.1f} s  {scores}")
    if arguments.json:
        for name, means in (("log loss", loss), ("macro F1", f1)):
            row = {"work": f"crossval of a small set of imagery, {efforts[-1]}: {name}", "ours": means[efforts[-1]], "unit": ""}
            print(json.dumps({**row, "beside": efforts[0], "theirs": means[efforts[0]], "peak_memory_mb": None}))


if __name__ == "__main__":
    main()
