"""The files of out-of-fold answers, which `crossval` and `train` write."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cropdetect.formats import MetricsRecord, TrainOptions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cropdetect.training.crossval import CrossValidation
    from cropdetect.training.data import TrainingData
    from cropdetect.training.folds import Folds


def write_answers(
    out: Path,
    labelled: "TrainingData",
    folds: "Folds",
    answers: "CrossValidation",
    groups: "npt.NDArray[np.int64] | None",
    scores: MetricsRecord,
    settings: TrainOptions,
    *,
    put_apart: Literal["random", "apart", "unknown"],
    title: str,
) -> None:
    """Write all files of out-of-fold answers.

    Args:
        out: folder that is there.
        labelled: the fields that were asked about.
        folds: how they were divided.
        answers: what was said of them.
        groups: (answered field,) groups that intervals draw together, or None.
        scores: of the answers.
        settings: options of the training.
        put_apart: "random" where neighbours of a field may have been trained on.
        title: name of the data.
    """
    from cropdetect.outputs.scores import write_crossval_run, write_scores
    from cropdetect.training.crossval import table_of

    table = table_of(labelled, folds, answers)
    page = _page(labelled, answers, table, scores, title)
    write_scores(out, scores, table, answers.probabilities, groups=groups, page=page)
    write_crossval_run(out, settings, scores, put_apart)


def _page(labelled: "TrainingData", answers: "CrossValidation", table: "pd.DataFrame", scores: MetricsRecord, title: str) -> str:
    import geopandas as gpd
    import pandas as pd

    from cropdetect.inference import seasons_of
    from cropdetect.outputs import probability_columns
    from cropdetect.outputs.report import crossval_content, render

    columns = pd.DataFrame(answers.probabilities, columns=probability_columns(labelled.legend))
    content = crossval_content(
        pd.concat([table, columns], axis=1),
        labelled.legend,
        scores,
        title,
        fields=gpd.GeoDataFrame(labelled.chips.fields.iloc[answers.positions]),
        series=seasons_of(labelled.chips, answers.positions),
    )
    return render(content)
