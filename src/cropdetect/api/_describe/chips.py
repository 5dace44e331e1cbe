"""What `info` says of a chip store and of a table of series."""

from typing import Any

import numpy as np

from cropdetect.api._describe.facts import Facts, period, quantiles
from cropdetect.api._describe.fields import field_facts
from cropdetect.chips import ChipSet
from cropdetect.fields import FieldSet
from cropdetect.imagery import parse_band

_LOOK = 4096  # chips whose values are kept for the quantiles
_PIXELS = 64  # of a chip and date, at most


def chip_facts(chips: ChipSet) -> Facts:
    """Describe a chip store."""
    cut = {"chips": len(chips), "chip_size": chips.info.size, "preset": chips.info.preset}
    return _facts(chips, cut, "steps_per_chip")


def table_facts(chips: ChipSet) -> Facts:
    """Describe a table of series, whose chips are one pixel each."""
    return _facts(chips, {}, "dates_per_field")


def _facts(chips: ChipSet, cut: dict[str, Any], dates: str) -> Facts:
    """Describe how chips were cut, and all their numbers, which are read batch by batch; `dates` names their count."""
    bands = chips.info.bands
    steps: list[int] = []
    clear = total = seen = 0.0
    missing = np.zeros(len(bands))
    kept: list[np.ndarray] = []
    for batch in chips.batches(256):
        there = ~np.isnat(batch.date)
        steps += there.sum(axis=1).tolist()
        inside = (batch.mask > 0)[:, None] & there[:, :, None, None]
        clear += float((batch.clear & inside).sum())
        total += float(inside.sum())
        values = batch.image[there]
        missing += np.isnan(values).mean(axis=(0, 2, 3)) * len(values) if values.dtype.kind == "f" else 0
        seen += len(values)
        if len(steps) <= _LOOK:
            kept.append(np.moveaxis(batch.image, 2, -1)[batch.clear & inside][:: max(1, chips.info.size**2 // _PIXELS)])
    known: dict[str, Any] = {
        **cut,
        "bands": list(bands),
        "missing_share": {b: round(float(s / seen), 3) for b, s in zip(bands, missing, strict=True)} if seen else {},
        "dates": period(chips.info.dates),
        dates: {"min": min(steps), "median": float(np.median(steps)), "max": max(steps)} if steps else {},
        "clear_share": round(clear / total, 3) if total else None,
        "sensor": chips.info.sensor,
        "units": chips.info.units,
        "offset_taken_off": chips.info.offset,
        "values": _values(chips, np.concatenate(kept) if kept else np.empty((0, len(bands)))),
    }
    return Facts(known | field_facts(FieldSet(table=chips.fields)), chips.info.warnings)


def _values(chips: ChipSet, clear: np.ndarray) -> dict[str, dict[str, Any]]:
    """Say of each band what it is, and how large its clear values, (pixel, band), are."""
    rows: dict[str, dict[str, Any]] = {}
    for place, band in enumerate(chips.info.bands):
        said = parse_band(band, chips.info.sensor)
        row: dict[str, Any] = {"sensor": said.sensor, "kind": said.band.kind, "role": said.band.role or None}
        rows[band] = row | quantiles(clear[:, place].astype(np.float64))
    return rows
