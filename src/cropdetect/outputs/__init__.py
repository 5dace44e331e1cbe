"""From predictions to files."""

from cropdetect.outputs.colours import class_colours
from cropdetect.outputs.own_columns import renamed_columns
from cropdetect.outputs.read import read_prediction_run, read_prediction_table, read_predictions
from cropdetect.outputs.table import prediction_table, probability_columns
from cropdetect.outputs.terminal import comparison_summary, map_summary, prediction_summary, scores_summary, where_to_look
from cropdetect.outputs.write import fields_table, write_outputs

__all__ = [
    "class_colours",
    "comparison_summary",
    "fields_table",
    "map_summary",
    "prediction_summary",
    "prediction_table",
    "probability_columns",
    "read_prediction_run",
    "read_prediction_table",
    "read_predictions",
    "renamed_columns",
    "scores_summary",
    "where_to_look",
    "write_outputs",
]
