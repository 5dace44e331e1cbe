"""Folds keep apart what they promise to, and every field is answered once."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.errors import TrainingDataError
from cropdetect.training.folds import make_folds

METRE = 1 / 111_320  # degrees of latitude


def table(n: int = 200, *, span: float = 60_000, seed: int = 0, **columns: object) -> gpd.GeoDataFrame:
    """Make fields at random places of a square on the equator, `span` metres wide."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, span, (2, n))
    data = {"field_id": np.arange(n), "lon": 33.0 + x * METRE, "lat": 0.1 + y * METRE, **columns}
    return gpd.GeoDataFrame(data, geometry=[None] * n)


def classes_of(n: int = 200, k: int = 3, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, k, n)


def metres(fields: gpd.GeoDataFrame) -> np.ndarray:
    points = gpd.GeoSeries(gpd.points_from_xy(fields["lon"], fields["lat"]), crs="EPSG:4326").to_crs("EPSG:32636")
    return np.stack([points.x, points.y], axis=1)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), how=st.sampled_from(["random", "blocked", "grid", "leave-one-group-out"]))
def test_every_field_is_answered_once_by_what_was_not_taught_it(seed: int, how: str) -> None:
    fields, classes = table(seed=seed), classes_of(seed=seed)
    folds = make_folds(fields, classes, how, seed=seed, block_size=12_000)
    answered = np.concatenate([folds.test(fold) for fold in range(len(folds.training))])
    assert sorted(answered) == np.flatnonzero(folds.of_field >= 0).tolist()
    assert len(answered) == 200
    for fold, training in enumerate(folds.training):
        assert not set(training) & set(folds.test(fold))
        assert (folds.of_field[training] >= 0).all()


def test_random_folds_hold_each_class_in_proportion() -> None:
    classes = np.repeat([0, 1, 2], [100, 60, 40])
    folds = make_folds(table(), classes, "random")
    for fold in range(5):
        assert np.bincount(classes[folds.test(fold)]).tolist() == [20, 12, 8]


def test_blocked_folds_share_no_group() -> None:
    fields = table(village=np.repeat([f"v{i}" for i in range(20)], 10))
    folds = make_folds(fields, classes_of(), "blocked", group_column="village")
    for fold, training in enumerate(folds.training):
        assert not set(fields["village"].iloc[training]) & set(fields["village"].iloc[folds.test(fold)])
    assert len(folds.training) == 5


def test_grid_folds_train_on_nothing_near_a_block_that_is_answered() -> None:
    fields, classes = table(400), classes_of(400)
    near, far = (make_folds(fields, classes, "grid", block_size=10_000, buffer=buffer) for buffer in (0.0, 2_000.0))
    np.testing.assert_array_equal(near.of_field, far.of_field)
    place = metres(fields)
    dropped = 0
    for fold in range(5):
        test, training = far.test(fold), far.training[fold]
        gap = np.hypot(*(place[training][:, None] - place[test][None]).T).min()
        assert gap >= 2_000
        dropped += len(set(near.training[fold]) - set(training))
        # What is dropped lies within the buffer and a block's diagonal of an answered field, not far away.
        lost = np.array(sorted(set(near.training[fold]) - set(training)))
        assert np.hypot(*(place[lost][:, None] - place[test][None]).T).min(axis=0).max() < 2_000 + 10_000 * np.sqrt(2)
    assert dropped > 0


def test_one_group_after_the_other_is_left_out_under_its_name() -> None:
    fields = table(120, region=np.repeat(["north", "south", "west"], 40))
    folds = make_folds(fields, classes_of(120), "leave-one-group-out", group_column="region")
    assert folds.names == ("north", "south", "west")
    assert set(fields["region"].iloc[folds.test(1)]) == {"south"}
    assert len(folds.training[1]) == 80


def test_classes_of_one_group_are_left_out_where_groups_are_kept_apart() -> None:
    classes = classes_of()
    fields = table(group=np.repeat(np.arange(20), 10))
    classes[10:14] = 3  # all in group 1
    with pytest.warns(UserWarning, match="4 fields of classes that lie in one group only"):
        folds = make_folds(fields, classes, "blocked")
    assert (folds.of_field[10:14] == -1).all()
    assert not any(set(range(10, 14)) & set(training) for training in folds.training)


def test_a_column_gives_the_folds_and_minus_one_is_left_out() -> None:
    numbers = np.tile([2, 0, 5, -1], 50)
    folds = make_folds(table(mine=numbers), classes_of(), "mine")
    assert folds.names == ("0", "2", "5")
    assert folds.of_field[:4].tolist() == [1, 0, 2, -1]
    assert set(np.flatnonzero(numbers == -1)).isdisjoint(folds.training[0])


def test_folds_with_names_and_gaps() -> None:
    names = np.tile(np.array(["east", "west", None], object), 67)[:200]
    with pytest.warns(UserWarning, match="66 labelled fields have no side"):
        folds = make_folds(table(side=names), classes_of(), "side")
    assert folds.names == ("east", "west")


@pytest.mark.parametrize(
    ("how", "column"),
    [("nowhere", {}), ("mine", {"mine": np.zeros(200)}), ("mine", {"mine": np.full(200, -1)})],
)
def test_folds_that_cannot_be_are_named_errors(how: str, column: dict[str, object]) -> None:
    with pytest.raises(TrainingDataError):
        make_folds(table(**column), classes_of(), how)


def test_blocked_folds_without_groups_and_places_are_refused() -> None:
    fields = table().drop(columns=["lon", "lat"])
    with pytest.warns(UserWarning), pytest.raises(TrainingDataError, match="--folds random"):
        make_folds(fields, classes_of(), "blocked")
    with pytest.raises(TrainingDataError):
        make_folds(fields, classes_of(), "grid")


def test_the_same_seed_gives_the_same_folds() -> None:
    first, second, other = (make_folds(table(), classes_of(), "random", seed=seed).of_field for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
