"""What all runtimes have in common: the protocol, how members are loaded, and the errors."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cropdetect.checkpoint import joined_networks
from cropdetect.errors import CheckpointError

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
