"""A calibrated crop for every field, from any imagery and any field boundaries.

What is offered here is loaded when it is asked for. The verbs are those of the command line; :mod:`cropdetect.api` has the
others, too.

Example:
    >>> import cropdetect as cd
    >>> answer = cd.predict(dataset, fields=boundaries, checkpoint="kenya-simulated")  # doctest: +SKIP
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from cropdetect.errors import CropDetectError

if TYPE_CHECKING:
    from cropdetect.api import crossval, evaluate, info, predict, report, simulate, train
    from cropdetect.chips import open_data
    from cropdetect.imagery import open_imagery
    from cropdetect.options import DataOptions

__all__ = [
    "CropDetectError",
    "DataOptions",
    "__version__",
    "crossval",
    "evaluate",
    "info",
    "open_data",
    "open_imagery",
    "predict",
    "report",
    "simulate",
    "train",
]

__version__ = version("cropdetect")

_HOMES = {
    "DataOptions": "cropdetect.options",
    "open_data": "cropdetect.chips",
    "open_imagery": "cropdetect.imagery",
}


def __getattr__(name: str) -> Any:
    """Load a name of the public surface (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "cropdetect.api")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
