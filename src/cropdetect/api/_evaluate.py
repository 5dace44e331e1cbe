"""The verb `evaluate`: predictions against known crops."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from cropdetect.api._verb import verb
from cropdetect.formats import MetricsRecord
from cropdetect.in_memory import as_file, as_source, place_of
from cropdetect.options import AnyPath, Metres, Seed, TableSource
from cropdetect.runs import OutputFolder


@verb
def evaluate(
    predictions: AnyPath,
    out: AnyPath,
    *,
    reference: TableSource,
    labels: str | None = None,
    id_column: str | None = None,
    legend: AnyPath | None = None,
    group_column: str | None = None,
    pixel_size: Annotated[Metres | None, Field(ge=0.01)] = None,
    probability_sample: bool = False,
    seed: Seed = 0,
    overwrite: bool = False,
) -> MetricsRecord:
    """Score predictions against known crops, and estimate areas with standard errors.

    Training fields of the checkpoint are scored apart. If all known crops are of such fields, the scores are the
    checkpoint's own, out of fold. In Python the reference may also be a table of pandas or geopandas.

    Args:
        predictions: output folder of predict.
        out: output folder; it gets metrics.json, predictions.csv (the fields with a known crop), confusion.csv, areas.csv
            and label_doubts.csv.
        reference: known crops: points or outlines that lie in the fields, or a table with their ids.
        labels: column of the labels (default: label, crop, crop:code or crop_code).
        id_column: column of the field ids (default: found by name).
        legend: YAML file that maps label codes to class names.
        group_column: column of groups for the intervals (default: the column group; without it, blocks of 5 km).
        pixel_size: side of a pixel in metres; it gives hectares where the fields have no polygons.
        probability_sample: the reference fields were drawn at random, so the standard errors of areas are valid.
        seed: seed of the bootstrap.
        overwrite: replace another output of cropdetect; other files stay.

    Returns:
        What metrics.json holds.

    Raises:
        InputNotFoundError, UnreadableFileError: predictions or reference are absent or damaged.
        FieldsError: a column is absent, two columns could be the labels, an id occurs twice, no id is that of a prediction, or
            all known crops were trained on and the checkpoint holds no scores of its own.
        LegendError: no label is a class of the predictions.
        OutputExistsError, OutputPathError: nothing can be written at `out`.
    """
    output = OutputFolder("evaluate", locals())
    from cropdetect.evaluation import evaluate_predictions
    from cropdetect.fields import read_labels, read_legend
    from cropdetect.outputs import read_predictions
    from cropdetect.outputs.report import read_content, render, with_scores
    from cropdetect.outputs.scores import read_metrics, write_scores

    if output.finished():
        return read_metrics(output.path)
    predictions, source = Path(predictions), as_source(reference)
    answers, content = read_predictions(predictions), read_content(predictions)
    with as_file(source) as file:
        names = read_legend(Path(legend)) if legend else None
        table, unknown = read_labels(file, id_column, labels, names, group_column, answers.fields)
    scores, scored = evaluate_predictions(
        answers.fields.assign(status=answers.status, n_pixels=answers.n_pixels),
        answers.probabilities,
        answers.legend,
        table,
        where=place_of(source),
        pixel_size=pixel_size,
        probability_sample=probability_sample,
        seed=seed,
        seen=answers.seen_in_training,
        out_of_fold=None if content.run is None else content.run.out_of_fold,
    )
    scores = scores.model_copy(update={"warnings": [*unknown, *scores.warnings]})
    page = render(with_scores(content, scores, scored))
    with output.writing() as work:
        write_scores(work.new, scores, scored, answers.probabilities[scored.index], page=page)
    return scores
