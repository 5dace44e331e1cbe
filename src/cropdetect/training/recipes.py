"""The named recipes: settings of `TrainOptions` that belong together, and how a configuration file changes them."""

from pathlib import Path
from typing import Any

from cropdetect.documents import read_yaml
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.formats import Augmentation, TrainOptions

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


def train_options(recipe: str | None, config: Path | None, given: dict[str, Any]) -> TrainOptions:
    """Put together a recipe, a configuration file and single settings; what comes later wins.

    Raises:
        OptionError: there is no such recipe or setting, or a value cannot be used.
        InputNotFoundError: there is no such file.
    """
    settings = {} if config is None else _read_config(config)
    named = recipe or settings.get("recipe") or "default"
    base = recipe_settings(str(named))
    changed = settings | {"recipe": named} | given
    if isinstance(changed.get("augmentation"), dict):  # single settings of a recipe's augmentation may be given
        changed["augmentation"] = base.get("augmentation", {}) | changed["augmentation"]
    return TrainOptions(**(base | changed))


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputNotFoundError("no such file", where=path, fix="Check --config.")
    settings = read_yaml(path) or {}
    if not isinstance(settings, dict):
        raise OptionError("a mapping of option names to values is expected", where=path, fix="E.g. epochs: 40")
    try:
        TrainOptions.model_validate(settings)
    except OptionError as error:
        raise OptionError(error.what, where=path, fix=error.fix) from error
    return settings
