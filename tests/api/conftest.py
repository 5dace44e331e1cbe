"""A small season on disk and a checkpoint that fits it."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from cropdetect import api

ROWS = COLUMNS = 96
WEST, NORTH = 640_000.0, 60_000.0
CRS = "EPSG:32636"
BANDS = ("B02", "B03", "B04", "B08", "CLD")
DATES = ("20190606", "20190701", "20190711", "20190805", "20190904", "20191004")


def write_band(path: Path, values: np.ndarray) -> None:
    """Write one single-band GeoTIFF on the season's grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    transform = rasterio.transform.from_origin(WEST, NORTH, 10, 10)
    profile = {"driver": "GTiff", "count": 1, "crs": CRS, "transform": transform, "dtype": values.dtype.name}
    with rasterio.open(path, "w", height=values.shape[0], width=values.shape[1], **profile) as file:
        file.write(values, 1)


def square(row: float, column: float, size: float = 8) -> dict[str, object]:
    """Return a GeoJSON square of `size` pixels whose top left corner is at a pixel position."""
    from shapely.geometry import box, mapping

    left, top = WEST + 10 * column, NORTH - 10 * row
    return mapping(box(left, top - 10 * size, left + 10 * size, top))


def write_fields(path: Path, features: list[tuple[object, object, str]], crs: str = CRS) -> Path:
    """Write (id, GeoJSON geometry or None, crop) rows as GeoPackage, reprojected from the season's CRS."""
    from shapely.geometry import shape

    geometry = [None if shape_ is None else shape(shape_) for _, shape_, _ in features]
    table = gpd.GeoDataFrame(
        {"field_id": [i for i, _, _ in features], "crop": [c for _, _, c in features]}, geometry=geometry, crs=CRS
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_crs(crs).to_file(path, engine="pyogrio")
    return path


GRID = [(100 + 10 * r + c, square(4 + 22 * r, 4 + 22 * c), "maize" if c % 2 else "cassava") for r in range(4) for c in range(4)]


@pytest.fixture(scope="session")
def season(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of single-band GeoTIFFs, six dates, sixteen fields of two crops that differ in B08."""
    root = tmp_path_factory.mktemp("season")
    rng = np.random.default_rng(0)
    crop = np.zeros((ROWS, COLUMNS))
    for r in range(4):
        for c in range(4):
            crop[4 + 22 * r : 12 + 22 * r, 4 + 22 * c : 12 + 22 * c] = 1 + c % 2
    for step, date in enumerate(DATES):
        for band in BANDS:
            values = rng.normal(800, 30, crop.shape)
            if band == "B08":
                values = values + 1500 + 300 * step * (crop == 2) - 150 * step * (crop == 1)
            if band == "CLD":
                values = np.zeros_like(values)
            write_band(root / date / f"{date}_{band}.tif", values.astype(np.uint16))
    write_fields(root / "fields.gpkg", GRID)
    return root


@pytest.fixture(scope="session")
def checkpoint(season: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint trained for a moment on the season."""
    out = tmp_path_factory.mktemp("trained") / "checkpoint"
    api.train(season, out, options=api.DataOptions(labels="crop", chip_size=16), epochs=3, members=2, block_size=300.0)
    return out


@pytest.fixture
def broken(season: Path, tmp_path: Path) -> Path:
    """A copy of the season that a test may damage."""
    return Path(shutil.copytree(season, tmp_path / "season"))


def rows(out: Path) -> dict[object, dict[str, object]]:
    """Read predictions.csv as a row a field id."""
    import pandas as pd

    table = pd.read_csv(out / "predictions.csv")
    return {row["field_id"]: row for row in json.loads(table.to_json(orient="records"))}
