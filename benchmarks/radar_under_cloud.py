"""What radar adds where clouds take most optical dates: log loss with and without it, on the same blocked folds.

Usage: python benchmarks/radar_under_cloud.py [--cache FOLDER] [--small]

A simulated Flemish season with Sentinel-1 every 12 days in each direction. Of the optical dates 70 % are taken away, drawn once
for all fields. season-cnn is cross-validated on field means. The intervals draw whole blocks of the map, the same for both sides
(paired bootstrap).
"""

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect import api
from cropdetect.chips import ChipBatch, MemoryChips, field_means, open_random_access
from cropdetect.evaluation import Difference, bootstrap_differences, evaluate_probabilities
from cropdetect.formats import TrainOptions
from cropdetect.training.crossval import cross_validate
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.folds import make_folds
from cropdetect.training.groups import spatial_groups

SEASON: dict[str, Any] = {"tiles": 1, "height": 600, "width": 600, "fields": 350, "region": "flanders", "seed": 7}
SMALL: dict[str, Any] = {**SEASON, "height": 400, "width": 400, "fields": 150}
GONE = 0.7  # share of the optical dates
BLOCK = 1000.0  # metres
FOLDS = 5
RADAR = ("VV_asc", "VH_asc", "VV_desc", "VH_desc")


@dataclass(frozen=True)
class Result:
    """Scores of four kinds of seasons, and what radar adds.

    Attributes:
        scores: kind -> log loss, accuracy, macro F1, and the interval of the log loss.
        added: log loss with radar minus log loss without, 70 % of the optical dates gone in both.
        n_fields: that were scored.
        n_dates: optical dates, those that are left, and passes of the radar.
    """

    scores: dict[str, tuple[float, float, float, tuple[float, float]]]
    added: Difference
    n_fields: int
    n_dates: tuple[int, int, int]


def read_season(cache: Path, season: dict[str, Any]) -> MemoryChips:
    """Simulate a season where it is not there yet; return the means of all fields, with their true labels."""
    folder = cache / "season"
    if not folder.is_dir():
        api.simulate(folder, layout="geotiff", sentinel1=12, **season)
    chips = open_random_access(folder, cache, api.DataOptions(), "default")
    truth = pd.read_csv(folder / "truth.csv").set_index("field_id")["label"]
    fields = chips.fields.assign(label=truth.reindex(chips.fields["field_id"]).to_numpy(object))
    batch = ChipBatch.concatenate([field_means(one) for one in chips.batches()])
    kept = batch.clear.any(axis=(1, 2, 3))
    return MemoryChips(replace(chips.info, size=1), fields, one_chip_a_field(batch.isel(chip=kept)))


def one_chip_a_field(batch: ChipBatch) -> ChipBatch:
    """Keep the first chip of each field: large fields have several, and one is enough here."""
    return batch.isel(chip=np.unique(batch.field, return_index=True)[1])


def with_dates(chips: MemoryChips, optical_days: Sequence[Any], bands: Sequence[str]) -> MemoryChips:
    """Return the bands, those of optical sensors on these days only."""
    image = chips.batch.image.copy()
    optical = [place for place, band in enumerate(chips.info.bands) if band not in RADAR]
    gone = ~np.isin(chips.batch.date, np.array(optical_days, "datetime64[D]"))
    image[np.ix_(range(len(image)), range(image.shape[1]), optical)] = np.where(
        gone[:, :, None, None, None], np.nan, image[:, :, optical]
    )
    batch = replace(chips.batch, image=image).isel(band=[chips.info.bands.index(band) for band in bands])
    return MemoryChips(replace(chips.info, bands=tuple(bands)), chips.fields, batch)


def measure(cache: Path, season: dict[str, Any], **training: Any) -> Result:
    """Cross-validate the four kinds of seasons on the same folds."""
    chips = read_season(cache, season)
    optical = [band for band in chips.info.bands if band not in RADAR]
    there = ~np.isnan(chips.batch.image[:, :, [chips.info.bands.index(band) for band in optical]]).all(axis=(2, 3, 4))
    days = np.unique(chips.batch.date[there])
    kept = np.sort(np.random.default_rng(0).permutation(days)[: round((1 - GONE) * len(days))])
    kinds = {
        "all optical dates": (days, optical),
        "30 % of the optical dates": (kept, optical),
        "30 % of the optical dates, radar": (kept, list(chips.info.bands)),
        "radar alone": (kept, [band for band in chips.info.bands if band in RADAR]),
    }
    options = TrainOptions(block_size=BLOCK, **training)
    answers: dict[str, npt.NDArray[np.float64]] = {}
    data: TrainingData | None = None
    for kind, (kept_days, bands) in kinds.items():
        data = read_training_data(with_dates(chips, kept_days, bands))
        folds = make_folds(data.chips.fields, data.classes, "blocked", n_folds=FOLDS, block_size=BLOCK)
        with tempfile.TemporaryDirectory() as state:
            found = cross_validate(data, folds, options, Path(state))
        of_all = np.full((len(chips.fields), len(data.legend)), np.nan)
        rows = pd.Index(chips.fields["field_id"]).get_indexer(data.chips.fields["field_id"].iloc[found.positions])
        of_all[rows] = found.probabilities
        answers[kind] = of_all
    assert data is not None
    known = np.all([np.isfinite(one).all(axis=1) for one in answers.values()], axis=0)
    labels = pd.Index(data.legend).get_indexer(chips.fields["label"])[known]
    fields = chips.fields[known]
    groups = spatial_groups(fields, column=None, block_size=BLOCK, wanted=2).of_field
    scores = {}
    for kind, probabilities in answers.items():
        found_scores = evaluate_probabilities(
            probabilities[known], labels, data.legend, fields["field_id"].tolist(), groups=groups, seed=0
        )
        interval = (found_scores.intervals or {})["log_loss"]
        scores[kind] = (found_scores.log_loss, found_scores.accuracy, found_scores.macro_f1, interval)
    with_radar, without = (answers[kind][known] for kind in ("30 % of the optical dates, radar", "30 % of the optical dates"))
    added = bootstrap_differences(with_radar, without, labels, data.legend, groups)["log_loss"]
    return Result(scores, added, int(known.sum()), (len(days), len(kept), len(np.unique(chips.batch.date)) - len(days)))


def printed(result: Result) -> str:
    """Return the result as a table."""
    lines = ["| | log loss (95 %) | accuracy | macro F1 |", "|---|---|---|---|"]
    for kind, (loss, accuracy, f1, (low, high)) in result.scores.items():
        lines.append(f"| {kind} | {loss:.3f} ({low:.3f} to {high:.3f}) | {accuracy:.3f} | {f1:.3f} |")
    added = result.added
    lines.append("")
    lines.append(
        f"{result.n_fields} fields; {result.n_dates[0]} optical dates, of which {result.n_dates[1]} are left, and "
        f"{result.n_dates[2]} days of radar. Radar changes the log loss by {added.difference:+.3f} "
        f"({added.lower:+.3f} to {added.upper:+.3f}, paired, blocks of {BLOCK:g} m)."
    )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, help="folder that keeps the season (default: none)")
    parser.add_argument("--small", action="store_true", help="150 fields and few epochs, as the test does")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cache = options.cache or Path(nowhere)
        cache.mkdir(parents=True, exist_ok=True)
        how: dict[str, Any] = {"members": 1, "epochs": 15} if options.small else {"members": 2, "epochs": 25}
        print(printed(measure(cache, SMALL if options.small else SEASON, **how)))


if __name__ == "__main__":
    main()
