"""From chips and a checkpoint to predictions, without torch."""

from cropdetect.inference.compatible import check_compatible
from cropdetect.inference.field_average import entropy
from cropdetect.inference.predict import predict_chips
from cropdetect.inference.predictions import Predictions
from cropdetect.inference.season import FieldSeries, seasons_of
from cropdetect.inference.timings import Timings

__all__ = ["FieldSeries", "Predictions", "Timings", "check_compatible", "entropy", "predict_chips", "seasons_of"]
