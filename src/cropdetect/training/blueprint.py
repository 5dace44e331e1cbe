"""Which network the data calls for: its bands, their scaling, its calendar."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect import models
from cropdetect.chips.batch import ChipBatch
from cropdetect.errors import MissingBandError, OptionError
from cropdetect.formats import TrainOptions
from cropdetect.training.chips import TrainingChips

# Quality bands tell about the atmosphere, not about the crop.
_QUALITY = frozenset(("CLD", "SCL", "QA60", "QA_PIXEL", "QA", "SNW", "SCL_20m", "dataMask"))
_DIGITAL_NUMBERS = 20.0  # a band whose 99 % quantile is above this is not a ratio such as reflectance or NDVI
_MARGIN = 1  # percent of the days left out at either end of the calendar


@dataclass(frozen=True)
class Blueprint:
    """A network that can be built again and again.

    Attributes:
        name: name in the registry.
        arguments: of its constructor.
        takes_gaps: whether it looks at `clear` and `day`.
        n_steps: steps of every chip, for a network that does not; else the longest series.
    """

    name: str
    arguments: dict[str, Any]
    takes_gaps: bool
    n_steps: int

    def build(self) -> models.Network:
        """Build the network; its weights depend on torch's random state."""
        return models.create(self.name, **self.arguments)


def blueprint(
    chips: TrainingChips, shown: npt.NDArray[np.int64], n_classes: int, options: TrainOptions, *, n_sample: int = 500
) -> Blueprint:
    """Derive a network from the training chips; `options.arguments` take precedence.

    Args:
        chips: the labelled chips.
        shown: (chip,) positions of the chips of training fields: no other chip is looked at.
        n_classes: length of the legend.
        options: name and arguments of the network.
        n_sample: chips that scaling is decided on.

    Raises:
        MissingBandError: a band the network needs is absent, or no band has a value.
        OptionError: there is no such network, or it needs chips of equal length and they are not.
    """
    have = chips.chips.info.bands
    bands = [band for band, valued in zip(have, chips.valued, strict=True) if valued]
    empty = [band for band in have if band not in bands]
    if empty:
        warnings.warn(f"bands without any value are left out: {', '.join(empty)}", stacklevel=3)
    if not bands:
        raise MissingBandError("no band has a value in any labelled field")
    arguments: dict[str, Any] = {"bands": bands, "n_classes": n_classes}
    kind = models.network_class(options.model)
    if issubclass(kind, models.ChannelNetwork):
        arguments["bands"] = [band for band in bands if band not in _QUALITY]
        if not arguments["bands"]:
            raise MissingBandError(f"there is no band but {', '.join(bands)}, which tells nothing of crops")
        sample = chips.take(np.sort(shown[:: max(1, len(shown) // n_sample)]), tuple(arguments["bands"]))
        arguments["scaling"] = _scaling(sample)
        if kind.has_calendar:
            arguments |= _calendar(chips, shown, options)
        if options.model == "conv-gru-v2":  # single pixels have no texture
            arguments["texture"] = sample.mask.shape[1:] != (1, 1)
    if options.model == "conv-gru":
        arguments["cloud_as_reflectance"] = "cloud_as_reflectance" in options.faults
    arguments |= options.arguments
    network = models.create(options.model, **arguments)
    n_steps = chips.date.shape[1]
    if not network.padding_invariant:
        lengths = np.unique((~np.isnat(chips.date)).sum(axis=1))
        if len(lengths) > 1:
            raise OptionError(
                f"{options.model} needs the same number of dates for all fields, but they have {lengths[0]} to {lengths[-1]}",
                fix="Use --model conv-gru-v2, which takes any dates.",
            )
        n_steps = int(lengths[0])
    return Blueprint(options.model, arguments, network.padding_invariant, n_steps)


def _scaling(sample: ChipBatch) -> list[str]:
    """Choose "sqrt" for bands of digital numbers, which are never negative and skewed; "identity" for ratios and decibels."""
    kinds = []
    for band in range(sample.image.shape[2]):
        values = sample.image[:, :, band][sample.clear].astype(np.float64)
        values = values[~np.isnan(values)]
        large = values.size > 0 and values.min() >= 0 and np.quantile(values, 0.99) > _DIGITAL_NUMBERS
        kinds.append("sqrt" if large else "identity")
    return kinds


def _calendar(chips: TrainingChips, shown: npt.NDArray[np.int64], options: TrainOptions) -> dict[str, int]:
    """Span the calendar over the days on which fields were seen, the outermost percent left out."""
    days = chips.day[shown][chips.seen[shown]]
    start, end = np.percentile(days, [_MARGIN, 100 - _MARGIN])
    step = int(options.arguments.get("grid_step", 10))
    start = int(np.floor(start / step) * step)
    return {"grid_start": start, "grid_end": max(int(np.ceil(end / step) * step), start + step)}
