"""Smooth random fields without Fourier transforms: cubic B-splines over a random lattice."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SPREAD = 0.479  # integral of the squared spline weights: what one axis of splines leaves of the lattice's variance
_MARGIN = 4  # lattice points around the area


def generator(seed: int, *key: int) -> np.random.Generator:
    """Return the random numbers of one purpose: they depend on `seed` and `key` only, never on who draws them when."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _spline(position: Floats) -> tuple[npt.NDArray[np.intp], list[Floats]]:
    """Return the first of four lattice points and the four weights, for positions in lattice steps."""
    first = np.floor(position).astype(np.intp)
    t = (position - first).astype(np.float32)
    s = 1 - t
    weights = s**3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (3 * s**3 - 6 * s**2 + 4) / 6, t**3 / 6
    return first - 1, [np.asarray(w, np.float32) for w in weights]


@dataclass(frozen=True)
class SmoothField:
    """A stationary random field of zero mean and about unit variance.

    Attributes:
        lattice: (y, x) independent normal numbers.
        pitch: distance of the lattice points, metres; the field varies on scales of about twice that.
        left, top: position of the first lattice point, metres.
    """

    lattice: Floats
    pitch: float
    left: float
    top: float

    @classmethod
    def over(cls, width: float, height: float, pitch: float, rng: np.random.Generator, margin: float = 0.0) -> "SmoothField":
        """Draw a field that covers x from -margin to width + margin (metres), y alike."""
        shape = tuple(int(np.ceil((size + 2 * margin) / pitch)) + 2 * _MARGIN for size in (height, width))
        start = -margin - _MARGIN * pitch
        return cls(rng.standard_normal(shape, dtype=np.float32) / np.float32(_SPREAD), pitch, start, start)

    def on_axes(self, x: Floats, y: Floats) -> Floats:
        """Evaluate on a grid.

        Args:
            x: (column,) metres.
            y: (row,) metres.

        Returns:
            (row, column) float32.
        """
        first, weights = _spline((y - self.top) / self.pitch)
        rows = sum(w[:, None] * self.lattice[first + i] for i, w in enumerate(weights))
        first, weights = _spline((x - self.left) / self.pitch)
        result = weights[0] * rows[:, first]  # type: ignore[index]
        for i, w in enumerate(weights[1:], 1):
            result += w * rows[:, first + i]  # type: ignore[index]
        return np.asarray(result, np.float32)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Evaluate at scattered points (point,) metres."""
        row, row_weights = _spline((y - self.top) / self.pitch)
        column, column_weights = _spline((x - self.left) / self.pitch)
        result = np.zeros(np.shape(x), np.float32)
        for i, wy in enumerate(row_weights):
            for j, wx in enumerate(column_weights):
                result += wy * wx * self.lattice[row + i, column + j]
        return result


def fractal(fields: Sequence[SmoothField], x: Floats, y: Floats, roughness: float) -> Floats:
    """Add up fields of finer and finer pitch, each `roughness` times as strong as the one before; unit variance."""
    weights = roughness ** np.arange(len(fields))
    weights = weights / np.sqrt((weights**2).sum())
    total = np.float32(weights[0]) * fields[0].on_axes(x, y)
    for weight, field in zip(weights[1:], fields[1:], strict=True):
        total += np.float32(weight) * field.on_axes(x, y)
    return total
