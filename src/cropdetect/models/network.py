"""What every network has in common: one call, its own preprocessing, statistics kept as buffers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from cropdetect.errors import CheckpointError, OptionError
from cropdetect.formats import ModelRecord, Statistics

DECLARED = ("name", "padding_invariant", "description")
"""What the class of a network says of it."""

_NOT_BEGUN = "its constructor does not call super().__init__(...)"
_TORCH_SAYS = "before Module.__init__() call"


class Network(nn.Module, ABC):
    """Base of all networks, of this package and of yours.

    A network of your own derives from this class (or from `ChannelNetwork`, which makes channels of any bands), sets `name`,
    `padding_invariant` and `description`, and writes `raw_channels` and `forward`. Its constructor takes `bands` and
    `n_classes`, and hands all its arguments on as `arguments`. `cropdetect.models.contract.check_network` checks what training
    and prediction rely on. It is trained with `train --model package.module:Class`.

    Args:
        bands: names of the bands of `image`, in order.
        n_classes: length of the legend.
        channels: names of the input channels that `raw_channels` makes of the bands.
        arguments: the constructor's arguments, as JSON can hold them, without the statistics.

    Attributes:
        name: name in the registry.
        padding_invariant: whether absent steps and spatial padding change nothing.
        context: pixels about the field that change an answer; None: the whole chip does.
        takes_missing_bands: whether a date may lack some of the bands; otherwise only whole dates tell it anything.
        description: one line for tables and metadata.
        training_arguments: arguments of the constructor that training gives, where they are not the defaults.
    """

    name: ClassVar[str]
    padding_invariant: ClassVar[bool]
    context: ClassVar[int | None] = None
    takes_missing_bands: ClassVar[bool] = False
    description: ClassVar[str]
    training_arguments: ClassVar[dict[str, Any]] = {}

    channel_mean: Tensor
    channel_std: Tensor

    def __init__(self, bands: Sequence[str], n_classes: int, channels: Sequence[str], arguments: dict[str, Any]) -> None:
        super().__init__()
        if n_classes < 2:
            raise OptionError(f"a network needs at least 2 classes, not {n_classes}", where=self.name)
        self.bands = tuple(bands)
        self.n_classes = n_classes
        self.channels = tuple(channels)
        self.arguments = {"bands": list(bands), "n_classes": n_classes, **arguments}
        # Not part of the state: checkpoint.json holds the statistics, and two copies could contradict each other.
        self.register_buffer("channel_mean", torch.zeros(len(self.channels)), persistent=False)
        self.register_buffer("channel_std", torch.ones(len(self.channels)), persistent=False)

    @property
    def record(self) -> ModelRecord:
        """How to build this network again, for `checkpoint.json`."""
        kind = type(self)
        own = kind.__module__.partition(".")[0] == "cropdetect"
        return ModelRecord(
            name=self.name if own else f"{kind.__module__}:{kind.__qualname__}",
            arguments=self.arguments,
            padding_invariant=self.padding_invariant,
            context=self.context,
        )

    def set_statistics(self, statistics: Statistics) -> None:
        """Take the means and standard deviations that standardise the channels.

        Raises:
            CheckpointError: they are not of this network's channels.
        """
        if tuple(statistics.channels) != self.channels:
            raise CheckpointError(
                f"the statistics are of the channels {', '.join(statistics.channels)}; "
                f"{self.name} has {', '.join(self.channels)}",
                fix="Compute the statistics again for these bands.",
            )
        self.channel_mean.copy_(torch.tensor(statistics.mean, dtype=torch.float64))
        self.channel_std.copy_(torch.tensor(statistics.std, dtype=torch.float64))

    def standardise(self, channels: Tensor) -> Tensor:
        """Subtract the means and divide by the standard deviations; (batch, step, channel, y, x)."""
        return (channels - self.channel_mean[:, None, None]) / self.channel_std[:, None, None]

    @abstractmethod
    def raw_channels(self, image: Tensor) -> Tensor:
        """Return the channels before standardisation, (batch, step, channel, y, x) float32; NaN where a value is missing.

        Args:
            image: (batch, step, band, y, x) float32, raw numbers.
        """

    @abstractmethod
    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        """Score every class, (batch, class); softmax makes them probabilities.

        Args:
            image: (batch, step, band, y, x) float32, raw numbers; NaN where a value is missing.
            mask: (batch, y, x) float32, share of the pixel inside the field.
            clear: (batch, step, y, x) bool; an absent step is nowhere clear.
            day: (batch, step) float32, days since 1 January of the season year.
        """


def construct(network_class: Callable[..., Network], **arguments: Any) -> Network:
    """Call the constructor of a network.

    Raises:
        TypeError: it does not take these arguments, or does not call the constructor of `Network`.
    """
    try:
        network = network_class(**arguments)
    except AttributeError as error:
        if _TORCH_SAYS not in str(error):
            raise
        raise TypeError(_NOT_BEGUN) from error
    if "channels" not in vars(network):
        raise TypeError(_NOT_BEGUN)
    return network
