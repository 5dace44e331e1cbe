"""A checkpoint recognises its training fields, also by another outline, and nothing else."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.affinity import translate
from shapely.geometry import Point, Polygon, box

from cropdetect.checkpoint import TrainingFields, read_checkpoint, write_checkpoint
from cropdetect.errors import CheckpointError

UTM, YEAR = "EPSG:32636", 2019
SQUARES = [box(640_000 + 300 * k, 60_000, 640_100 + 300 * k, 60_100) for k in range(20)]  # a hectare each, 200 m apart


def fields(shapes: list[object], crs: str | None = UTM, first_id: int = 1) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"field_id": np.arange(first_id, first_id + len(shapes))}, geometry=shapes, crs=crs)


def years(table: gpd.GeoDataFrame, year: int = YEAR) -> np.ndarray:
    return np.full(len(table), year)


def trained(shapes: list[object] = SQUARES, crs: str | None = UTM) -> TrainingFields:
    table = fields(shapes, crs)
    return TrainingFields.of(table, years(table), ["season"])


def seen(known: TrainingFields, table: gpd.GeoDataFrame, year: int = YEAR, source: str = "other") -> list[bool]:
    return known.seen(table, years(table, year), [source]).tolist()


def test_the_same_outline_is_recognised_whatever_its_id_data_and_crs() -> None:
    assert all(seen(trained(), fields(SQUARES, first_id=900).to_crs("EPSG:4326")))


def test_an_outline_drawn_anew_is_recognised_and_a_neighbour_is_not() -> None:
    rng = np.random.default_rng(0)
    drawn = [Polygon(np.array(one.exterior.coords)[:-1] + rng.normal(0, 8, (4, 2))) for one in SQUARES]
    beside = [translate(one, 95) for one in SQUARES]  # overlaps by 5 m
    assert all(seen(trained(), fields(drawn)))
    assert not any(seen(trained(), fields(beside)))


@pytest.mark.parametrize(("shift", "expected"), [(30, True), (70, False)])
def test_a_field_of_which_most_was_trained_on_counts_as_seen(shift: float, expected: bool) -> None:
    assert seen(trained(), fields([translate(one, shift) for one in SQUARES])) == [expected] * 20


def test_the_same_field_in_another_season_was_not_seen() -> None:
    assert not any(seen(trained(), fields(SQUARES), year=2020))


def test_the_same_ids_elsewhere_were_not_seen() -> None:
    far = fields([translate(one, 0, 50_000) for one in SQUARES])
    assert not any(seen(trained(), far, source="season"))


def test_points_and_fields_smaller_than_a_cell_are_recognised() -> None:
    shapes = [Point(640_003, 60_004), box(650_000.2, 60_000.2, 650_001, 60_001)]
    assert seen(trained(shapes), fields(shapes)) == [True, True]
    assert seen(trained(shapes), fields([Point(641_000, 60_000), box(651_000, 60_000, 651_001, 60_001)])) == [False, False]


@pytest.mark.parametrize("crs", [UTM, None])
def test_without_places_fields_are_known_by_id_in_data_of_the_same_name(crs: str | None) -> None:
    known = trained([None] * 5, crs)
    assert not known.by_place
    table = fields([None] * 3, crs, first_id=4)
    assert seen(known, table, source="season") == [True, True, False]
    assert not any(seen(known, table, source="elsewhere"))


def test_nothing_of_the_fields_can_be_read_from_the_keys() -> None:
    known = trained()
    assert known.keys.dtype == np.uint64
    assert (np.diff(known.keys.astype(object)) > 0).all()
    assert b"season" not in known.to_bytes()
    table = fields(SQUARES)
    other = TrainingFields.of(table, years(table), ["another name"])
    assert not np.isin(known.keys, other.keys).any()  # the salt differs


def test_a_field_as_large_as_a_country_is_recognised_without_listing_its_cells() -> None:
    large = [box(100_000, 100_000, 900_000, 900_000)]
    assert len(trained(large).keys) == 2
    assert seen(trained(large), fields(large)) == [True]


def test_the_file_is_in_the_checkpoint_and_its_hash_is_checked(record, members, tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "c", record, members, trained()).path
    read = read_checkpoint(path).training_fields()
    assert read is not None
    assert all(seen(read, fields(SQUARES)))
    file = path / "training-fields.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="hash differs"):
        read_checkpoint(path)
    file.unlink()
    with pytest.raises(CheckpointError, match="missing"):
        read_checkpoint(path)


def test_a_checkpoint_without_the_file_does_not_know(record, members, tmp_path: Path) -> None:
    assert write_checkpoint(tmp_path / "c", record, members).training_fields() is None
