"""The networks by name."""

from typing import Any

from cropdetect.errors import OptionError
from cropdetect.models.conv_gru import ConvGRU
from cropdetect.models.conv_gru_v2 import ConvGRUv2
from cropdetect.models.network import Network
from cropdetect.models.pse_ltae import PSELTAE
from cropdetect.models.tempcnn import TempCNN

_NETWORKS: dict[str, type[Network]] = {network.name: network for network in (ConvGRUv2, PSELTAE, TempCNN, ConvGRU)}


def names() -> list[str]:
    """Return the names of all networks."""
    return list(_NETWORKS)


def network_class(name: str) -> type[Network]:
    """Return the class of a network.

    Raises:
        OptionError: there is no such network.
    """
    if name not in _NETWORKS:
        raise OptionError(f"there is no model {name!r}", fix=f"Choose one of {', '.join(names())}.")
    return _NETWORKS[name]


def create(name: str, **arguments: Any) -> Network:
    """Build a network with random weights and no statistics.

    Args:
        name: one of `names()`.
        arguments: of its constructor; every network takes `bands` (the names the data has, in order) and `n_classes`.
            `Network.bands` says which of them, in which order, its `image` must hold.

    Raises:
        OptionError: there is no such network, or it does not take these arguments.
        MissingBandError: the network needs a band that is not among `bands`.
    """
    network = network_class(name)
    try:
        return network(**arguments)
    except (TypeError, ValueError, RuntimeError) as error:  # unknown names; and what torch says to impossible sizes
        raise OptionError(f"{name} cannot be built: {error}", fix="See the arguments in the model's documentation.") from error
