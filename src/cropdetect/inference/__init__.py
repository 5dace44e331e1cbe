"""From chips and a checkpoint to predictions, without torch."""

from cropdetect.inference.cluster import Cluster
from cropdetect.inference.compatible import check_compatible, check_familiar
from cropdetect.inference.field_average import entropy
from cropdetect.inference.pipeline import Timings
from cropdetect.inference.predict import predict_chips
from cropdetect.inference.predictions import FieldSeries, Predictions
from cropdetect.inference.series import seasons_of

__all__ = [
    "Cluster",
    "FieldSeries",
    "Predictions",
    "Timings",
    "check_compatible",
    "check_familiar",
    "entropy",
    "predict_chips",
    "seasons_of",
]
