"""Cross-validation: every labelled field answered by what has not seen it."""

import datetime as dt
import shutil
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect import evaluation
from cropdetect.chips.chipset import RandomAccessChips
from cropdetect.errors import TrainingDataError
from cropdetect.files import whole_file
from cropdetect.formats import DateScore, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.baselines import BASELINES
from cropdetect.training.chips import TrainingChips, read_training_chips
from cropdetect.training.folds import Folds
from cropdetect.training.labels import LabelledFields, labelled_fields
from cropdetect.training.learn_baseline import BaselineLearner
from cropdetect.training.learner import Learner

_DATES = 6  # days of the season on which the answers are scored


@dataclass(frozen=True)
class OutOfFold:
    """Answers to the labelled fields by what has not seen them.

    Attributes:
        positions: (field,) positions of the answered fields among the labelled ones, ascending.
        fold: (field,) fold of each.
        probabilities: (field, class).
        days: (day,) days of the season year up to which `by_day` looked; empty where that was not asked for.
        by_day: (day, field, class) answers from the dates up to each day; NaN where a field had none.
        warnings: what a reader of the scores must know.
    """

    positions: npt.NDArray[np.int64]
    fold: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    days: npt.NDArray[np.float64]
    by_day: npt.NDArray[np.float64]
    warnings: tuple[str, ...] = ()


def labelled_chips(chips: RandomAccessChips, options: TrainOptions) -> tuple[TrainingChips, LabelledFields]:
    """Return the chips and fields that can be learnt from.

    Raises:
        TrainingDataError: no field has a label, or too few have.
    """
    if "label" not in chips.fields.columns or chips.fields["label"].isna().all():
        raise TrainingDataError("no field has a label", fix="Name the column that holds the crop with --labels COLUMN.")
    if options.season_year is not None:
        chips = chips.with_season_year(options.season_year)
    read = read_training_chips(chips)
    usable = np.zeros(len(chips), bool)
    usable[read.positions] = True
    fields = labelled_fields(chips, usable, options.legend)
    return read.only(fields.rows), fields


def cross_validate(
    chips: TrainingChips, fields: LabelledFields, folds: Folds, options: TrainOptions, state: Path, *, by_date: bool = False
) -> OutOfFold:
    """Learn once a fold and answer the fold's fields.

    The answers of every finished fold are kept in `state`, and the network under way keeps its own state there: the same call
    goes on after a stop, with the same result.

    Args:
        chips: chips of the labelled fields.
        fields: the labelled fields.
        folds: see `make_folds`.
        options: how to learn; `model` is a network or one of `BASELINES`.
        state: folder that is there; the caller keeps the states of different calls apart, and removes them.
        by_date: also answer from the dates up to each of six days of the season.

    Raises:
        OptionError: there is no such model, or it cannot leave out dates.
        TrainingDataError: a fold cannot be learnt.
        DiskFullError: no room for the state.
    """
    learner = _learner(options.model)
    days = _days(chips) if by_date else np.empty(0)
    positions = np.flatnonzero(folds.of_field >= 0)
    shape = (len(fields.rows), len(fields.legend))
    answers, by_day = np.full(shape, np.nan), np.full((len(days), *shape), np.nan)
    n_folds = len(folds.training)
    told = Progress("cross-validating", n_folds, "folds") if options.model in BASELINES else nullcontext()  # networks tell more
    with told as progress:
        for fold, training in enumerate(folds.training):
            test = folds.test(fold)
            file, folder = state / f"fold-{fold:03d}.npz", state / f"fold-{fold:03d}"
            found = _kept(file)
            if found is None:
                folder.mkdir(parents=True, exist_ok=True)
                fitted = learner.fit(chips, fields, training, options, folder, f"fold {fold + 1} of {n_folds}")
                dated = [fitted.probabilities(test, day) for day in days.tolist()]
                found = fitted.probabilities(test), np.reshape(dated, (len(days), len(test), shape[1]))
                with whole_file(file) as partial, partial.open("wb") as opened:
                    np.savez(opened, probabilities=found[0], by_day=found[1])
                shutil.rmtree(folder)
            if progress is not None:
                progress.advance()
            answers[test] = found[0]
            by_day[:, test] = found[1]
    return OutOfFold(
        positions, folds.of_field[positions], answers[positions], days, by_day[:, positions], _unlearnt(fields, folds)
    )


def scores_by_date(
    answers: OutOfFold, labels: npt.NDArray[np.int64], legend: tuple[str, ...], year: int
) -> list[DateScore] | None:
    """Score the answers from the dates up to each day; None where that was not asked for.

    Args:
        answers: of the cross-validation.
        labels: (field,) class of each answered field.
        legend: class names.
        year: the season year in which the days are told, where seasons of several years are mixed.
    """
    scores = []
    for day, probabilities in zip(answers.days.tolist(), answers.by_day, strict=True):
        known = np.isfinite(probabilities).all(axis=1)
        if known.any():
            found = evaluation.score(probabilities[known], labels[known], legend)
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


def season_year(chips: TrainingChips) -> int:
    """Return the season year of most chips."""
    return int(np.bincount(chips.chips.season_year[chips.row]).argmax())


def _learner(model: str) -> Learner:
    if model in BASELINES:
        return BaselineLearner(model)
    from cropdetect.training.learn_ensemble import EnsembleLearner

    return EnsembleLearner()


def _days(chips: TrainingChips) -> npt.NDArray[np.float64]:
    """Return days of the season year that part the season evenly, the last one its end."""
    days = chips.day[chips.seen]
    first, last = float(np.percentile(days, 1)), float(days.max())
    return np.unique(np.ceil(first + (last - first) * np.arange(1, _DATES + 1) / _DATES))


def _unlearnt(fields: LabelledFields, folds: Folds) -> tuple[str, ...]:
    """Warn of classes that were answered where they had not been learnt."""
    lost = []
    for fold, training in enumerate(folds.training):
        test = np.unique(fields.classes[folds.test(fold)])
        lost += [f"{fields.legend[i]} (fold {folds.names[fold]})" for i in np.setdiff1d(test, fields.classes[training]).tolist()]
    return (f"classes that were answered without a field to learn from: {', '.join(lost)}",) if lost else ()


def _kept(file: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Return the answers of a finished fold; None where there are none, or none that can be read."""
    try:
        with np.load(file, allow_pickle=False) as found:
            return found["probabilities"], found["by_day"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
