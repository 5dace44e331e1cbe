"""Calibration: probabilities made as sure as they are right."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cropdetect.errors import LegendError

_FLOOR = np.log(1e-6)  # a probability of 0 would stay 0 under every scaling
_STEPS = 50
# Limits of 1 / temperature: fields that are all answered right would ask for endless sharpness.
_SHARPEST, _FLATTEST = 4.0, 0.05


@dataclass(frozen=True)
class Scaling:
    """Calibrated probabilities are softmax(scale x log probability + bias).

    Attributes:
        scale: (class,) 1 / temperature, the same for all classes under temperature scaling.
        bias: (class,) 0 under temperature scaling.
    """

    scale: npt.NDArray[np.float64]
    bias: npt.NDArray[np.float64]

    @property
    def temperature(self) -> float | None:
        """The temperature, or None where the classes have scales of their own."""
        alike = not self.bias.any() and bool((self.scale == self.scale[0]).all())
        return float(1 / self.scale[0]) if alike else None

    def apply(self, log_probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities, (..., class).

        Args:
            log_probabilities: (..., class) logarithms, or scores before softmax; -inf counts as log 1e-6.
        """
        return _softmax(self.scale * _levelled(log_probabilities) + self.bias)


@dataclass(frozen=True)
class EnsembleScaling:
    """How the answers of an ensemble's trainings become one: each is scaled, their mean is taken, and the mean is scaled.

    Averaging flattens by what the answers disagree in, and the mean of n keeps 1 - 1/n of that disagreement within it: the
    scale of the mean grows by exp(pooling x (1 - 1/n)).

    Attributes:
        each: of each answer; None: as it is.
        mean: of the mean; None: as it is.
        pooling: how much sharper a mean of answers is made than each of them.
    """

    each: Scaling | None = None
    mean: Scaling | None = None
    pooling: float = 0.0

    def of_mean(self, n_answers: int) -> Scaling | None:
        """Return the scaling of the mean of so many answers."""
        return self.mean and Scaling(self.mean.scale * np.exp(self.pooling * (1 - 1 / n_answers)), self.mean.bias)

    def apply(self, answers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return one answer, (..., class).

        Args:
            answers: (answer, ..., class) probabilities.
        """
        mean = scaled(answers, self.each).mean(axis=0)
        return scaled(mean, self.of_mean(len(answers)))


def scaled(probabilities: npt.NDArray[np.float64], scaling: Scaling | None) -> npt.NDArray[np.float64]:
    """Return calibrated probabilities; as they are where there is no scaling."""
    if scaling is None:
        return probabilities
    with np.errstate(divide="ignore"):
        return scaling.apply(np.log(probabilities))


def fit_temperature(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> Scaling:
    """Find the temperature with the lowest log loss.

    Args:
        log_probabilities: (field, class) logarithms of probabilities, or scores before softmax, of fields that the networks
            have not seen.
        labels: (field,) positions of the true classes.

    Raises:
        LegendError: there is no field, or the shapes do not fit.

    References:
        Guo, C. et al. (2017). On Calibration of Modern Neural Networks, section 4.2.
    """
    scores = _checked(log_probabilities, labels)
    sharpness = 1.0
    of_truth = scores[np.arange(len(labels)), labels].mean()
    for _ in range(_STEPS):  # Newton; the log loss is convex in the sharpness
        probabilities = _softmax(sharpness * scores)
        mean = (probabilities * scores).sum(axis=1)
        slope = mean.mean() - of_truth
        curvature = ((probabilities * scores**2).sum(axis=1) - mean**2).mean()
        # A step of at most a factor of two: far from the minimum the curvature says little.
        new = np.clip(sharpness - slope / max(curvature, 1e-12), sharpness / 2, sharpness * 2)
        new = float(np.clip(new, _FLATTEST, _SHARPEST))
        if abs(new - sharpness) < 1e-10:
            break
        sharpness = new
    n_classes = scores.shape[1]
    return Scaling(np.full(n_classes, sharpness), np.zeros(n_classes))


def fit_vector(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, strength: float = 4.0) -> Scaling:
    """Find a scale and a bias of each class, held near those of temperature scaling.

    The penalty is `strength` / 2 times the sum of squares of how far each scale lies from the temperature's and each bias
    from 0, beside the log loss summed over all fields: a class of a few fields stays with the common temperature, one of
    hundreds goes its own way.

    Args:
        log_probabilities: (field, class), as for `fit_temperature`.
        labels: (field,) positions of the true classes.
        strength: of the penalty; 4 is a normal prior with a standard deviation of 0.5.

    Raises:
        LegendError: there is no field, or the shapes do not fit.

    References:
        Guo, C. et al. (2017). On Calibration of Modern Neural Networks, section 4.2 (vector scaling).
    """
    scores = _checked(log_probabilities, labels)
    n_classes = scores.shape[1]
    centre = np.concatenate([fit_temperature(scores, labels).scale, np.zeros(n_classes)])
    truth = labels[:, None] == np.arange(n_classes)
    values = centre.copy()
    loss = _penalised(values, centre, scores, labels, strength)
    for _ in range(_STEPS):  # Newton with halved steps; the loss is convex
        probabilities = _softmax(values[:n_classes] * scores + values[n_classes:])
        error = probabilities - truth
        slope = np.concatenate([(error * scores).sum(axis=0), error.sum(axis=0)]) + strength * (values - centre)
        step = np.linalg.solve(_curvature(probabilities, scores, strength), slope)
        length = 1.0
        while length > 1e-6:
            new = values - length * step
            new_loss = _penalised(new, centre, scores, labels, strength)
            if new_loss <= loss:
                break
            length /= 2
        else:
            break
        values, gained, loss = new, loss - new_loss, new_loss
        if gained < 1e-9 * len(labels):
            break
    return Scaling(values[:n_classes], values[n_classes:])


def _curvature(
    probabilities: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], strength: float
) -> npt.NDArray[np.float64]:
    """Return the Hessian of the penalised loss, scales first, biases after."""
    n_classes = scores.shape[1]
    weighted = np.concatenate([probabilities * scores, probabilities], axis=1)
    result = -weighted.T @ weighted + strength * np.eye(2 * n_classes)
    own = np.arange(n_classes)
    result[own, own] += (probabilities * scores**2).sum(axis=0)
    result[own + n_classes, own + n_classes] += probabilities.sum(axis=0)
    cross = (probabilities * scores).sum(axis=0)
    result[own, own + n_classes] += cross
    result[own + n_classes, own] += cross
    return np.asarray(result)


def _penalised(
    values: npt.NDArray[np.float64],
    centre: npt.NDArray[np.float64],
    scores: npt.NDArray[np.float64],
    labels: npt.NDArray[np.integer],
    strength: float,
) -> float:
    n_classes = scores.shape[1]
    scaled = values[:n_classes] * scores + values[n_classes:]
    highest = scaled.max(axis=1)
    normaliser = np.log(np.exp(scaled - highest[:, None]).sum(axis=1)) + highest
    of_truth = scaled[np.arange(len(labels)), labels]
    return float((normaliser - of_truth).sum() + strength / 2 * ((values - centre) ** 2).sum())


def _checked(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    scores = np.asarray(log_probabilities)
    if scores.ndim != 2 or len(scores) != len(labels) or len(labels) == 0:
        raise LegendError(f"calibration needs scores (field, class) and as many labels, not {scores.shape} and {len(labels)}")
    if labels.min() < 0 or labels.max() >= scores.shape[1] or np.isnan(scores).any():
        raise LegendError("calibration needs numbers, and labels that are positions of the classes")
    return _levelled(scores)


def _levelled(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return log probabilities, none below log 1e-6: the same softmax, and scales that mean the same for scores of any level."""
    scores = np.asarray(scores, np.float64)
    scores = scores - scores.max(axis=-1, keepdims=True)
    scores = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
    return np.asarray(np.maximum(scores, _FLOOR))


def _softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
