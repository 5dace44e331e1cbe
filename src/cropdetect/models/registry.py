"""The networks by name, and networks of other packages by module and class."""

import importlib
from collections.abc import Sequence
from typing import Any

from cropdetect.errors import OptionError
from cropdetect.models.conv_gru import ConvGRU
from cropdetect.models.network import DECLARED, Network, construct
from cropdetect.models.pse_ltae import PSELTAE
from cropdetect.models.season_cnn import SeasonCNN
from cropdetect.models.tempcnn import TempCNN

_NETWORKS: dict[str, type[Network]] = {network.name: network for network in (SeasonCNN, PSELTAE, TempCNN, ConvGRU)}
_ALIASES = {"conv-gru-v2": "season-cnn"}  # checkpoints written before the network was renamed still say so


def names() -> list[str]:
    """Return the names of all networks of this package."""
    return list(_NETWORKS)


def network_class(name: str, also: Sequence[str] = ()) -> type[Network]:
    """Return the class of a network.

    Args:
        name: one of `names()`; or "package.module:Class" for a subclass of `Network` in a module that Python can import
            (an installed package, or one on PYTHONPATH). The class must keep the contract of
            `cropdetect.models.contract.check_network`. Its constructor takes `bands` and `n_classes`; that of a
            `ChannelNetwork` also takes `scaling`, and the calendar and texture arguments that its `has_calendar` and
            `has_texture` say.
        also: names that the caller takes, too, for the message.

    Raises:
        OptionError: there is no such network.
    """
    name = _ALIASES.get(name, name)
    if ":" in name:
        return _own_class(name)
    if name not in _NETWORKS:
        raise OptionError(
            f"there is no model {name!r}",
            fix=f"Choose one of {', '.join((*names(), *also))}, or name your own as package.module:Class.",
        )
    return _NETWORKS[name]


def _own_class(name: str) -> type[Network]:
    module_name, _, class_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise OptionError(
            f"the model {name!r} cannot be imported: {error}",
            fix="Install its package, or type PYTHONPATH=FOLDER before the command, with the folder of its file.",
        ) from error
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Network)):
        raise OptionError(
            f"{module_name} has no network {class_name!r}", fix="Name a class that derives from cropdetect.models.Network."
        )
    absent = [attribute for attribute in DECLARED if not hasattr(found, attribute)]
    if absent:
        raise OptionError(f"the network {name} has no attribute {absent[0]}", fix="See cropdetect.models.Network.")
    return found


def create(name: str, **arguments: Any) -> Network:
    """Build a network with random weights and no statistics.

    Args:
        name: see `network_class`.
        arguments: of its constructor; every network takes `bands` (the names the data has, in order) and `n_classes`.
            `Network.bands` says which of them, in which order, its `image` must hold.

    Raises:
        OptionError: there is no such network, or it does not take these arguments.
        MissingBandError: the network needs a band that is not among `bands`.
    """
    kind = network_class(name)
    try:
        return construct(kind, **arguments)
    except (TypeError, ValueError, RuntimeError) as error:  # unknown names; and what torch says to impossible sizes
        raise OptionError(f"{name} cannot be built: {error}", fix="See the arguments in the model's documentation.") from error
