"""Fewer fields and dates of a store or a table: the same as cutting, or exporting, with the same options."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from cropdetect.chips import ChipBatch, ChipSet, MemoryChips, cut_chips, open_chips, read_table, write_chips
from cropdetect.errors import MissingBandError, OptionError
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
    got = open_chips(store).select(**options)  # type: ignore[arg-type]
    wanted = cut_chips(imagery(series()), fields_of_boxes(BOXES), chip_size=8, **options)  # type: ignore[arg-type]
    assert got.fields["field_id"].tolist() == wanted.fields["field_id"].tolist()
    assert got.field_of_chip.tolist() == wanted.field_of_chip.tolist()
    assert (got.info.dates, got.info.n_steps) == (wanted.info.dates, wanted.info.n_steps)
    for name in ("field", "image", "mask", "clear", "date"):
        np.testing.assert_array_equal(getattr(whole(got), name), getattr(whole(wanted), name))


def test_chips_are_taken_in_any_order(store: Path) -> None:
    chips = open_chips(store).select(bbox=bbox_around(3))
    np.testing.assert_array_equal(chips.take([0]).image, whole(chips).image[:1])
    assert chips.take(np.array([0])).field.tolist() == [0]


def test_other_options_have_another_fingerprint_and_none_change_nothing(store: Path) -> None:
    chips = open_chips(store)
    prints = {chips.select(limit=limit).info.fingerprint for limit in (1, 2)} | {chips.select(until=DAYS[1]).info.fingerprint}
    assert len(prints | {chips.info.fingerprint}) == 4
    assert chips.select() is chips


def test_no_date_left_is_an_error(store: Path) -> None:
    with pytest.raises(OptionError, match="no date is left"):
        open_chips(store).select(until=dt.date(2000, 1, 1))


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
    chips = read_table(write_table(tmp_path / "table")).select(until=dt.date(2019, 7, 10))
    assert chips.info.dates == (dt.date(2019, 6, 1), dt.date(2019, 7, 1))
    batch = whole(chips)
    assert batch.image[0, :, 0, 0, 0].tolist() == pytest.approx([0.1, 0.2])
    assert np.isnat(batch.date[1]).all()
    assert not batch.clear[1].any()
    assert np.isnan(batch.image[1]).all()


def test_a_box_finds_the_fields_of_a_table_by_longitude_and_latitude(tmp_path: Path) -> None:
    chips = read_table(write_table(tmp_path / "table")).select(bbox=(33.9, 0.4, 34.1, 0.7))
    assert chips.fields["field_id"].tolist() == [1, 3]
    assert chips.fields["status"].tolist() == ["ok", "no_data"]
    assert len(chips) == 1
    assert shapely.equals(chips.fields.geometry[1], shapely.Point(34.0, 0.6))
    with pytest.raises(OptionError, match="CRS"):
        read_table(write_table(tmp_path / "nowhere", place=False)).select(bbox=(33.9, 0.4, 34.1, 0.7))


def test_fields_chips_and_bands_are_selected_by_rows_positions_and_names(store: Path) -> None:
    chips = open_chips(store)
    everything = whole(chips)
    some = chips.select(fields=[2, 1], bands=["B03", "B01"])  # field 2 has two chips
    kept = np.isin(chips.field_of_chip, [1, 2])
    assert some.fields["field_id"].tolist() == [1, 2]
    assert some.info.bands == ("B03", "B01")
    np.testing.assert_array_equal(some.field_of_chip, chips.field_of_chip[kept] - 1)
    np.testing.assert_array_equal(whole(some).field, some.field_of_chip)
    np.testing.assert_array_equal(whole(some).image, everything.image[kept][:, :, [2, 0]])
    backwards = some.select(chips=[2, 0])
    np.testing.assert_array_equal(whole(backwards).image, whole(some).image[[2, 0]])
    assert len(backwards.fields) == 2
    np.testing.assert_array_equal(some.select(fields=np.array([False, True])).fields["field_id"], [2])
    with pytest.raises(MissingBandError, match="B99"):
        some.select(bands=["B99"])


def test_what_is_seen_after_a_day_is_not_clear(store: Path) -> None:
    chips = open_chips(store)
    day = (DAYS[1] - dt.date(2019, 1, 1)).days
    early, everything = whole(chips.seen_until(day)), whole(chips)
    np.testing.assert_array_equal(early.clear[:, :2], everything.clear[:, :2])
    assert not early.clear[:, 2:].any()
    np.testing.assert_array_equal(early.date, everything.date)
    np.testing.assert_array_equal(chips.seen_until(day).seen, early.seen())


def overview_by_hand(batch: ChipBatch) -> dict[str, np.ndarray]:
    inside = batch.clear & (batch.mask > 0)[:, None]
    has_value = [[bool((inside[i] & ~np.isnan(batch.image[i, :, b])).any()) for b in range(3)] for i in range(len(batch))]
    return {"date": batch.date, "seen": inside.any(axis=(2, 3)), "mask_area": batch.mask.sum(axis=(1, 2)), "has_value": has_value}


def test_a_selection_of_a_set_that_was_read_knows_the_same_without_reading(store: Path) -> None:
    cached = open_chips(store).cached()
    for part in (cached, cached.select(fields=[0, 3]), cached.select(chips=[4, 1], bands=["B01", "B02", "B03"])):
        assert part.is_read
        for name, expected in overview_by_hand(whole(part)).items():
            np.testing.assert_allclose(*(np.asarray(v).astype(float) for v in (getattr(part, name), expected)), err_msg=name)
    until = cached.select(until=DAYS[1])
    assert not until.is_read
    np.testing.assert_array_equal(until.seen, whole(until).seen())


@pytest.mark.parametrize("memory", [0, 1, 6000, 10**9])
def test_a_cached_set_gives_the_same_chips_however_many_fit(store: Path, memory: int) -> None:
    chips = open_chips(store)
    cached = chips.cached(memory=memory)
    assert cached.n_kept == (len(chips) if memory > 6000 else {0: 0, 1: 0}.get(memory, cached.n_kept))
    if memory == 6000:
        assert 0 < cached.n_kept < len(chips)
    order = np.random.default_rng(0).permutation(len(chips))
    for positions in (order, order[:2], np.array([], np.int64), np.array([1, 1, 0])):
        got, expected = cached.take(positions), chips.take(positions)
        for name in ("field", "image", "mask", "clear", "date", "season_year"):
            np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


def test_a_cached_set_reads_every_chip_once(store: Path) -> None:
    taken: list[int] = []

    class Counting(MemoryChips):
        def take(self, chips: object) -> ChipBatch:
            taken.extend(np.asarray(chips, int).tolist())
            return super().take(chips)  # type: ignore[arg-type]

    chips = open_chips(store)
    counting = Counting(chips.info, chips.fields, whole(chips))
    cached = counting.cached()
    cached.take([3, 1])
    assert cached.seen.shape == (len(chips), 4)
    assert sorted(taken) == list(range(len(chips)))


def test_the_area_of_a_field_is_that_of_all_its_chips(store: Path) -> None:
    chips = open_chips(store)
    np.testing.assert_allclose(chips.field_area, [h * w for _, _, h, w in BOXES])
    np.testing.assert_allclose(MemoryChips(chips.info, chips.fields, whole(chips)).field_area, chips.field_area)
    np.testing.assert_allclose(chips.select(fields=[1, 2]).field_area, [36, 27])
