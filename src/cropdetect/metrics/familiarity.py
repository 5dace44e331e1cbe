"""Whether a field looks like any that was learnt from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_PRIOR_FIELDS = 5.0  # so many fields of the common mean are added to every class: a class of two has no mean of its own
_SHRINKAGE = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
_SMALLEST_EIGENVALUE = 0.02  # of the shrunk correlations


@dataclass(frozen=True)
class Familiarity:
    """One normal distribution a class, all of one shape.

    Attributes:
        centres: (class, cell) means; a class without fields has the common mean.
        covariance: (cell, cell) within classes.
        threshold: strangeness above which a field is called unlike the training fields.
    """

    centres: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]
    threshold: float

    def strangeness(self, cells: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Return how far each field lies from the nearest class, in standard deviations of what is usual.

        The squared Mahalanobis distance over the cells that are known, taken to a scale on which it is about normal whatever
        their number (Wilson and Hilferty 1931).

        Args:
            cells: (field, cell), NaN where unknown.

        Returns:
            (field,), NaN where no cell is known.

        References:
            Lee, K. et al. (2018). A Simple Unified Framework for Detecting Out-of-Distribution Samples, section 2.1.
        """
        cells = np.asarray(cells, np.float64)
        known = np.isfinite(cells)
        patterns, pattern = np.unique(known, axis=0, return_inverse=True)
        result = np.full(len(cells), np.nan)
        for position, there in enumerate(patterns):
            n = int(there.sum())
            if n == 0:
                continue
            rows = np.flatnonzero(pattern.reshape(-1) == position)
            lower = np.linalg.cholesky(self.covariance[np.ix_(there, there)])
            apart = cells[rows][:, None, there] - self.centres[None][:, :, there]  # (field, class, cell)
            scaled = np.linalg.solve(lower, apart.reshape(-1, n).T)
            squared = (scaled**2).sum(axis=0).reshape(len(rows), -1).min(axis=1)
            spread = 2 / (9 * n)
            result[rows] = ((squared / n) ** (1 / 3) - (1 - spread)) / np.sqrt(spread)
        return result


def fit_familiarity(
    cells: npt.NDArray[np.floating],
    classes: npt.NDArray[np.integer],
    n_classes: int,
    folds: npt.NDArray[np.integer],
    *,
    false_alarm_rate: float = 0.05,
) -> Familiarity:
    """Describe the training fields, and choose the threshold that a stated share of them exceed.

    Each field is judged by what the fields of the other folds look like, so that the share is that of new fields.

    Args:
        cells: (field, cell), NaN where unknown.
        classes: (field,) class of each field.
        n_classes: length of the legend.
        folds: (field,) folds that keep neighbours together.
        false_alarm_rate: share of the training fields above the threshold.
    """
    known = np.asarray(cells, np.float64)
    strangeness = np.full(len(known), np.nan)
    for fold in np.unique(folds):
        held_out = folds == fold
        strangeness[held_out] = _describe(known[~held_out], classes[~held_out], n_classes).strangeness(known[held_out])
    judged = strangeness[np.isfinite(strangeness)]
    threshold = float(np.quantile(judged, 1 - false_alarm_rate, method="higher")) if len(judged) else np.inf
    whole = _describe(known, classes, n_classes)
    return Familiarity(whole.centres, whole.covariance, threshold)


def _describe(cells: npt.NDArray[np.float64], classes: npt.NDArray[np.integer], n_classes: int) -> Familiarity:
    known = np.isfinite(cells)
    filled = np.where(known, cells, 0.0)
    n = known.sum(axis=0)
    common = filled.sum(axis=0) / np.maximum(n, 1)
    member = classes[:, None] == np.arange(n_classes)
    counts = member.T.astype(np.float64) @ known
    centres = (member.T.astype(np.float64) @ filled + _PRIOR_FIELDS * common) / (counts + _PRIOR_FIELDS)
    residual = np.where(known, cells - centres[classes], 0.0)
    pairs = known.T.astype(np.float64) @ known
    # A cell that is hardly known gets the spread of all: it must not make every field that has it look strange.
    variance = np.divide((residual**2).sum(axis=0), n, out=np.zeros(cells.shape[1]), where=n > 1)
    usual = variance[variance > 0].mean() if (variance > 0).any() else 1.0
    spread = np.sqrt(np.where(variance > 0, variance, usual))
    scaled = residual / spread
    correlation = np.divide(scaled.T @ scaled, pairs, out=np.zeros_like(pairs), where=pairs > 1)
    np.fill_diagonal(correlation, 1.0)
    for share in _SHRINKAGE:  # pairs of cells that are known in different fields need not agree with each other
        shrunk = (1 - share) * correlation + share * np.eye(len(correlation))
        if np.linalg.eigvalsh(shrunk)[0] >= _SMALLEST_EIGENVALUE:
            break
    return Familiarity(centres, shrunk * np.outer(spread, spread), np.inf)
