"""The faults of 2020 do what they are said to do, and only in the benchmark."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from benchmarks.faults_of_2020 import SETTINGS_OF_2020, BatchesOf2020, EnsembleOf2020

from cropdetect.formats import Augmentation, TrainOptions
from cropdetect.models import network_class
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.ensemble import NetworkEnsemble
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.specification import NetworkSpecification
from tests.training.seasons import season

OPTIONS = TrainOptions(arguments={"dense": 8}, epochs=1, members=2, snapshots=3, calibration="none")


def batch_of(kind: type[TrainingBatches], augmentation: Augmentation, size: int = 8) -> Any:
    """Return a batch of chips whose field is one pixel that has a value of its own."""
    chips = season(n_fields=200, size=size, ragged=False)
    chips.batch.mask[:], chips.batch.image[:], chips.batch.clear[:] = 0, 500, True
    chips.batch.mask[:, 1, 2], chips.batch.image[..., 1, 2] = 1, 7000
    data = read_training_data(chips)
    network = NetworkSpecification("conv-gru", {}, data.chips.info.bands, None, False, 6)
    options = TrainOptions(batch_size=200, augmentation=augmentation)
    return next(kind(data, network, options, seed=0).epoch(0))


@pytest.mark.parametrize(("kind", "apart"), [(TrainingBatches, 0.0), (BatchesOf2020, 0.5)])
def test_masks_drift_from_their_images(kind: type[TrainingBatches], apart: float) -> None:
    augmentation = Augmentation.cv4a().model_copy(update={"rotation": 0, "crop": None, "remove_date": False})
    batch = batch_of(kind, augmentation)
    moved = ((batch.image[:, 0, 0] > 5000) != (batch.mask > 0)).flatten(1).any(1).float().mean().item()
    assert moved == pytest.approx(apart, abs=0.1)


def test_rotated_masks_do_not_stay_0_or_1() -> None:
    assert len(batch_of(BatchesOf2020, Augmentation(rotation=10, rotation_chance=1, turn=0, mirror=0)).mask.unique()) > 10


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingData, NetworkEnsemble, NetworkEnsemble]:
    chips = season()
    chips.batch.image[40:] *= 3
    data = read_training_data(chips)
    training = data.of_fields(np.arange(40))
    sound = NetworkEnsemble(OPTIONS, tmp_path_factory.mktemp("sound")).fit(training)
    return data, sound, EnsembleOf2020(OPTIONS, tmp_path_factory.mktemp("faulty"), data).fit(training)


def test_statistics_see_the_fields_that_are_left_out(fitted: tuple[TrainingData, NetworkEnsemble, NetworkEnsemble]) -> None:
    data, sound, faulty = fitted
    assert faulty.statistics_.mean[0] > 1.05 * sound.statistics_.mean[0]
    roots = np.sqrt(data.chips_of_bands(["B04"]).take(np.arange(60)).image[data.chips.seen].astype(float))
    assert faulty.statistics_.mean[0] == pytest.approx(roots.mean(), rel=1e-5)


def test_the_ensemble_collapses_to_each_trainings_last_network(
    fitted: tuple[TrainingData, NetworkEnsemble, NetworkEnsemble],
) -> None:
    data, _, faulty = fitted
    last = NetworkEnsemble.member_probabilities(faulty, data, [networks[-1:] for networks in faulty.members_])
    np.testing.assert_array_equal(faulty.predict_proba(data), last.mean(axis=0))


def test_clouds_are_seen_as_reflectance(tmp_path: Path) -> None:
    network = network_class("conv-gru")(**SETTINGS_OF_2020["arguments"])
    image, mask, clear = torch.rand(1, 2, 13, 8, 8) * 3000, torch.ones(1, 8, 8), torch.ones(1, 2, 8, 8, dtype=torch.bool)
    with torch.no_grad():
        seen, hidden = (network(image, mask, seen, torch.zeros(1, 2)) for seen in (clear, ~clear))
    assert torch.equal(seen, hidden)
