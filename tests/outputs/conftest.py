"""Predictions made by hand, a run, and imagery that is nothing but a grid."""

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely import Point, box

from cropdetect.formats import InputRecord, PredictionRun
from cropdetect.imagery import Imagery, ImageSeries
from cropdetect.inference import Predictions

NAN = np.nan


class Grid(ImageSeries):
    """A tile without pixels: the crop map needs its grid only."""

    def __init__(self, name: str, geobox: GeoBox) -> None:
        self.name, self.geobox = name, geobox

    def read(self, *arguments: object, **keywords: object) -> None:  # type: ignore[override]
        raise AssertionError("no pixels are needed")


@pytest.fixture
def grid() -> Callable[..., Imagery]:
    """Make imagery of 10 m pixels, one tile beside the other."""

    def make(height: int = 40, width: int = 60, crs: str | None = "EPSG:32636", tiles: tuple[str, ...] = ("",)) -> Imagery:
        origins = [
            Affine(10, 0, 600_000 + 10 * width * k, 0, -10, 50_000) if crs else Affine.identity() for k in range(len(tiles))
        ]
        series = [Grid(name, GeoBox((height, width), origin, crs)) for name, origin in zip(tiles, origins, strict=True)]
        return Imagery(path=Path("imagery"), layout="files", tiles=tuple(series))

    return make


@pytest.fixture
def predictions() -> Predictions:
    """Four squares of 100 m: sure, unsure, without data, outside; their ids are 11, 12, 13 and 14."""
    squares = [box(600_000 + 120 * k, 49_800, 600_100 + 120 * k, 49_900) for k in range(4)]
    return make_predictions(
        squares,
        [[0.9, 0.1, 0.0], [0.2, 0.35, 0.45], [NAN] * 3, [NAN] * 3],
        ids=[11, 12, 13, 14],
        status=["ok", "partly_outside", "no_data", "outside"],
        clear_share=[0.5, 1.0, 0.0, NAN],
    )


def make_predictions(geometry, probabilities, *, ids=None, status=None, legend=None, clear_share=None, crs="EPSG:32636"):
    n, probabilities = len(geometry), np.array(probabilities, float)
    there = np.isfinite(probabilities).all(axis=1)
    fields = gpd.GeoDataFrame(
        {"field_id": list(range(1, n + 1)) if ids is None else ids, "status": ["ok"] * n, "owner": ["=cmd()"] * n},
        geometry=gpd.GeoSeries(geometry, crs=crs),
    )
    return Predictions(
        fields=fields,
        legend=tuple(legend or ("maize", "rye", "oats")[: probabilities.shape[1]]),
        probabilities=probabilities,
        disagreement=np.where(there, 0.01, NAN),
        n_dates=np.where(there, 7, 0),
        clear_share=np.array([0.5] * n if clear_share is None else clear_share, float),
        n_pixels=np.full(n, 100.0),
        status=np.array(status or ["ok"] * n),
    )


@pytest.fixture
def many_predictions() -> Callable[..., Predictions]:
    return make_predictions


@pytest.fixture
def points() -> list[Point]:
    return [Point(34 + k, 1) for k in range(3)]


@pytest.fixture
def run() -> PredictionRun:
    return PredictionRun(
        format="cropdetect-run",
        fingerprint="f",
        command=["cropdetect", "predict"],
        versions={"cropdetect": "0"},
        inputs=[InputRecord(path="imagery", kind="imagery", bytes=1)],
        checkpoint="checkpoint",
        dates=["2019-06-06"],
        bands=["B04"],
        offset=0.0,
        n_fields=4,
        n_chips=2,
        status_counts={"ok": 1},
        seconds={"predicting": 1.0},
        cpu_seconds={"predicting": 1.0},
        peak_memory_mb=1.0,
        precision="f32",
        device="cpu",
        warnings=[],
        started="2026-01-01T00:00:00+00:00",
        finished="2026-01-01T00:00:01+00:00",
    )
