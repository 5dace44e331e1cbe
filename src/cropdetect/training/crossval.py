"""Cross-validation: every labelled field answered by an estimator that has not seen it."""

import datetime as dt
import shutil
import zipfile
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect import evaluation
from cropdetect.errors import CropDetectError, OptionError
from cropdetect.files import whole_file
from cropdetect.formats import DateScore, MetricsRecord, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.baselines import BASELINES, Baseline
from cropdetect.training.data import TrainingData
from cropdetect.training.folds import Folds
from cropdetect.training.groups import Groups, spatial_groups, training_groups
from cropdetect.training.monitor import EPOCHS, EpochReport, EpochTable, OnEpoch, tensorboard_log

if TYPE_CHECKING:
    from cropdetect.training.ensemble import NetworkEnsemble
    from cropdetect.training.pool import Workforce

_DATES = 6  # days of the season on which the answers are scored


class Estimator(Protocol):
    """What is cross-validated: a `NetworkEnsemble` or a `Baseline`."""

    def fit(self, data: TrainingData, groups: npt.NDArray[np.int64] | None = None) -> Self:
        """Learn from the fields; everything that is chosen or computed comes from them."""

    def predict_proba(self, data: TrainingData) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities of other fields, (field, class); NaN where a field is clear on no date."""


@dataclass(frozen=True)
class CrossValidation:
    """Out-of-fold predictions of the labelled fields.

    Attributes:
        positions: (field,) positions of the answered fields among the labelled ones, ascending.
        fold: (field,) fold of each.
        probabilities: (field, class).
        by_date: scores of the answers from the dates up to each of six days of the season; None where not asked for.
        warnings: what a reader of the scores must know.
    """

    positions: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    by_date: list[DateScore] | None
    warnings: tuple[str, ...] = ()


def cross_validate(
    data: TrainingData,
    folds: Folds,
    options: TrainOptions,
    state: Path,
    *,
    by_date: bool = False,
    on_epoch: OnEpoch | None = None,
    log_dir: Path | None = None,
    workforce: "Workforce | None" = None,
) -> CrossValidation:
    """Fit once a fold to the other fields, and predict the fold's fields.

    The predictions of every finished fold are kept in `state`, where the current training keeps its own state too: the same
    call continues after a stop, with the same result.

    Args:
        data: the labelled fields and their chips.
        folds: see `make_folds`.
        options: how to learn; `model` is a network or one of `BASELINES`.
        state: folder of the state; the caller keeps the states of different calls apart, and removes them.
        by_date: also predict from the dates up to each of six days of the season.
        on_epoch: called after each epoch of each network.
        log_dir: folder of a TensorBoard log with a folder for each fold; networks only.
        workforce: processes or a cluster that train the members of all folds; the answers are the same.

    Raises:
        OptionError: there is no such model, or it cannot leave out dates.
        MissingBandError: the model needs a band that is absent.
        MissingExtraError: `log_dir` is given and tensorboard is not installed.
        TrainingDataError: a fold cannot be learnt.
        DiskFullError: no room for the state.
    """
    _check_model(options.model, by_date=by_date)
    days = _days(data) if by_date else np.empty(0)
    groups = _groups(data, options)
    probabilities = np.full((len(data.classes), len(data.legend)), np.nan)
    dated = np.full((len(days), *probabilities.shape), np.nan)
    found = {fold: _kept(_answers(state, fold)) for fold in range(len(folds.training))}
    left = [fold for fold, answers in found.items() if answers is None]
    if options.model in BASELINES:
        learnt = _one_by_one(lambda: Baseline(options.model, seed=options.seed), data, folds, left, groups)
    else:
        learnt = _networks(data, folds, left, groups, options, state, on_epoch=on_epoch, log_dir=log_dir, workforce=workforce)
    with closing(learnt):
        for fold, estimator in learnt:
            answers = _predict(estimator, data.of_fields(folds.test(fold)), days)
            with whole_file(_answers(state, fold)) as partial, partial.open("wb") as opened:
                np.savez(opened, probabilities=answers[0], by_day=answers[1])
            shutil.rmtree(_folder(state, fold), ignore_errors=True)
            found[fold] = answers
    for fold, kept in found.items():
        assert kept is not None
        probabilities[folds.test(fold)], dated[:, folds.test(fold)] = kept
    positions = np.flatnonzero(folds.of_field >= 0)
    year = int(np.bincount(data.chips.season_year).argmax())
    return CrossValidation(
        positions,
        folds.of_field[positions],
        probabilities[positions],
        scores_by_date(days, dated[:, positions], data.classes[positions], data.legend, year),
        _unlearnt(data, folds),
    )


def scores_by_date(
    days: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float64],
    labels: npt.NDArray[np.int64],
    legend: tuple[str, ...],
    year: int,
) -> list[DateScore] | None:
    """Score the answers from the dates up to each day; None where there is no day on which a field has an answer.

    Args:
        days: (day,) days of the season year.
        probabilities: (day, field, class); NaN where a field has no answer.
        labels: (field,) class of each.
        legend: class names.
        year: the season year in which the days are given, where seasons of several years are mixed.
    """
    scores = []
    for day, answers in zip(days.tolist(), probabilities, strict=True):
        known = np.isfinite(answers).all(axis=1)
        if known.any():
            found = evaluation.score(answers[known], labels[known], legend)
            scores.append(
                DateScore(
                    until=dt.date(year, 1, 1) + dt.timedelta(days=day),
                    n_fields=found.n_fields,
                    log_loss=found.log_loss,
                    accuracy=found.accuracy,
                    macro_f1=found.macro_f1,
                )
            )
    return scores or None


def answer_groups(data: TrainingData, answers: CrossValidation, options: TrainOptions) -> npt.NDArray[np.int64] | None:
    """Return the spatial group of each answered field, which intervals draw together; None where there are none."""
    answered = data.chips.fields.iloc[answers.positions]
    try:
        return spatial_groups(answered, column=options.group_column, block_size=options.block_size, wanted=2).of_field
    except CropDetectError:  # all fields in one group or spot: nothing to draw groups from
        return None


def score_answers(
    data: TrainingData, folds: Folds, answers: CrossValidation, groups: npt.NDArray[np.int64] | None, *, seed: int
) -> MetricsRecord:
    """Score out-of-fold predictions.

    Args:
        data: the labelled fields.
        folds: how they were put apart.
        answers: the predictions.
        groups: (answered field,) groups that intervals draw together; None: each field on its own.
        seed: of the bootstrap.
    """
    scores = evaluation.evaluate_probabilities(
        answers.probabilities,
        data.classes[answers.positions],
        data.legend,
        data.chips.fields["field_id"].iloc[answers.positions].tolist(),
        groups=groups,
        n_pixels=data.chips.field_area[answers.positions],
        seed=seed,
    )
    warnings = [*answers.warnings, *scores.warnings]
    return scores.model_copy(update={"by_date": answers.by_date, "validation": folds.description, "warnings": warnings})


@dataclass(frozen=True)
class OutOfFoldScores:
    """The answers of an ensemble's members on the fields that they left out.

    Attributes:
        folds: the fields that the members left out; of a field left out several times, the first.
        answers: see `CrossValidation`.
        groups: (answered field,) spatial groups, or None.
        scores: of the answers.
    """

    folds: Folds
    answers: CrossValidation
    groups: npt.NDArray[np.int64] | None
    scores: MetricsRecord


def out_of_fold_scores(ensemble: "NetworkEnsemble", data: TrainingData, groups: Groups, description: str) -> OutOfFoldScores:
    """Score what each member says of the fields that it left out, calibrated as the ensemble is.

    Args:
        ensemble: fitted to `data`.
        data: the labelled fields.
        groups: of the fields, which intervals draw together.
        description: how the fields were left out.
    """
    of_field = np.full(len(data.classes), -1, np.int64)
    for member in reversed(range(len(ensemble.splits_))):
        of_field[ensemble.splits_[member].validation] = member
    positions = np.unique(ensemble.out_of_fold_.fields)
    probabilities, _ = ensemble.out_of_fold_.calibrated(ensemble.scaling_)
    names = tuple(str(member) for member in range(len(ensemble.splits_)))
    folds = Folds(of_field, tuple(split.training for split in ensemble.splits_), names, description)
    answers = CrossValidation(positions, of_field[positions], probabilities, None)
    of_answers = None if groups.of_field is None else groups.of_field[positions]
    scores = score_answers(data, folds, answers, of_answers, seed=ensemble.options.seed)
    return OutOfFoldScores(folds, answers, of_answers, scores)


def table_of(data: TrainingData, folds: Folds, answers: CrossValidation) -> pd.DataFrame:
    """Return one row an answered field: field_id, the name of its fold, and its label."""
    return pd.DataFrame(
        {
            "field_id": data.chips.fields["field_id"].to_numpy()[answers.positions],
            "fold": [folds.names[fold] for fold in answers.fold],
            "label": [data.legend[label] for label in data.classes[answers.positions]],
        }
    )


def _check_model(model: str, *, by_date: bool) -> None:
    if model in BASELINES:
        return
    from cropdetect.models import network_class

    kind = network_class(model, also=BASELINES)
    if by_date and not kind.padding_invariant:
        raise OptionError(f"{model} cannot leave out dates", fix="Leave out --by-date, or use another --model.")


def _one_by_one(
    begin: Callable[[], Estimator],
    data: TrainingData,
    folds: Folds,
    left: Sequence[int],
    groups: npt.NDArray[np.int64] | None,
) -> Generator[tuple[int, Estimator], None, None]:
    """Yield each fold that is left, and what was fitted to its fields."""
    with Progress("cross-validating", len(left), "folds") as progress:
        for fold in left:
            training = folds.training[fold]
            yield fold, begin().fit(data.of_fields(training), _inner_groups(groups, training))
            progress.advance()


def _networks(
    data: TrainingData,
    folds: Folds,
    left: Sequence[int],
    groups: npt.NDArray[np.int64] | None,
    options: TrainOptions,
    state: Path,
    *,
    on_epoch: OnEpoch | None,
    log_dir: Path | None,
    workforce: "Workforce | None",
) -> Generator[tuple[int, Estimator], None, None]:
    """Yield each fold that is left, and the ensemble of its fields; the members of all folds are trained side by side."""
    from cropdetect.training.ensemble import NetworkEnsemble
    from cropdetect.training.pool import ALONE, announced, member_pool

    workforce = workforce or ALONE

    table = EpochTable(state / EPOCHS, folds.names)
    logs: dict[int, OnEpoch | None] = {}

    def listen(fold: int, report: EpochReport) -> None:
        log = logs[fold]
        if table.add(report, fold) and log is not None:
            log(report)

    if not left:
        return
    seconds = announced(data, options, [len(folds.training[fold]) for fold in left], workforce)
    with (
        ExitStack() as stack,
        member_pool(data, state, workforce=workforce, seconds=seconds, listen=listen, description="cross-validating") as pool,
    ):
        begun = []
        for fold in left:
            logs[fold] = stack.enter_context(tensorboard_log(log_dir and log_dir / f"fold-{folds.names[fold]}", on_epoch))
            folder, training = _folder(state, fold), folds.training[fold]
            folder.mkdir(parents=True, exist_ok=True)
            own = data.of_fields(training), _inner_groups(groups, training)
            begun.append(NetworkEnsemble(options, folder).begin(*own, pool, fold=fold, fields=training))
        for fold, ensemble in zip(left, begun, strict=True):
            yield fold, ensemble.complete()


def _folder(state: Path, fold: int) -> Path:
    """Return the folder that keeps what a fold is trained with."""
    return state / f"fold-{fold:03d}"


def _answers(state: Path, fold: int) -> Path:
    """Return the file that keeps the answers of a finished fold."""
    return state / f"fold-{fold:03d}.npz"


def _predict(
    estimator: Estimator, data: TrainingData, days: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the probabilities from all dates (field, class), and from the dates up to each day (day, field, class)."""
    dated = [estimator.predict_proba(data.seen_until(day)) for day in days.tolist()]
    return estimator.predict_proba(data), np.reshape(dated, (len(days), len(data.classes), len(data.legend)))


