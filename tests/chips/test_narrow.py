"""Fewer fields and dates of a store or a table: the same as cutting, or exporting, with the same options."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from cropdetect.api import DataOptions
from cropdetect.api._data import open_data
from cropdetect.chips import ChipBatch, ChipSet, cut_chips, narrowed, open_chips, read_table, write_chips
from cropdetect.errors import OptionError
from tests.chips.memory import DAYS, MemorySeries, imagery
from tests.chips.test_streaming import fields_of_boxes

BOXES = [(5.0, 5.0, 4.0, 4.0), (20.0, 5.0, 6.0, 6.0), (5.0, 20.0, 9.0, 3.0), (20.0, 20.0, 8.0, 8.0)]


def series(**more: object) -> MemorySeries:
    rng = np.random.default_rng(1)
    clear = rng.random((4, 40, 40)) > 0.2
    return MemorySeries(rng.integers(1, 999, (4, 3, 40, 40), np.uint16), clear=clear, **more)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_chips(cut_chips(imagery(series()), fields_of_boxes(BOXES), chip_size=8), tmp_path / "chips.zarr")
    return tmp_path / "chips.zarr"


def whole(chips: ChipSet) -> ChipBatch:
    (batch,) = chips.batches(100)
    return batch


def bbox_around(row: int) -> tuple[float, float, float, float]:
    west, south, east, north = fields_of_boxes([BOXES[row]]).table.to_crs("EPSG:4326").total_bounds
    return float(west), float(south), float(east), float(north)


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 2},
        {"bbox": bbox_around(3)},
        {"until": DAYS[1]},
        {"until": DAYS[2], "limit": 3},
        {"bbox": bbox_around(1), "limit": 1},
    ],
)
def test_a_narrowed_store_holds_what_cutting_with_the_same_options_gives(store: Path, options: dict[str, object]) -> None:
    got = narrowed(open_chips(store), **options)  # type: ignore[arg-type]
    wanted = cut_chips(imagery(series()), fields_of_boxes(BOXES), chip_size=8, **options)  # type: ignore[arg-type]
    assert got.fields["field_id"].tolist() == wanted.fields["field_id"].tolist()
    assert got.field_of_chip.tolist() == wanted.field_of_chip.tolist()
    assert (got.info.dates, got.info.n_steps) == (wanted.info.dates, wanted.info.n_steps)
    for name in ("field", "image", "mask", "clear", "date"):
        np.testing.assert_array_equal(getattr(whole(got), name), getattr(whole(wanted), name))


def test_chips_are_taken_in_any_order(store: Path) -> None:
    chips = narrowed(open_chips(store), bbox=bbox_around(3))
    np.testing.assert_array_equal(chips.take([0]).image, whole(chips).image[:1])
    assert chips.take(np.array([0])).field.tolist() == [0]


def test_other_options_have_another_fingerprint_and_none_change_nothing(store: Path) -> None:
    chips = open_chips(store)
    prints = {narrowed(chips, limit=limit).info.fingerprint for limit in (1, 2)} | {
        narrowed(chips, until=DAYS[1]).info.fingerprint
    }
    assert len(prints | {chips.info.fingerprint}) == 4
    assert narrowed(chips) is chips


def test_no_date_left_is_an_error(store: Path) -> None:
    with pytest.raises(OptionError, match="no date is left"):
        narrowed(open_chips(store), until=dt.date(2000, 1, 1))


def write_table(folder: Path, *, place: bool = True) -> Path:
    """Field 1 has three dates, field 2 two late ones, field 3 none."""
    folder.mkdir()
    rows = [
        (1, "2019-06-01", 0.1),
        (1, "2019-07-01", 0.2),
        (1, "2019-08-01", 0.3),
        (2, "2019-07-15", 0.4),
        (2, "2019-08-01", 0.5),
    ]
    pd.DataFrame(rows, columns=["field_id", "date", "NDVI"]).to_csv(folder / "series.csv", index=False)
    fields = pd.DataFrame({"field_id": [1, 2, 3], "label": ["a", "b", "a"]})
    if place:
        fields = fields.assign(lon=[34.0, 35.0, 34.0], lat=[0.5, 0.5, 0.6])
    fields.to_csv(folder / "fields.csv", index=False)
    return folder


def test_later_steps_of_a_table_become_absent(tmp_path: Path) -> None:
    chips = narrowed(read_table(write_table(tmp_path / "table")), until=dt.date(2019, 7, 10))
    assert chips.info.dates == (dt.date(2019, 6, 1), dt.date(2019, 7, 1))
    batch = whole(chips)
    assert batch.image[0, :, 0, 0, 0].tolist() == pytest.approx([0.1, 0.2])
    assert np.isnat(batch.date[1]).all()
    assert not batch.clear[1].any()
    assert np.isnan(batch.image[1]).all()


def test_a_box_finds_the_fields_of_a_table_by_longitude_and_latitude(tmp_path: Path) -> None:
    chips = narrowed(read_table(write_table(tmp_path / "table")), bbox=(33.9, 0.4, 34.1, 0.7))
    assert chips.fields["field_id"].tolist() == [1, 3]
    assert chips.fields["status"].tolist() == ["ok", "no_data"]
    assert len(chips) == 1
    assert shapely.equals(chips.fields.geometry[1], shapely.Point(34.0, 0.6))
    with pytest.raises(OptionError, match="CRS"):
        narrowed(read_table(write_table(tmp_path / "nowhere", place=False)), bbox=(33.9, 0.4, 34.1, 0.7))


def test_stores_and_tables_take_the_options_of_every_command(store: Path, tmp_path: Path) -> None:
    assert len(open_data(store, DataOptions(limit=1, until=DAYS[1])).chips.fields) == 1
    table = write_table(tmp_path / "table")
    assert open_data(table, DataOptions(bbox=(34.9, 0.4, 35.1, 0.7))).chips.fields["field_id"].tolist() == [2]
    with pytest.raises(OptionError, match="--resolution"):
        open_data(store, DataOptions(resolution=20))
