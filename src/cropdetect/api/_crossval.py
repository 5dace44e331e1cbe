"""The verb `crossval`."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from cropdetect.api._chips import stored
from cropdetect.api._data import DataOptions
from cropdetect.api._train import train_options_of
from cropdetect.errors import CropDetectError
from cropdetect.formats import MetricsRecord, Preset
from cropdetect.runs import OutputFolder


def crossval(
    data: Path,
    out: Path,
    *,
    folds: str,
    options: DataOptions | None = None,
    n_folds: int = 5,
    fold_buffer: float = 0.0,
    by_date: bool = False,
    recipe: str | None = None,
    config: Path | None = None,
    overwrite: bool = False,
    log_dir: Path | None = None,
    **training: Any,
) -> MetricsRecord:
    """Answer every labelled field by what has not seen it, and score the answers.

    Statistics, calendar, early stopping, calibration and every other choice see the training fields of a fold only. The same
    call goes on where a stopped one was.

    Args:
        data: imagery (cut into chips first), a chip store, or a table folder.
        out: folder that gets metrics.json, predictions.csv (field_id, fold, label, prob_<class>), confusion.csv and
            label_doubts.csv.
        folds: "random", "blocked" (whole groups or blocks of the map), "grid" (blocks of the map with a buffer),
            "leave-one-group-out", or a column of fold numbers (negative: left out).
        options: how imagery and fields are read.
        n_folds: number of folds, where they are made here.
        fold_buffer: metres around the blocks that are answered in which nothing is trained on ("grid").
        by_date: also score the answers from the dates up to each of six days of the season.
        recipe: a named recipe to begin from: "default" or "cv4a".
        config: YAML file with fields of `TrainOptions`; they win over the recipe.
        overwrite: replace another output of the tool, and unfinished work of another command.
        log_dir: folder of a TensorBoard log of the networks' training.
        training: fields of `TrainOptions`; they win over both. `model` may also be random-forest, svm or
            gradient-boosting, or a network of your own, "package.module:Class" (see `models.network_class`).

    Returns:
        What metrics.json holds.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    options = options or DataOptions()
    output = OutputFolder("crossval", locals())
    from cropdetect.evaluation import evaluate_probabilities
    from cropdetect.inference import seasons_of
    from cropdetect.outputs import probability_columns
    from cropdetect.outputs.report import crossval_content, render
    from cropdetect.outputs.scores import read_metrics, write_scores
    from cropdetect.training.crossval import cross_validate
    from cropdetect.training.data import read_training_data
    from cropdetect.training.folds import make_folds
    from cropdetect.training.groups import spatial_groups

    settings = train_options_of(recipe, config, training)
    if output.finished():
        return read_metrics(output.path)
    preset: Preset = "cv4a" if settings.model == "conv-gru" else "default"
    with output.writing() as work:
        chips = stored(data, work.state, options, preset)
        labelled = read_training_data(chips, settings.legend, season_year=settings.season_year)
        table = labelled.chips.fields
        made = make_folds(
            table,
            labelled.classes,
            folds,
            n_folds=n_folds,
            group_column=settings.group_column,
            block_size=settings.block_size,
            buffer=fold_buffer,
            seed=settings.seed,
        )
        answers = cross_validate(labelled, made, settings, work.state, by_date=by_date, log_dir=log_dir)
        labels = labelled.classes[answers.positions]
        answered = table.iloc[answers.positions]
        try:
            groups = spatial_groups(answered, column=settings.group_column, block_size=settings.block_size, wanted=2).of_field
        except CropDetectError:  # all fields in one group or spot: nothing to draw groups from
            groups = None
        scores = evaluate_probabilities(
            answers.probabilities,
            labels,
            labelled.legend,
            answered["field_id"].tolist(),
            groups=groups,
            n_pixels=labelled.chips.field_area[answers.positions],
            seed=settings.seed,
        )
        scores = scores.model_copy(
            update={
                "by_date": answers.by_date,
                "validation": made.description,
                "warnings": [*answers.warnings, *scores.warnings],
            }
        )
        predictions = pd.DataFrame(
            {
                "field_id": answered["field_id"].to_numpy(),
                "fold": [made.names[fold] for fold in answers.fold],
                "label": [labelled.legend[label] for label in labels],
            }
        )
        columns = pd.DataFrame(answers.probabilities, columns=probability_columns(labelled.legend))
        content = crossval_content(
            pd.concat([predictions, columns], axis=1),
            labelled.legend,
            scores,
            data.resolve().name,
            fields=gpd.GeoDataFrame(answered),
            series=seasons_of(labelled.chips, answers.positions),
        )
        write_scores(work.new, scores, predictions, answers.probabilities, page=render(content))
    return scores
