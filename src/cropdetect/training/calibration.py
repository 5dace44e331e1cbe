"""How an ensemble is calibrated: on what its members say of the fields that they left out."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cropdetect import evaluation
from cropdetect.formats import CalibrationRecord

_MOST_POOLING = 1.0  # a handful of fields could ask for anything


@dataclass(frozen=True)
class OutOfFold:
    """What members say of the fields that they left out, one answer for each field and member.

    Attributes:
        fields: (answer,) int64, positions of the fields, ascending; a field left out twice has two answers.
        probabilities: (answer, class) float64, mean over the networks of the member.
        labels: (answer,) int64.
    """

    fields: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]

    def scaled(self, scaling: evaluation.Scaling | None) -> "OutOfFold":
        """Return the same answers, each calibrated."""
        return replace(self, probabilities=evaluation.scaled(self.probabilities, scaling))

    def pooled(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return of each field the mean of its answers (field, class), its label and how many answers it has."""
        _, first, n_answers = np.unique(self.fields, return_index=True, return_counts=True)
        means = np.add.reduceat(self.probabilities, first) / n_answers[:, None]
        return means, self.labels[first], n_answers

    def calibrated(self, scaling: evaluation.EnsembleScaling) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Return of each field the calibrated mean of its answers (field, class), and its label."""
        means, labels, n_answers = self.scaled(scaling.each).pooled()
        for n in np.unique(n_answers):
            means[n_answers == n] = evaluation.scaled(means[n_answers == n], scaling.of_mean(n))
        return means, labels


def fit_calibration(out_of_fold: OutOfFold, method: str, members: int) -> tuple[CalibrationRecord, evaluation.EnsembleScaling]:
    """Fit how probabilities become calibrated ones.

    Each answer is calibrated by what the members say of the fields that they left out. A mean of calibrated answers is less
    sure than it is right (Rahaman, Thiery 2021). The fields that several members left out tell by how much. Where there is no
    such field, the mean is calibrated as its answers would be.

    Args:
        out_of_fold: predictions of networks on fields that they did not see.
        method: "none", "temperature" or "vector".
        members: number of members whose mean the record is for.

    Returns:
        The record, and the scaling for any number of members.

    References:
        Rahaman, R., Thiery, A. H. (2021). Uncertainty Quantification and Deep Ensembles. NeurIPS.
    """
    if method == "none":
        return CalibrationRecord(), evaluation.EnsembleScaling()
    raw, labels = out_of_fold.probabilities, out_of_fold.labels
    with np.errstate(divide="ignore"):
        own = (evaluation.fit_temperature if method == "temperature" else evaluation.fit_vector)(np.log(raw), labels)
    after = out_of_fold.scaled(own)
    pooling = _pooling(after)
    if pooling is None:
        scaling = evaluation.EnsembleScaling(mean=own)
    else:
        unchanged = evaluation.Scaling(np.ones_like(own.scale), np.zeros_like(own.bias))
        scaling = evaluation.EnsembleScaling(own, unchanged, pooling)
    of_mean = scaling.of_mean(members)
    assert of_mean is not None
    record = CalibrationRecord(
        method="temperature" if method == "temperature" else "vector",
        scale=of_mean.scale.tolist(),
        bias=of_mean.bias.tolist(),
        each_scale=[] if scaling.each is None else own.scale.tolist(),
        each_bias=[] if scaling.each is None else own.bias.tolist(),
        pooling=scaling.pooling,
        fitted_on=f"out-of-fold predictions of {len(np.unique(out_of_fold.fields))} training fields",
        log_loss_before=evaluation.log_loss(raw, labels),
        log_loss_after=evaluation.log_loss(after.probabilities, labels),
        ece_before=evaluation.calibration_error(raw, labels),
        ece_after=evaluation.calibration_error(after.probabilities, labels),
    )
    return record, scaling


def _pooling(out_of_fold: OutOfFold) -> float | None:
    """Compare the best scale of means with that of the answers they are made of; None where no field has several answers."""
    means, labels, n_answers = out_of_fold.pooled()
    several = n_answers > 1
    if not several.any():
        return None
    own = np.repeat(several, n_answers)
    single = evaluation.fit_temperature(np.log(out_of_fold.probabilities[own]), out_of_fold.labels[own])
    mean = evaluation.fit_temperature(np.log(means[several]), labels[several])
    pooling = np.log(mean.scale[0] / single.scale[0]) / (1 - 1 / n_answers[several]).mean()
    return float(np.clip(pooling, 0, _MOST_POOLING))
