"""Which network the data call for: its bands, their scaling, its calendar."""

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from cropdetect import models
from cropdetect.chips import ChipBatch
from cropdetect.errors import MissingBandError, OptionError
from cropdetect.formats import Statistics, TrainOptions
from cropdetect.imagery import sensor_bands
from cropdetect.models.contract import chips as made_up_chips
from cropdetect.training.baselines import BASELINES
from cropdetect.training.data import TrainingData, crop_bands

_DIGITAL_NUMBERS = 20.0  # a band whose 99 % quantile is above this is not a ratio such as reflectance or NDVI
_MARGIN = 1  # percent of the days left out at either end of the calendar
_MOST_PARTIAL = 0.5  # share of the dates that a network which skips them may lose
_SAMPLE = 500  # chips that scaling is decided on


@dataclass(frozen=True)
class NetworkSpecification:
    """A network that can be built again and again, and how it takes chips.

    Attributes:
        name: see `models.network_class`.
        arguments: of its constructor.
        bands: of `image`, in order.
        context: pixels about the field that the network looks at; None: the whole chip.
        takes_gaps: whether it looks at `clear` and `day`.
        n_steps: steps of every chip, for a network that does not; else the longest series.
        sensors: sensor -> positions of its bands, where there are several and the network takes dates that lack bands; else none.
    """

    name: str
    arguments: dict[str, Any]
    bands: tuple[str, ...]
    context: int | None
    takes_gaps: bool
    n_steps: int
    sensors: dict[str, list[int]] = field(default_factory=dict)

    def build(self) -> models.Network:
        """Build the network; its weights depend on torch's random state."""
        return models.create(self.name, **self.arguments)

    def steps(self, batch: ChipBatch) -> ChipBatch:
        """Return the batch without absent steps, for a network that cannot skip one; else unchanged."""
        if self.takes_gaps or batch.date.shape[1] == self.n_steps:
            return batch
        return batch.isel(step=np.argsort(np.isnat(batch.date), axis=1, kind="stable")[:, : self.n_steps])


def specify_network(data: TrainingData, fields: npt.NDArray[np.int64], options: TrainOptions) -> NetworkSpecification:
    """Derive a network from the data; `options.arguments` take precedence.

    Args:
        data: the training data.
        fields: (field,) positions of the fields whose pixels and days are looked at.
        options: name and arguments of the network.

    Raises:
        MissingBandError: a band the network needs is absent, or no band has a value.
        OptionError: there is no such network, it is a baseline, it cannot compute with the user's arguments, or it needs chips of
            equal length and they are not.
    """
    if options.model in BASELINES:
        raise OptionError(
            f"{options.model} is a baseline: it can be cross-validated, but no checkpoint holds it",
            fix=f"Choose one of {', '.join(models.names())}, or give {options.model} to crossval.",
        )
    empty = [band for band in data.chips.info.bands if band not in data.bands]
    if empty:
        warnings.warn(f"bands without any value are left out: {', '.join(empty)}", stacklevel=4)
    if not data.bands:
        raise MissingBandError("no band has a value in any labelled field")
    kind = models.network_class(options.model)
    arguments = {"bands": list(data.bands), "n_classes": len(data.legend), **kind.training_arguments}
    if issubclass(kind, models.ChannelNetwork):
        arguments |= _channel_arguments(kind, data.of_fields(fields), options)
    network = models.create(options.model, **(arguments | options.arguments))
    if options.arguments:
        _try_once(network)
    if not kind.takes_missing_bands:
        _refuse_missing_bands(network, data.of_fields(fields))
    return NetworkSpecification(
        name=options.model,
        arguments=arguments | options.arguments,
        bands=network.bands,
        context=network.context,
        takes_gaps=network.padding_invariant,
        sensors=_sensors(network, data.chips.info.sensor),
        n_steps=data.chips.info.n_steps if network.padding_invariant else equal_steps(data, options.model),
    )


def _try_once(network: models.Network) -> None:
    """Raise OptionError where a network can be built but cannot compute, e.g. with layers of size 0."""
    n = len(network.channels)
    network.set_statistics(Statistics(channels=list(network.channels), mean=[0.0] * n, std=[1.0] * n, origin="made up"))
    try:
        with torch.random.fork_rng():
            network(*made_up_chips(network, seed=0))
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        raise OptionError(
            f"{network.name} cannot compute with its arguments: {error}", fix="See the arguments in the model's documentation."
        ) from error


def _sensors(network: models.Network, sensor: str | None) -> dict[str, list[int]]:
    found = sensor_bands(network.bands, sensor) if network.takes_missing_bands else {}
    if len(found) < 2:
        return {}
    return {name: [network.bands.index(band) for band in bands] for name, bands in found.items()}


def _refuse_missing_bands(network: models.Network, data: TrainingData) -> None:
    """Raise OptionError where a network that needs whole dates would see too few, or one that cannot skip a date any partial."""
    positions = [data.chips.info.bands.index(band) for band in network.bands]
    observed = data.chips.observed[:, :, positions]
    seen = observed.any(axis=2)
    partial = (seen & ~observed.all(axis=2)).sum() / max(1, seen.sum())
    if partial > (_MOST_PARTIAL if network.padding_invariant else 0):
        raise OptionError(
            f"{network.name} needs all bands on a date, and {partial:.0%} of the dates lack some ({', '.join(network.bands)})",
            fix="Use --model season-cnn or tempcnn, which take dates that lack bands, or name the --bands that come together.",
        )


def equal_steps(data: TrainingData, model: str) -> int:
    """Return the number of dates of every chip.

    Raises:
        OptionError: they are not equal.
    """
    lengths = np.unique((~np.isnat(data.chips.date)).sum(axis=1))
    if len(lengths) > 1:
        raise OptionError(
            f"{model} needs the same number of dates for all fields, but they have {lengths[0]} to {lengths[-1]}",
            fix="Use --model season-cnn, which takes any dates.",
        )
    return int(lengths[0])


def _channel_arguments(kind: type[models.ChannelNetwork], data: TrainingData, options: TrainOptions) -> dict[str, Any]:
    bands = crop_bands(data)
    sample = data.chips_of_bands(bands).take(np.arange(len(data.chips))[:: max(1, len(data.chips) // _SAMPLE)])
    arguments: dict[str, Any] = {"bands": bands, "scaling": _scaling(sample)}
    if kind.has_calendar:
        arguments |= _calendar(data, options)
    if kind.has_texture:  # single pixels have no texture
        arguments["texture"] = sample.mask.shape[1:] != (1, 1)
    return arguments


def _scaling(sample: ChipBatch) -> list[str]:
    """Choose "sqrt" for bands of digital numbers, which are never negative and skewed; "identity" for ratios and decibels."""
    kinds = []
    for band in range(sample.image.shape[2]):
        values = sample.image[:, :, band][sample.clear].astype(np.float64)
        values = values[~np.isnan(values)]
        large = values.size > 0 and values.min() >= 0 and np.quantile(values, 0.99) > _DIGITAL_NUMBERS
        kinds.append("sqrt" if large else "identity")
    return kinds


def _calendar(data: TrainingData, options: TrainOptions) -> dict[str, int]:
    """Span the calendar over the days on which fields were seen, the outermost percent left out."""
    start, end = np.percentile(data.days_seen(), [_MARGIN, 100 - _MARGIN])
    step = int(options.arguments.get("grid_step", 10))
    start = int(np.floor(start / step) * step)
    return {"grid_start": start, "grid_end": max(int(np.ceil(end / step) * step), start + step)}
