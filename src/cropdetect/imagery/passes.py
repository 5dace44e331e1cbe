"""Sort layers of one day into acquisitions."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cropdetect.imagery.layer import Acquisition, Layer


@dataclass(frozen=True)
class Piece:
    """One layer, and what is known of it.

    Attributes:
        date: the day.
        time: time of day, or "" where it is not known.
        band: name.
        key: what tells passes of the same day apart where times do not.
        layer: the pixels.
        offset: what the producer added, or None.
    """

    date: dt.date
    time: str
    band: str
    key: str
    layer: Layer
    offset: float | None = None


def to_acquisitions(pieces: Sequence[Piece]) -> tuple[Acquisition, ...]:
    """Return the acquisitions of one tile in order of time.

    Pieces of one day are one acquisition, unless a band is there more than once: then time and key tell them apart. Of one
    band in several resolutions (Sentinel-2 products) the finest is taken.
    """
    groups: dict[dt.date, dict[tuple[str, str], dict[str, Piece]]] = {}
    for piece in pieces:
        group = groups.setdefault(piece.date, {}).setdefault((piece.time, piece.key), {})
        if piece.band not in group or _pixel(piece) < _pixel(group[piece.band]):
            group[piece.band] = piece
    acquisitions = []
    for day in sorted(groups):
        passes = [groups[day][key] for key in sorted(groups[day])]
        for one in _joined(passes):
            offsets = {piece.offset for piece in one.values()} - {None}
            acquisitions.append(
                Acquisition(day, {band: piece.layer for band, piece in one.items()}, max(offsets, default=None, key=float))  # type: ignore[arg-type]
            )
    return tuple(acquisitions)


def _joined(passes: list[dict[str, Piece]]) -> list[dict[str, Piece]]:
    """Join passes of one day that have no band in common; in the same way, those with the same time."""
    for same_time in (True, False):
        joined: list[dict[str, Piece]] = []
        for one in passes:
            time = next(iter(one.values())).time
            for other in joined:
                times_fit = not same_time or time == next(iter(other.values())).time
                if times_fit and not (other.keys() & one.keys()):
                    other.update(one)
                    break
            else:
                joined.append(dict(one))
        passes = joined
    return passes


def _pixel(piece: Piece) -> float:
    affine = piece.layer.store.geobox.affine
    return abs(float(affine.a * affine.e))
