"""OpenVINO on the CPU, in bfloat16."""

import queue
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.errors import MissingExtraError
from cropdetect.inference.backend import Inputs, checked_names, damaged, load_members, unfit
from cropdetect.inference.group_norm import split_group_norms

_PIXELS_A_CALL, _PIXELS_A_BATCH = 65_536, 16 * 32 * 32
_CHANNELS = "channels"
_VIEWS = {"Reshape", "Squeeze", "Unsqueeze", "Transpose"}


class OpenVINO:
    """OpenVINO on the CPU, in bfloat16 where the CPU has it (float32 where not).

    Every call runs on one thread, and as many run at once as there are workers: two threads in one call wait for each other.

    Args:
        members: ONNX files.
        threads: workers.
    """

    pixels_a_call, pixels_a_batch = _PIXELS_A_CALL, _PIXELS_A_BATCH
    whole_chips = False

    def __init__(self, members: Sequence[Path], threads: int) -> None:
        # Without this package OpenVINO takes a stub of its own; with it, it would report its use to a server.
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
        try:
            import openvino
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "bf16 needs OpenVINO, which is not installed",
                where="--precision bf16",
                fix="Run: pip install 'cropdetect[fast]', or use --precision f32.",
            ) from error
        self.concurrency = threads
        self._networks = load_members(members, partial(_Network, core=openvino.Core(), streams=threads))

    def scores(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        """See `Backend.scores`."""
        return [scores for network in self._networks for scores in network.run(inputs)]


class _Network:
    """One network in OpenVINO, of one member or of several: channels are made in float32, the rest is in bfloat16.

    Eight bits are too few for raw numbers: channels made in bfloat16 put the probabilities off the most.
    """

    def __init__(self, content: bytes, path: Path, n_members: int, core: Any, streams: int) -> None:
        self._path, self._n_members = path, n_members
        try:
            model = core.read_model(content)
            checked_names(path, [node.any_name for node in model.inputs])
            split_group_norms(model)
            settings = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams}
            parts = [
                # The precision is always said: left out, OpenVINO takes bfloat16 by itself wherever the CPU has it.
                core.compile_model(part, "CPU", {**settings, "INFERENCE_PRECISION_HINT": precision})
                for part, precision in _parts(model)
            ]
            self._names = [[node.any_name for node in part.inputs] for part in parts]
            # A request holds its activations, so each thread takes one of its own.
            self._free: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()
            for _ in range(streams):
                self._free.put([part.create_infer_request() for part in parts])
        except RuntimeError as error:
            raise damaged(path, error) from error

    def run(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        requests = self._free.get()
        try:
            known: dict[str, Any] = dict(inputs)
            found = None
            for request, names in zip(requests, self._names, strict=True):
                found = request.infer({name: known[name] for name in names}, share_inputs=True, share_outputs=True)
                known[_CHANNELS] = found[0]
            assert found is not None
            return [
                np.array(found[place], np.float32) for place in range(self._n_members)
            ]  # copies: the next call writes over them
        except RuntimeError as error:
            raise unfit(self._path, error) from error
        finally:
            self._free.put(requests)


def _parts(model: Any) -> list[tuple[Any, str]]:
    """Cut a model before its first convolution, and give each part its precision.

    A model stays whole where what lies behind needs the bands in another place, too.
    """
    from openvino import Model, opset13

    whole = model.clone()
    first = next((node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"), None)
    if first is None:
        return [(whole, "bf16")]
    channels = first.input_value(0)
    while channels.get_node().get_type_name() in _VIEWS:
        channels = channels.get_node().input_value(0)
    taken = opset13.parameter(channels.get_partial_shape(), channels.get_element_type(), name=_CHANNELS)
    taken.output(0).set_names({_CHANNELS})
    for place in channels.get_target_inputs():
        place.replace_source_output(taken.output(0))
    bands = [node for node in model.get_parameters() if node.output(0).any_name == "image"]
    others = [node for node in model.get_parameters() if node.output(0).any_name != "image"]
    try:
        behind = Model(model.get_results(), [*others, taken], "network")
        return [(Model([opset13.result(channels)], bands, _CHANNELS), "f32"), (behind, "bf16")]
    except RuntimeError:  # a part needs an input that it is not given
        return [(whole, "bf16")]
