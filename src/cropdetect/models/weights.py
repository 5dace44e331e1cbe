"""Networks to files and back: safetensors, and the weights published in 2020."""

import pickle
import struct
import zipfile
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from cropdetect.errors import CheckpointError, WeightsError
from cropdetect.formats import CheckpointRecord
from cropdetect.models.conv_gru import ConvGRU
from cropdetect.models.network import Network
from cropdetect.models.registry import create

# What torch's readers raise on damaged bytes, found by flipping them: the older format is parsed with few checks.
_DAMAGED = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def save_safetensors(network: Network) -> bytes:
    """Return the network's weights (without statistics) as a safetensors file."""
    return safetensors.torch.save({name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()})


def load_network(record: CheckpointRecord, safetensors_path: Path, network_class: type[Network] | None = None) -> Network:
    """Build a member of a checkpoint again, with its weights and statistics, on the CPU.

    Args:
        record: the checkpoint's record.
        safetensors_path: the member's weights.
        network_class: class of a network that is not of this package: no module is imported because a checkpoint names it.

    Raises:
        CheckpointError: the file is damaged, not of the network that the record describes, or of a network that is not of
            this package.
    """
    if network_class is not None:
        network = network_class(**record.model.arguments)
    elif ":" in record.model.name:
        raise CheckpointError(
            f"the network {record.model.name} is not of this package", fix="Import its class and give it as network_class."
        )
    else:
        network = create(record.model.name, **record.model.arguments)
    try:
        state = safetensors.torch.load_file(safetensors_path, device="cpu")
    except (safetensors.SafetensorError, OSError) as error:
        raise CheckpointError(f"the weights cannot be read: {error}", where=safetensors_path) from error
    difference = _difference(network, state)
    if difference:
        raise CheckpointError(f"the weights are not of {record.model.name}: {difference}", where=safetensors_path)
    network.load_state_dict(state)
    network.set_statistics(record.statistics)
    return network.eval()


def load_cv4a_weights(path: Path) -> dict[str, Tensor]:
    """Read the weights published in 2020 and return the state of `conv-gru`, on the CPU.

    No code in the file is run: only tensors are unpickled.

    Raises:
        WeightsError: the file is missing, damaged, holds anything but tensors, or is not that network.
    """
    if not path.is_file():
        raise WeightsError("there is no such file", where=path, fix="Name the .pt file with the published weights.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"this is not a file of weights, or it is damaged: {reason}",
            where=path,
            fix="Download the published weights again; files that hold code are never loaded.",
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise WeightsError("the file does not hold a dictionary of tensors", where=path)
    difference = _difference(ConvGRU(), state)
    if difference:
        raise WeightsError(f"these are not the weights of the 2020 network: {difference}", where=path)
    if not all(bool(torch.isfinite(value).all()) for value in state.values()):
        raise WeightsError("some weights are not finite numbers", where=path)
    return {name: value.to(torch.float32) for name, value in state.items()}


def _difference(network: Network, state: dict[str, Tensor]) -> str:
    """Say how a state differs from the network's own, or return ""."""
    expected = network.state_dict()
    absent = sorted(expected.keys() - state.keys())
    surplus = sorted(state.keys() - expected.keys())
    if absent:
        return f"{absent[0]} is missing"
    if surplus:
        return f"{surplus[0]} does not belong to it"
    for name, value in expected.items():
        if state[name].shape != value.shape:
            return f"{name} has the shape {tuple(state[name].shape)}, not {tuple(value.shape)}"
    return ""
