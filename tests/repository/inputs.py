"""Small files of each kind that docs/data.md speaks of, under the names that it uses."""

import datetime as dt
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from cropdetect import api
from tests.imagery.data import LEFT, TOP, cube, write_raster

SIDE = 24  # pixels of 10 m
CRS = "EPSG:32636"
DAYS = tuple(dt.date(2023, month, 15) for month in (4, 5, 6, 7, 8, 9))
TEN, TWENTY = ("B02", "B03", "B04", "B08"), ("B05", "B06", "B07", "B11", "B12")
BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B11", "B12")


def pixels(number: int, day: int, side: int = SIDE) -> np.ndarray:
    """Digital numbers that differ by band, date and pixel."""
    return (400 + 150 * number + 40 * day + np.arange(side * side).reshape(side, side) % 97).astype(np.uint16)


def fields_table(**columns: object) -> gpd.GeoDataFrame:
    """Four squares of 80 m on the images."""
    corners = [(LEFT + 20 + 110 * (n % 2), TOP - 110 - 110 * (n // 2)) for n in range(4)]
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(x, y, x + 80, y + 80) for x, y in corners], crs=CRS)


def fields() -> None:
    fields_table(field_id=["a1", "a2", "b1", "b2"], crop=["maize", "rye", "maize", "rye"]).to_file("fields.gpkg")


def safe() -> None:
    """Products of baseline 05.09, with the metadata that tell the offset."""
    fields()
    for number, day in enumerate(DAYS):
        stamp = f"{day:%Y%m%d}T105031"
        product = Path("safe") / f"S2A_MSIL2A_{stamp}_N0509_R051_T36NXF_{day:%Y%m%d}T165500.SAFE"
        inside = product / "GRANULE" / f"L2A_T36NXF_A041234_{stamp}" / "IMG_DATA"
        lossless = {"driver": "JP2OpenJPEG", "QUALITY": "100", "REVERSIBLE": "YES"}
        for position, band in enumerate(TEN):
            write_raster(inside / "R10m" / f"T36NXF_{stamp}_{band}_10m.jp2", pixels(position, number) + 1000, **lossless)
        for position, band in enumerate(TWENTY):
            image = pixels(position, number, SIDE // 2) + 1000
            write_raster(inside / "R20m" / f"T36NXF_{stamp}_{band}_20m.jp2", image, pixel=20, **lossless)
        classes = np.full((SIDE // 2, SIDE // 2), 4, np.uint8)
        classes[:3] = 9 if number == 2 else 4
        write_raster(inside / "R20m" / f"T36NXF_{stamp}_SCL_20m.jp2", classes, pixel=20, **lossless)
        offset = '<BOA_ADD_OFFSET band_id="0">-1000</BOA_ADD_OFFSET>'
        (product / "MTD_MSIL2A.xml").write_text(f"<Level-2A>{offset}</Level-2A>", "utf-8")


def landsat() -> None:
    fields()
    for number, day in enumerate(DAYS):
        name = f"LC08_L2SP_170060_{day:%Y%m%d}_20231201_02_T1"
        for position, band in enumerate(("B2", "B3", "B4", "B5", "B6", "B7")):
            stored = (7273 + 4 * pixels(position, number, 8)).astype(np.uint16)
            write_raster(Path("landsat") / name / f"{name}_SR_{band}.TIF", stored, pixel=30)
        quality = np.full((8, 8), 21824, np.uint16)
        quality[0] = 22280  # cloud
        write_raster(Path("landsat") / name / f"{name}_QA_PIXEL.TIF", quality, pixel=30)


def hls() -> None:
    fields()
    for number, day in enumerate(DAYS):
        name = f"HLS.S30.T36NXF.{day:%Y%j}T105031.v2.0"
        for position, band in enumerate(("B02", "B03", "B04", "B8A")):
            image = pixels(position, number, 8).astype(np.int16)
            write_raster(Path("hls") / f"{name}.{band}.tif", image, pixel=30, nodata=-9999)
        mask = np.full((8, 8), 64, np.uint8)  # clear, low aerosol
        mask[0] = 66  # cloud
        write_raster(Path("hls") / f"{name}.Fmask.tif", mask, pixel=30, nodata=255)


def own_names() -> None:
    fields()
    for number, day in enumerate(DAYS):
        image = np.stack([pixels(position, number) for position in range(2)])
        write_raster(Path("mine") / f"farm_{day:%d%b%Y}.tif", image)


def earth_engine_images() -> None:
    """An export that Earth Engine cut into two files a date."""
    fields()
    for number, day in enumerate(DAYS):
        stamp = f"{day:%Y%m%d}T075611"
        image = np.stack([pixels(position, number) for position in range(len(BANDS))])
        quality = np.zeros((1, SIDE, SIDE), np.uint16)
        quality[0, :4] = 1024  # opaque cloud
        layers = np.concatenate([image, quality])
        names = (*(f"B{int(band[1:])}" for band in BANDS), "QA60")
        half = SIDE // 2
        for part, (rows, top) in enumerate(((slice(0, half), TOP), (slice(half, SIDE), TOP - 10 * half))):
            file = Path("gee") / f"{stamp}_{stamp}_T36NXF-{part * half:010d}-0000000000.tif"
            write_raster(file, layers[:, rows], top=top, descriptions=names)


def earth_engine_table() -> None:
    rows = [
        {
            "system:index": f"{day:%Y%m%d}T075611_{day:%Y%m%d}T080520_T36NXF_{n}",
            "field_id": name,
            "crop": ("maize", "rye")[n % 2],
            **{f"B{int(band[1:])}": 400 + 150 * position + 40 * number + n for position, band in enumerate(BANDS)},
            ".geo": shapely.to_geojson(shapely.box(34 + 0.01 * n, 0.5, 34.005 + 0.01 * n, 0.505)),
        }
        for number, day in enumerate(DAYS)
        for n, name in enumerate(("007", "008", "009", "010"))
    ]
    pd.DataFrame(rows).to_csv("gee.csv", index=False)


def openeo_cube() -> None:
    fields()
    times = tuple(str(day) for day in DAYS)
    bands = {f"S2-L2A-{b}": np.stack([pixels(p, n) for n in range(len(DAYS))]) for p, b in enumerate(BANDS)}
    classes = np.full((len(DAYS), SIDE, SIDE), 4, np.uint16)
    classes[1] = 9
    cube({**bands, "S2-L2A-SCL": classes}, times=times).to_netcdf("openEO.nc")


def two_sensors() -> None:
    fields()
    weeks = [(dt.date(2023, 6, 5) + dt.timedelta(7 * week), dt.date(2023, 6, 11) + dt.timedelta(7 * week)) for week in range(3)]
    for number, (first, last) in enumerate(weeks):
        radar = np.stack([pixels(position, number).astype(np.float32) / 1e4 for position in range(2)])
        write_raster(Path("season") / "s1-asc" / f"s1-grd-asc-weekly_{first}_{last}.tif", radar, descriptions=("VV", "VH"))
        image = np.stack([pixels(position, number) for position in range(4)])
        write_raster(Path("season") / "s2" / f"s2-weekly_{first}_{last}.tif", image, descriptions=TEN)


def national_file() -> None:
    """A zipped Shapefile with codes of crops, and no column that is called like an id or a label."""
    table = fields_table(parcel_nr=["0071", "0072", "0101", "0102"], code=["115", "411", "115", "411"])
    table.set_crs(CRS).to_crs("EPSG:3035").to_file("parcels.shp", encoding="UTF-8")
    with zipfile.ZipFile("parcels.zip", "w") as archive:
        for file in sorted(Path().glob("parcels.*")):
            if file.suffix != ".zip":
                archive.write(file)
                file.unlink()


def plain_table() -> None:
    rows = [
        {"parcel": name, "day": f"{day:%d.%m.%Y}", "red_mean": 0.04 + 0.002 * number, "nir_mean": 0.3 + 0.01 * n, "crop": crop}
        for number, day in enumerate(DAYS)
        for n, (name, crop) in enumerate((("007", "maize"), ("008", "rye"), ("009", "maize")))
    ]
    pd.DataFrame(rows).to_csv("series.csv", index=False)
    Path("map.yaml").write_text(
        'id: parcel\ndate: day\ndate_format: "%d.%m.%Y"\nbands:\n  red_mean: B04\n  nir_mean: B08\n', "utf-8"
    )


def chip_store() -> None:
    openeo_cube()
    api.chips(Path("openEO.nc"), Path("chips.zarr"), options=api.DataOptions(fields=Path("fields.gpkg")))


#: Heading of docs/data.md -> what makes the files of its commands.
INPUTS: Mapping[str, Callable[[], None]] = {
    "Sentinel-2 products (.SAFE)": safe,
    "Landsat": landsat,
    "Harmonised Landsat and Sentinel-2 (HLS)": hls,
    "GeoTIFF files with names of your own": own_names,
    "Images from Earth Engine": earth_engine_images,
    "A table from Earth Engine": earth_engine_table,
    "A cube from openEO": openeo_cube,
    "Sentinel-1 beside Sentinel-2": two_sensors,
    "A national file of parcels": national_file,
    "A plain table": plain_table,
    "A chip store": chip_store,
}
