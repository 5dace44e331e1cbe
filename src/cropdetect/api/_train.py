"""The verb `train`."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cropdetect.api._chips import stored
from cropdetect.api._data import DataOptions
from cropdetect.checkpoint import Checkpoint, read_checkpoint
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.formats import Preset, TrainOptions
from cropdetect.runs import OutputFolder


def train(
    data: Path,
    out: Path,
    *,
    options: DataOptions | None = None,
    recipe: str | None = None,
    config: Path | None = None,
    licence: str = "unknown",
    overwrite: bool = False,
    **training: Any,
) -> Checkpoint:
    """Train a checkpoint on the labelled fields of some data.

    Args:
        data: imagery (cut into chips first), a chip store, or a table folder.
        out: checkpoint folder to write.
        options: how imagery and fields are read.
        recipe: a named recipe to begin from: "default" (also where none is named) or "cv4a".
        config: YAML file with fields of `TrainOptions`; they win over the recipe.
        licence: licence of the training data, kept in the checkpoint.
        overwrite: replace another output of the tool.
        training: fields of `TrainOptions`; they win over both.

    Raises:
        CropDetectError: one of its kinds, when input, option or disk is at fault.
    """
    options = options or DataOptions()
    output = OutputFolder("train", locals())
    from cropdetect.training import train as train_members

    settings = train_options_of(recipe, config, training)
    if output.finished():
        return read_checkpoint(output.path)
    preset: Preset = "cv4a" if settings.model == "conv-gru" else "default"
    with output.writing() as work:
        chips = stored(data, work.state, options, preset)
        train_members(chips, work.new, settings, state=work.state, data_names=(data.name,), licence=licence)
    return read_checkpoint(output.path)


def train_options_of(recipe: str | None, config: Path | None, given: dict[str, Any]) -> TrainOptions:
    """Put together a recipe, a YAML file and single settings; what comes later wins.

    Raises:
        OptionError: there is no such recipe or setting, or a value cannot be used.
        InputNotFoundError: there is no such file.
    """
    from cropdetect.training.recipes import recipe_settings

    settings: dict[str, Any] = {}
    if config is not None:
        if not config.is_file():
            raise InputNotFoundError("no such file", where=config, fix="Check --config.")
        try:
            settings = yaml.safe_load(config.read_text("utf-8")) or {}
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise OptionError("this is not YAML", where=config, fix=str(error)) from error
        if not isinstance(settings, dict):
            raise OptionError("a mapping of option names to values is expected", where=config, fix="E.g. epochs: 40")
    named = recipe or settings.get("recipe") or "default"
    base = recipe_settings(str(named))
    changed = settings | {"recipe": named} | given
    if isinstance(changed.get("augmentation"), dict):  # single settings of a recipe's augmentation may be given
        changed["augmentation"] = base.get("augmentation", {}) | changed["augmentation"]
    try:
        return TrainOptions.model_validate(base | changed)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise OptionError(f"{name}: {problem['msg']}", where=config or "", fix="See cropdetect train --help.") from error
