"""One small season, and how each producer writes it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

BANDS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B11", "B12")
DAYS = tuple(str(day) for day in np.arange("2019-03-05", "2019-09-20", 20, "datetime64[D]"))
IDS = ("007", "x 8", "9")
CROPS = ("maize", "rye", "maize")
SHAPES = tuple(shapely.box(3 + 0.01 * n, 50, 3.005 + 0.01 * n, 50.005) for n in range(3))


def value(field_number: int, day: int, band: int) -> int:
    """A whole number that tells field, day and band."""
    return 400 + 1000 * field_number + 37 * day + 211 * band


@dataclass(frozen=True)
class Written:
    """A file, how to read it, and what of the season it does not tell."""

    path: Path
    options: dict[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = IDS
    has_labels: bool = True
    has_geometry: bool = True


def rows() -> list[tuple[int, int]]:
    return [(f, d) for d in range(len(DAYS)) for f in range(len(IDS))]


def geojson(f: int) -> str:
    return shapely.to_geojson(SHAPES[f])


def own_folder(root: Path) -> Written:
    """docs/tables.md."""
    long = pd.DataFrame(
        [{"field_id": IDS[f], "date": DAYS[d], **{band: value(f, d, b) for b, band in enumerate(BANDS)}} for f, d in rows()]
    )
    long.to_csv(root / "series.csv", index=False)
    fields = pd.DataFrame({"field_id": IDS, "label": CROPS, "lon": [s.centroid.x for s in SHAPES], "lat": [50.0025] * 3})
    fields.to_csv(root / "fields.csv", index=False)
    return Written(root)


def one_file(root: Path) -> Written:
    """The same columns in one file."""
    long = pd.DataFrame(
        [
            {"field_id": IDS[f], "date": DAYS[d], "crop": CROPS[f], **{band: value(f, d, b) for b, band in enumerate(BANDS)}}
            for f, d in rows()
        ]
    )
    long.to_parquet(root / "table.parquet")
    return Written(root / "table.parquet", has_geometry=False)


def short(band: str) -> str:
    """As Earth Engine's COPERNICUS/S2_SR_HARMONIZED calls it."""
    return band.replace("B0", "B")


def image(d: int) -> str:
    """`system:index` of an image in COPERNICUS/S2_SR_HARMONIZED."""
    day = DAYS[d].replace("-", "")
    return f"{day}T105031_20200115T105522_T31UDS"


def earth_engine_long(root: Path) -> Written:
    """developers.google.com/earth-engine/guides/exporting_tables: one feature a row, `.geo` last."""
    table = pd.DataFrame(
        [
            {
                "system:index": f"{image(d)}_{f:020}",
                **{short(band): value(f, d, b) for b, band in enumerate(BANDS)},
                "count": 30 + d,
                "crop": CROPS[f],
                "parcel_id": IDS[f],
                ".geo": geojson(f),
            }
            for f, d in rows()
        ]
    )
    table.to_csv(root / "ee_long.csv", index=False)
    return Written(root / "ee_long.csv")


def _wide(root: Path, column: Callable[[int, str], str], file: str, **more: Any) -> Written:
    table = pd.DataFrame(
        [
            {
                "system:index": f"{f:020}",
                **{column(d, band): value(f, d, b) for d in range(len(DAYS)) for b, band in enumerate(BANDS)},
                "crop": CROPS[f],
                "id": IDS[f],
                ".geo": geojson(f),
            }
            for f in range(len(IDS))
        ]
    )
    table.to_csv(root / file, index=False)
    return Written(root / file, **more)


def earth_engine_wide(root: Path) -> Written:
    """ee.ImageCollection.toBands: image and band with `_` between."""
    return _wide(root, lambda d, band: f"{image(d)}_{short(band)}", "wide.csv")


def wide_date_first(root: Path) -> Written:
    return _wide(root, lambda d, band: f"{DAYS[d].replace('-', '')}_{short(band)}", "wide.csv")


def wide_date_last(root: Path) -> Written:
    return _wide(root, lambda d, band: f"{band}_{DAYS[d]}", "wide.csv")


