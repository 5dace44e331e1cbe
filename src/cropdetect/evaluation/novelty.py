"""Fields unlike all training fields: novelty detection by the Mahalanobis distance from the nearest class."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PRIOR_FIELDS = 5.0  # so many fields of the common mean are added to every class: a class of two has no mean of its own
_SHRINKAGE = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_SMALLEST_EIGENVALUE = 0.02  # of the shrunk correlations
_CHANCE = 0.001  # probability at which chance no longer explains the number of unlike fields


@dataclass(frozen=True)
class NoveltyDetector:
    """One normal distribution a class, all with the same covariance.

    Attributes:
        centres: (class, feature) means; a class without fields has the common mean.
        covariance: (feature, feature) within classes.
        threshold: distance above which a field is called unlike the training fields.
    """

    centres: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]
    threshold: float

    def distance(self, features: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return the distance of each field from the nearest class, as a standard normal score.

        It is the squared Mahalanobis distance over the features that are known, which follows a chi-squared distribution,
        on the scale of Wilson and Hilferty (1931): there it is about normal for any number of features.

        Args:
            features: (field, feature), NaN where unknown.

        Returns:
            (field,), NaN where no feature is known.

        References:
            Lee, K. et al. (2018). A Simple Unified Framework for Detecting Out-of-Distribution Samples, section 2.1.
        """
        from scipy.spatial.distance import cdist  # here: not every prediction detects novelties

        features = np.asarray(features, np.float64)
        patterns, pattern = np.unique(np.isfinite(features), axis=0, return_inverse=True)
        result = np.full(len(features), np.nan)
        for position, known in enumerate(patterns):
            n = int(known.sum())
            if n == 0:
                continue
            rows = np.flatnonzero(pattern.reshape(-1) == position)
            inverse = np.linalg.inv(self.covariance[np.ix_(known, known)])
            apart = cdist(features[np.ix_(rows, known)], self.centres[:, known], "mahalanobis", VI=inverse).min(axis=1)
            variance = 2 / (9 * n)
            result[rows] = ((apart**2 / n) ** (1 / 3) - (1 - variance)) / np.sqrt(variance)
        return result

    def distance_but_one(self, features: npt.NDArray[np.floating], portions: int) -> npt.NDArray[np.float64]:
        """Return the distance without the one portion of the season that is strangest.

        A portion may hold a single date, and a cloud or shadow that its mask missed shifts all fields of a scene there. A network
        that learnt with dates left out does without it, so a field is called unlike only where more than one portion is.

        Args:
            features: (field, portion x band), NaN where unknown.
            portions: into so many parts of equal size the features are divided.

        Returns:
            (field,) never above `distance`, so that no more fields exceed a threshold that was chosen by it.
        """
        blocks = np.asarray(features, np.float64).reshape(len(features), portions, -1)
        nearest = self.distance(features)
        for portion in range(portions):
            others = blocks.copy()
            others[:, portion] = np.nan
            nearest = np.fmin(nearest, self.distance(others.reshape(len(features), -1)))
        return nearest


def more_than_chance(n_unlike: int, n_fields: int, false_alarm_rate: float) -> bool:
    """Tell whether more fields are unlike the training fields than false alarms explain (exact binomial test, level 0.001).

    Args:
        n_unlike: fields above the threshold.
        n_fields: fields that were compared.
        false_alarm_rate: share of fields like the training fields that are above it, at most.
    """
    from scipy.special import bdtrc  # scipy.stats takes half a second to import

    return n_unlike > 0 and bool(bdtrc(n_unlike - 1, n_fields, false_alarm_rate) < _CHANCE)


def fit_novelty_detector(
    features: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    n_classes: int,
    folds: npt.NDArray[np.integer],
    *,
    false_alarm_rate: float = 0.05,
) -> NoveltyDetector:
    """Describe the training fields, and choose the threshold that the stated share of them exceeds.

    Each field is compared with the fields of the other folds, so that the share is that of new fields.

    Args:
        features: (field, feature), NaN where unknown.
        classes: (field,) class of each field.
        n_classes: length of the legend.
        folds: (field,) folds that keep neighbours together.
        false_alarm_rate: share of the training fields above the threshold.
    """
    values = np.asarray(features, np.float64)
    distance = np.full(len(values), np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        centres, covariance = _class_distributions(values[~held_out], classes[~held_out], n_classes)
        distance[held_out] = NoveltyDetector(centres, covariance, np.inf).distance(values[held_out])
    known = distance[np.isfinite(distance)]
    threshold = float(np.quantile(known, 1 - false_alarm_rate, method="higher")) if len(known) else np.inf
    return NoveltyDetector(*_class_distributions(values, classes, n_classes), threshold)


def _class_distributions(
    features: npt.NDArray[np.float64], classes: npt.NDArray[np.integer], n_classes: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the means of the classes, (class, feature), and the covariance within classes, (feature, feature)."""
    known = np.isfinite(features)
    filled = np.where(known, features, 0.0)
    n = known.sum(axis=0)
    common = filled.sum(axis=0) / np.maximum(n, 1)
    member = classes[:, None] == np.arange(n_classes)
    counts = member.T.astype(np.float64) @ known
    centres = (member.T.astype(np.float64) @ filled + _PRIOR_FIELDS * common) / (counts + _PRIOR_FIELDS)
    residual = np.where(known, features - centres[classes], 0.0)
    pairs = known.T.astype(np.float64) @ known
    # A feature that is hardly known gets the spread of all: it must not make every field that has it look novel.
    variance = np.divide((residual**2).sum(axis=0), n, out=np.zeros(features.shape[1]), where=n > 1)
    usual = variance[variance > 0].mean() if (variance > 0).any() else 1.0
    spread = np.sqrt(np.where(variance > 0, variance, usual))
    scaled = residual / spread
    correlation = np.divide(scaled.T @ scaled, pairs, out=np.zeros_like(pairs), where=pairs > 1)
    np.fill_diagonal(correlation, 1.0)
    for share in _SHRINKAGE:  # pairs of features that are known in different fields need not agree with each other
        shrunk = (1 - share) * correlation + share * np.eye(len(correlation))
        if np.linalg.eigvalsh(shrunk)[0] >= _SMALLEST_EIGENVALUE:
            break
    return centres, shrunk * np.outer(spread, spread)
