"""Calibration: how far confidence and accuracy lie apart, and the scaling that brings them together."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from cropdetect.errors import LegendError
from cropdetect.formats import ReliabilityBin

N_BINS = 15
_FLOOR = np.log(1e-6)  # a probability of 0 would stay 0 under every scaling
# Limits of 1 / temperature: where all fields are predicted right, the log loss falls without end as probabilities sharpen.
_FLATTEST, _SHARPEST = 0.05, 4.0


def calibration_error(probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, n_bins: int = N_BINS) -> float:
    """Expected calibration error of the top class (Guo et al. 2017, "On Calibration of Modern Neural Networks", eq. 3).

    Fields are sorted into bins (0, 1/n], (1/n, 2/n], ... by the probability of their most likely class; the gaps between
    mean confidence and accuracy of the bins are averaged, each bin weighted by its fields.

    Args:
        probabilities: (field, class).
        labels: (field,) positions of the true classes.
        n_bins: equal-width bins.

    Returns:
        0 (calibrated) to 1.
    """
    bin_of, confidence, right = confidence_bins(probabilities, labels, n_bins)
    # The gap of a bin times its number of fields is |sum of (right - confidence)| over its fields.
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(labels))


def reliability_bins(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, n_bins: int = N_BINS
) -> list[ReliabilityBin]:
    """Return mean confidence and accuracy of each bin of `calibration_error`: the points of a reliability diagram.

    Args:
        probabilities: (field, class).
        labels: (field,) positions of the true classes.
        n_bins: equal-width bins; all are returned, also those without fields.
    """
    bin_of, confidence, right = confidence_bins(probabilities, labels, n_bins)
    n = np.bincount(bin_of, minlength=n_bins)
    sums = (np.bincount(bin_of, weights=values, minlength=n_bins) for values in (confidence, right))
    mean_confidence, accuracy = (np.divide(total, n, out=np.zeros(n_bins), where=n > 0) for total in sums)
    return [
        ReliabilityBin(
            lower=i / n_bins,
            upper=(i + 1) / n_bins,
            n=int(n[i]),
            confidence=float(mean_confidence[i]) if n[i] else None,
            accuracy=float(accuracy[i]) if n[i] else None,
        )
        for i in range(n_bins)
    ]


def confidence_bins(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], n_bins: int = N_BINS
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the bin, the confidence, and whether the most likely class is right, of each field, (field,) each."""
    probabilities = np.asarray(probabilities, np.float64)
    confidence = probabilities.max(axis=1)
    right = np.asarray(probabilities.argmax(axis=1) == labels)
    edges = np.linspace(0, 1, n_bins + 1)[1:-1]
    return np.digitize(confidence, edges, right=True).astype(np.int64), confidence, right


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
        return np.asarray(softmax(self.scale * _normalised(log_probabilities) + self.bias, axis=-1))


