"""With most optical dates gone, radar lowers the log loss by more than chance."""

from pathlib import Path

import pytest
from benchmarks.radar_under_cloud import SMALL, measure, printed

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_radar_lowers_the_log_loss_under_cloud(tmp_path: Path) -> None:
    result = measure(tmp_path, SMALL, members=1, epochs=15)
    assert result.added.upper < 0, "the paired interval excludes 0"
    assert result.added.difference == pytest.approx(result.added.first - result.added.second)
    optical, few, both = (
        result.scores[kind][0] for kind in ("all optical dates", "30 % of the optical dates", "30 % of the optical dates, radar")
    )
    assert both < few
    assert optical < few
    assert result.n_dates[1] == round(0.3 * result.n_dates[0])
    assert "paired" in printed(result)
