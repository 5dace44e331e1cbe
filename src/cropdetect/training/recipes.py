"""The named recipes: settings of `TrainOptions` that belong together."""

from typing import Any

from cropdetect.errors import OptionError
from cropdetect.formats import Augmentation

RECIPES: dict[str, dict[str, Any]] = {
    "default": {},
    # Amer, K. (2022): ten splits, six cycles of ten epochs each, SGD begun anew in every cycle; its faults mended.
    "cv4a": {
        "model": "conv-gru",
        "members": 10,
        "snapshots": 6,
        "validation_share": 0.15,
        "epochs": 10,
        "batch_size": 16,
        "optimizer": "sgd",
        "momentum": 0.9,
        "schedule": "cosine",
        "learning_rate": 0.008,
        "weight_decay": 0.0,
        "weight_averaging": 0.0,
        "label_smoothing": 0.0,
        "calibration": "none",
        "augmentation": Augmentation.cv4a().model_dump(),
    },
}


def recipe_settings(name: str) -> dict[str, Any]:
    """Return the settings of a recipe that differ from the defaults of `TrainOptions`.

    Raises:
        OptionError: there is no such recipe.
    """
    if name not in RECIPES:
        raise OptionError(f"there is no recipe {name!r}", fix=f"Choose one of {', '.join(RECIPES)}.")
    return {"recipe": name, **RECIPES[name]}
