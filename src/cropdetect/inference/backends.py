"""Which runtime runs the exported networks of an ensemble: one small protocol, one file a runtime."""

import os
from collections.abc import Sequence
from pathlib import Path

from cropdetect.checkpoint import check_network
from cropdetect.errors import OptionError
from cropdetect.inference.backend import Backend
from cropdetect.inference.onnx_runtime import OnnxRuntime, OnnxRuntimeCUDA
from cropdetect.inference.openvino import OpenVINO


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
