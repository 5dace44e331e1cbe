"""The networks, one a file, and what makes files of them. Needs the extra `train`."""

from cropdetect.errors import MissingExtraError

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingExtraError("torch is not installed", fix='Install it with: pip install "cropdetect[train]"') from error

from cropdetect.models.channels import ChannelNetwork
from cropdetect.models.export import export_onnx
from cropdetect.models.network import Network
from cropdetect.models.registry import create, names, network_class
from cropdetect.models.statistics import channel_statistics
from cropdetect.models.weights import load_cv4a_weights, load_network, save_safetensors

__all__ = [
    "ChannelNetwork",
    "Network",
    "channel_statistics",
    "create",
    "export_onnx",
    "load_cv4a_weights",
    "load_network",
    "names",
    "network_class",
    "save_safetensors",
]
