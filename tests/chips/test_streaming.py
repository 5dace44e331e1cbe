"""Chips that are cut in one pass over the imagery are what a direct read of their windows gives."""

import datetime as dt
import gc
import weakref

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips import ChipBatch, cut_chips
from cropdetect.chips.schedule import block_shape
from cropdetect.errors import MissingBandError, OptionError
from cropdetect.fields import FieldSet
from cropdetect.imagery import PixelBlock, Window
from tests.chips.memory import DAYS, FilePerDate, MemorySeries, imagery


def fields_of_boxes(boxes: list[tuple[float, float, float, float]], crs: str = "EPSG:32636") -> FieldSet:
    """Fields from (top, left, height, width) in pixels of the tile at 640000, 60000."""
    shapes = [
        shapely.box(640_000 + 10 * left, 60_000 - 10 * (top + height), 640_000 + 10 * (left + width), 60_000 - 10 * top)
        for top, left, height, width in boxes
    ]
    table = gpd.GeoDataFrame(
        {"field_id": np.arange(len(boxes)), "status": ["ok"] * len(boxes)}, geometry=shapes, crs="EPSG:32636"
    )
    return FieldSet(table=table.to_crs(crs))


def tile(height: int = 70, width: int = 90, kind: type[MemorySeries] = MemorySeries, **options: object) -> MemorySeries:
    rng = np.random.default_rng(height * width)
    clear = rng.random((4, height, width)) > 0.3
    return kind(rng.integers(0, 9000, (4, 3, height, width)).astype(np.uint16), clear=clear, **options)


def joined(batches: list[ChipBatch]) -> dict[str, np.ndarray]:
    names = ("field", "image", "mask", "clear", "date")
    return {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}


box = st.tuples(st.integers(0, 68), st.integers(0, 88), st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=40)
@given(
    boxes=st.lists(box, min_size=1, max_size=12),
    block=st.tuples(st.integers(1, 80), st.integers(1, 100)),
    kib=st.integers(1, 4000),
    kind=st.sampled_from([MemorySeries, FilePerDate]),
)
def test_any_block_and_budget_give_what_direct_reads_give(
    boxes: list[tuple[int, int, int, int]], block: tuple[int, int], kib: int, kind: type[MemorySeries]
) -> None:
    one = tile(block=block, kind=kind)
    chips = cut_chips(imagery(one), fields_of_boxes(boxes), chip_size=16, memory_budget=kib * 1024)
    got = joined(list(chips.batches(5)))
    area = np.zeros(len(boxes))
    windows = [chip.window for schedule in chips._schedules for chip in schedule.chips]
    for chip, window in enumerate(windows):
        height, width = window.shape
        at = (slice(window.top, window.bottom), slice(window.left, window.right))
        np.testing.assert_array_equal(got["image"][chip, :, :, :height, :width], one.image[..., at[0], at[1]])
        np.testing.assert_array_equal(got["clear"][chip, :, :height, :width], one.clear[:, at[0], at[1]])
        assert not got["clear"][chip, :, height:].any()
        assert not got["clear"][chip, :, :, width:].any()
        area[got["field"][chip]] += got["mask"][chip].sum()
    inside = [(min(t + h, 70) - t) * (min(w + c, 90) - c) for t, c, h, w in boxes]
    np.testing.assert_allclose(area, inside, rtol=1e-5)
    np.testing.assert_array_equal(got["field"], chips.field_of_chip)


