"""The pictures of docs/simulation.md, from a season in layout cv4a.

    python benchmarks/simulation_pictures.py SEASON docs/images [--data ../shared/data]

With --data, true colour of a patch in Flanders (WorldCereal, MIT) stands beside the simulation.
"""

import argparse
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from simulation_difficulty import BANDS, field_features, read

mpl.use("Agg")
import matplotlib.pyplot as plt

STRETCH, GAMMA = 2500, 0.7
CHIP = 32
SAVE = {"dpi": 80, "pil_kwargs": {"quality": 80}}
REAL = ("2017-08-27", "2018-04-21", "2018-08-17")


def colour(
    red: npt.NDArray[np.generic], green: npt.NDArray[np.generic], blue: npt.NDArray[np.generic]
) -> npt.NDArray[np.float64]:
    return np.clip(np.dstack([red, green, blue]) / STRETCH, 0, 1) ** GAMMA


def dates(season: Path) -> list[str]:
    return sorted(p.name for p in (season / "00").iterdir() if p.is_dir())


def band(season: Path, day: str, name: str, tile: int = 0) -> npt.NDArray[np.generic]:
    return read(season / f"{tile:02d}" / day / f"{tile}_{name}_{day}.tif")


def true_colour(season: Path, day: str, rows: slice, columns: slice) -> npt.NDArray[np.float64]:
    return colour(*(band(season, day, b)[rows, columns] for b in ("B04", "B03", "B02")))


def clearest(season: Path, rows: slice, columns: slice) -> list[str]:
    return [d for d in dates(season) if band(season, d, "CLD")[rows, columns].mean() < 1]


def shown(axis: plt.Axes, image: npt.NDArray[np.float64], title: str) -> None:
    axis.imshow(image, interpolation="nearest")
    axis.set_title(title, fontsize=10)
    axis.axis("off")


def landscape(season: Path, out: Path, data: Path | None) -> None:
    side = slice(300, 300 + 128)
    days = clearest(season, side, side)
    days = [days[0], days[len(days) // 2], days[-1]]
    _, axes = plt.subplots(2 if data else 1, 3, figsize=(12, 8 if data else 4), squeeze=False)
    for axis, day in zip(axes[0], days, strict=True):
        shown(axis, true_colour(season, day, side, side), f"simulated, western Kenya, {day}")
    if data:
        with xr.open_dataset(data / "flanders_s2" / "S2_L2A_10m.nc", mask_and_scale=False) as cube:
            times = [str(t)[:10] for t in cube.timestamp.values]
            for axis, day in zip(axes[1], REAL, strict=True):
                i = times.index(day)
                shown(axis, colour(*(cube[b].values[i] for b in ("B04", "B03", "B02"))), f"Sentinel-2, Flanders, {day}")
    plt.tight_layout()
    plt.savefig(out / "simulation_true_colour.jpg", **SAVE)
    plt.close()


def clouds(season: Path, out: Path) -> None:
    rows = columns = slice(600, 1200)
    cover = {d: (band(season, d, "CLD")[rows, columns] > 40).mean() for d in dates(season)}
    day = min(cover, key=lambda d: abs(cover[d] - 0.25))
    _, axes = plt.subplots(1, 2, figsize=(12, 6.6))
    shown(axes[0], true_colour(season, day, rows, columns), f"{day}, 6 km x 6 km")
    axes[1].imshow(band(season, day, "CLD")[rows, columns], cmap="gray", vmin=0, vmax=100)
    axes[1].set_title("CLD, per cent", fontsize=10)
    axes[1].axis("off")
    plt.tight_layout()
    plt.savefig(out / "simulation_clouds.jpg", **SAVE)
    plt.close()


def curves(season: Path, out: Path) -> None:
    truth = pd.read_csv(season / "truth.csv").sort_values("field_id")
    means, _ = field_features(season, len(truth))
    near, red = means[..., BANDS.index("B08")], means[..., BANDS.index("B04")]
    ndvi = (near - red) / (near + red)
    when = pd.to_datetime(dates(season))
    names = truth.drop_duplicates("crop_id").sort_values("crop_id")["label"]
    _, axes = plt.subplots(2, 4, figsize=(13, 6), sharex=True, sharey=True)
    for axis, name in zip(axes.flat, names, strict=False):
        of_class = ndvi[truth["label"] == name]
        low, middle, high = np.nanpercentile(of_class, (10, 50, 90), axis=0)
        axis.fill_between(when, low, high, alpha=0.3, lw=0)
        axis.plot(when, middle, marker="o", ms=3)
        axes.flat[-1].plot(when, middle, label=name)
        axis.set_title(f"{name} ({len(of_class)})", fontsize=10)
        axis.grid(alpha=0.3)
    axes.flat[-1].legend(fontsize=6, loc="lower left", framealpha=0.5)
    axes.flat[-1].set_title("medians", fontsize=10)
    for axis in axes.flat:
        axis.tick_params("x", rotation=45)
    axes[0, 0].set_ylabel("NDVI of field means: 10, 50, 90 %")
    plt.tight_layout()
    plt.savefig(out / "simulation_ndvi.png", dpi=70)
    plt.close()


def one_field(season: Path, out: Path) -> None:
    truth = pd.read_csv(season / "truth.csv")
    ids = read(season / "00" / "0_field_id.tif")
    rows = truth[(truth["tile"] == 0) & (truth["label"] == "Maize & Common Bean") & truth["n_pixels"].between(60, 120)]
    for field in rows["field_id"]:
        r, c = (int(np.median(a)) for a in np.nonzero(ids == field))
        if CHIP <= r < ids.shape[0] - CHIP and CHIP <= c < ids.shape[1] - CHIP:
            break
    window = slice(r - CHIP // 2, r + CHIP // 2), slice(c - CHIP // 2, c + CHIP // 2)
    _, axes = plt.subplots(2, 7, figsize=(14, 4.3))
    for axis in axes.flat:
        axis.axis("off")
    for axis, day in zip(axes.flat, dates(season), strict=False):
        shown(axis, true_colour(season, day, *window), day)
        axis.contour(ids[window] == field, levels=[0.5], colors="yellow", linewidths=1)
    plt.suptitle(f"field {field}: {truth.set_index('field_id').loc[field, 'label']}", fontsize=10)
    plt.tight_layout()
    plt.savefig(out / "simulation_field.jpg", **SAVE)
    plt.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    landscape(options.season, options.out, options.data)
    clouds(options.season, options.out)
    curves(options.season, options.out)
    one_field(options.season, options.out)


if __name__ == "__main__":
    main()
