"""A place that several tiles show belongs to its field once."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips import ChipSet, cut_chips, write_chips
from cropdetect.fields import FieldSet
from tests.chips.memory import MemorySeries, imagery
from tests.chips.test_cv4a import painted
from tests.chips.test_streaming import fields_of_boxes

pytestmark = pytest.mark.filterwarnings("error::DeprecationWarning:cropdetect", "error::PendingDeprecationWarning:cropdetect")

PIXELS = np.ones((4, 2, 40, 40), np.uint16)


def tile(west: float = 640_000.0, north: float = 60_000.0, **more: object) -> MemorySeries:
    return MemorySeries(PIXELS, name=f"{west} {north}", west=west, north=north, **more)


def mask_areas(chips: ChipSet) -> list[float]:
    return [float(batch.mask.sum()) for batch in chips.batches(1)]


def test_a_field_in_two_tiles_of_one_grid_has_the_area_of_one() -> None:
    tiles = imagery(tile(), tile(west=640_200))  # the second begins at column 20
    chips = cut_chips(tiles, fields_of_boxes([(10, 25, 4, 4), (10, 18, 4, 4), (10, 5, 4, 4)]), chip_size=8)
    assert mask_areas(chips) == pytest.approx([16, 16, 16, 16, 8])  # the chips still show what they show
    assert chips.field_area.tolist() == pytest.approx([16, 16, 16])


def test_a_field_cut_by_the_border_of_two_tiles_has_the_area_of_both_parts() -> None:
    tiles = imagery(tile(), tile(west=640_400))
    chips = cut_chips(tiles, fields_of_boxes([(10, 38, 4, 4)]), chip_size=8)
    assert mask_areas(chips) == pytest.approx([8, 8])
    assert chips.field_area.tolist() == pytest.approx([16])


def test_a_field_in_tiles_whose_pixels_do_not_coincide_has_its_area_once() -> None:
    tiles = imagery(tile(), tile(west=640_104, north=60_003))
    chips = cut_chips(tiles, fields_of_boxes([(10.3, 15.2, 6, 5), (10, 8, 6, 6)]), chip_size=16)
    assert chips.field_area[0] == pytest.approx(30, rel=1e-5)
    assert chips.field_area[1] == pytest.approx(36, rel=1e-5)  # the edge of the second tile runs through it, the first has all


def test_of_shifted_tiles_that_each_show_a_part_the_area_is_known_to_half_a_pixel_along_the_edge() -> None:
    tiles = imagery(tile(), tile(west=640_354))  # columns 35.4 to 75.4; the first ends at 40
    chips = cut_chips(tiles, fields_of_boxes([(10, 30, 6, 20)]), chip_size=32)
    assert chips.field_area[0] == pytest.approx(120, abs=0.5 * 6)


@pytest.mark.parametrize("column", [4, 14])
def test_a_field_in_two_utm_zones_has_its_area_once(column: int) -> None:
    """At 36 E zones 36 and 37 meet; the second tile shows the same ground, turned by about a degree."""
    corner = gpd.GeoSeries([shapely.Point(36.0, 1.0)], crs="EPSG:4326")
    one, other = corner.to_crs("EPSG:32636").iloc[0], corner.to_crs("EPSG:32637").iloc[0]
    tiles = imagery(
        MemorySeries(PIXELS, name="36", west=one.x - 200, north=one.y + 200, crs="EPSG:32636"),
        MemorySeries(PIXELS, name="37", west=other.x - 150, north=other.y + 200, crs="EPSG:32637"),
    )
    field = shapely.box(one.x - 200 + 10 * column, one.y - 60, one.x - 200 + 10 * (column + 10), one.y + 40)
    table = gpd.GeoDataFrame({"field_id": [1], "status": ["ok"]}, geometry=[field], crs="EPSG:32636")
    chips = cut_chips(tiles, FieldSet(table=table), chip_size=16)
    assert len(chips) == 2
    assert chips.field_area.tolist() == pytest.approx([100], rel=1e-4)


def painted_fields(tmp_path: Path, tiles: list[MemorySeries], ids: list[np.ndarray]) -> FieldSet:
    rasters = tuple(painted(tmp_path / f"{i}.tif", those, one) for i, (one, those) in enumerate(zip(tiles, ids, strict=True)))
    n = int(max(those.max() for those in ids))
    table = gpd.GeoDataFrame({"field_id": np.arange(1, n + 1), "status": ["ok"] * n}, geometry=[None] * n)
    return FieldSet(table=table, rasters=rasters)


@pytest.mark.parametrize("preset", ["default", "cv4a"])
def test_painted_fields_have_the_pixels_that_any_tile_gives_them(tmp_path: Path, preset: str) -> None:
    tiles = [tile(), tile(west=640_200)]
    ids = [np.zeros((40, 40), np.uint16), np.zeros((40, 40), np.uint16)]
    ids[0][10:14, 25:29] = ids[1][10:14, 5:9] = 1  # the same ground
    ids[0][20:24, 18:22] = ids[1][20:24, 0:2] = 2  # cut by the edge of the second tile
    ids[0][30:34, 30:32] = ids[1][30:34, 12:14] = 3  # each tile knows another part
    chips = cut_chips(imagery(*tiles), painted_fields(tmp_path, tiles, ids), preset=preset)  # type: ignore[arg-type]
    assert chips.field_area.tolist() == [16, 16, 16]


def test_what_lies_outside_a_chip_of_preset_cv4a_is_not_counted(tmp_path: Path) -> None:
    tiles = [MemorySeries(np.ones((4, 2, 60, 60), np.uint16))]
    ids = np.zeros((60, 60), np.uint16)
    ids[5:7, 5:55] = 1
    chips = cut_chips(imagery(*tiles), painted_fields(tmp_path, tiles, [ids]), preset="cv4a")
    assert chips.field_area.tolist() == mask_areas(chips) == [64]


def test_tiles_that_lie_nowhere_do_not_overlap() -> None:
    fields = fields_of_boxes([(10, 5, 4, 4)])
    fields.table.set_crs(None, allow_override=True, inplace=True)
    chips = cut_chips(imagery(tile(crs=None), tile(crs=None)), fields, chip_size=8)
    assert chips.field_area.tolist() == [32]


def test_a_field_that_is_too_small_is_so_in_any_number_of_tiles() -> None:
    boxes = [(10.1, 25.1, 0.6, 0.6), (12.0, 25.0, 1.0, 1.0)]
    chips = cut_chips(imagery(tile(), tile(west=640_200), tile(west=640_100)), fields_of_boxes(boxes), chip_size=8)
    assert chips.fields["status"].tolist() == ["too_small", "ok"]
    assert chips.field_area.tolist() == pytest.approx([0, 1])


def test_a_store_keeps_the_areas(tmp_path: Path) -> None:
    chips = cut_chips(imagery(tile(), tile(west=640_200)), fields_of_boxes([(10, 25, 4, 4), (10, 5, 3, 3)]), chip_size=8)
    stored = write_chips(chips, tmp_path / "chips.zarr")
    assert stored.field_area.tolist() == stored.cached().field_area.tolist() == chips.field_area.tolist()
    assert chips.field_area.tolist() == pytest.approx([16, 9])
    assert stored.select(fields=[0]).field_area.tolist() == pytest.approx([16])


box = st.tuples(st.integers(0, 30), st.integers(0, 60), st.integers(1, 8), st.integers(1, 8))


@settings(max_examples=30)
@given(boxes=st.lists(box, min_size=1, max_size=5), wests=st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_on_one_grid_the_area_is_that_of_the_union_of_the_tiles(boxes: list[tuple[int, ...]], wests: list[int]) -> None:
    tiles = imagery(*(tile(west=640_000 + 10 * west) for west in wests))
    chips = cut_chips(tiles, fields_of_boxes([tuple(map(float, one)) for one in boxes]), chip_size=8)  # type: ignore[misc]
    shown = np.zeros((40, 100), bool)
    for west in wests:
        shown[:, west : west + 40] = True
    expected = [shown[top : top + height, left : left + width].sum() for top, left, height, width in boxes]
    np.testing.assert_allclose(chips.field_area, expected, rtol=1e-5, atol=1e-6)
