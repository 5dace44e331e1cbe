"""Networks to ONNX: what predicts without torch."""

import copy
import warnings
from pathlib import Path

import torch

from cropdetect.models.network import Network
from cropdetect.scratch import Scratch

_OPSET = 17  # the first with LayerNormalization; ONNX Runtime and OpenVINO know all of it
_DYNAMIC = {
    "image": {0: "batch", 1: "step", 3: "y", 4: "x"},
    "mask": {0: "batch", 1: "y", 2: "x"},
    "clear": {0: "batch", 1: "step", 2: "y", 3: "x"},
    "day": {0: "batch", 1: "step"},
    "scores": {0: "batch"},
}


def export_onnx(network: Network) -> bytes:
    """Return the network as ONNX, weights and statistics inside; the same network gives the same bytes.

    Inputs, each present only where the network uses it, all dimensions but `band` dynamic: `image` (batch, step, band, y, x)
    float32, `mask` (batch, y, x) float32, `clear` (batch, step, y, x) bool, `day` (batch, step) float32.
    Output: `scores` (batch, class) float32; softmax makes them probabilities.
    """
    network = copy.deepcopy(network).cpu().eval()
    batch, step, y, x = 2, 3, 6, 5
    sample = (
        torch.ones(batch, step, len(network.bands), y, x),
        torch.ones(batch, y, x),
        torch.ones(batch, step, y, x, dtype=torch.bool),
        torch.arange(step, dtype=torch.float32).expand(batch, step) * 10,
    )
    with Scratch() as folder, warnings.catch_warnings():
        file = Path(folder) / "network.onnx"
        # Of the GRU with a batch above 1: it is about initial states of fixed size, and ours have none.
        warnings.filterwarnings("ignore", message="Exporting a model to ONNX with a batch_size other than 1")
        # Of Python conditions on shapes: they only check that shapes fit, and hold for every chip.
        warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)  # type: ignore[attr-defined]
        # Of padding, whose constants the exporter leaves in reverse order: runtimes fold them when they load the network.
        warnings.filterwarnings("ignore", message="Constant folding - Only steps=1 can be constant folded")
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        # The TorchScript exporter: for the same answers the newer one takes half a minute a network instead of half a
        # second, writes the machine's paths into the file, and keeps inputs that the network does not use.
        torch.onnx.export(
            network,
            sample,
            file,
            dynamo=False,
            input_names=["image", "mask", "clear", "day"],
            output_names=["scores"],
            dynamic_axes=_DYNAMIC,
            opset_version=_OPSET,
        )
        return file.read_bytes()
