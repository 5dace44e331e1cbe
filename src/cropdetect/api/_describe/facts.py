"""How facts are written, whatever they are about."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Facts:
    """What was found.

    Attributes:
        known: numbers, names, lists and tables by name.
        warnings: what was not used, or is not as it should be, and why.
    """

    known: Mapping[str, Any]
    warnings: Sequence[str] = field(default_factory=tuple)


def counts(values: Iterable[Any]) -> dict[str, int]:
    """Return how often each value occurs, the most frequent first."""
    return {str(name): int(count) for name, count in pd.Series(list(values), dtype=object).value_counts().items()}


def period(days: Sequence[dt.date]) -> dict[str, Any]:
    """Return the number of days, the first and the last; days are in order."""
    return {"count": len(days), "first": str(days[0]), "last": str(days[-1])} if days else {"count": 0}


def quantiles(values: npt.NDArray[np.floating] | None) -> dict[str, float | None]:
    """Return the quantiles 5 %, 50 % and 95 % of numbers, to four digits; None where there is no number."""
    known = None if values is None else values[np.isfinite(values)]
    shares = [None] * 3 if known is None or not known.size else np.quantile(known.astype(np.float64), [0.05, 0.5, 0.95])
    return {
        name: None if share is None else float(f"{share:.4g}")
        for name, share in zip(("quantile_05", "median", "quantile_95"), shares, strict=True)
    }


def quartiles(values: npt.NDArray[np.floating]) -> dict[str, float]:
    """Return the quartiles of shares, to two digits."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return {"quartile_1": round(float(low), 2), "median": round(float(middle), 2), "quartile_3": round(float(high), 2)}
