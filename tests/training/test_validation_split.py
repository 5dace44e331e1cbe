"""Validation fields are apart from training fields, in groups or blocks of the map."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from cropdetect.errors import TrainingDataError
from cropdetect.training.groups import spatial_groups
from cropdetect.training.split import validation_splits


def fields_at(lon: np.ndarray, lat: np.ndarray) -> gpd.GeoDataFrame:
    geometry = [None] * len(lon)
    return gpd.GeoDataFrame({"field_id": np.arange(len(lon)), "lon": lon, "lat": lat}, geometry=geometry)


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), n_groups=st.integers(6, 40), members=st.integers(1, 3))
def test_no_group_is_on_both_sides_and_few_members_are_all_trained_on_every_class(seed: int, n_groups: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, n_groups, 120)
    classes = rng.integers(0, 4, 120)
    classes[groups == 0] = 4  # a class that occurs in one group only
    classes[0], groups[0] = 4, 0
    splits = validation_splits(classes, groups, validation_share=0.2, members=members, seed=seed)
    assert len(splits) == members
    for split in splits:
        assert not set(groups[split.training]) & set(groups[split.validation])
        assert sorted([*split.training, *split.validation]) == list(range(120))
        assert len(split.validation) > 0
        assert set(classes[split.training]) == set(classes)


def test_of_many_members_one_does_not_know_a_class_of_one_group() -> None:
    rng = np.random.default_rng(0)
    groups, classes = rng.integers(0, 30, 300), rng.integers(0, 3, 300)
    classes[groups == 7] = 3
    splits = validation_splits(classes, groups, validation_share=0.2, members=5, seed=0)
    assert sum(3 in classes[split.training] for split in splits) == 4
    assert sorted(np.concatenate([split.validation for split in splits])) == list(range(300))


def test_classes_are_in_proportion_and_the_share_is_as_asked() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 10)
    classes = (rng.random(1000) < 0.2).astype(np.int64)
    (split,) = validation_splits(classes, groups, validation_share=0.25, members=1, seed=0)
    assert len(split.validation) == pytest.approx(250, abs=20)
    assert classes[split.validation].mean() == pytest.approx(classes.mean(), abs=0.03)


def test_the_first_members_validate_on_every_field_once() -> None:
    rng = np.random.default_rng(1)
    groups, classes = rng.integers(0, 30, 200), rng.integers(0, 3, 200)
    splits = validation_splits(classes, groups, validation_share=0.2, members=5, seed=5)
    assert sorted(np.concatenate([split.validation for split in splits])) == list(range(200))


def test_the_members_after_the_last_fold_leave_out_the_folds_of_another_shuffle() -> None:
    classes = np.tile([0, 1, 2], 40)
    splits = validation_splits(classes, None, validation_share=0.2, members=7, seed=0)
    assert len({tuple(split.validation) for split in splits}) == 7


def test_without_groups_a_class_of_one_field_is_trained_on_by_a_single_member() -> None:
    classes = np.array([0, 1] * 20 + [2])
    for seed in range(5):
        (split,) = validation_splits(classes, None, validation_share=0.2, members=1, seed=seed)
        assert 40 in split.training
        assert len(split.validation) == pytest.approx(8, abs=1)


def test_groups_that_each_hold_a_whole_class_cannot_be_split() -> None:
    classes = np.repeat([0, 1], 20)
    with pytest.raises(TrainingDataError, match="each holds all fields of a class"):
        validation_splits(classes, classes.copy(), validation_share=0.5, members=1, seed=0)


def test_blocks_are_squares_of_metres() -> None:
    # A degree of longitude at 60 degrees north is half as long as at the equator: 55.8 km against 111.3 km.
    lon = np.arange(0, 1, 0.001)
    for lat, kilometres in [(0.5, 111.3), (60.0, 55.8)]:
        groups = spatial_groups(fields_at(20 + lon, np.full(1000, lat)), column=None, block_size=5000, wanted=5).of_field
        assert groups is not None
        assert len(np.unique(groups)) == pytest.approx(kilometres / 5, abs=2)
        assert (np.bincount(groups) <= np.ceil(5000 / (kilometres * 1000 / 1000)) + 1).all()


def test_geometry_gives_the_places_where_it_is_there() -> None:
    geometry = [box(x, 0, x + 50, 50) for x in range(500_000, 560_000, 1000)]
    fields = gpd.GeoDataFrame({"field_id": range(60)}, geometry=geometry, crs="EPSG:32631")
    groups = spatial_groups(fields, column=None, block_size=10_000, wanted=2).of_field
    assert groups is not None
    assert groups.tolist() == [x // 10 for x in range(60)]


def test_blocks_of_a_small_area_are_made_smaller_with_a_warning() -> None:
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="small"):
        made = spatial_groups(
            fields_at(rng.uniform(20, 20.01, 50), rng.uniform(0, 0.01, 50)), column=None, block_size=5000, wanted=10
        )
    assert made.of_field is not None
    assert len(np.unique(made.of_field)) >= 10
    assert "625 m" in made.description or "312.5 m" in made.description


def test_fields_in_one_spot_cannot_be_split() -> None:
    with pytest.raises(TrainingDataError, match="too close together"):
        spatial_groups(fields_at(np.full(50, 20.0), np.full(50, 1.0)), column=None, block_size=5000, wanted=10)


def test_a_column_of_groups_comes_first() -> None:
    fields = fields_at(np.full(6, 20.0), np.full(6, 1.0)).assign(group=list("aabbcc"), village=list("xyxyxy"))
    by_default = spatial_groups(fields, column=None, block_size=5000, wanted=10).of_field
    named = spatial_groups(fields, column="village", block_size=5000, wanted=10).of_field
    assert by_default is not None
    assert named is not None
    assert by_default.tolist() == [0, 0, 1, 1, 2, 2]
    assert named.tolist() == [0, 1, 0, 1, 0, 1]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [("nowhere", list("aabbcc"), "no column nowhere"), ("group", ["a"] * 6, "same group"), ("group", [*"aabbc", None], "empty")],
)
def test_a_column_that_cannot_be_used_is_named(column: str, values: list[object], message: str) -> None:
    fields = fields_at(np.full(6, 20.0), np.full(6, 1.0)).assign(group=values)
    with pytest.raises(TrainingDataError, match=message):
        spatial_groups(fields, column=column, block_size=5000, wanted=10)


def test_fields_without_any_place_are_drawn_at_random_with_a_warning() -> None:
    fields = gpd.GeoDataFrame({"field_id": range(30)}, geometry=[None] * 30)
    with pytest.warns(UserWarning, match="neither groups nor places"):
        assert spatial_groups(fields, column=None, block_size=5000, wanted=10).of_field is None


def test_fewer_groups_than_folds_make_fewer_folds_and_one_is_refused() -> None:
    classes = np.tile([0, 1], 30)
    (split,) = validation_splits(classes, np.repeat(np.arange(3), 20), validation_share=0.1, members=1, seed=0)
    assert len(split.validation) == 20
    with pytest.raises(TrainingDataError, match="one group"):
        validation_splits(classes, np.zeros(60, np.int64), validation_share=0.1, members=1, seed=0)
