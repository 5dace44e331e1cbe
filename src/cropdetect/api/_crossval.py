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
        training: fields of `TrainOptions`; they win over both. `model` may also be random-forest, svm or
            gradient-boosting.

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
    from cropdetect.training.crossval import cross_validate, labelled_chips, scores_by_date, season_year
    from cropdetect.training.folds import make_folds
    from cropdetect.training.groups import spatial_groups

    settings = train_options_of(recipe, config, training)
    if output.finished():
        return read_metrics(output.path)
    preset: Preset = "cv4a" if settings.model == "conv-gru" else "default"
    with output.writing() as work:
        chips, fields = labelled_chips(stored(data, work.state, options, preset), settings)
        table = chips.chips.fields.iloc[fields.rows]
        made = make_folds(
            table,
            fields.classes,
            folds,
            n_folds=n_folds,
            group_column=settings.group_column,
            block_size=settings.block_size,
            buffer=fold_buffer,
            seed=settings.seed,
        )
        answers = cross_validate(chips, fields, made, settings, work.state, by_date=by_date)
        labels = fields.classes[answers.positions]
        answered = table.iloc[answers.positions]
        try:
            groups = spatial_groups(answered, column=settings.group_column, block_size=settings.block_size, wanted=2).of_field
        except CropDetectError:  # all fields in one group or spot: nothing to draw groups from
            groups = None
        scores = evaluate_probabilities(
            answers.probabilities,
            labels,
            fields.legend,
            answered["field_id"].tolist(),
            groups=groups,
            n_pixels=chips.chips.field_area[fields.rows[answers.positions]],
            seed=settings.seed,
        )
        scores = scores.model_copy(
            update={
                "by_date": scores_by_date(answers, labels, fields.legend, season_year(chips)),
                "validation": made.description,
                "warnings": [*answers.warnings, *scores.warnings],
            }
        )
        predictions = pd.DataFrame(
            {
                "field_id": answered["field_id"].to_numpy(),
                "fold": [made.names[fold] for fold in answers.fold],
                "label": [fields.legend[label] for label in labels],
            }
        )
        columns = pd.DataFrame(answers.probabilities, columns=probability_columns(fields.legend))
        content = crossval_content(
            pd.concat([predictions, columns], axis=1),
            fields.legend,
            scores,
            data.resolve().name,
            fields=gpd.GeoDataFrame(answered),
            series=seasons_of(chips.chips, fields.rows[answers.positions]),
        )
        write_scores(work.new, scores, predictions, answers.probabilities, page=render(content))
    return scores
