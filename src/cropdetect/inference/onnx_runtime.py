"""ONNX Runtime, on the CPU and on NVIDIA GPUs."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import with_quick_elu
from cropdetect.errors import OptionError
from cropdetect.inference.backend import Inputs, checked_names, damaged, load_members, unfit

# Activations of more pixels no longer fit a core's cache: the 2020 network took 70 % more CPU time a chip in calls of 16 chips
# than in calls of one. A GPU wants many chips at once.
_OF_A_CORE, _OF_A_GPU = (16_384, 16 * 32 * 32), (2_000_000, 128 * 32 * 32)
_CUDA = {
    "cudnn_conv_algo_search": "HEURISTIC",  # by default each new shape of inputs is searched for
    "use_tf32": "0",  # float32 means float32
}
_CUDA_THREADS = 4  # that prepare inputs while the GPU is busy


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
        self._sessions = load_members(members, partial(_on_cpu, n_all=len(members)))

    def scores(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        """See `Backend.scores`."""
        return [scores for session in self._sessions for scores in session.run(inputs)]


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
        self._sessions = load_members(members, partial(_Session, provider="CUDAExecutionProvider", settings=_CUDA))

    def scores(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        """See `Backend.scores`."""
        return [scores for session in self._sessions for scores in session.run(inputs)]


def _on_cpu(content: bytes, path: Path, n_members: int, n_all: int) -> "_Session":
    """Open a network of some of `n_all` members; the only one keeps its memory, which each call would fetch anew."""
    return _Session(with_quick_elu(content), path, n_members, "CPUExecutionProvider", keeps_memory=n_members == n_all)


class _Session:
    """One network in ONNX Runtime, of one member or of several."""

    def __init__(
        self,
        content: bytes,
        path: Path,
        n_members: int,
        provider: str,
        settings: Mapping[str, str] | None = None,
        *,
        keeps_memory: bool = False,
    ) -> None:
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as ort

        self._path = path
        names = "Fail InvalidArgument InvalidGraph InvalidProtobuf NoModel NoSuchFile NotImplemented RuntimeException"
        self._faults = tuple(getattr(ort, name) for name in names.split())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = keeps_memory  # if each of 60 members kept its largest activations: gigabytes
        options.log_severity_level = 4  # what is wrong is an error of ours
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=[(provider, dict(settings or {}))])
        except self._faults as error:
            raise damaged(path, error) from error
        if self._session.get_providers()[0] != provider:
            raise OptionError(
                f"the GPU cannot be used: ONNX Runtime fell back to {self._session.get_providers()[0]}",
                where="--device cuda",
                fix="Check the driver and that CUDA and cuDNN are those that this onnxruntime-gpu was built for.",
            )
        self._names = checked_names(path, [node.name for node in self._session.get_inputs()])
        outputs = self._session.get_outputs()[:n_members]
        if not outputs or not all(node.type.startswith(("tensor(float", "tensor(double")) for node in outputs):
            raise damaged(path, ValueError("its first output is no tensor of real numbers"))

        self._outputs = [node.name for node in outputs]

    def run(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        try:
            found = self._session.run(self._outputs, {name: inputs[name] for name in self._names})
            return [np.asarray(scores, np.float32) for scores in found]
        except self._faults as error:
            raise unfit(self._path, error) from error
