"""What an ensemble of several sensors can do without: measured on the fields that its members left out."""

from collections.abc import Sequence

import numpy as np

from cropdetect import evaluation
from cropdetect.formats import SensorRecord
from cropdetect.training.data import TrainingData
from cropdetect.training.ensemble import NetworkEnsemble

_SCORES = ("log_loss", "accuracy", "macro_f1")


def sensor_records(ensemble: NetworkEnsemble, data: TrainingData) -> list[SensorRecord]:
    """Score a fitted ensemble without each sensor and with each alone; [] where it has one, or takes whole dates only.

    A sensor is needed where training never hid it, or where the answers without it are no better than the shares of the classes.
    """
    sensors = ensemble.specification_.sensors
    never_hidden = ensemble.options.augmentation.sensor_drop == 0
    chance = _log_loss_of_shares(data)
    records = []
    for sensor, own in sensors.items():
        without = _scores(ensemble, data, own)
        others = [position for name, those in sensors.items() if name != sensor for position in those]
        records.append(
            SensorRecord(
                sensor=sensor,
                bands=[ensemble.specification_.bands[position] for position in own],
                needed=never_hidden or without["log_loss"] >= chance,
                metrics_without=without,
                metrics_alone=_scores(ensemble, data, others),
            )
        )
    return records


def _scores(ensemble: NetworkEnsemble, data: TrainingData, hidden: Sequence[int]) -> dict[str, float]:
    found = ensemble.answer_out_of_fold(data, hidden).calibrated(ensemble.scaling_)
    scores = evaluation.score(*found, data.legend)
    return {name: float(getattr(scores, name)) for name in _SCORES}


def _log_loss_of_shares(data: TrainingData) -> float:
    shares = data.class_counts / data.class_counts.sum()
    return evaluation.log_loss(np.broadcast_to(shares, (len(data.classes), len(shares))), data.classes)
