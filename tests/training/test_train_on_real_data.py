"""A short training on real fields already tells crops apart in regions it has not seen."""

from pathlib import Path

import numpy as np
import pytest

from cropdetect.chips import read_table
from cropdetect.formats import TrainOptions
from cropdetect.training import train


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:bands without any value")
def test_a_short_training_beats_the_class_frequencies_by_far(shared_data: Path, tmp_path: Path) -> None:
    checkpoint = train(read_table(shared_data / "france_s2"), tmp_path / "out", TrainOptions(steps=200, members=1))
    counts = np.array(list(checkpoint.record.training.class_counts.values()))
    share = counts / counts.sum()
    assert checkpoint.record.metrics["log_loss"] < 0.75 * -(share * np.log(share)).sum()
    assert checkpoint.record.season is not None
    assert checkpoint.record.season.years == [2023]
