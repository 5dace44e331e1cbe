"""A calibrated crop for every field, from any imagery and any field boundaries.

The verbs of the command line are functions of :mod:`cropdetect.api`.
"""

from importlib.metadata import version

from cropdetect.errors import CropDetectError

__all__ = ["CropDetectError", "__version__"]

__version__ = version("cropdetect")
