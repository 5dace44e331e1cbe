from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from cropdetect.errors import OptionError
from cropdetect.simulation.backdrop import Backdrop
from cropdetect.simulation.frame import Frame, mosaic
from cropdetect.simulation.region import WESTERN_KENYA
from cropdetect.simulation.scene import Scene, build_scene
from cropdetect.simulation.survey import choose_fields, find_candidates

SEED = 4


def _scenes(tiles: int, height: int, width: int) -> tuple[list[Frame], list[Scene], float]:
    frames, across, down = mosaic(tiles, height, width, aligned=False)
    backdrop = Backdrop.draw(WESTERN_KENYA, SEED, across, down)
    scenes = [build_scene(WESTERN_KENYA, backdrop, SEED, frame, (across, down), 0.0) for frame in frames]
    return frames, scenes, max(across, down)


@pytest.fixture(scope="module")
def tile() -> tuple[Frame, Scene, float]:
    frames, scenes, extent = _scenes(1, 400, 400)
    return frames[0], scenes[0], extent


@pytest.fixture(scope="module")
def survey(tile: tuple[Frame, Scene, float]) -> pd.DataFrame:
    frame, scene, extent = tile
    found = find_candidates(0, scene.owner[frame.inside(10)], scene.patches)
    return choose_fields(WESTERN_KENYA, [found], 600, SEED, extent)


def test_fields_are_as_large_as_the_surveyed_ones(survey: pd.DataFrame, shared_data: Path) -> None:
    kenya = gpd.read_file(shared_data / "kenya_polygons" / "fields.gpkg").area
    area = survey["n_pixels"] * 100.0
    for q, factor in ((0.25, 1.35), (0.5, 1.3), (0.75, 1.3), (0.9, 1.4)):
        assert 1 / factor < area.quantile(q) / kenya.quantile(q) < factor, q


def test_fields_lie_in_clusters(survey: pd.DataFrame) -> None:
    places = survey[["x", "y"]].to_numpy()
    distance = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert 15 < np.median(distance.min(axis=1)) < 60  # surveyed: 36 m


def test_classes_have_their_shares_and_do_not_cluster(survey: pd.DataFrame) -> None:
    shares = survey["crop_id"].value_counts(normalize=True).sort_index().to_numpy()
    np.testing.assert_allclose(shares, [c.share for c in WESTERN_KENYA.classes], atol=0.003)
    places, crop = survey[["x", "y"]].to_numpy(), survey["crop_id"].to_numpy()
    distance = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    near = (distance < 150) & (distance > 0)
    same = crop[:, None] == crop[None]
    assert same[near].mean() == pytest.approx(same[distance > 500].mean(), abs=0.05)


def test_the_split_has_the_proportions_of_2020(survey: pd.DataFrame) -> None:
    assert (survey["split"] == "test").sum() == round(600 * 1402 / 4688)


def test_shares_of_plants_belong_to_the_class(survey: pd.DataFrame) -> None:
    parts = survey.filter(like="share_")
    np.testing.assert_allclose(parts.sum(axis=1), 1, atol=0.002)
    maize_and_bean = survey["label"] == "Maize & Common Bean"
    assert (survey.loc[survey["label"] == "Maize", "share_maize"] == 1).all()
    assert survey.loc[maize_and_bean, "share_common_bean"].between(0.04, 0.86).all()
    assert (survey.loc[maize_and_bean, "share_cassava"] == 0).all()


def test_more_fields_than_grow_are_refused(tile: tuple[Frame, Scene, float]) -> None:
    frame, scene, extent = tile
    found = find_candidates(0, scene.owner[frame.inside(10)], scene.patches)
    with pytest.raises(OptionError, match="only"):
        choose_fields(WESTERN_KENYA, [found], 100_000, SEED, extent)


def test_trees_houses_roads_and_bush_lie_between_the_fields(tile: tuple[Frame, Scene, float]) -> None:
    _, scene, _ = tile
    cover = np.bincount(scene.patch.ravel(), minlength=64)[:64] / scene.patch.size
    assert 0.005 < cover[1:17].sum() < 0.08  # trees
    assert 0.0005 < cover[29:37].sum() < 0.02  # roofs
    assert 0.002 < cover[37:45].sum() < 0.04  # roads and paths
    assert 0.01 < cover[17:29].sum() < 0.08  # hedges


def test_neighbouring_tiles_show_the_same_land() -> None:
    frames, scenes, _ = _scenes(2, 120, 150)
    lower, upper = scenes
    keys = [scene.patches.key[scene.owner] for scene in (lower, upper)]
    tops = [frame.window[0] for frame in frames]
    shared = tops[1] + keys[1].shape[0] - tops[0]
    assert shared > 0
    np.testing.assert_array_equal(keys[0][:shared], keys[1][-shared:])
    both = np.intersect1d(lower.patches.key, upper.patches.key)
    both = both[both >= 0]
    assert len(both) > 10
    rows = [np.searchsorted(s.patches.key[64:], both) + 64 for s in (lower, upper)]
    for name in ("crop_id", "planted_a", "vigour_a", "mix"):
        np.testing.assert_array_equal(getattr(lower.patches, name)[rows[0]], getattr(upper.patches, name)[rows[1]])


def test_intercropped_fields_vary_more_within_than_pure_stands(tile: tuple[Frame, Scene, float]) -> None:
    _, scene, _ = tile
    crop = scene.patches.crop_id[scene.patch]
    assert scene.mix[(crop >= 1) & (crop <= 3)].std() == 0
    assert scene.mix[crop >= 4].std() / 128 > 0.2
    assert scene.vigour[crop >= 4].std() > 2 * scene.vigour[crop == 1].std()
