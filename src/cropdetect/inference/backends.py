"""What runs the exported networks of an ensemble: one small protocol, one file a runtime."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import check_network, joined_networks
from cropdetect.errors import CheckpointError, OptionError

_Network = TypeVar("_Network")

Inputs = Mapping[str, npt.NDArray[np.generic]]
"""What a network is shown: `image` (batch, step, band, y, x) float32, raw numbers, NaN where a value is missing; `mask`
(batch, y, x) float32; `clear` (batch, step, y, x) bool; `day` (batch, step) float32, days since 1 January of the season year."""
_INPUTS = {"image", "mask", "clear", "day"}


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

    def scores(self, inputs: Inputs) -> list[npt.NDArray[np.float32]]:
        """Return the scores of each member, (batch, class) float32.

        Raises:
            CheckpointError: a network cannot take these inputs.
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
        from cropdetect.inference.openvino import OpenVINO

        return OpenVINO(members, threads)
    from cropdetect.inference.onnx_runtime import OnnxRuntime, OnnxRuntimeCUDA

    return OnnxRuntimeCUDA(members, threads) if device == "cuda" else OnnxRuntime(members, threads)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_members(members: Sequence[Path], load: Callable[[bytes, Path, int], _Network]) -> list[_Network]:
    """Load all members as one network, or each by itself where they cannot be joined.

    Args:
        members: ONNX files.
        load: makes a network of the bytes of an ONNX file, a path for its messages, and how many of its outputs are scores.

    Raises:
        CheckpointError: a member is not a network that can be run.
    """
    contents = [path.read_bytes() for path in members]
    joined = joined_networks(contents) if len(members) > 1 else None
    if joined is not None:
        try:
            return [load(joined, members[0].parent, len(members))]
        except CheckpointError:
            pass  # loaded one by one, the member at fault is named
    return [load(content, path, 1) for content, path in zip(contents, members, strict=True)]


def checked_names(path: Path, names: list[str]) -> list[str]:
    """Return the names of a network's inputs.

    Raises:
        CheckpointError: one of them is unknown.
    """
    unknown = sorted(set(names) - _INPUTS)
    if unknown:
        raise CheckpointError(
            f"the network takes {', '.join(unknown)}; only {', '.join(sorted(_INPUTS))} are known",
            where=path,
            fix="Export the checkpoint again with this version of cropdetect.",
        )
    return names


def damaged(path: Path, error: Exception) -> CheckpointError:
    """Return what is raised when a network cannot be loaded."""
    return CheckpointError(
        f"the network cannot be loaded: {_first_line(error)}", where=path, fix="Copy or make the checkpoint again."
    )


def unfit(path: Path, error: Exception) -> CheckpointError:
    """Return what is raised when a network cannot be run."""
    return CheckpointError(
        f"the network cannot be run on these chips: {_first_line(error)}",
        where=path,
        fix="Compare bands and chip size with the checkpoint's, or make the checkpoint again.",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