def test_each_pixel_is_read_once_where_the_budget_allows_it() -> None:
    one = tile(block=(20, 30))
    boxes = [(r, c, 6, 6) for r in range(0, 64, 8) for c in range(0, 84, 8)]
    chips = cut_chips(imagery(one), fields_of_boxes(boxes), chip_size=16, memory_budget=8 * 2**20)
    assert len(list(chips.batches(7))) == -(-len(chips) // 7)
    assert one.reads.max() == 1


def test_the_dates_of_the_first_chips_are_known_without_a_pixel() -> None:
    one = tile()
    chips = cut_chips(imagery(one), fields_of_boxes([(0, 0, 6, 6), (8, 8, 6, 6), (16, 8, 6, 6)]), chip_size=16)
    dates = chips.dates_of_first(2)
    assert one.reads.max() == 0
    np.testing.assert_array_equal(dates, next(chips.batches(2)).date)


def test_the_fields_keep_no_spatial_index() -> None:
    assert not cut_chips(imagery(tile()), fields_of_boxes([(8, 8, 6, 6)])).fields.has_sindex


@pytest.mark.parametrize(("apart", "rows"), [(64, 96), (16, 32)])
def test_blocks_are_smaller_where_chips_show_more_of_them(apart: int, rows: int) -> None:
    one = FilePerDate(np.ones((4, 3, 128, 128), np.uint16), block=(16, 16))
    boxes = [(r, c, 3, 3) for r in range(0, 128, apart) for c in range(0, 128, apart)]
    whole_tile = 128 * 128 * 4 * 7  # bytes, all dates and bands, and whether they are clear
    chips = cut_chips(imagery(one), fields_of_boxes(boxes), chip_size=16, memory_budget=2 * whole_tile)
    assert chips._schedules[0].block == (rows, 128)


def test_tiles_of_any_size_use_the_same_memory_one_after_the_other() -> None:
    tiles = [tile(name="0"), tile(40, 50, name="1", west=640_900.0), tile(80, 90, name="2", west=641_400.0)]
    boxes = [(8, 8, 6, 6), (8, 100, 6, 6), (20, 150, 6, 6), (60, 190, 6, 6)]
    chips = cut_chips(imagery(*tiles), fields_of_boxes(boxes), chip_size=16)
    (batch,) = chips.batches(9)
    windows = [chip for schedule in chips._schedules for chip in schedule.chips]
    for image, chip in zip(batch.image, windows, strict=True):
        at = chip.window
        expected = tiles[chip.tile].image[..., at.top : at.bottom, at.left : at.right]
        np.testing.assert_array_equal(image[..., : at.shape[0], : at.shape[1]], expected)
    assert {chip.tile for chip in windows} == {0, 1, 2}


def test_a_run_that_begins_later_gives_the_same_batches_and_reads_less() -> None:
    boxes = [(r, c, 6, 6) for r in range(0, 64, 8) for c in range(0, 84, 8)]
    whole, late = tile(block=(16, 90)), tile(block=(16, 90))
    fields = fields_of_boxes(boxes)
    budget = 2 * 16 * 90 * 4 * 7
    expected = list(cut_chips(imagery(whole), fields, chip_size=16, memory_budget=budget).batches(5))
    got = list(cut_chips(imagery(late), fields, chip_size=16, memory_budget=budget).batches(5, first=10))
    assert len(got) == len(expected) - 10
    for name, values in joined(got).items():
        np.testing.assert_array_equal(values, joined(expected[10:])[name])
    assert late.reads.sum() < whole.reads.sum()


def test_masks_are_the_shares_of_the_pixels_that_lie_inside() -> None:
    triangle = shapely.Polygon([(640_013, 59_987), (640_177, 59_951), (640_058, 59_822)])
    table = gpd.GeoDataFrame({"field_id": [1], "status": ["ok"]}, geometry=[triangle], crs="EPSG:32636")
    chips = cut_chips(imagery(tile()), FieldSet(table=table))
    mask = next(chips.batches(1)).mask[0]
    window = chips._schedules[0].chips[0].window
    for y in range(32):
        for x in range(32):
            left, top = 640_000 + 10 * (window.left + x), 60_000 - 10 * (window.top + y)
            share = triangle.intersection(shapely.box(left, top - 10, left + 10, top)).area / 100
            assert mask[y, x] == pytest.approx(share, abs=1e-5)


def test_a_field_in_two_tiles_is_one_field_with_a_chip_in_each() -> None:
    left, right = tile(name="a"), tile(name="b", west=640_900.0)
    chips = cut_chips(imagery(left, right), fields_of_boxes([(10, 85, 10, 10)]))
    assert chips.field_of_chip.tolist() == [0, 0]
    assert [batch.mask.sum() for batch in chips.batches(1)] == pytest.approx([50, 50])
    assert chips.fields["status"].tolist() == ["ok"]


def test_every_field_says_where_it_lies() -> None:
    boxes = [(5.0, 5.0, 4.0, 4.0), (68.0, 5.0, 4.0, 4.0), (500.0, 5.0, 4.0, 4.0), (5.0, 30.0, 0.5, 0.5), (5.0, 50.0, 1.0, 1.0)]
    chips = cut_chips(imagery(tile()), fields_of_boxes(boxes))
    assert chips.fields["status"].tolist() == ["ok", "partly_outside", "outside", "too_small", "ok"]
    assert chips.field_of_chip.tolist() == [0, 1, 4]


def test_fields_in_degrees_lie_where_those_in_metres_lie() -> None:
    boxes = [(5.0, 5.0, 10.0, 12.0), (40.0, 50.0, 9.0, 9.0)]
    metres = joined(list(cut_chips(imagery(tile()), fields_of_boxes(boxes)).batches(9)))
    degrees = joined(list(cut_chips(imagery(tile()), fields_of_boxes(boxes, "EPSG:4326")).batches(9)))
    np.testing.assert_allclose(degrees["mask"], metres["mask"], atol=1e-3)


def test_dates_bands_box_and_number_can_be_limited() -> None:
    fields = fields_of_boxes([(5.0, 5.0, 4.0, 4.0), (30.0, 30.0, 4.0, 4.0), (50.0, 50.0, 4.0, 4.0)])
    chips = cut_chips(imagery(tile()), fields, until=dt.date(2019, 6, 30), bands=["B03", "B01"], limit=2)
    batch = next(chips.batches(9))
    assert batch.date.astype(object)[0].tolist() == list(DAYS[:2])
    assert batch.image.shape[:3] == (2, 2, 2)
    west, south, east, north = fields.table.to_crs("EPSG:4326").geometry.iloc[1].bounds
    assert cut_chips(imagery(tile()), fields, bbox=(west, south, east, north)).fields["field_id"].tolist() == [1]
    with pytest.raises(OptionError, match="date"):
        cut_chips(imagery(tile()), fields, until=dt.date(2000, 1, 1))
    with pytest.raises(MissingBandError, match="B99"):
        cut_chips(imagery(tile()), fields, bands=["B99"])


def test_tiles_with_fewer_dates_leave_the_last_steps_absent() -> None:
    short = MemorySeries(tile().image[:2], name="b", west=650_000.0)
    chips = cut_chips(imagery(tile(), short), fields_of_boxes([(5.0, 5.0, 4.0, 4.0), (5.0, 1005.0, 4.0, 4.0)]))
    batch = next(chips.batches(9))
    assert np.isnat(batch.date).tolist() == [[False] * 4, [False, False, True, True]]
    assert not batch.clear[1, 2:].any()


@given(
    shape=st.tuples(st.integers(1, 3000), st.integers(1, 3000)),
    stored=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    most=st.integers(1, 10**7),
    share=st.floats(0, 1),
)
def test_blocks_keep_to_the_budget(shape: tuple[int, int], stored: tuple[int, int], most: int, share: float) -> None:
    enough = int(most * share)
    height, width = block_shape(shape, stored, most, enough)
    assert 1 <= height <= shape[0]
    assert 1 <= width <= shape[1]
    assert height * width <= most
    within_file = height <= stored[0] and width <= stored[1]
    assert height * width <= enough or within_file


class Weighed(MemorySeries):
    """A tile that counts the bytes of the blocks that are held at once."""

    held = most = largest = 0

    def read(self, window: Window, **options: object) -> PixelBlock:
        block = super().read(window, **options)
        size = block.image.nbytes + block.clear.nbytes
        self.held += size
        self.most, self.largest = max(self.most, self.held), max(self.largest, size)
        weakref.finalize(block, self._release, size)
        return block

    def _release(self, size: int) -> None:
        self.held -= size


@pytest.mark.parametrize("budget", [30_000, 100_000, 400_000])
def test_the_budget_holds_one_block_and_the_chips_that_are_partly_read(budget: int) -> None:
    one = Weighed(np.ones((4, 3, 128, 128), np.uint16), block=(16, 16))
    boxes = [(r, c, 3, 3) for r in range(0, 124, 4) for c in range(0, 124, 4)]
    chips = cut_chips(imagery(one), fields_of_boxes(boxes), chip_size=8, memory_budget=budget)
    chip_bytes = 8 * 8 * 4 * (3 * 2 + 1)
    gc.collect()
    for position, batch in enumerate(chips.batches(1)):
        assert batch.image.all()
        if position % 97:  # looking through all objects takes its time
            continue
        held = sum(type(thing) is ChipBatch for thing in gc.get_objects())
        # The batch itself, the chip it was stacked from, and one that is partly read.
        assert (held - 3) * chip_bytes <= budget / 2 + chip_bytes
    assert len(chips) == len(boxes)
    assert one.largest <= budget / 2
    assert one.most <= one.largest + chip_bytes  # a block, or a block and a chip that is read alone


@pytest.mark.parametrize(("apart", "n_dates"), [(32, 1), (8, 4)])
def test_dates_in_files_of_their_own_are_held_together_only_where_chips_show_most_pixels(apart: int, n_dates: int) -> None:
    class Both(FilePerDate, Weighed):
        pass

    one = Both(np.ones((4, 3, 128, 128), np.uint16), block=(16, 16))
    boxes = [(r, c, 3, 3) for r in range(0, 120, apart) for c in range(0, 120, apart)]
    chips = cut_chips(imagery(one), fields_of_boxes(boxes), chip_size=8)
    assert all(batch.image.all() for batch in chips.batches(50))
    date = 128 * 128 * (3 * 2 + 1)  # bytes
    assert (n_dates - 1) * date < one.largest <= n_dates * date


def test_the_order_of_chips_is_part_of_the_fingerprint() -> None:
    boxes = [(r, c, 6, 6) for r in range(0, 64, 8) for c in range(0, 84, 8)]
    one, fields = imagery(tile(block=(4, 10))), fields_of_boxes(boxes)
    large, small = (cut_chips(one, fields, memory_budget=budget) for budget in (2**26, 2**14))
    assert large.field_of_chip.tolist() != small.field_of_chip.tolist()
    assert large.info.fingerprint != small.info.fingerprint
    assert large.info.fingerprint == cut_chips(one, fields, memory_budget=2**27).info.fingerprint


def test_long_edges_in_degrees_bend_as_the_ground_does() -> None:
    """A parallel is no straight line in UTM: between the corners of a 1-degree box it runs 1 km from the chord at 50 north."""
    box = gpd.GeoSeries([shapely.box(3.0, 50.0, 6.0, 51.0)], crs="EPSG:4326")
    middle = gpd.GeoSeries([shapely.Point(4.5, 50.0)], crs="EPSG:4326").to_crs("EPSG:32631").iloc[0]
    below = MemorySeries(
        np.ones((4, 3, 20, 20), np.uint16), west=middle.x - 100, north=middle.y + 100, crs="EPSG:32631"
    )  # the parallel runs through the middle of the tile
    table = gpd.GeoDataFrame({"field_id": [1], "status": ["ok"]}, geometry=box)
    chips = cut_chips(imagery(below), FieldSet(table=table), chip_size=20)
    mask = next(chips.batches(1)).mask[0]
    assert mask[:9].min() == 1
    assert mask[11:].max() == 0


def test_a_tile_without_a_date_left_is_not_read() -> None:
    late = MemorySeries(tile().image, name="b", west=650_000.0, dates=[day.replace(year=2020) for day in DAYS])
    chips = cut_chips(
        imagery(tile(), late), fields_of_boxes([(5.0, 5.0, 4.0, 4.0), (5.0, 1005.0, 4.0, 4.0)]), until=dt.date(2019, 12, 31)
    )
    batch = next(chips.batches(9))
    assert batch.field.tolist() == [0, 1]
    assert np.isnat(batch.date[1]).all()
    assert late.reads.sum() == 0


def test_what_the_fields_file_says_is_wrong_gets_no_chip() -> None:
    fields = fields_of_boxes([(5.0, 5.0, 4.0, 4.0)] * 4)
    fields.table["status"] = ["duplicate_id", "ok", "invalid_geometry", "no_id"]
    fields.table.loc[2, "geometry"] = None
    chips = cut_chips(imagery(tile()), fields)
    assert chips.fields["status"].tolist() == ["duplicate_id", "ok", "invalid_geometry", "no_id"]
    assert chips.field_of_chip.tolist() == [1]


def test_fields_looked_for_in_parts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from cropdetect.chips import footprints

    fields = fields_of_boxes([(5.0 * i + 0.3, 3.2, 4.1, 5.5) for i in range(7)])
    usable = np.array([True, True, False, True, True, True, True])
    geobox = tile().geobox
    for binary in (False, True):
        whole = footprints.polygon_footprints(fields.table, usable, geobox, binary=binary)
        with monkeypatch.context() as patched:
            patched.setattr(footprints, "_AT_ONCE", 2)
            parts = footprints.polygon_footprints(fields.table, usable, geobox, binary=binary)
        for name in ("fields", "starts", "rows", "columns", "shares"):
            np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
            assert getattr(parts, name).dtype == getattr(whole, name).dtype
        assert whole.fields.tolist() == [0, 1, 3, 4, 5, 6]
