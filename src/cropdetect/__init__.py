"""A calibrated crop for every field, from any imagery and any field boundaries.

The verbs of the command line are functions of :mod:`cropdetect.api`.
"""

import os
from importlib.metadata import version

from cropdetect.errors import CropDetectError

__all__ = ["CropDetectError", "__version__"]

__version__ = version("cropdetect")

# Libraries that would go to the network by themselves look at these when they are imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("PROJ_NETWORK", "OFF")
