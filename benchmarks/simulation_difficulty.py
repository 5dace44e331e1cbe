"""How hard a simulated season (layout cv4a) is: random forests on field means, and on means with texture, blocked folds.

    python benchmarks/simulation_difficulty.py SEASON [--trees 500] [--json FILE]

Means: of the clear pixels (CLD below 40) of a field, each date and band, gaps filled along time. Texture: standard deviation
    within the field (pixels whose four neighbours are in the field too), difference of neighbouring pixels and their ratio,
    of four bands and NDVI, averaged over the clear dates of each quarter of the season.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
TEXTURE_BANDS = ("B03", "B04", "B08", "B11")
CLEAR_BELOW = 40
FOLDS = 5
PARTS = 4  # of the season, over which texture is averaged

Floats = npt.NDArray[np.float64]


def read(path: Path) -> npt.NDArray[np.generic]:
    with rasterio.open(path) as file:
        return file.read(1)


def tiles(season: Path) -> Iterator[tuple[int, list[Path]]]:
    for folder in sorted(p for p in season.iterdir() if p.is_dir()):
        yield int(folder.name), sorted(p for p in folder.iterdir() if p.is_dir())


def field_features(season: Path, n_fields: int) -> tuple[Floats, Floats]:
    """Return means (field, date, band), NaN without a clear pixel, and texture (field, feature)."""
    dates = sorted({p.name for _, folders in tiles(season) for p in folders})
    total = np.zeros((n_fields + 1, len(dates), len(BANDS)))
    count = np.zeros((n_fields + 1, len(dates)))
    names = [*TEXTURE_BANDS, "NDVI"]
    moments = np.zeros((n_fields + 1, len(dates), len(names), 2))
    inner_count = np.zeros((n_fields + 1, len(dates)))
    steps = np.zeros((n_fields + 1, len(dates), len(names)))
    pairs = np.zeros((n_fields + 1, len(dates)))
    for tile, folders in tiles(season):
        ids = read(season / f"{tile:02d}" / f"{tile}_field_id.tif").astype(np.int64)
        top, left = (np.flatnonzero(ids.any(axis=a))[0] for a in (1, 0))
        bottom, right = (np.flatnonzero(ids.any(axis=a))[-1] + 1 for a in (1, 0))
        ids = ids[top:bottom, left:right]
        rows, columns = np.nonzero(ids)
        owner = ids[rows, columns]
        east = np.minimum(columns + 1, ids.shape[1] - 1)
        framed = np.pad(ids, 1)
        sides = [framed[rows + 1 + dy, columns + 1 + dx] == owner for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))]
        inner = np.zeros(ids.shape, bool)
        inner[rows, columns] = np.logical_and.reduce(sides)
        neighbour = inner[rows, columns] & sides[0]
        for folder in folders:
            d = dates.index(folder.name)

            def values(band: str) -> npt.NDArray[np.generic]:
                return read(folder / f"{tile}_{band}_{folder.name}.tif")[top:bottom, left:right]  # noqa: B023

            clear = values("CLD") < CLEAR_BELOW
            good = clear[rows, columns]
            count[:, d] += np.bincount(owner[good], minlength=n_fields + 1)
            inside = good & inner[rows, columns]
            inner_count[:, d] += np.bincount(owner[inside], minlength=n_fields + 1)
            both = good & neighbour & clear[rows, east]
            pairs[:, d] += np.bincount(owner[both], minlength=n_fields + 1)
            images: dict[str, Floats] = {}
            for b, band in enumerate(BANDS):
                image = values(band)
                total[:, d, b] += np.bincount(owner[good], image[rows, columns][good], minlength=n_fields + 1)
                if band in TEXTURE_BANDS:
                    images[band] = image.astype(np.float64)
            images["NDVI"] = 1e4 * (images["B08"] - images["B04"]) / (images["B08"] + images["B04"])
            for i, name in enumerate(names):
                here, beside = images[name][rows, columns], images[name][rows, east]
                for power in (1, 2):
                    moments[:, d, i, power - 1] += np.bincount(owner[inside], here[inside] ** power, minlength=n_fields + 1)
                steps[:, d, i] += np.bincount(owner[both], (here[both] - beside[both]) ** 2, minlength=n_fields + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (total / count[..., None])[1:]
        m = moments / inner_count[..., None, None]
        spread = np.sqrt(np.maximum(m[..., 1] - m[..., 0] ** 2, 0))
        spread[inner_count < 3] = np.nan
        spread[spread < 1] = np.nan
        rough = np.sqrt(steps / pairs[..., None])
        rough[pairs < 2] = np.nan
        texture = np.concatenate([spread, rough, rough / spread], axis=2)[1:]
    return means, texture


def fill_gaps(series: Floats) -> Floats:
    """Fill NaN along axis 1 (dates) linearly, then by the overall mean of the date; flatten."""
    frame = pd.DataFrame(series.transpose(1, 0, 2).reshape(series.shape[1], -1))
    filled = frame.interpolate(limit_direction="both").to_numpy().reshape(series.shape[1], len(series), -1).transpose(1, 0, 2)
    flat = filled.reshape(len(series), -1)
    centre = np.nan_to_num(np.nanmean(flat, axis=0))
    return np.where(np.isnan(flat), centre, flat)


def cross_validate(features: Floats, codes: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], trees: int) -> Floats:
    """Return out-of-fold probabilities (field, class)."""
    n_classes = codes.max() + 1
    probabilities = np.zeros((len(codes), n_classes))
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(features, codes, groups):
        forest = RandomForestClassifier(trees, min_samples_leaf=2, n_jobs=2, random_state=0).fit(features[train], codes[train])
        probabilities[np.ix_(test, forest.classes_)] = forest.predict_proba(features[test])
    return probabilities


def scores(probabilities: Floats, codes: npt.NDArray[np.int64]) -> dict[str, object]:
    p = np.clip(probabilities, 1e-4, 1)
    p /= p.sum(axis=1, keepdims=True)
    top = p.argmax(axis=1)
    recall = [float((top[codes == c] == c).mean()) for c in range(p.shape[1])]
    return {
        "log_loss": float(-np.log(p[np.arange(len(codes)), codes]).mean()),
        "accuracy": float((top == codes).mean()),
        "recall": recall,
        "intercrop_recall": float(np.mean(recall[3:])),
    }


def _mean_over(texture: Floats) -> Floats:
    """Mean over the dates where there is one, else the mean of all fields."""
    known = ~np.isnan(texture)
    mean = np.where(known, texture, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known.any(axis=1), mean, np.nan_to_num(np.nanmean(texture, axis=(0, 1))))


def difficulty(season: Path, trees: int = 500) -> dict[str, object]:
    """Return the scores of both forests."""
    truth = pd.read_csv(season / "truth.csv").sort_values("field_id")
    codes, groups = truth["crop_id"].to_numpy() - 1, truth["block"].to_numpy()
    means, texture = field_features(season, len(truth))
    flat = fill_gaps(means)
    coarse = np.hstack([_mean_over(texture[:, part]) for part in np.array_split(np.arange(texture.shape[1]), PARTS)])
    with_texture = np.hstack([flat, coarse])
    return {
        "fields": len(truth),
        "dates": means.shape[1],
        "blocks": len(np.unique(groups)),
        "shares": (np.bincount(codes) / len(codes)).round(3).tolist(),
        "means": scores(cross_validate(flat, codes, groups, trees), codes),
        "means and texture": scores(cross_validate(with_texture, codes, groups, trees), codes),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = difficulty(options.season, options.trees)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
