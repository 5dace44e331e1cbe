"""Areas of the classes, corrected for the map's errors, and their standard errors."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from cropdetect.evaluation.scores import number_or_none, ratio
from cropdetect.formats import AreaRecord, ClassArea

Z_95 = 1.96  # standard errors to either side that hold 95 %
_METHOD = (
    "Method: Olofsson et al. 2014 (Remote Sensing of Environment 148). The labelled fields count as a sample of each mapped "
    "class. Areas are ratio estimates by field area; where the number of mapped fields is known, with a correction for it"
)
_LARGEST_VARIANCE = 0.25  # of a share; taken where a mapped class has one labelled field, which shows none
_NOT_A_SAMPLE = (
    "the labelled fields are not known to be a probability sample: the estimated areas may be off by more than their standard "
    "errors say, because surveys often visit large fields near roads"
)


def estimate_areas(
    predicted: npt.NDArray[np.integer],
    labels: npt.NDArray[np.integer],
    legend: Sequence[str],
    mapped: npt.NDArray[np.floating],
    *,
    unit: Literal["ha", "fields"],
    sizes: npt.NDArray[np.floating] | None = None,
    n_mapped: npt.NDArray[np.integer] | None = None,
    probability_sample: bool = False,
) -> tuple[AreaRecord, tuple[str, ...]]:
    """Estimate the area of each class from the map and the labelled fields.

    The area mapped as a class is divided among the true classes in proportion to the area of its labelled fields; with fields
    of one size these are equations 4 to 11 of Olofsson et al. (2014). Intervals of `Z_95` standard errors to either side of
    an estimate hold the truth in 95 % of cases.

    Args:
        predicted: (sample,) mapped class of each labelled field, position in `legend`.
        labels: (sample,) true class.
        legend: class names.
        mapped: (class,) area mapped as each class, of all fields.
        unit: of `mapped`.
        sizes: (sample,) area of each labelled field; None: equal sizes.
        n_mapped: (class,) number of fields mapped as each class; None: many more than are labelled.
        probability_sample: whether the labelled fields were drawn at random within each mapped class.

    Returns:
        The areas, and warnings that their reader must see.
    """
    n_classes = len(legend)
    sizes = np.ones(len(labels)) if sizes is None else np.asarray(sizes, np.float64)
    n_sampled = np.bincount(predicted, minlength=n_classes)
    census = n_mapped is not None and bool((n_sampled == n_mapped).all())
    warnings = [] if probability_sample or census else [_NOT_A_SAMPLE]
    share, variance = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes))  # (mapped as, is)
    sampled = n_sampled > 0
    for stratum in np.flatnonzero(sampled):
        here = predicted == stratum
        population = None if n_mapped is None else int(n_mapped[stratum])
        share[stratum], variance[stratum] = _shares(labels[here], sizes[here], n_classes, population)
    unknown = ~sampled & (mapped > 0)
    if unknown.any():
        names = ", ".join(legend[i] for i in np.flatnonzero(unknown).tolist())
        warnings.append(f"no labelled field was mapped as {names}: this area is left out of the estimates")
    weight = np.where(sampled, mapped, 0.0)  # area of each stratum
    joint = weight[:, None] * share
    joint_variance = weight[:, None] ** 2 * variance
    area = joint.sum(axis=0)
    area_se = np.sqrt(joint_variance.sum(axis=0))
    users, users_se = np.where(sampled, share.diagonal(), np.nan), np.where(sampled, np.sqrt(variance.diagonal()), np.nan)
    producers = ratio(joint.diagonal(), area)
    own = joint_variance.diagonal()
    producers_se = ratio(np.sqrt((1 - producers) ** 2 * own + producers**2 * (joint_variance.sum(axis=0) - own)), area)
    whole = weight.sum()
    classes = [
        ClassArea(
            name=name,
            mapped=float(mapped[i]),
            estimated=float(area[i]) if whole > 0 else None,
            standard_error=float(area_se[i]) if whole > 0 else None,
            users_accuracy=number_or_none(users[i]),
            users_accuracy_se=number_or_none(users_se[i]),
            producers_accuracy=number_or_none(producers[i]),
            producers_accuracy_se=number_or_none(producers_se[i]),
        )
        for i, name in enumerate(legend)
    ]
    record = AreaRecord(
        unit=unit,
        probability_sample=probability_sample,
        classes=classes,
        overall_accuracy=float(joint.trace() / whole) if whole > 0 else None,
        overall_accuracy_se=float(np.sqrt(own.sum()) / whole) if whole > 0 else None,
        method=_METHOD,
    )
    return record, tuple(warnings)


def _shares(
    labels: npt.NDArray[np.integer], sizes: npt.NDArray[np.float64], n_classes: int, population: int | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the share of each true class in what was mapped as one class, and its variance, (class,) each.

    A ratio estimator (Cochran 1977, section 6.4). With equal sizes the variance is p (1 - p) / (n - 1).
    """
    n = len(labels)
    is_class = labels[:, None] == np.arange(n_classes)
    share = sizes @ is_class / sizes.sum()
    unseen = 1.0 if population is None else max(0.0, 1 - n / population)
    if n == 1:
        return share, np.full(n_classes, _LARGEST_VARIANCE * unseen)
    residual = sizes[:, None] * (is_class - share) / sizes.mean()
    return share, unseen * (residual**2).sum(axis=0) / (n * (n - 1))
