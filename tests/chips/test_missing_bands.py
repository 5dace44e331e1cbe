"""Dates that lack a band: what chips keep of them, from imagery, in a store, in memory, and from tables."""

import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cropdetect.chips import ChipBatch, open_chips, read_table
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.chips.cut import cut_chips
from cropdetect.chips.store import write_chips
from cropdetect.fields import fields_of
from cropdetect.imagery import open_imagery
from tests.imagery.data import LEFT, TOP, write_raster

SHAPE = (8, 8)
NAN = np.nan


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentinel-2 on days 6 and 16, the second cloudy; Sentinel-1 on days 8 and 16; one field."""
    root = tmp_path_factory.mktemp("season")
    for day, value, scl in (("06", 500, 4), ("16", 600, 9)):
        write_raster(root / f"T36NYF_201906{day}T075611_B04_10m.tif", np.full(SHAPE, value, np.uint16))
        write_raster(root / f"T36NYF_201906{day}T075611_SCL_10m.tif", np.full(SHAPE, scl, np.uint8))
    for day, value in (("08", -9.0), ("16", -12.0)):
        write_raster(root / f"201906{day}_VV.tif", np.full(SHAPE, value, np.float32))
    field = shapely.box(LEFT + 10, TOP - 60, LEFT + 60, TOP - 10)
    gpd.GeoDataFrame({"id": [7]}, geometry=[field], crs="EPSG:32636").to_file(root / "fields.gpkg")
    imagery = open_imagery(root)
    out = root / "chips.zarr"
    write_chips(cut_chips(imagery, fields_of(imagery), chip_size=8), out)
    return out


def means(chips: RandomAccessChips) -> list[list[float]]:
    """Return the mean over the field, (step, band), NaN where missing or not clear."""
    batch = next(chips.batches())
    inside = (batch.mask[0] > 0)[None, None] & batch.clear[0][:, None] & ~np.isnan(batch.image[0])
    total = np.where(inside, batch.image[0], 0).sum(axis=(2, 3))
    count = inside.sum(axis=(2, 3))
    return np.divide(total, count, out=np.full(total.shape, NAN), where=count > 0).round(3).tolist()


SEASON = [[500, NAN], [NAN, -9], [NAN, -12]]


def kinds(store: Path) -> dict[str, RandomAccessChips]:
    chips = open_chips(store)
    return {"store": chips, "cached": chips.cached(), "cached in no memory": chips.cached(0), "all": chips.select(chips=[0])}


@pytest.mark.parametrize("kind", ["store", "cached", "cached in no memory", "all"])
def test_every_set_keeps_what_is_missing(store: Path, kind: str) -> None:
    chips = kinds(store)[kind]
    np.testing.assert_array_equal(means(chips), SEASON)
    assert chips.info.bands == ("B04", "VV")
    assert chips.info.backscatter_unit == "decibel"
    assert chips.observed[0].tolist() == [[True, False], [False, True], [False, True]]
    assert chips.seen.all()
    assert chips.has_value.tolist() == [[True, True]]


@pytest.mark.parametrize(
    ("options", "expected", "seen"),
    [
        ({"bands": ["B04"]}, [[500], [NAN], [NAN]], [True, False, False]),
        ({"bands": ["VV"]}, [[NAN], [-9], [-12]], [False, True, True]),
        ({"bands": ["VV", "B04"]}, [[NAN, 500], [-9, NAN], [-12, NAN]], [True, True, True]),
        ({"until": dt.date(2019, 6, 10)}, SEASON[:2], [True, True]),
        ({"until": dt.date(2019, 6, 10), "bands": ["VV"]}, [[NAN], [-9]], [False, True]),
    ],
)
def test_selected_bands_and_dates_are_seen_where_they_have_a_value(
    store: Path, options: dict[str, Any], expected: list[list[float]], seen: list[bool]
) -> None:
    for chips in (open_chips(store), open_chips(store).cached()):
        part = chips.select(**options)
        np.testing.assert_array_equal(means(part), expected)
        assert part.seen[0].tolist() == seen
        assert (next(part.batches()).seen()[0]).tolist() == seen


@pytest.mark.parametrize(("day", "seen"), [(155, [False] * 3), (157, [True, False, False]), (159, [True, True, False])])
def test_seen_until_leaves_later_dates_of_any_sensor_out(store: Path, day: float, seen: list[bool]) -> None:
    chips = open_chips(store).cached().seen_until(day)
    assert chips.seen[0].tolist() == seen
    assert next(chips.batches()).seen()[0].tolist() == seen


def batch(values: list[list[float]], dtype: str = "float32") -> ChipBatch:
    image = np.array(values, dtype)[None, :, :, None, None]
    steps = image.shape[1]
    date = (np.datetime64("2019-06-01") + np.arange(steps))[None]
    return ChipBatch(np.zeros(1, np.int64), image, np.ones((1, 1, 1), np.float32), np.ones((1, steps, 1, 1), bool), date)


def test_bands_that_are_absent_are_added_as_missing() -> None:
    found = batch([[1, 2], [3, 4]], "uint16").with_bands([1, None, 0])
    np.testing.assert_array_equal(found.image[0, :, :, 0, 0], [[2, NAN, 1], [4, NAN, 3]])
    assert found.image.dtype == np.float32
    assert found.clear.all()


@pytest.mark.parametrize(
    ("values", "kept"),
    [([[1, 2], [3, 4]], [1, 1]), ([[1, NAN], [3, 4]], [0, 1]), ([[NAN, NAN], [3, 4]], [1, 1]), ([[NAN, 2], [3, NAN]], [0, 0])],
)
def test_dates_that_lack_a_band_become_absent_for_what_takes_whole_dates(values: list[list[float]], kept: list[int]) -> None:
    found = batch(values).without_partial_steps()
    assert (~np.isnat(found.date[0])).astype(int).tolist() == kept
    assert found.clear[0, :, 0, 0].astype(int).tolist() == kept


LONG = """id,date,B04,B08,VV,SCL
a,2019-06-06,500,2500,,4
a,2019-06-08,,,0.1,
a,2019-06-16,600,2600,0.01,9
b,2019-06-08,,,1.0,
"""
WIDE = """id,20190606_B04,20190606_VV,20190608_VV,20190616_B04
a,500,,0.1,600
b,,,1.0,
"""


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (LONG, [[500, 2500, NAN], [NAN, NAN, -10], [NAN, NAN, -20]], [[NAN, NAN, 0]]),
        (LONG.replace("0.1,", "-10,").replace("0.01,", "-20,").replace("1.0,", "0.0,"),
         [[500, 2500, NAN], [NAN, NAN, -10], [NAN, NAN, -20]], [[NAN, NAN, 0]]),
        (WIDE, [[500, NAN], [NAN, -10], [600, NAN]], [[NAN, 0]]),
    ],
)  # fmt: skip
def test_tables_in_long_and_wide_form_keep_what_is_missing(
    tmp_path: Path, text: str, first: list[list[float]], second: list[list[float]]
) -> None:
    (tmp_path / "series.csv").write_text(text)
    chips = read_table(tmp_path / "series.csv")
    assert chips.info.backscatter_unit == "decibel"
    image = chips.batch.image[:, :, :, 0, 0]
    for row, expected in enumerate((first, second)):
        days = ~np.isnan(image[row]).all(axis=1)
        np.testing.assert_allclose(image[row][days], expected, atol=1e-5)
        assert chips.seen[row].sum() == len(expected)