def wide_numbered(root: Path) -> Written:
    """toBands of a list of images: the place in the collection and the band; the days come from a YAML file."""
    (root / "map.yaml").write_text(f"dates: [{', '.join(DAYS)}]\n")
    return _wide(root, lambda d, band: f"{d}_{short(band)}", "wide.csv", options={"columns": root / "map.yaml"})


def parcels(root: Path) -> Path:
    """The polygons that an export was made for, in its order."""
    table = gpd.GeoDataFrame({"field_id": IDS, "crop": CROPS}, geometry=list(SHAPES), crs="EPSG:4326")
    table.to_file(root / "fields.gpkg")
    return root / "fields.gpkg"


def openeo_csv(root: Path) -> Written:
    """openeo.cloud notebooks, `timeseries-basic.csv`: date, feature_index, avg(band_0) ..."""
    table = pd.DataFrame(
        [
            {
                "date": f"{DAYS[d]}T00:00:00.000Z",
                "feature_index": f,
                **{f"avg(band_{b})": value(f, d, b) for b in range(len(BANDS))},
            }
            for f, d in rows()
        ]
    )
    table.to_csv(root / "timeseries.csv", index=False)
    (root / "map.yaml").write_text("bands:\n" + "".join(f"  - {band}\n" for band in BANDS))
    return Written(root / "timeseries.csv", {"columns": root / "map.yaml", "fields": parcels(root)})


def openeo_csv_named(root: Path) -> Written:
    """Back ends that keep the names of the bands."""
    table = pd.DataFrame(
        [
            {"date": f"{DAYS[d]}T00:00:00Z", "feature_index": f, **{band: value(f, d, b) for b, band in enumerate(BANDS)}}
            for f, d in rows()
        ]
    )
    table.to_csv(root / "timeseries.csv", index=False)
    return Written(root / "timeseries.csv", {"fields": parcels(root)})


def openeo_json(root: Path) -> Written:
    """openeo.rest.conversions.timeseries_json_to_pandas: date -> polygon -> band."""
    content = {
        f"{day}T00:00:00Z": [[value(f, d, b) for b in range(len(BANDS))] for f in range(len(IDS))] for d, day in enumerate(DAYS)
    }
    (root / "timeseries.json").write_text(json.dumps(content))
    (root / "map.yaml").write_text("bands:\n" + "".join(f"  - {band}\n" for band in BANDS))
    return Written(root / "timeseries.json", {"columns": root / "map.yaml", "fields": parcels(root)})


def statistics(mean: float, no_data: int = 0) -> dict[str, Any]:
    return {"stats": {"min": 0.0, "max": 1.0, "mean": mean, "stDev": 0.1, "sampleCount": 50, "noDataCount": no_data}}


def answer(f: int) -> dict[str, Any]:
    """docs.sentinel-hub.com/api/latest/api/statistical/examples."""
    data = []
    for d, day in enumerate(DAYS):
        bands = {band: statistics(value(f, d, b) / 10000) for b, band in enumerate(BANDS)}
        interval = {"from": f"{day}T00:00:00Z", "to": f"{np.datetime64(day) + 1}T00:00:00Z"}
        outputs = {"data": {"bands": bands}, "dataMask": {"bands": {"B0": statistics(1.0)}}}
        data.append({"interval": interval, "outputs": outputs})
    return {"data": data, "status": "OK"}


def sentinel_hub_batch(root: Path) -> Written:
    """docs.sentinel-hub.com, Batch Statistical API: one object a feature."""
    content = [{"id": f, "identifier": IDS[f], "response": answer(f)} for f in range(len(IDS))]
    (root / "batch.json").write_text(json.dumps(content))
    return Written(root / "batch.json", {"fields": parcels(root)})


def sentinel_hub_by_id(root: Path) -> Written:
    """As a script collects answers: id -> answer."""
    (root / "answers.json").write_text(json.dumps({IDS[f]: answer(f) for f in range(len(IDS))}))
    return Written(root / "answers.json", has_labels=False, has_geometry=False)


