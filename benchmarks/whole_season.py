"""Predict a season of the competition's full size: CPU seconds of the whole command, by stage, and memory.

    python benchmarks/whole_season.py SEASON [--weights cv4a.pt] [--checkpoint kenya-simulated] [--json]

SEASON comes from `cropdetect simulate SEASON` (its default size is the competition's: 8 GB). With the published weights of 2020,
a checkpoint is made of them first, with channel statistics from the season's own chips; making it is not counted.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, cpu_seconds, emit, in_own_process, peak_memory_mb


def predicted(season: Path, checkpoint: str, out: Path) -> dict[str, float]:
    """Predict in this process; return its CPU seconds, those of the stages, and the peak memory."""
    from cropdetect import api

    start = time.monotonic()
    result = api.predict(season, out, checkpoint=checkpoint, submission=True, overwrite=True)
    run = json.loads((out / "run.json").read_text("utf-8"))
    whole = {"whole": cpu_seconds(), "wall": time.monotonic() - start, "fields": len(result.fields)}
    return {**run["cpu_seconds"], **whole, "peak_memory_mb": peak_memory_mb()}


def made_of_2020(season: Path, weights: Path, folder: Path) -> Path:
    """Return a checkpoint of the weights of 2020; it is made once."""
    from cropdetect import api

    checkpoint = folder / "checkpoint-2020"
    if not checkpoint.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            chips = Path(scratch) / "chips.zarr"
            api.chips(season, chips, preset="cv4a")
            api.import_cv4a(weights, checkpoint, chips=chips)
    return checkpoint


def measure(season: Path, checkpoint: str, name: str) -> list[Row]:
    """Return the rows of one prediction."""
    with tempfile.TemporaryDirectory() as scratch:
        found = in_own_process(__file__, season, "--checkpoint", checkpoint, "--out", Path(scratch) / "out")
    n, peak = found["fields"], found["peak_memory_mb"]
    stages = {"cutting": found["cutting"], "network": found["network"]}
    rows = [Row(f"predict, {name}, {n:,} fields: {stage}", cpu, "CPU s", peak_memory_mb=peak) for stage, cpu in stages.items()]
    rest = found["whole"] - found["predicting"]
    rows.append(Row(f"predict, {name}, {n:,} fields: start, planning and output", rest, "CPU s", peak_memory_mb=peak))
    rows.append(Row(f"predict, {name}, {n:,} fields: the whole command", found["whole"], "CPU s", peak_memory_mb=peak))
    rows.append(
        Row(f"predict, {name}, {n:,} fields: fields a CPU second", n / found["whole"], "fields/CPU s", peak_memory_mb=peak)
    )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--weights", type=Path, help="of the 2020 network; a checkpoint is made of them beside SEASON")
    parser.add_argument("--checkpoint", default="kenya-simulated")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:
        print(json.dumps(predicted(options.season, options.checkpoint, options.out)))
        return
    checkpoint, name = options.checkpoint, Path(options.checkpoint).name
    if options.weights:
        checkpoint = str(made_of_2020(options.season, options.weights, options.season.parent))
        name = "the 2020 network"
    emit(measure(options.season, checkpoint, name), as_json=options.json)


if __name__ == "__main__":
    main()
