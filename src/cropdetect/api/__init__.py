"""One function a verb of the command line, with the same names and options."""

from cropdetect.api._chips import chips
from cropdetect.api._compare import compare
from cropdetect.api._crossval import crossval
from cropdetect.api._demo import demo
from cropdetect.api._doctor import Diagnosis, doctor
from cropdetect.api._evaluate import evaluate
from cropdetect.api._import_cv4a import import_cv4a
from cropdetect.api._info import Description, info
from cropdetect.api._map import map
from cropdetect.api._open import open_data
from cropdetect.api._predict import plan, predict
from cropdetect.api._prediction import PredictionResult
from cropdetect.api._recipe import recipe
from cropdetect.api._report import report
from cropdetect.api._simulate import simulate
from cropdetect.api._train import train
from cropdetect.api._verb import parameters_of
from cropdetect.options import DataOptions

__all__ = [
    "DataOptions",
    "Description",
    "Diagnosis",
    "PredictionResult",
    "chips",
    "compare",
    "crossval",
    "demo",
    "doctor",
    "evaluate",
    "import_cv4a",
    "info",
    "map",
    "open_data",
    "parameters_of",
    "plan",
    "predict",
    "recipe",
    "report",
    "simulate",
    "train",
]
