"""A Shapefile is refused where its parts do not belong together, and only there."""

from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import Polygon, box

from cropdetect.errors import UnreadableFileError
from cropdetect.fields.shapefile import check_shapefile


def written(folder: Path, shapes: list[Polygon | None], name: str = "fields") -> Path:
    file = folder / f"{name}.shp"
    gpd.GeoDataFrame({"n": range(len(shapes))}, geometry=shapes, crs=32636).to_file(file, engine="pyogrio")
    return file


@pytest.mark.parametrize("shapes", [[box(0, 0, 1, 1)] * 3, [box(0, 0, 1, 1), None, Polygon(), box(0, 0, 2, 2)], [None]])
def test_parts_of_one_file_belong_together(shapes: list[Polygon | None], tmp_path: Path) -> None:
    file = written(tmp_path, shapes)
    check_shapefile(file)
    for part in tmp_path.iterdir():
        part.rename(part.with_suffix(part.suffix.upper()))
    check_shapefile(file.with_suffix(".SHP"))


def test_an_index_cut_off_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, [box(0, 0, 1, 1)] * 3)
    index = file.with_suffix(".shx")
    index.write_bytes(index.read_bytes()[:-8])
    with pytest.raises(UnreadableFileError, match=r"index fields\.shx names other records"):
        check_shapefile(file)


def test_a_table_with_fewer_rows_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, [box(0, 0, 1, 1)] * 3)
    written(tmp_path, [box(0, 0, 1, 1)], "other").with_suffix(".dbf").rename(file.with_suffix(".dbf"))
    with pytest.raises(UnreadableFileError, match=r"3 outlines, but fields\.dbf has 1 rows"):
        check_shapefile(file)


def test_an_outline_that_became_smaller_leaves_bytes_that_no_record_uses(tmp_path: Path) -> None:
    file = written(tmp_path, [box(0, 0, 1, 1), box(1, 1, 2, 2)])
    content, index = bytearray(file.read_bytes()), bytearray(file.with_suffix(".shx").read_bytes())
    length = int.from_bytes(index[-4:], "big") - 8  # a point less, of two 64-bit numbers
    last = 2 * int.from_bytes(index[-8:-4], "big")
    index[-4:] = content[last + 4 : last + 8] = length.to_bytes(4, "big")
    content[last + 48 : last + 52] = (4).to_bytes(4, "little")
    content[last + 104 : last + 120] = content[last + 56 : last + 72]  # the last point is the first
    file.write_bytes(content)
    file.with_suffix(".shx").write_bytes(index)
    check_shapefile(file)
    assert len(gpd.read_file(file)) == 2
