from cropdetect.api import crossval as crossval
from cropdetect.api import evaluate as evaluate
from cropdetect.api import info as info
from cropdetect.api import open_data as open_data
from cropdetect.api import predict as predict
from cropdetect.api import report as report
from cropdetect.api import simulate as simulate
from cropdetect.api import train as train
from cropdetect.errors import CropDetectError as CropDetectError
from cropdetect.imagery import open_imagery as open_imagery
from cropdetect.options import DataOptions as DataOptions
from cropdetect.training.classifier import CropClassifier as CropClassifier

__version__: str
