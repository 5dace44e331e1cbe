"""What runs an exported network: one class a runtime, behind one small protocol."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import check_network
from cropdetect.errors import CheckpointError, MissingExtraError, OptionError

Inputs = Mapping[str, npt.NDArray[np.generic]]
"""What a network is shown: `image` (batch, step, band, y, x) float32, raw numbers, NaN where a value is missing; `mask`
(batch, y, x) float32; `clear` (batch, step, y, x) bool; `day` (batch, step) float32, days since 1 January of the season year."""
_INPUTS = {"image", "mask", "clear", "day"}

# Activations of more pixels no longer fit a core's cache: the 2020 network took 70 % more CPU time a chip in calls of 16 chips
# than in calls of one. A GPU wants many chips at once.
_OF_A_CORE, _OF_A_GPU = (16_384, 16 * 32 * 32), (2_000_000, 128 * 32 * 32)
_CUDA = {
    "cudnn_conv_algo_search": "HEURISTIC",  # by default each new shape of inputs is searched for
    "use_tf32": "0",  # float32 means float32
}
_CUDA_THREADS = 4  # that prepare inputs while the GPU is busy


class Backend(Protocol):
    """Runs the members of a checkpoint.

    Attributes:
        concurrency: threads that may call `scores` at the same time and gain by it.
        pixels_a_call: pixels (chip x step x y x x) of one call of `scores`.
        pixels_a_batch: pixels (chip x y x x) of the chips that are cut at once.
        whole_chips: it gains more by calls of one shape than by windows about the fields.
    """

    concurrency: int
    whole_chips: bool
    pixels_a_call: int
    pixels_a_batch: int

    def scores(self, member: int, inputs: Inputs) -> npt.NDArray[np.float32]:
        """Return the scores of one member, (batch, class) float32.

        Raises:
            CheckpointError: the network cannot take these inputs.
        """


def open_backend(members: Sequence[Path], *, device: str, precision: str, workers: int | None) -> Backend:
    """Load all members once.

    Args:
        members: ONNX files.
        device: "cpu" or "cuda".
        precision: "f32" or "bf16".
        workers: threads; default: all cores this process may use.

    Raises:
        OptionError: there is no such device or precision, or they do not go together.
        MissingExtraError: bf16 without OpenVINO.
        CheckpointError: a member is not a network that can be run.
    """
    if device not in ("cpu", "cuda"):
        raise OptionError(f"there is no device {device!r}", fix="Use --device cpu or --device cuda.")
    if precision not in ("f32", "bf16"):
        raise OptionError(f"there is no precision {precision!r}", fix="Use --precision f32 or --precision bf16.")
    if workers is not None and workers < 1:
        raise OptionError(f"{workers} workers cannot work", fix="Use --workers 1 or more, or leave it out.")
    if precision == "bf16" and device == "cuda":
        raise OptionError("bf16 runs on the CPU only", fix="Use --precision f32 with --device cuda, or --device cpu.")
    for path in members:
        check_network(path)
    threads = workers or _cores()
    if precision == "bf16":
        return OpenVINO(members, threads)
    return OnnxRuntimeCUDA(members, threads) if device == "cuda" else OnnxRuntime(members, threads)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class OnnxRuntime:
    """ONNX Runtime on the CPU, in float32.

    Every call runs in the thread that makes it, so that as many batches run at once as there are workers: on two cores the
    2020 network took a quarter less CPU time a chip so than with both in one call, and the number of workers changes no sum.

    Args:
        members: ONNX files.
        threads: workers.
    """

    pixels_a_call, pixels_a_batch = _OF_A_CORE
    whole_chips = False

    def __init__(self, members: Sequence[Path], threads: int) -> None:
        self.concurrency = threads
        self._sessions = [_Session(path, "CPUExecutionProvider") for path in members]

    def scores(self, member: int, inputs: Inputs) -> npt.NDArray[np.float32]:
        """See `Backend.scores`."""
        return self._sessions[member].run(inputs)


class OnnxRuntimeCUDA:
    """ONNX Runtime on an NVIDIA GPU, in float32.

    Args:
        members: ONNX files.
        threads: workers; a few are enough to keep the GPU busy.
    """

    pixels_a_call, pixels_a_batch = _OF_A_GPU
    whole_chips = True

    def __init__(self, members: Sequence[Path], threads: int) -> None:
        import onnxruntime

        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise OptionError(
                "the installed ONNX Runtime cannot use a GPU",
                where="--device cuda",
                fix="Run: pip uninstall onnxruntime && pip install onnxruntime-gpu",
            )
        self.concurrency = min(threads, _CUDA_THREADS)
        self._sessions = [_Session(path, "CUDAExecutionProvider", _CUDA) for path in members]

    def scores(self, member: int, inputs: Inputs) -> npt.NDArray[np.float32]:
        """See `Backend.scores`."""
        return self._sessions[member].run(inputs)


class _Session:
    """One network in ONNX Runtime."""

    def __init__(self, path: Path, provider: str, settings: Mapping[str, str] | None = None) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as ort

        self._path = path
        names = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented RuntimeException"
        self._faults = tuple(getattr(ort, name) for name in names.split())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # each member would keep its largest activations: gigabytes at 60
        options.log_severity_level = 4  # what is wrong is an error of ours
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=[(provider, dict(settings or {}))])
        except self._faults as error:
            raise _damaged(path, error) from error
        if self._session.get_providers()[0] != provider:
            raise OptionError(
                f"the GPU cannot be used: ONNX Runtime fell back to {self._session.get_providers()[0]}",
                where="--device cuda",
                fix="Check the driver and that CUDA and cuDNN are those that this onnxruntime-gpu was built for.",
            )
        self._names = _checked_names(path, [node.name for node in self._session.get_inputs()])
        first = next(iter(self._session.get_outputs()), None)
        if first is None or not first.type.startswith(("tensor(float", "tensor(double")):
            raise _damaged(path, ValueError("its first output is no tensor of real numbers"))

    def run(self, inputs: Inputs) -> npt.NDArray[np.float32]:
        try:
            return np.asarray(self._session.run(None, {name: inputs[name] for name in self._names})[0], np.float32)
        except self._faults as error:
            raise _unfit(self._path, error) from error


class OpenVINO:
    """OpenVINO on the CPU, in bfloat16 where the CPU has it (float32 where not).

    One request a member at a time, on all threads: each request keeps its own activations.

    Args:
        members: ONNX files.
        threads: threads inside a call.
    """

    concurrency = 1
    pixels_a_call, pixels_a_batch = _OF_A_CORE
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
        # The precision is always said: left out, OpenVINO takes bfloat16 by itself wherever the CPU has it.
        settings = {"INFERENCE_PRECISION_HINT": "bf16", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": threads}
        core = openvino.Core()
        self._paths = list(members)
        self._requests: list[Any] = []
        self._names: list[list[str]] = []
        for path in members:
            try:
                compiled = core.compile_model(str(path), "CPU", settings)
            except RuntimeError as error:
                raise _damaged(path, error) from error
            self._names.append(_checked_names(path, [node.any_name for node in compiled.inputs]))
            self._requests.append(compiled.create_infer_request())

    def scores(self, member: int, inputs: Inputs) -> npt.NDArray[np.float32]:
        """See `Backend.scores`."""
        try:
            result = self._requests[member].infer({name: inputs[name] for name in self._names[member]})[0]
        except RuntimeError as error:
            raise _unfit(self._paths[member], error) from error
        return np.array(result, np.float32)  # a copy: the next call writes over the request's own


def _checked_names(path: Path, names: list[str]) -> list[str]:
    unknown = sorted(set(names) - _INPUTS)
    if unknown:
        raise CheckpointError(
            f"the network takes {', '.join(unknown)}; only {', '.join(sorted(_INPUTS))} are known",
            where=path,
            fix="Export the checkpoint again with this version of cropdetect.",
        )
    return names


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"the network cannot be loaded: {_first_line(error)}", where=path, fix="Copy or make the checkpoint again."
    )


def _unfit(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"the network cannot be run on these chips: {_first_line(error)}",
        where=path,
        fix="Compare bands and chip size with the checkpoint's, or make the checkpoint again.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
