"""A calibrated crop for every field, from any imagery and any field outlines.

What is offered here is loaded when it is asked for (PEP 562), so that the import is fast and needs no PyTorch; type checkers read
`__init__.pyi`. The verbs are those of the command line; :mod:`cropdetect.api` has the others, too.

Example:
    >>> import cropdetect as cd
    >>> answer = cd.predict(dataset, fields=boundaries, checkpoint="kenya-simulated")  # doctest: +SKIP
"""

import os
from importlib import import_module
from importlib.metadata import version
from typing import Any

from cropdetect.errors import CropDetectError

__version__ = version("cropdetect")

# Libraries that would go to the network by themselves look at these when they are imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("PROJ_NETWORK", "OFF")

_HOMES = {
    "CropClassifier": "cropdetect.training.classifier",
    "DataOptions": "cropdetect.options",
    "crossval": "cropdetect.api",
    "evaluate": "cropdetect.api",
    "info": "cropdetect.api",
    "open_data": "cropdetect.api",
    "open_imagery": "cropdetect.imagery",
    "predict": "cropdetect.api",
    "report": "cropdetect.api",
    "simulate": "cropdetect.api",
    "train": "cropdetect.api",
}

__all__ = ["CropDetectError", "__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