def sits_wide(root: Path) -> Written:
    """e-sensing/sits, R/sits_csv.R, `sits_timeseries_to_csv`: samples, then each band with the number of the instant."""
    table = pd.DataFrame(
        [
            {
                "longitude": SHAPES[f].centroid.x,
                "latitude": SHAPES[f].centroid.y,
                "start_date": DAYS[0],
                "end_date": DAYS[-1],
                "label": CROPS[f],
                **{f"{band}{d + 1}": value(f, d, b) / 10000 for b, band in enumerate(BANDS) for d in range(len(DAYS))},
            }
            for f in range(len(IDS))
        ]
    )
    table.to_csv(root / "sits.csv", index=False)
    return Written(root / "sits.csv", ids=("1", "2", "3"))


def sits_long(root: Path) -> Written:
    """A sits tibble, unnested: the day stands in `Index`."""
    table = pd.DataFrame(
        [
            {
                "id": IDS[f],
                "longitude": SHAPES[f].centroid.x,
                "latitude": SHAPES[f].centroid.y,
                "start_date": DAYS[0],
                "end_date": DAYS[-1],
                "label": CROPS[f],
                "cube": "sentinel-2",
                "Index": DAYS[d],
                **{band: value(f, d, b) / 10000 for b, band in enumerate(BANDS)},
            }
            for f, d in rows()
        ]
    )
    table.to_csv(root / "sits.csv", index=False)
    return Written(root / "sits.csv")


def eurocropsml(root: Path) -> Written:
    """dida-do/eurocropsml, eurocropsml/dataset/preprocess.py: a column a day, a list of 13 bands a cell."""
    order = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
    table = pd.DataFrame({"parcel_id": IDS, "EC_hcat_c": CROPS, "nuts1": "EE", "nuts2": "EE0", "nuts3": "EE001"})
    for d, day in enumerate(DAYS):
        table[day] = [[value(f, d, BANDS.index(band)) if band in BANDS else 100 for band in order] for f in range(len(IDS))]
    table.to_parquet(root / "Estonia.parquet")
    return Written(root / "Estonia.parquet", has_geometry=False)


def worldcereal(root: Path) -> Written:
    """WorldCereal/worldcereal-classification, worldcereal/utils/timeseries.py."""
    table = gpd.GeoDataFrame(
        [
            {
                "sample_id": IDS[f],
                "timestamp": pd.Timestamp(DAYS[d]),
                "valid_time": "2019-07-01",
                "crop": CROPS[f],
                **{f"S2-L2A-{band}": value(f, d, b) for b, band in enumerate(BANDS)},
                "AGERA5-PRECIP": 10 * d + f,
            }
            for f, d in rows()
        ],
        geometry=[SHAPES[f] for f, _ in rows()],
        crs="EPSG:4326",
    )
    table.to_parquet(root / "worldcereal.parquet")
    return Written(root / "worldcereal.parquet")


def mapped(root: Path) -> Written:
    """A table of one's own, whose columns a YAML file names."""
    table = pd.DataFrame(
        [
            {"plot nr": IDS[f], "when": DAYS[d], "what": CROPS[f], **{f"m{b}": value(f, d, b) for b in range(len(BANDS))}}
            for f, d in rows()
        ]
    )
    table.to_csv(root / "mine.csv", index=False, sep=";")
    bands = ", ".join(f"m{b}: {band}" for b, band in enumerate(BANDS))
    (root / "map.yaml").write_text(f"id: plot nr\ndate: when\nbands: {{{bands}}}\nlabel: what\n")
    return Written(root / "mine.csv", {"columns": root / "map.yaml"}, has_geometry=False)


WRITERS: tuple[Callable[[Path], Written], ...] = (
    own_folder,
    one_file,
    earth_engine_long,
    earth_engine_wide,
    wide_date_first,
    wide_date_last,
    wide_numbered,
    openeo_csv,
    openeo_csv_named,
    openeo_json,
    sentinel_hub_batch,
    sentinel_hub_by_id,
    sits_wide,
    sits_long,
    eurocropsml,
    worldcereal,
    mapped,
)
