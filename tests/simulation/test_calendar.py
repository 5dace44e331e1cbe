import numpy as np
import pytest

from cropdetect.errors import OptionError
from cropdetect.simulation.calendar import SPECIES, dead_area, green_area, harvested
from cropdetect.simulation.region import REGIONS, WESTERN_KENYA, region_named
from cropdetect.simulation.weather import Year


def _green(name: str, days: list[float]) -> np.ndarray:
    s = SPECIES[name]
    one = np.ones(len(days), np.float32)
    return green_area(np.array(days, np.float32), s.rise * one, s.rise_width * one, s.fall * one, s.fall_width * one)


def test_the_curve_is_a_half_where_it_rises_and_falls() -> None:
    s = SPECIES["maize"]
    np.testing.assert_allclose(_green("maize", [s.rise, s.fall]), 0.5, atol=0.01)


def test_nothing_grows_before_planting_and_little_after_the_fall() -> None:
    assert _green("common bean", [-1.0])[0] == 0
    assert _green("common bean", [130.0])[0] < 0.01


def test_beans_are_over_before_maize_and_maize_before_cassava() -> None:
    at = [100.0]
    assert _green("common bean", at) < 0.2 < _green("maize", at)
    assert _green("maize", [160.0]) < 0.05 < 0.8 < _green("cassava", [160.0])


def test_dead_leaves_stand_until_the_harvest() -> None:
    day = np.array([60.0, 125.0, 170.0], np.float32)
    dead = dead_area(day, np.float32(112), np.float32(10), np.float32(30))
    assert dead[0] < 0.02
    assert dead[1] > 0.5
    assert dead[2] < 0.02
    gone = harvested(day, np.float32(112), np.float32(30))
    assert gone[1] < 0.05 < 0.95 < gone[2]


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_every_region_knows_its_species_and_shares_out_its_classes(region: object) -> None:
    assert sum(c.share for c in region.classes) == pytest.approx(1)  # type: ignore[attr-defined]
    for part in (p for c in region.classes for p in c.parts):  # type: ignore[attr-defined]
        assert part in SPECIES


def test_the_shares_of_western_kenya_give_the_accuracies_printed_in_2020() -> None:
    """The organisers' table for the first place: recall of the classes in per cent, and 60.0 overall."""
    counts = [round(c.share * 1402) for c in WESTERN_KENYA.classes]
    assert sum(counts) == 1402
    recall = [81.6, 81.8, 23.8, 16.3, 0.0, 0.0, 0.0]
    hits = [round(n * r / 100) for n, r in zip(counts, recall, strict=True)]
    for n, r, hit in zip(counts, recall, hits, strict=True):
        assert round(100 * hit / n, 1) == r
    assert round(100 * sum(hits) / 1402, 1) == 60.0


def test_an_unknown_region_is_named_with_the_known_ones() -> None:
    with pytest.raises(OptionError, match="western-kenya"):
        region_named("atlantis")


def test_the_reference_year_is_neutral_and_other_years_are_the_same_each_time() -> None:
    assert Year.of(WESTERN_KENYA, 2019) == Year()
    other = Year.of(WESTERN_KENYA, 2020)
    assert abs(other.late) >= 7
    assert other == Year.of(WESTERN_KENYA, 2020)
    assert other != Year.of(WESTERN_KENYA, 2021)
