"""Simulated Sentinel-1: the formulas by hand, the statistics of speckle, passes, and what lies on disk."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from cropdetect.errors import OptionError
from cropdetect.imagery import Window, open_imagery
from cropdetect.simulation import simulate
from cropdetect.simulation.sentinel1 import LOOKS, Pass, passes_of, speckled
from cropdetect.simulation.water_cloud import CANOPIES, canopy_backscatter, soil_backscatter

DATES = ("2019-06-06", "2019-06-20", "2019-07-06")
SIZE = {"tiles": 1, "height": 64, "width": 60, "fields": 4, "seed": 5, "workers": 1, "dates": DATES}


def decibels(power: object) -> np.ndarray:
    return np.asarray(10 * np.log10(np.asarray(power, float)))


@pytest.mark.parametrize(
    ("polarisation", "degrees", "moisture", "height", "expected"),
    [
        # 0.07278 x 0.66548 x 1.5512 x 1.05736 = 0.07944
        ("VV", 40, 20, 1.0, -11.00),
        # 0.0047315 x 1.00267 x 1.82888 x 1.03517 = 0.0089816
        ("VH", 40, 20, 1.0, -20.47),
        # dry and smooth: 0.07278 x 0.80269 x 1.17295 x 0.78186 (1.13 x 0.4425 = 0.5, to the power of 0.355) = 0.05358
        ("VV", 30, 5, 0.4425, -12.71),
    ],
)
def test_bare_soil_scatters_as_the_formula_by_hand(
    polarisation: str, degrees: float, moisture: float, height: float, expected: float
) -> None:
    assert decibels(soil_backscatter(polarisation, np.radians(degrees), moisture, height)) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("leaf_area", "degrees", "expected"),
    [
        (0.0, 40, 0.05),  # the soil alone
        (1000.0, 60, 0.05),  # 0.1 x cos(60)
        (2.0, 0, 0.0775335),  # 0.1 x (1 - exp(-0.8)) + exp(-0.8) x 0.05
        (2.0, 60, 0.05),  # both sides scatter alike: the leaf area plays no role
    ],
)
def test_a_canopy_scatters_as_the_water_cloud_by_hand(leaf_area: float, degrees: float, expected: float) -> None:
    a, b = np.full((1, 1), 0.1), np.full((1, 1), 0.2)
    found = canopy_backscatter(np.radians(degrees), np.full((1, 1), leaf_area), a, b, np.full(1, 0.05))
    assert found[0] == pytest.approx(expected, rel=1e-6)


def test_plants_that_share_a_field_share_one_cloud() -> None:
    """0.2 x 1 + 0.4 x 2 hides; A is (0.2 x 0.1 + 0.8 x 0.05) / 1; the rest is as for one plant."""
    leaf_area, a, b = np.array([[1.0], [2.0]]), np.array([[0.1], [0.05]]), np.array([[0.2], [0.4]])
    found = canopy_backscatter(0.0, leaf_area, a, b, np.array([0.2]))
    assert found[0] == pytest.approx(0.06 * (1 - np.exp(-2)) + np.exp(-2) * 0.2)


@pytest.mark.parametrize(
    ("plant", "polarisation", "closed"),
    [("winter wheat", "VV", -15), ("winter wheat", "VH", -20), ("temperate maize", "VV", -10), ("temperate maize", "VH", -16),
     ("rapeseed", "VV", -9), ("rapeseed", "VH", -13)],
)  # fmt: skip
def test_closed_canopies_have_the_backscatter_that_was_measured(plant: str, polarisation: str, closed: float) -> None:
    a, _ = CANOPIES[plant].of(polarisation)
    assert decibels(a * np.cos(np.radians(38))) == pytest.approx(closed, abs=0.3)


@pytest.mark.parametrize("looks", [1.0, LOOKS, 20.0])
@pytest.mark.parametrize("power", [0.01, 0.2])
def test_speckle_keeps_the_mean_and_has_the_variance_of_its_looks(looks: float, power: float) -> None:
    n = 200_000
    found = speckled(np.full(n, power, np.float32), looks, np.random.default_rng(1)) / power
    assert found.mean() == pytest.approx(1, abs=4 / np.sqrt(looks * n))
    fourth = 3 / looks**2 + 6 / looks**3  # central moment of a gamma distribution of mean 1
    assert found.var() == pytest.approx(1 / looks, abs=4 * np.sqrt((fourth - 1 / looks**2) / n))
    assert stats.kstest(found[:5000], stats.gamma(looks, scale=1 / looks).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("repeat", "ascending", "descending"),
    [(12, ["06-13", "06-25"], ["06-07", "06-19", "07-01"]), (6, ["06-10", "06-16", "06-22", "06-28", "07-04"],
      ["06-07", "06-13", "06-19", "06-25", "07-01"])],
)  # fmt: skip
def test_both_directions_repeat_after_so_many_days(repeat: int, ascending: list[str], descending: list[str]) -> None:
    found = passes_of(dt.date(2019, 6, 6), dt.date(2019, 7, 6), repeat)
    for direction, days in (("asc", ascending), ("desc", descending)):
        assert [f"{one.day:%m-%d}" for one in found if one.direction == direction] == days
    assert [one.day for one in found] == sorted(one.day for one in found)


@pytest.mark.parametrize("repeat", [0, 5, 13])
def test_another_repeat_is_refused(repeat: int) -> None:
    with pytest.raises(OptionError, match="every"):
        passes_of(dt.date(2019, 6, 6), dt.date(2019, 7, 6), repeat)


@pytest.mark.parametrize(
    ("direction", "x", "degrees", "time"),
    [("asc", 0, 38.0, "154300"), ("asc", 50_000, 41.4, "154300"), ("desc", 0, 35.0, "034300"), ("desc", 50_000, 31.6, "034300")],
)
def test_passes_look_from_their_own_side_at_their_own_time(direction: str, x: float, degrees: float, time: str) -> None:
    one = Pass(dt.date(2019, 6, 7), direction)
    assert np.degrees(one.incidence(np.float32(x))) == pytest.approx(degrees, abs=1e-3)
    assert one.time(34.2) == time


@pytest.fixture(scope="module")
def seasons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("radar")
    return {layout: simulate(root / layout, layout=layout, sentinel1=12, **SIZE) for layout in ("geotiff", "netcdf")}


@pytest.mark.parametrize("layout", ["geotiff", "netcdf"])
def test_a_season_with_radar_is_opened_as_one(seasons: dict[str, Path], layout: str) -> None:
    imagery = open_imagery(seasons[layout])
    (tile,) = imagery.tiles
    assert {"VV_asc", "VH_asc", "VV_desc", "VH_desc", "B04"} <= set(tile.bands)
    assert [f"{day:%m-%d}" for day in tile.dates_with("VV_asc")] == ["06-13", "06-25"]
    assert [f"{day:%m-%d}" for day in tile.dates_with("VH_desc")] == ["06-07", "06-19", "07-01"]
    assert [str(day) for day in tile.dates_with("B04")] == list(DATES)
    assert tile.backscatter_unit == "decibel"
    assert not [text for text in imagery.warnings if "backscatter" in text]


def test_both_layouts_hold_the_same_radar(seasons: dict[str, Path]) -> None:
    window = Window(0, 0, 60, 60)
    bands = ("VV_asc", "VH_asc", "VV_desc", "VH_desc")
    images = [open_imagery(path).tiles[0].read(window, bands=bands).image for path in seasons.values()]
    np.testing.assert_allclose(images[0], images[1], rtol=1e-5)


def test_radar_changes_no_byte_of_the_optical_season(seasons: dict[str, Path], tmp_path: Path) -> None:
    alone = simulate(tmp_path / "alone", layout="geotiff", **SIZE)
    files = [file for file in alone.rglob("*.tif") if file.is_file()]
    assert files
    for file in files:
        assert file.read_bytes() == (seasons["geotiff"] / file.relative_to(alone)).read_bytes()
    extra = {file.name for file in seasons["geotiff"].rglob("*.tif")} - {file.name for file in files}
    assert len(extra) == 2 * 5
    assert all(name.startswith("S1A_IW_GRDH_1SDV_2019") for name in extra)


def test_the_same_arguments_give_the_same_radar(seasons: dict[str, Path], tmp_path: Path) -> None:
    again = simulate(tmp_path / "again", layout="geotiff", sentinel1=12, **(SIZE | {"workers": 2}))
    for file in again.glob("S1A*.tif"):
        assert file.read_bytes() == (seasons["geotiff"] / file.name).read_bytes()


def test_images_are_speckled_and_about_as_bright_as_land(seasons: dict[str, Path]) -> None:
    (tile,) = open_imagery(seasons["geotiff"]).tiles
    image = tile.read(Window(0, 0, 64, 60), bands=["VV_asc", "VH_asc"]).image
    image = image[~np.isnan(image).all(axis=(1, 2, 3))]
    medians = np.median(image, axis=(0, 2, 3))
    assert -14 < medians[0] < -6
    assert -22 < medians[1] < -13
    assert image.std() > 1.5  # decibels: 4.4 looks alone give 2.1


def test_the_folders_of_the_competition_hold_no_radar(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="geotiff"):
        simulate(tmp_path / "out", layout="cv4a", sentinel1=12, **SIZE)
    assert not (tmp_path / "out").exists()
