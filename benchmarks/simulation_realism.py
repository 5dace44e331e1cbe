"""A simulated season beside real figures, as Markdown tables.

    python benchmarks/simulation_realism.py ../shared/data [--work FOLDER]

Bands and NDVI by month of temperate fields against French parcels (`france_s2`), of a temperate landscape's clear pixels against a patch in
Flanders (`flanders_s2`), and sizes and shapes of fields against surveyed Kenyan polygons (`kenya_polygons`). Values are reflectance x 10000;
cells are "simulated / real": medians, or 10th, 50th and 90th percentile where three numbers stand.
"""

import argparse
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from simulation_difficulty import BANDS, field_features, read

from cropdetect.simulation import simulate

MONTHS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11)
COUNTERPARTS = {"maize": "maize", "winter wheat": "wheat", "rapeseed": "rapeseed_rape", "soybean": "soy_soybeans"}
SHOWN = ("B02", "B03", "B04", "B05", "B08", "B11", "B12")
QUANTILES = (0.1, 0.5, 0.9)


def ndvi(frame: pd.DataFrame) -> pd.Series:
    return (frame["B08"] - frame["B04"]) / (frame["B08"] + frame["B04"])


def simulated_fields(season: Path) -> pd.DataFrame:
    """Return one row a field and month: label and mean of each band."""
    truth = pd.read_csv(season / "truth.csv").sort_values("field_id")
    means, _ = field_features(season, len(truth))
    parts = [pd.DataFrame(means[:, i], columns=list(BANDS)).assign(label=truth["label"].to_numpy(), month=m) for i, m in enumerate(MONTHS)]
    return pd.concat(parts, ignore_index=True)


def real_fields(data: Path) -> pd.DataFrame:
    fields = pd.read_parquet(data / "france_s2" / "fields.parquet")
    series = pd.read_parquet(data / "france_s2" / "series.parquet").merge(fields[["field_id", "label"]])
    return series.assign(month=series["date"].dt.month)


def print_fields(simulated: pd.DataFrame, real: pd.DataFrame) -> None:
    for ours, theirs in COUNTERPARTS.items():
        print(f"\n**{ours}**: simulated (flanders) / real (France)\n")
        print("| month | NDVI 10 % | NDVI 50 % | NDVI 90 % | " + " | ".join(SHOWN) + " |")
        print("|---" * (len(SHOWN) + 4) + "|")
        for month in MONTHS:
            a = simulated[(simulated["label"] == ours) & (simulated["month"] == month)]
            b = real[(real["label"] == theirs) & (real["month"] == month)]
            green = [f"{ndvi(a).quantile(q):.2f} / {ndvi(b).quantile(q):.2f}" for q in QUANTILES]
            bands = [f"{a[band].median():.0f} / {b[band].median():.0f}" for band in SHOWN]
            print(f"| {month} | " + " | ".join(green + bands) + " |")


def pixels(season: Path, month: int) -> pd.DataFrame:
    (folder,) = (p for p in (season / "00").iterdir() if p.is_dir() and int(p.name[4:6]) == month)
    images = {band: read(folder / f"0_{band}_{folder.name}.tif") for band in (*SHOWN, "CLD")}
    clear = images.pop("CLD") < 10
    return pd.DataFrame({band: image[clear].astype(float) for band, image in images.items()})


def real_pixels(data: Path, month: int) -> pd.DataFrame:
    with (
        xr.open_dataset(data / "flanders_s2" / "S2_L2A_10m.nc", mask_and_scale=False) as fine,
        xr.open_dataset(data / "flanders_s2" / "S2_L2A_20m.nc", mask_and_scale=False) as coarse,
    ):
        dates = np.flatnonzero(fine.timestamp.dt.month.values == month)
        clear = np.isin(coarse.SCL.values[dates], (4, 5)).repeat(2, 1).repeat(2, 2)

        def values(band: str) -> npt.NDArray[np.float64]:
            if band in fine:
                return fine[band].values[dates][clear].astype(float)
            return coarse[band].values[dates].repeat(2, 1).repeat(2, 2)[clear].astype(float)

        return pd.DataFrame({band: values(band) for band in SHOWN})


def print_pixels(season: Path, data: Path) -> None:
    print("\n**All clear pixels**: simulated (flanders) / real (Flanders, half of it houses and roads)\n")
    print("| month | NDVI 10 % | NDVI 50 % | NDVI 90 % | " + " | ".join(SHOWN) + " |")
    print("|---" * (len(SHOWN) + 4) + "|")
    for month in MONTHS:
        a, b = pixels(season, month), real_pixels(data, month)
        green = [f"{ndvi(a).quantile(q):.2f} / {ndvi(b).quantile(q):.2f}" for q in QUANTILES]
        print(f"| {month} | " + " | ".join(green + [f"{a[c].median():.0f} / {b[c].median():.0f}" for c in SHOWN]) + " |")


def print_sizes(fields: gpd.GeoDataFrame, real: gpd.GeoDataFrame) -> None:
    print("\n**Fields**: simulated (western-kenya, polygons of layout geotiff) / surveyed\n")
    print("| | 10 % | 25 % | 50 % | 75 % | 90 % |\n|---|---|---|---|---|---|")

    def sides(table: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
        corners = [np.array(p.exterior.coords)[:3] for p in table.geometry.minimum_rotated_rectangle()]
        return np.sort([np.hypot(*np.diff(c, axis=0).T) for c in corners], axis=1)

    ours, theirs = sides(fields), sides(real)
    nearest = []
    for table in (fields, real):
        c = np.c_[table.centroid.x, table.centroid.y]
        apart = np.hypot(*(c[:, None] - c[None]).transpose(2, 0, 1))
        np.fill_diagonal(apart, np.inf)
        nearest.append(apart.min(axis=1))
    for name, a, b, digits in (
        ("area, m2", fields.area, real.area, 0), ("width, m", ours[:, 0], theirs[:, 0], 0), ("length, m", ours[:, 1], theirs[:, 1], 0),
        ("elongation", ours[:, 1] / ours[:, 0], theirs[:, 1] / theirs[:, 0], 1), ("nearest field's centre, m", *nearest, 0),
    ):  # fmt: skip
        cells = [f"{np.quantile(a, q):.{digits}f} / {np.quantile(b, q):.{digits}f}" for q in (0.1, 0.25, 0.5, 0.75, 0.9)]
        print(f"| {name} | " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp())
    days = [f"2018-{month:02d}-15" for month in MONTHS]
    temperate = simulate(
        work / "temperate", tiles=1, height=600, width=600, fields=600, region="flanders", dates=days, overwrite=True
    )
    kenya = simulate(
        work / "kenya", tiles=1, height=400, width=400, fields=600, layout="geotiff", dates=["2019-06-06"], overwrite=True
    )
    print_fields(simulated_fields(temperate), real_fields(options.data))
    print_pixels(temperate, options.data)
    print_sizes(gpd.read_file(kenya / "fields.gpkg"), gpd.read_file(options.data / "kenya_polygons" / "fields.gpkg"))


if __name__ == "__main__":
    main()
