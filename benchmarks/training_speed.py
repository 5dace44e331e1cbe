"""Training samples per CPU second: season-cnn by the default recipe, and the network and recipe of 2020 as it was published.

Usage: python benchmarks/training_speed.py [--fields N] [--repeats N] [--json] [--quick]

A season of 13 dates is simulated and its chips are cut once for each network. A sample is one chip, read from memory, augmented,
forward, backward and the optimiser's step, on one thread. Epochs of both take turns; the median counts. --quick: few fields.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from cropdetect import api, progress
from cropdetect.chips import open_chips
from cropdetect.formats import TrainOptions
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import CycleState, loss_function
from cropdetect.training.recipes import train_options
from cropdetect.training.specification import specify_network
from faults_of_2020 import SETTINGS_OF_2020, BatchesOf2020

CPU = torch.device("cpu")


def epochs_of(data: TrainingData, options: TrainOptions, kind: type[TrainingBatches]) -> Callable[[], float]:
    """Return what trains one more epoch and returns the CPU seconds a sample."""
    everything = np.arange(len(data.classes))
    specification = specify_network(data, everything, options)
    batches = kind(data, specification, options, 0)
    state = CycleState.begin(specification.build().train(), options, 1000 * len(batches))
    loss_of = loss_function(options, data, CPU)
    done = 0

    def epoch() -> float:
        nonlocal done
        start, n = time.process_time(), 0
        for batch in batches.epoch(done):
            state.step(batch, loss_of, CPU)
            n += len(batch.label)
        done += 1
        return (time.process_time() - start) / n

    return epoch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one object a line, for docs/performance.md")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    fields, repeats = (40, 1) if arguments.quick else (arguments.fields, arguments.repeats)
    warnings.simplefilter("ignore")
    progress.be_quiet()
    torch.set_num_threads(1)
    recipes = {
        "season-cnn": (train_options(None, None, {}), TrainingBatches),
        "2020": (train_options("cv4a", None, SETTINGS_OF_2020), BatchesOf2020),
    }
    with tempfile.TemporaryDirectory() as folder:
        side = 64 * round((fields * 900) ** 0.5 / 64) + 64
        api.simulate(Path(folder) / "season", tiles=1, height=side, width=side, fields=fields, seed=11)
        trainings = {}
        for name, (options, kind) in recipes.items():
            store = Path(folder) / f"{name}.zarr"
            api.chips(Path(folder) / "season", store, preset=options.preset)
            trainings[name] = epochs_of(read_training_data(open_chips(store)), options, kind)
        for epoch in trainings.values():
            epoch()  # the first loads libraries
        seconds = {name: [] for name in trainings}
        for _ in range(repeats):
            for name, epoch in trainings.items():
                seconds[name].append(epoch())
    ours, theirs = (float(np.median(seconds[name])) for name in ("season-cnn", "2020"))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if arguments.json:
        row = {"work": "training season-cnn, 1,000 samples", "ours": 1000 * ours, "unit": "CPU s"}
        print(json.dumps({**row, "beside": "the recipe of 2020", "theirs": 1000 * theirs, "peak_memory_mb": round(memory, 1)}))
        return
    for name, found in seconds.items():
        spread = f"{1 / max(found):.0f} to {1 / min(found):.0f}"
        print(f"{name:12} {1 / np.median(found):6.0f} samples a CPU second ({spread})")
    print(f"season-cnn takes {ours / theirs:.0%} of the CPU time of 2020 a sample")


if __name__ == "__main__":
    main()
