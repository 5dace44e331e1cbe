"""A simulated season beside real figures, as Markdown tables.

    python benchmarks/simulation_realism.py ../shared/data [--work FOLDER]

Bands and NDVI by month of temperate fields against French parcels (`france_s2`), of a temperate landscape's clear pixels
against a patch in Flanders (`flanders_s2`), and sizes and shapes of fields against surveyed Kenyan polygons
(`kenya_polygons`). Values are reflectance x 10000; cells are "simulated / real": medians, or 10th, 50th and 90th percentile
where three numbers stand.
"""

import argparse
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
import xarray as xr
from rasterio.features import rasterize

from cropdetect.simulation import simulate
from simulation_difficulty import BANDS, read

MONTHS = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11)
COUNTERPARTS = {"maize": "maize", "winter wheat": "wheat", "rapeseed": "rapeseed_rape", "soybean": "soy_soybeans"}
SHOWN = ("B02", "B03", "B04", "B05", "B08", "B11", "B12")
SIZE = 600
CLEAR = (4, 5, 6, 7)
QUANTILES = (0.1, 0.5, 0.9)


def ndvi(frame: pd.DataFrame) -> pd.Series:
    return (frame["B08"] - frame["B04"]) / (frame["B08"] + frame["B04"])


def read_date(season: Path, day: str) -> dict[str, npt.NDArray[np.generic]]:
    """Read all bands and SCL of a date (layout geotiff) on 10 m."""
    images = {}
    for path in season.glob(f"*_{day}T*.tif"):
        band, resolution = path.stem.split("_")[-2:]
        factor = int(resolution[:-1]) // 10
        images[band] = read(path).repeat(factor, 0).repeat(factor, 1)[:SIZE, :SIZE]
    return images


def days_of(season: Path) -> list[str]:
    return sorted({path.name.split("_")[1][:8] for path in season.glob("*_B04_10m.tif")})


def simulated_fields(season: Path) -> pd.DataFrame:
    """Return one row a field and date: label, month and mean of each band over the pixels that SCL calls clear."""
    fields = gpd.read_file(season / "fields.gpkg")[["field_id", "geometry"]].merge(pd.read_csv(season / "truth.csv"))
    with rasterio.open(next(season.glob("*_B04_10m.tif"))) as file:
        ids = rasterize(
            zip(fields.geometry, fields["field_id"], strict=True), file.shape, transform=file.transform, dtype="int32"
        )
    parts = []
    for day in days_of(season):
        images = read_date(season, day)
        clear = np.isin(images["SCL"], CLEAR)
        table = pd.DataFrame({band: images[band][clear] for band in BANDS}).groupby(ids[clear]).mean()
        parts.append(fields[["field_id", "label"]].join(table, on="field_id", how="inner").assign(month=int(day[4:6])))
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
    """Return every tenth clear pixel of a month's dates."""
    parts = []
    for day in (d for d in days_of(season) if int(d[4:6]) == month):
        images = read_date(season, day)
        clear = np.isin(images["SCL"], (4, 5))
        parts.append(pd.DataFrame({band: images[band][clear][::10].astype(float) for band in SHOWN}))
    return pd.concat(parts)


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
        ("area, m2", fields.area, real.area, 0),
        ("width, m", ours[:, 0], theirs[:, 0], 0),
        ("length, m", ours[:, 1], theirs[:, 1], 0),
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
    days = [f"2018-{month:02d}-{day}" for month in MONTHS for day in ("05", "15", "25")]
    temperate = simulate(
        work / "temperate",
        tiles=1,
        height=SIZE,
        width=SIZE,
        fields=600,
        region="flanders",
        layout="geotiff",
        dates=days,
        overwrite=True,
    )
    kenya = simulate(
        work / "kenya", tiles=1, height=400, width=400, fields=600, layout="geotiff", dates=["2019-06-06"], overwrite=True
    )
    print_fields(simulated_fields(temperate), real_fields(options.data))
    print_pixels(temperate, options.data)
    print_sizes(gpd.read_file(kenya / "fields.gpkg"), gpd.read_file(options.data / "kenya_polygons" / "fields.gpkg"))


if __name__ == "__main__":
    main()