@dataclass(frozen=True)
class EnsembleScaling:
    """The calibration of an ensemble: each member's answer is scaled, then their mean is scaled.

    A mean of calibrated answers is less confident than it is right: averaging n answers flattens them by 1 - 1/n of their
    disagreement. So the scale of the mean grows by exp(pooling x (1 - 1/n)).

    Attributes:
        each: scaling of each answer; None: unchanged.
        mean: scaling of the mean; None: unchanged.
        pooling: how much sharper a mean of answers is made than each of them.

    References:
        Rahaman, R., Thiery, A. H. (2021). Uncertainty Quantification and Deep Ensembles. NeurIPS.
    """

    each: Scaling | None = None
    mean: Scaling | None = None
    pooling: float = 0.0

    def of_mean(self, n_answers: int) -> Scaling | None:
        """Return the scaling of the mean of so many answers."""
        return self.mean and Scaling(self.mean.scale * np.exp(self.pooling * (1 - 1 / n_answers)), self.mean.bias)

    def apply(self, answers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the ensemble's calibrated probabilities, (..., class).

        Args:
            answers: (answer, ..., class) probabilities.
        """
        mean = scaled(answers, self.each).mean(axis=0)
        return scaled(mean, self.of_mean(len(answers)))


def scaled(probabilities: npt.NDArray[np.float64], scaling: Scaling | None) -> npt.NDArray[np.float64]:
    """Return calibrated probabilities; unchanged where there is no scaling."""
    if scaling is None:
        return probabilities
    with np.errstate(divide="ignore"):
        return scaling.apply(np.log(probabilities))


def fit_temperature(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> Scaling:
    """Find the temperature with the lowest log loss: where its derivative, which rises with 1 / temperature, is 0.

    Args:
        log_probabilities: (field, class) logarithms of probabilities, or scores before softmax, of fields that the networks
            have not seen.
        labels: (field,) positions of the true classes.

    Raises:
        LegendError: there is no field, or the shapes do not fit.

    References:
        Guo, C. et al. (2017). On Calibration of Modern Neural Networks, section 4.2.
    """
    from scipy.optimize import brentq  # here: predictions need no optimiser

    scores = _checked(log_probabilities, labels)
    of_truth = scores[np.arange(len(labels)), labels]

    def derivative(scale: float) -> float:
        return float(((softmax(scale * scores, axis=1) * scores).sum(axis=1) - of_truth).mean())

    if abs(derivative(1.0)) < 1e-12:  # also where every class is as likely as the others, and no scale differs from another
        scale = 1.0
    elif derivative(_FLATTEST) >= 0:
        scale = _FLATTEST
    elif derivative(_SHARPEST) <= 0:
        scale = _SHARPEST
    else:
        scale = brentq(derivative, _FLATTEST, _SHARPEST, xtol=1e-13)
    n_classes = scores.shape[1]
    return Scaling(np.full(n_classes, scale), np.zeros(n_classes))


def fit_vector(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], *, strength: float = 4.0) -> Scaling:
    """Find a scale and a bias of each class, held near those of temperature scaling.

    The penalty is `strength` / 2 times the sum of squared distances of the scales from the temperature's and of the biases
    from 0. It is added to the log loss summed over all fields: a class of a few fields stays with the common temperature, a
    class of hundreds gets its own.

    Args:
        log_probabilities: (field, class), as for `fit_temperature`.
        labels: (field,) positions of the true classes.
        strength: of the penalty; 4 is a normal prior with a standard deviation of 0.5.

    Raises:
        LegendError: there is no field, or the shapes do not fit.

    References:
        Guo, C. et al. (2017). On Calibration of Modern Neural Networks, section 4.2 (vector scaling).
    """
    from scipy.optimize import root

    scores = _checked(log_probabilities, labels)
    n_classes = scores.shape[1]
    centre = np.concatenate([fit_temperature(scores, labels).scale, np.zeros(n_classes)])
    truth = labels[:, None] == np.arange(n_classes)

    def probabilities(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(softmax(values[:n_classes] * scores + values[n_classes:], axis=1))

    def gradient(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        error = probabilities(values) - truth
        return np.asarray(np.concatenate([(error * scores).sum(axis=0), error.sum(axis=0)]) + strength * (values - centre))

    def hessian(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return _hessian(probabilities(values), scores, strength)

    # The loss is strictly convex, so its gradient has one root. Minimisers stop earlier: they cannot see differences of the
    # loss below its rounding error.
    values: npt.NDArray[np.float64] = root(gradient, centre, jac=hessian, method="hybr", options={"xtol": 1e-12}).x
    return Scaling(values[:n_classes], values[n_classes:])


def _hessian(probabilities: npt.NDArray[np.float64], scores: npt.NDArray[np.float64], strength: float) -> npt.NDArray[np.float64]:
    """Return the second derivatives of the penalised loss, scales first, then biases."""
    weighted = np.concatenate([probabilities * scores, probabilities], axis=1)
    squares, products, sums = ((probabilities * scores**power).sum(axis=0) for power in (2, 1, 0))
    own = np.block([[np.diag(squares), np.diag(products)], [np.diag(products), np.diag(sums)]])
    return np.asarray(own - weighted.T @ weighted + strength * np.eye(len(own)))


def _checked(log_probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
    scores = np.asarray(log_probabilities)
    if scores.ndim != 2 or len(scores) != len(labels) or len(labels) == 0:
        raise LegendError(f"calibration needs scores (field, class) and as many labels, not {scores.shape} and {len(labels)}")
    if labels.min() < 0 or labels.max() >= scores.shape[1] or np.isnan(scores).any():
        raise LegendError("calibration needs numbers, and labels that are positions of the classes")
    return _normalised(scores)


def _normalised(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return log probabilities, none below log 1e-6: a scale then means the same for scores of any level."""
    return np.asarray(np.maximum(log_softmax(np.asarray(scores, np.float64), axis=-1), _FLOOR))
