"""The verb `evaluate`: predictions against labels."""

from pathlib import Path

from cropdetect.evaluation import evaluate_predictions
from cropdetect.fields import read_labels, read_legend
from cropdetect.formats import MetricsRecord
from cropdetect.outputs import read_predictions
from cropdetect.outputs.report import read_content, render, with_scores
from cropdetect.outputs.scores import read_metrics, write_scores
from cropdetect.runs import OutputFolder


def evaluate(
    predictions: Path,
    out: Path,
    *,
    labels: Path,
    label_column: str | None = None,
    id_column: str | None = None,
    legend: Path | None = None,
    group_column: str | None = None,
    pixel_size: float | None = None,
    probability_sample: bool = False,
    seed: int = 0,
    overwrite: bool = False,
) -> MetricsRecord:
    """Score predictions against labels, and estimate the area of each class.

    Args:
        predictions: output folder of `predict`.
        out: folder that gets metrics.json, predictions.csv (the scored fields), confusion.csv, areas.csv and label_doubts.csv.
        labels: vector file, CSV or Parquet table with field ids and labels, e.g. a simulated season's truth.csv.
        label_column: column of the labels (default: label, crop, crop:code or crop_code).
        id_column: column of the field ids (default: field_id, id, ...).
        legend: YAML file that maps label codes to class names.
        group_column: column of groups that intervals draw together (default: `group` where the labels have it, else blocks of
            5 km).
        pixel_size: metres; gives hectares where the fields have no polygons.
        probability_sample: the labelled fields were drawn at random, so that standard errors of areas hold.
        seed: of the bootstrap.
        overwrite: replace another output of the tool.

    Returns:
        What metrics.json holds.

    Raises:
        InputNotFoundError, UnreadableFileError: predictions or labels are absent or damaged.
        FieldsError: a column is absent, two columns could be the labels, an id occurs twice, or no id is that of a prediction.
        LegendError: no label is a class of the predictions.
        OutputExistsError, OutputPathError: nothing can be written at `out`.
    """
    output = OutputFolder("evaluate", locals())
    if output.finished():
        return read_metrics(output.path)
    answers = read_predictions(predictions)
    table, unknown = read_labels(labels, id_column, label_column, read_legend(legend) if legend else None, group_column)
    scores, scored = evaluate_predictions(
        answers.fields.assign(status=answers.status, n_pixels=answers.n_pixels),
        answers.probabilities,
        answers.legend,
        table,
        where=labels,
        pixel_size=pixel_size,
        probability_sample=probability_sample,
        seed=seed,
    )
    scores = scores.model_copy(update={"warnings": [*unknown, *scores.warnings]})
    page = render(with_scores(read_content(predictions), scores, scored))
    with output.writing() as work:
        write_scores(work.new, scores, scored, answers.probabilities[scored.index], page=page)
    return scores
