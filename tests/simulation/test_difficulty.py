"""What a simulated season must be good for: hard on field means, easier for those who look at pixels."""

import sys
from pathlib import Path

import pytest

from cropdetect.simulation import simulate

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, float]]:
    from simulation_difficulty import difficulty

    season = simulate(tmp_path_factory.mktemp("difficulty") / "season", tiles=1, height=1000, width=1000, fields=2000)
    return difficulty(season, trees=200)  # type: ignore[return-value]


def test_field_means_are_as_hard_as_the_board_of_2020(result: dict[str, dict[str, float]]) -> None:
    means = result["means"]
    assert 0.50 < means["accuracy"] < 0.70
    assert 0.95 < means["log_loss"] < 1.30
    assert means["intercrop_recall"] < 0.35


def test_texture_tells_what_means_do_not(result: dict[str, dict[str, float]]) -> None:
    """Same forest, same folds: texture features lower log loss by 0.02 and find intercropped fields that means miss."""
    means, both = result["means"], result["means and texture"]
    assert both["log_loss"] < means["log_loss"] - 0.02
    assert both["accuracy"] > means["accuracy"] + 0.005
    assert both["intercrop_recall"] > 2 * means["intercrop_recall"]
