"""BreizhCrops' TempCNN on series of field means that are in memory already: the network alone.

    PYTHON benchmarks/rivals/breizhcrops_tempcnn.py SEASON --json        PYTHON has breizhcrops

As many made-up series as the competition had fields, of the season's number of dates and 13 bands, in batches of 256, one thread.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import torch
from breizhcrops.models import TempCNN

N_FIELDS, N_BANDS, BATCH = 4688, 13, 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    n_dates = sum(folder.is_dir() for folder in (options.season / "00").iterdir())
    network = TempCNN(input_dim=N_BANDS, num_classes=7, sequencelength=n_dates).eval()
    series = torch.rand(N_FIELDS, n_dates, N_BANDS)
    start = time.process_time()
    with torch.inference_mode():
        for batch in series.split(BATCH):
            network(batch)
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"work": "rival: BreizhCrops' TempCNN on field means in memory, no reading", "ours": N_FIELDS / cpu}
    row |= {"unit": "fields/CPU s", "beside": "", "theirs": None, "peak_memory_mb": peak}
    print(json.dumps(row) if options.json else row)


if __name__ == "__main__":
    main()
