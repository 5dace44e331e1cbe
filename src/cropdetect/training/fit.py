"""An ensemble with its calibration, fitted on some of the labelled fields: what `train` writes and `crossval` asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect import evaluation, models
from cropdetect.formats import CalibrationRecord, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.chips import TrainingChips
from cropdetect.training.ensemble import Ensemble, OutOfFold
from cropdetect.training.labels import LabelledFields
from cropdetect.training.split import Split, validation_splits

_MOST_POOLING = 1.0  # a handful of fields could ask for anything
_FEW_FIELDS, _MEMBERS, _MEMBERS_OF_FEW = 2000, 5, 10  # few: of several pixels each; see `TrainOptions.members`


@dataclass(frozen=True)
class Fitted:
    """A trained ensemble.

    Attributes:
        ensemble: what the members share.
        members: for each training its networks.
        out_of_fold: what the members say of the fields that they left out, before calibration.
        calibration: how the answers of all members are calibrated, for the checkpoint.
        scaling: how the answers of any number of members are.
    """

    ensemble: Ensemble
    members: Sequence[Sequence[models.Network]]
    out_of_fold: OutOfFold
    calibration: CalibrationRecord
    scaling: evaluation.EnsembleScaling

    @property
    def networks(self) -> list[models.Network]:
        """The networks of all trainings."""
        return [network for networks in self.members for network in networks]

    def probabilities(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities of fields that no member was trained on, (field, class).

        Args:
            positions: (field,) positions of labelled fields, ascending.
        """
        return self.scaling.apply(self.ensemble.answers(self.members, positions))

    def held_out(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Return calibrated probabilities (field, class) and labels of the fields that members left out."""
        means, labels, n_answers = self.out_of_fold.scaled(self.scaling.each).pooled()
        for n in np.unique(n_answers):
            means[n_answers == n] = evaluation.scaled(means[n_answers == n], self.scaling.of_mean(n))
        return means, labels


def prepare(
    chips: TrainingChips,
    fields: LabelledFields,
    training: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
    options: TrainOptions,
) -> Ensemble:
    """Plan an ensemble on some fields; nothing of the other fields is looked at.

    Args:
        chips: chips of the labelled fields.
        fields: the labelled fields.
        training: (field,) positions of the fields to train on, ascending.
        groups: (field,) spatial group of each labelled field, or None.
        options: how to train.

    Raises:
        TrainingDataError: no split can be made.
        MissingBandError: the network needs a band that is absent.
        OptionError: the network does not fit the data.
    """
    parted = groups[training] if groups is not None and options.validation == "blocked" else None
    few = len(training) < _FEW_FIELDS and chips.chips.info.size > 1
    splits = validation_splits(
        fields.classes[training],
        parted,
        validation_share=options.validation_share,
        members=options.members or (_MEMBERS_OF_FEW if few else _MEMBERS),
        seed=options.seed,
    )
    splits = [Split(training[split.training], training[split.validation]) for split in splits]
    return Ensemble(chips, fields, splits, options)


def fit(ensemble: Ensemble, folder: Path, description: str = "training") -> Fitted:
    """Train the members of an ensemble and calibrate it on what each says of the fields that it left out.

    Args:
        ensemble: see `prepare`.
        folder: keeps the state of the training; what is there already is gone on with.
        description: shown before the progress bar.

    Raises:
        TrainingDataError: training diverges.
        DiskFullError: no room for the state.
    """
    with Progress(description, ensemble.n_epochs, "epochs") as progress:
        members = [ensemble.teach(member, folder, progress) for member in range(len(ensemble.splits))]
    out_of_fold = ensemble.out_of_fold(members)
    calibration, scaling = fit_calibration(out_of_fold, ensemble.options.calibration, len(members))
    calibration = calibration.model_copy(update={"snapshots": ensemble.options.snapshots})
    return Fitted(ensemble, members, out_of_fold, calibration, scaling)


def fit_calibration(out_of_fold: OutOfFold, method: str, members: int) -> tuple[CalibrationRecord, evaluation.EnsembleScaling]:
    """Fit how probabilities become calibrated ones.

    Each answer is calibrated by what the trainings say of the fields that they left out. A mean of calibrated answers is less
    sure than it is right (Rahaman, Thiery 2021). By how much, the fields tell that several trainings left out. Where there
    is none, the mean is calibrated as its answers would be.

    Args:
        out_of_fold: predictions of networks on fields that they did not see.
        method: "none", "temperature" or "vector".
        members: trainings whose mean the record is for.

    Returns:
        The record, and the scaling for any number of trainings.

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
        as_it_is = evaluation.Scaling(np.ones_like(own.scale), np.zeros_like(own.bias))
        scaling = evaluation.EnsembleScaling(own, as_it_is, pooling)
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