def _groups(data: TrainingData, options: TrainOptions) -> npt.NDArray[np.int64] | None:
    """Return the spatial groups within which networks choose their validation fields; None for baselines, and at random."""
    if options.model in BASELINES or options.validation == "random":
        return None
    return training_groups(data.chips.fields, options).of_field


def _inner_groups(groups: npt.NDArray[np.int64] | None, training: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
    """Return the groups of the training fields; None where the fields to be answered lie among them.

    A calibration holds for fields as far away as those that it was fitted on.
    """
    if groups is None:
        return None
    others = np.setdiff1d(np.arange(len(groups)), training)
    return None if np.isin(groups[others], groups[training]).mean() > 0.5 else groups[training]


def _days(data: TrainingData) -> npt.NDArray[np.float64]:
    """Return days of the season year that part the season evenly, the last one its end."""
    days = data.days_seen()
    first, last = float(np.percentile(days, 1)), float(days.max())
    return np.unique(np.ceil(first + (last - first) * np.arange(1, _DATES + 1) / _DATES))


def _unlearnt(data: TrainingData, folds: Folds) -> tuple[str, ...]:
    """Warn of classes that were answered where they had not been learnt."""
    lost = []
    for fold, training in enumerate(folds.training):
        test = np.unique(data.classes[folds.test(fold)])
        lost += [f"{data.legend[i]} (fold {folds.names[fold]})" for i in np.setdiff1d(test, data.classes[training]).tolist()]
    return (f"predicted classes without a training field: {', '.join(lost)}",) if lost else ()


def _kept(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Return the answers of a finished fold; None where there are none, or none that can be read."""
    try:
        with np.load(file, allow_pickle=False) as found:
            return found["probabilities"], found["by_day"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
