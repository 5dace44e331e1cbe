"""Peak memory and CPU time of training on as many chips as the competition had, 4,688 of 13 dates, 13 bands, 32 x 32 pixels.

Usage: python benchmarks/training_memory.py [--chips N] [--model NAME]

The chips of a small simulated season are repeated until there are enough. One member, one epoch: more take longer, not more
memory.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from cropdetect import api
from cropdetect.chips import ChipSet, open_chips, write_chips
from cropdetect.chips.batch import ChipBatch

SEASON = {"tiles": 1, "height": 400, "width": 400, "fields": 200, "seed": 5}


class Repeated(ChipSet):
    """The chips of a set again and again, each time as other fields."""

    def __init__(self, chips: ChipSet, n: int) -> None:
        self._chips = next(iter(chips.batches(len(chips))))
        self._row = np.arange(n) % len(chips)
        self.info = chips.info
        repeated = chips.fields.iloc[chips.field_of_chip[self._row]].assign(field_id=np.arange(n)).reset_index(drop=True)
        labels = pd.Series(chips.fields["label"].dropna().to_numpy())
        self.fields = gpd.GeoDataFrame(repeated).assign(label=labels.iloc[np.arange(n) % len(labels)].to_numpy())
        self.field_of_chip = np.arange(n)
        self.median_date = chips.median_date[chips.field_of_chip[self._row]]

    def batches(self, batch_size: int, *, first: int = 0) -> Iterator[ChipBatch]:
        """See `ChipSet.batches`."""
        for start in range(first * batch_size, len(self._row), batch_size):
            rows = np.arange(start, min(start + batch_size, len(self._row)))
            yield replace(self._chips.isel(chip=self._row[rows]), field=rows, season_year=self.season_year[rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chips", type=int, default=4688)
    parser.add_argument("--model", default="conv-gru-v2")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        season, few, many = Path(folder) / "season", Path(folder) / "few.zarr", Path(folder) / "many.zarr"
        api.simulate(season, **SEASON)
        api.chips(season, few)
        small = open_chips(few)
        chips = write_chips(Repeated(small, arguments.chips), many)
        info = chips.info
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time()
        api.train(many, Path(folder) / "checkpoint", model=arguments.model, members=1, epochs=1, validation="random")
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{arguments.model}, {len(chips)} chips of {info.n_steps} dates, {len(info.bands)} bands, {info.size} x {info.size} "
            f"pixels: peak memory {memory:.0f} MB ({before:.0f} before training), {time.process_time() - start:.0f} CPU s"
        )


if __name__ == "__main__":
    main()
