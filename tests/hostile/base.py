"""Good inputs of every kind, small, made once: what is hostile is made from them."""

import contextlib
import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from affine import Affine
from shapely.geometry import box

from cropdetect.checkpoint import write_checkpoint
from cropdetect.checkpoint.folder import MemberFiles
from tests.inference.conftest import linear_network, make_checkpoint, random_weights

CRS = "EPSG:32636"
LEFT, TOP, SIDE = 600_000.0, 100_000.0, 48
DAYS = ("20190606", "20190701", "20190805")
BANDS = ("B04", "B08")


@dataclass(frozen=True)
class Base:
    """Where each kind of input lies."""

    season: Path
    cube: Path
    zarr: Path
    fields: Path
    table: Path
    checkpoint: Path

    def copy(self, kind: str, to: Path) -> Path:
        """Copy one of them, to be damaged."""
        source = getattr(self, kind)
        target = to / source.name
        return Path(shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target))


def make_base(root: Path) -> Base:
    """Write all of them below a folder."""
    season = root / "season"
    for day in DAYS:
        for number, band in enumerate(BANDS):
            write_tif(season / day / f"{day}_{band}.tif", pixels(number))
    fields = root / "fields.gpkg"
    squares().to_file(fields, engine="pyogrio")
    season_fields = season / "fields.gpkg"
    shutil.copy(fields, season_fields)
    data = cube()
    data.to_netcdf(root / "cube.nc", engine="h5netcdf")
    data.to_zarr(root / "cube.zarr", zarr_format=3, consolidated=False)
    return Base(
        season, root / "cube.nc", root / "cube.zarr", fields, write_table(root / "table"), write_members(root / "checkpoint")
    )


def pixels(seed: int = 0, side: int = SIDE) -> np.ndarray:
    """Return reflectances as digital numbers, (y, x) uint16."""
    return np.random.default_rng(seed).integers(300, 3000, (side, side)).astype(np.uint16)


def write_tif(path: Path, image: np.ndarray, *, crs: Any = CRS, transform: Affine | None = None, **options: Any) -> Path:
    """Write a GeoTIFF of one band."""
    path.parent.mkdir(parents=True, exist_ok=True)
    where = Affine(10, 0, LEFT, 0, -10, TOP) if transform is None else transform
    height, width = image.shape
    profile = {"driver": "GTiff", "count": 1, "height": height, "width": width, "dtype": image.dtype} | options
    with rasterio.open(path, "w", crs=crs, transform=where, **profile) as file:
        file.write(image, 1)
    return path


def squares(n: int = 4) -> gpd.GeoDataFrame:
    """Return square fields of 100 m on the season, of two crops."""
    shapes = [box(LEFT + 20 + 110 * k, TOP - 130, LEFT + 120 + 110 * k, TOP - 30) for k in range(n)]
    crops = ["maize" if k % 2 else "rye" for k in range(n)]
    return gpd.GeoDataFrame({"field_id": list(range(1, n + 1)), "crop": crops}, geometry=shapes, crs=CRS)


def cube(side: int = SIDE) -> xr.Dataset:
    """Return a cube of two bands and three dates."""
    y, x = TOP - 10 * (np.arange(side) + 0.5), LEFT + 10 * (np.arange(side) + 0.5)
    steps = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in DAYS], "datetime64[ns]")
    bands = {name: (("time", "y", "x"), np.stack([pixels(k, side)] * len(DAYS))) for k, name in enumerate(BANDS)}
    return xr.Dataset(bands, coords={"time": steps, "y": y, "x": x}, attrs={"crs": CRS})


def write_table(folder: Path) -> Path:
    """Write the series of four fields."""
    folder.mkdir()
    days = pd.date_range("2019-04-01", periods=6, freq="20D")
    rows = [(field, day, 0.2 + 0.01 * field, 0.5) for field in range(1, 5) for day in days]
    pd.DataFrame(rows, columns=["field_id", "date", "B04", "B08"]).to_csv(folder / "series.csv", index=False)
    crops = ["maize" if k % 2 else "rye" for k in range(4)]
    pd.DataFrame({"field_id": range(1, 5), "label": crops}).to_csv(folder / "fields.csv", index=False)
    return folder


def write_members(folder: Path, **record: Any) -> Path:
    """Write a checkpoint whose networks are formulas."""
    networks = [linear_network(weights) for weights in random_weights(2)]
    drawn = make_checkpoint(folder.with_name(folder.name + "-drawn"), networks, chip_size=16, **record).record
    return write_checkpoint(folder, drawn, [MemberFiles(one, b"\x02\0\0\0\0\0\0\0{}") for one in networks]).path


def write_sql(geopackage: Path, *statements: str) -> Path:
    """Run statements on a GeoPackage; one that makes a virtual table is only written down, since its module is not there."""
    with contextlib.closing(sqlite3.connect(geopackage)) as database, database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{name}"')  # which call functions of GDAL
        database.execute("pragma writable_schema = on")
        for statement in statements:
            if statement.startswith("CREATE VIRTUAL"):
                database.execute("insert into sqlite_master values ('table', 'other', 'other', 0, ?)", (statement,))
            else:
                database.execute(statement)
    return geopackage


def view(sql: str) -> list[str]:
    """Return the statements that make a view a layer."""
    return [
        f"create view v as {sql}",
        "insert into gpkg_contents (table_name, data_type, identifier, srs_id) values ('v', 'features', 'v', 32636)",
        "insert into gpkg_geometry_columns values ('v', 'geom', 'POLYGON', 32636, 0, 0)",
    ]


def edit_json(path: Path, **values: Any) -> Path:
    """Replace values in a JSON file."""
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, **values}), "utf-8")
    return path
