"""CPU time of augmentation beside one training step of season-cnn, on chips and on a table.

Usage: python benchmarks/augmentation_cost.py [--repeats N]

A step is forward, backward and AdamW on one batch, in train mode. Every setting of `Augmentation` is on in "everything".
"""

import argparse
import time
from collections.abc import Callable

import torch

from cropdetect.formats import Augmentation
from cropdetect.models import Network, create
from cropdetect.training.augmentation import augment
from cropdetect.training.batch import TrainingBatch

BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD"]
SHAPES = {"32 chips, 13 dates, 13 bands, 32 x 32": (32, 13, 32), "32 fields of a table, 40 dates, 13 bands": (32, 40, 1)}
SETTINGS = {
    "default": Augmentation(),
    "2020": Augmentation.cv4a(),
    "2020 with mixing": Augmentation.cv4a(mix=True),
    "everything": Augmentation(
        rotation=10, shift=2, rotation_chance=1, upside_down=0.5, crop=None, mix=0.15, noise=0.05, day_scale=0.05
    ),
}


def made(n: int, step: int, size: int, *, missing: bool = False) -> TrainingBatch:
    """Return random numbers in the shape of a batch."""
    random = torch.Generator().manual_seed(0)
    image = 4000 * torch.rand((n, step, len(BANDS), size, size), generator=random)
    if missing:
        image[:, 1, 2] = torch.nan
    mask = torch.zeros(n, size, size)
    mask[:, size // 4 : size // 4 + max(1, size // 2), size // 4 : size // 4 + max(1, size // 2)] = 1
    clear = torch.rand((n, step, size, size), generator=random) > 0.3
    day = (torch.arange(step) * 12.0).expand(n, -1).clone()
    return TrainingBatch(image, mask, clear, day, torch.arange(n) % 7, torch.arange(n), mask.flatten(1).sum(1))


def cpu_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the mean CPU time of one call, over all threads."""
    work()
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def step_of(network: Network, sample: TrainingBatch) -> Callable[[], None]:
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> None:
        optimizer.zero_grad()
        scores = network(sample.image, sample.mask, sample.clear, sample.day)
        torch.nn.functional.cross_entropy(scores, sample.label).backward()
        optimizer.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    network = create("season-cnn", bands=BANDS, n_classes=7).train()
    for title, shape in SHAPES.items():
        step = cpu_seconds(step_of(network, made(*shape)), repeats)
        print(f"{title}\n  {'one training step of season-cnn':40s} {step:8.4f} CPU s")
        for missing in (False, True):
            sample = made(*shape, missing=missing)
            for name, amount in SETTINGS.items():
                generator = torch.Generator().manual_seed(0)
                takes_gaps = not name.startswith("2020")

                def work(
                    amount: Augmentation = amount,
                    sample: TrainingBatch = sample,
                    generator: torch.Generator = generator,
                    takes_gaps: bool = takes_gaps,
                ) -> TrainingBatch:
                    return augment(sample, generator, amount, takes_gaps=takes_gaps, binary_mask=not takes_gaps)

                cost = cpu_seconds(work, repeats)
                label = f"augmentation, {name}{', values missing' if missing else ''}"
                print(f"  {label:40s} {cost:8.4f} CPU s  {100 * cost / step:5.1f} % of the step")


if __name__ == "__main__":
    main()
