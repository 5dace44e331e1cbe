"""Train on French parcels (2023, a table), predict Flemish parcels (2018, imagery), beside a random forest.

Usage: python benchmarks/france_to_flanders.py DATA [--out FOLDER] [--seeds N] [--what-decides]

DATA holds `france_s2` and `flanders_s2`. Maize counts as right when it is called maize; grass when it is called
grass_fodder_crops or no_temporary_crop. The other parcels have no counterpart in the French legend.
The random forest sees the same field means, interpolated to 10-day steps of the season.

--what-decides: also predict with one thing changed at a time: clouds not masked, fields shrunk by a pixel, every third date,
the dates of 2018 only, and a training on fewer bands.
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from sklearn.ensemble import RandomForestClassifier

from cropdetect import api
from cropdetect.chips import ChipSet, cut_chips, read_table
from cropdetect.fields import fields_of
from cropdetect.imagery import open_imagery
from cropdetect.training.baselines import gap_filled

RIGHT = {"1200": {"maize"}, "9120": {"grass_fodder_crops", "no_temporary_crop"}}
GRID = np.arange(-90.0, 361.0, 10.0)  # days since 1 January


def features(chips: ChipSet, bands: list[str]) -> np.ndarray:
    """Return (field, band x step) means of the clear pixels, linear in time between clear dates; 0 where there is none."""
    columns = [chips.info.bands.index(band) for band in bands]
    return np.nan_to_num(gap_filled(chips.batches(16), len(chips.fields), columns, GRID))


def count_right(crops: list[str], codes: list[str]) -> str:
    parts = []
    for code, right in RIGHT.items():
        answers = [crop in right for crop, truth in zip(crops, codes, strict=True) if truth == code]
        parts.append(f"{sum(answers)} of {len(answers)}")
    return f"maize {parts[0]}, grass {parts[1]}"


def with_other_dates(flanders: Path, out: Path, dates: slice, step: int = 1) -> Path:
    """Write the imagery with some of its dates only."""
    out.mkdir(parents=True)
    shutil.copy(flanders / "fields.gpkg", out)
    for file in sorted(flanders.glob("*.nc")):
        with xr.open_dataset(file, mask_and_scale=False) as cube:
            part = cube.sel(timestamp=dates).isel(timestamp=slice(None, None, step)).drop_encoding()
            for variable in part.variables.values():
                variable.attrs.pop("_FillValue", None)  # NaN, which the whole numbers of SCL cannot hold
            part.to_netcdf(out / file.name)
    return out


def with_fewer_bands(france: Path, out: Path, bands: list[str]) -> Path:
    """Write the table with some of its bands only."""
    out.mkdir(parents=True)
    shutil.copy(france / "fields.parquet", out)
    pd.read_parquet(france / "series.parquet", columns=["field_id", "date", *bands]).to_parquet(out / "series.parquet")
    return out


def what_decides(france: Path, flanders: Path, checkpoint: Path, codes: list[str], out: Path) -> None:
    """Predict with one thing changed at a time."""
    visible = ["B02", "B03", "B04", "B08"]
    changes: dict[str, tuple[Path, Path, api.DataOptions]] = {
        "as it is": (checkpoint, flanders, api.DataOptions()),
        "clouds not masked": (checkpoint, flanders, api.DataOptions(clear="none")),
        "fields shrunk by 10 m": (checkpoint, flanders, api.DataOptions(buffer=-10.0)),
        "every third date": (checkpoint, with_other_dates(flanders, out / "third", slice(None), 3), api.DataOptions()),
        "dates of 2018 only": (checkpoint, with_other_dates(flanders, out / "2018", slice("2018", None)), api.DataOptions()),
    }
    for name, bands in (("10 m bands only", visible), ("10 m and short-wave infrared bands", [*visible, "B11", "B12"])):
        trained = out / name.replace(" ", "-")
        api.train(with_fewer_bands(france, out / f"{trained.name}-table", bands), trained, overwrite=True)
        changes[name] = (trained, flanders, api.DataOptions())
    for number, (name, (model, imagery, options)) in enumerate(changes.items()):
        api.predict(imagery, out / f"change-{number}", checkpoint=model, options=options, overwrite=True)
        table = gpd.read_parquet(out / f"change-{number}" / "fields.parquet")
        sure = table["confidence"].mean()
        print(f"{name}: {count_right(table['crop'].tolist(), codes)}; mean confidence {sure:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--what-decides", action="store_true")
    arguments = parser.parse_args()
    france, flanders = arguments.data / "france_s2", arguments.data / "flanders_s2"
    codes = gpd.read_file(flanders / "fields.gpkg")["crop_code"].astype(str).tolist()
    out = arguments.out or Path(tempfile.mkdtemp())

    for seed in range(arguments.seeds):
        checkpoint = out / f"france-{seed}"
        start = time.process_time()
        trained = api.train(france, checkpoint, licence="MIT, labels of the French LPIS", seed=seed, overwrite=True)
        seconds, memory = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"training, seed {seed}: {seconds:.0f} CPU s, peak memory {memory:.0f} MB")
        run = api.predict(flanders, out / f"flanders-{seed}", checkpoint=checkpoint, overwrite=True)
        table = gpd.read_parquet(out / f"flanders-{seed}" / "fields.parquet")
        print(f"cropdetect, seed {seed}: {count_right(table['crop'].tolist(), codes)}; status {run.status_counts}")
        print(f"  on French validation fields: {trained.record.metrics}")
        print(table.assign(code=codes)[["field_id", "code", "crop", "confidence", "status"]].to_string(index=False))

    table = read_table(france)
    bands = list(table.info.bands)
    forest = RandomForestClassifier(500, random_state=0, n_jobs=-1).fit(features(table, bands), table.fields["label"])
    imagery = open_imagery(flanders)
    guesses = forest.predict(features(cut_chips(imagery, fields_of(imagery)), bands)).tolist()
    print(f"random forest on the same means: {count_right(guesses, codes)}")
    if arguments.what_decides:
        what_decides(france, flanders, out / "france-0", codes, out / "changes")


if __name__ == "__main__":
    main()
