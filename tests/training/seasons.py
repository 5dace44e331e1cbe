"""Small chip sets in memory, whose crops differ in how B08 rises over the season."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np

from cropdetect.chips import ChipBatch, ChipInfo, MemoryChips

BANDS = ("B04", "B08", "CLD")


class CountingChips(MemoryChips):
    """Counts how many chips were taken."""

    n_taken = 0

    def take(self, chips: Sequence[int] | np.ndarray) -> ChipBatch:
        self.n_taken += len(chips)
        return super().take(chips)


def season(
    *,
    n_fields: int = 60,
    n_steps: int = 6,
    size: int = 1,
    chips_a_field: int = 1,
    crops: tuple[str, ...] = ("wheat", "maize", "beans"),
    ragged: bool = True,
    bands: tuple[str, ...] = BANDS,
    seed: int = 0,
) -> CountingChips:
    """Make fields in ten groups on a 10 km line, one crop after the other, with cloudy and (if ragged) absent dates."""
    rng = np.random.default_rng(seed)
    field = np.repeat(np.arange(n_fields), chips_a_field)
    n = len(field)
    crop = np.arange(n_fields) % len(crops)
    progress = np.linspace(0, 1, n_steps)
    image = rng.normal(900, 40, (n, n_steps, len(bands), size, size))
    for position, band in enumerate(bands):
        if band == "B08":
            slope = 1500 * (crop[field][:, None] - 1) * progress
            image[:, :, position] += 2500 + slope[:, :, None, None]
        if band == "CLD":
            image[:, :, position] = 0
    clear = np.ones((n, n_steps, size, size), bool)
    clear[rng.random((n, n_steps)) < 0.2] = False
    clear[:, 0] = True
    date = np.datetime64("2021-04-01") + 20 * np.arange(n_steps) + rng.integers(0, 5, (n, 1))
    date = date.astype("datetime64[D]")
    if ragged:
        date[::2, -1] = np.datetime64("NaT", "D")
        clear[::2, -1] = False
    mask = np.ones((n, size, size), np.float32)
    mask[:, 0, 0] = 0.5 if size > 1 else 1
    order = rng.permutation(n_fields)
    fields = gpd.GeoDataFrame(
        {
            "field_id": [f"f{i}" for i in range(n_fields)],
            "status": "ok",
            "label": [crops[c] for c in crop],
            "lon": 36.0 + 0.01 * (order % 10),
            "lat": 0.5,
        },
        geometry=[None] * n_fields,
    )
    info = ChipInfo(
        bands=bands,
        size=size,
        n_steps=n_steps,
        preset="default",
        crs=None,
        resolution=10.0,
        units="digital number",
        sensor="sentinel-2",
        offset=0.0,
        sources=("season",),
        fingerprint=f"season-{seed}-{n_fields}",
    )
    return CountingChips(info, fields, ChipBatch(field, image.astype(np.uint16), mask, clear, date))
