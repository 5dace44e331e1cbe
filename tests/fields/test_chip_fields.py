"""Fields of chip folders: which ids of several folders are one field."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cropdetect.chips import cut_chips
from cropdetect.errors import FieldsError
from cropdetect.fields import FieldSet, fields_of
from cropdetect.imagery import Imagery, open_imagery
from tests.imagery.data import LEFT, TOP, write_raster

pytestmark = pytest.mark.filterwarnings("error::DeprecationWarning:cropdetect", "error::PendingDeprecationWarning:cropdetect")

SIDE = 20  # pixels of a chip


def ids(**where: tuple[int, int, int, int]) -> np.ndarray:
    """Paint ids: f7=(top, left, bottom, right) is field 7."""
    painted = np.zeros((SIDE, SIDE), np.int32)
    for name, (top, left, bottom, right) in where.items():
        painted[top:bottom, left:right] = int(name[1:])
    return painted


def write_chip(root: Path, name: str, painted: np.ndarray | None, *, left: float = LEFT, crs: str | None = "EPSG:32636") -> None:
    pixels = np.arange(SIDE * SIDE, dtype=np.uint16).reshape(SIDE, SIDE) + 1
    write_raster(root / name / "20190606_B04.tif", pixels, left=left, crs=crs)
    if painted is not None:
        write_raster(root / name / "field_ids.tif", painted, left=left, crs=crs)


def write_polygons(folder: Path, fields: dict[object, tuple[float, float, float, float]], crs: str = "EPSG:32636") -> None:
    shapes = [shapely.box(LEFT + x0, TOP - y1, LEFT + x1, TOP - y0) for x0, y0, x1, y1 in fields.values()]
    gpd.GeoDataFrame({"field_id": list(fields)}, geometry=shapes, crs="EPSG:32636").to_crs(crs).to_file(folder / "fields.gpkg")


def opened(root: Path) -> tuple[Imagery, FieldSet]:
    imagery = open_imagery(root)
    assert imagery.layout == "chips"
    return imagery, fields_of(imagery)


def pixels_of(imagery: Imagery, fields: FieldSet) -> dict[object, int]:
    """Return field id -> pixels in all of its chips."""
    chips = cut_chips(imagery, fields, chip_size=8)
    found: dict[object, float] = {}
    for batch in chips.batches(16):
        for field, mask in zip(batch.field, batch.mask, strict=True):
            name = chips.fields["field_id"].iloc[field]
            found[name] = found.get(name, 0) + float(mask.sum())
    return {name: round(value) for name, value in found.items()}


def test_a_field_that_two_touching_chips_share_is_one(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f7=(2, 17, 6, 20), f1=(10, 0, 12, 4)))
    write_chip(tmp_path, "b", ids(f7=(2, 0, 6, 2), f2=(10, 10, 12, 12)), left=LEFT + 10 * SIDE)
    imagery, fields = opened(tmp_path)
    assert fields.table["field_id"].tolist() == [1, 7, 2]
    assert fields.table["field_id"].dtype == np.int64
    seven = fields.table.set_index("field_id").loc[7]
    assert seven["raster_pixels"] == 20
    assert shapely.equals(seven["geometry"], shapely.box(LEFT + 170, TOP - 60, LEFT + 220, TOP - 20))
    assert fields.warnings == ()
    assert pixels_of(imagery, fields) == {1: 8, 7: 20, 2: 4}


def test_the_same_ids_in_chips_that_do_not_touch_are_different_fields(tmp_path: Path) -> None:
    for number, name in enumerate(("Nord é", "b", "c")):
        painted = ids(f1=(0, 0, 2, 3 + number), f2=(8, 8, 12, 12)) if name != "c" else ids(f9=(0, 0, 5, 5))
        write_chip(tmp_path, name, painted, left=LEFT + 5000 * number)
    imagery, fields = opened(tmp_path)
    assert sorted(fields.table["field_id"]) == ["9", "Nord é/1", "Nord é/2", "b/1", "b/2"]
    assert pixels_of(imagery, fields) == {"9": 25, "Nord é/1": 6, "Nord é/2": 16, "b/1": 8, "b/2": 16}
    (warning,) = fields.warnings
    assert "different fields in 2 folders" in warning


def test_chips_that_count_on_their_own_share_no_field_even_where_they_touch(tmp_path: Path) -> None:
    """Id 2 meets id 2 across the border by chance: id 1 shows that the two folders count each on their own."""
    write_chip(tmp_path, "a", ids(f1=(0, 0, 2, 2), f2=(2, 17, 6, 20)))
    write_chip(tmp_path, "b", ids(f1=(18, 18, 20, 20), f2=(2, 0, 6, 2)), left=LEFT + 10 * SIDE)
    imagery, fields = opened(tmp_path)
    assert pixels_of(imagery, fields) == {"a/1": 4, "a/2": 12, "b/1": 4, "b/2": 8}


def test_a_field_in_two_overlapping_chips_is_one(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f7=(2, 10, 6, 14)))
    write_chip(tmp_path, "b", ids(f7=(2, 0, 6, 4)), left=LEFT + 100)
    imagery, fields = opened(tmp_path)
    assert fields.table["field_id"].tolist() == [7]
    assert fields.table.geometry[0].area == 16 * 100
    assert pixels_of(imagery, fields) == {7: 32}  # seen twice, in a chip of each


def test_chips_of_two_crs_keep_their_pixels(tmp_path: Path) -> None:
    """The second lies 6 degrees east, in the same coordinates of the next zone."""
    write_chip(tmp_path, "a", ids(f1=(0, 0, 3, 3)))
    write_chip(tmp_path, "b", ids(f1=(0, 0, 4, 4)), crs="EPSG:32637")
    imagery, fields = opened(tmp_path)
    assert fields.table.crs == "EPSG:4326"
    assert pixels_of(imagery, fields) == {"a/1": 9, "b/1": 16}
    east = fields.table.geometry.centroid.x.tolist()
    assert east[1] - east[0] == pytest.approx(6, abs=1e-3)


def test_touching_chips_of_two_crs_share_a_field(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f5=(5, 16, 10, 20)))
    border = gpd.GeoSeries([shapely.Point(LEFT + 10 * SIDE, TOP)], crs="EPSG:32636").to_crs("EPSG:32637").iloc[0]
    write_raster(tmp_path / "b" / "20190606_B04.tif", ids() + 1, left=border.x, top=border.y, crs="EPSG:32637")
    write_raster(tmp_path / "b" / "field_ids.tif", ids(f5=(5, 0, 10, 4)), left=border.x, top=border.y, crs="EPSG:32637")
    assert opened(tmp_path)[1].table["field_id"].tolist() == [5]


def test_without_a_georeference_no_two_chips_are_known_to_touch(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_chip(tmp_path, name, ids(f1=(0, 0, 2, 2)), crs=None)
    imagery, fields = opened(tmp_path)
    assert fields.table["field_id"].tolist() == ["a/1", "b/1"]
    assert pixels_of(imagery, fields) == {"a/1": 4, "b/1": 4}


def test_ids_that_are_no_number_count_as_no_field(tmp_path: Path) -> None:
    painted = ids(f1=(0, 0, 2, 2)).astype(np.float32)
    painted[5:] = np.nan
    write_chip(tmp_path, "a", painted)
    write_chip(tmp_path, "b", np.full((SIDE, SIDE), np.nan, np.float32), left=LEFT + 1000)
    assert pixels_of(*opened(tmp_path)) == {1: 4}


def test_one_chip_may_have_a_raster_and_another_polygons(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f1=(0, 0, 2, 2)))
    write_chip(tmp_path, "b", None, left=LEFT + 1000)
    write_polygons(tmp_path / "b", {4: (1000, 0, 1030, 30), 5: (1150, 0, 1250, 40)}, crs="EPSG:4326")
    imagery, fields = opened(tmp_path)
    assert pixels_of(imagery, fields) == {1: 4, 4: 9, 5: 20}
    status = cut_chips(imagery, fields).fields.set_index("field_id")["status"]
    assert status.to_dict() == {1: "ok", 4: "ok", 5: "partly_outside"}


def test_polygons_of_several_chips_follow_the_same_rule(tmp_path: Path) -> None:
    for name, left, x in (("a", LEFT, 0), ("b", LEFT + 1000, 1000)):
        write_chip(tmp_path, name, None, left=left)
        write_polygons(tmp_path / name, {"north": (x, 0, x + 50, 50), name: (x + 100, 100, x + 150, 150)})
    imagery, fields = opened(tmp_path)
    assert pixels_of(imagery, fields) == {"a/north": 25, "a/a": 25, "b/north": 25, "b/b": 25}


def test_a_chip_with_images_and_without_fields_is_told(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f1=(0, 0, 2, 2)))
    write_chip(tmp_path, "b é", None, left=LEFT + 1000)
    imagery, fields = opened(tmp_path)
    assert any("without fields" in warning and "b é" in warning for warning in fields.warnings)
    assert pixels_of(imagery, fields) == {1: 4}


def test_polygons_on_chips_without_crs_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_chip(tmp_path, name, None, crs=None)
        write_polygons(tmp_path / name, {1: (0, 0, 50, 50)})
    with pytest.raises(FieldsError, match=r"a/fields\.gpkg"):
        opened(tmp_path)


def test_one_vector_file_above_all_chips_serves_those_without_their_own(tmp_path: Path) -> None:
    for name, left in (("a", LEFT), ("b", LEFT + 1000)):
        write_chip(tmp_path / "Images", name, None, left=left)
    write_polygons(tmp_path, {1: (0, 0, 50, 50), 2: (1000, 0, 1050, 50)})
    assert pixels_of(*opened(tmp_path)) == {1: 25, 2: 25}


def test_labels_of_a_shared_field_are_those_of_its_larger_part(tmp_path: Path) -> None:
    write_chip(tmp_path, "a", ids(f7=(2, 18, 6, 20)))
    write_chip(tmp_path, "b", ids(f7=(2, 0, 6, 10)), left=LEFT + 10 * SIDE)
    for name, code, left in (("a", 1, LEFT), ("b", 2, LEFT + 10 * SIDE)):
        write_raster(tmp_path / name / "labels.tif", np.full((SIDE, SIDE), code, np.uint8), left=left)
    fields = fields_of(open_imagery(tmp_path), legend={"1": "maize", "2": "beans"})
    assert fields.table["label"].tolist() == ["beans"]
    assert fields.legend == ("maize", "beans")


def test_a_buffer_shrinks_painted_fields_of_chips(tmp_path: Path) -> None:
    for name, left in (("a", LEFT), ("b", LEFT + 1000)):
        write_chip(tmp_path, name, ids(f1=(2, 2, 8, 8)), left=left)
    imagery = open_imagery(tmp_path)
    fields = fields_of(imagery, buffer=-10)
    assert fields.rasters == ()
    assert pixels_of(imagery, fields) == {"a/1": 16, "b/1": 16}


def test_an_index_of_nearby_fields_changes_no_pixel(tmp_path: Path) -> None:
    """Fields given in degrees, far and near, are found on a tile in metres as if all were looked at."""
    write_chip(tmp_path, "a", ids(f1=(0, 0, 1, 1)))
    boxes = {number: (x, y, x + 35, y + 35) for number, (x, y) in enumerate(np.ndindex(6, 6)) for x, y in [(x * 60, y * 60)]}
    boxes |= {100: (-20, -20, 15, 15), 101: (5000, 5000, 5035, 5035), 102: (-500_000, 0, -499_000, 50)}
    write_polygons(tmp_path, boxes, crs="EPSG:4326")
    from cropdetect.fields import read_fields

    imagery = open_imagery(tmp_path)
    found = pixels_of(imagery, read_fields(tmp_path / "fields.gpkg", imagery=imagery))
    inside = {n: b for n, b in boxes.items() if min(b[2], 200) > max(b[0], 0) and min(b[3], 200) > max(b[1], 0)}
    assert set(found) == set(inside)
