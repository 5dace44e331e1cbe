"""Which fields a checkpoint was trained on: one-way hashes that recognise a field again and do not list it.

A field is hashed as the cells of a worldwide grid whose middles it holds, with its season year, so that another outline of the
same field is recognised, too. A field without a place is hashed by its id and the names of its data.
"""

import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

Keys = npt.NDArray[np.uint64]

_EQUAL_AREA = "EPSG:6933"  # EASE-Grid 2.0: metres, one grid for the whole world
_CELL = (10.0, 50.0)  # metres, at least and at most
_CELLS_OF_MEDIAN = 16  # cells that a field of median size has
_MOST_CELLS = 1_000_000  # of the box about one field; no field is as large
_MOSTLY = 0.5  # share of a field's cells from which on the field was seen


@dataclass(frozen=True)
class TrainingFields:
    """The hashed training fields.

    Attributes:
        keys: (key,) 64 bits of SHA-256, ascending, each once.
        cell_metres: side of a cell.
        by_place: whether the fields had places; if not, they are known by id only.
        salt: goes into every hash, so that the keys of two checkpoints cannot be compared.
    """

    keys: Keys
    cell_metres: float
    by_place: bool
    salt: str

    @classmethod
    def of(cls, fields: gpd.GeoDataFrame, season_year: npt.NDArray[np.int64], sources: Sequence[str]) -> "TrainingFields":
        """Hash fields.

        Args:
            fields: `field_id` and `geometry`.
            season_year: (field,).
            sources: names of the data.
        """
        places = _places(fields)
        salt = hashlib.sha256(repr((list(sources), [str(one) for one in fields["field_id"]])).encode("utf-8", "replace"))
        empty = cls(
            np.empty(0, np.uint64), _cell_metres(places), bool((~shapely.is_missing(places)).any()), salt.hexdigest()[:16]
        )
        keys = [*empty._of_places(places, season_year), empty._of_ids(fields, season_year, sources)]
        return cls(np.unique(np.concatenate(keys)), empty.cell_metres, empty.by_place, empty.salt)

    def seen(self, fields: gpd.GeoDataFrame, season_year: npt.NDArray[np.int64], sources: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell which fields were trained on in the same season, (field,): most of their cells are those of training fields.

        Fields without a place are recognised by their ids, where the names of the data are the same.

        Args:
            fields: `field_id` and `geometry`.
            season_year: (field,).
            sources: names of the data.
        """
        seen = np.isin(self._of_ids(fields, season_year, sources), self.keys)
        if not self.by_place:
            return seen
        places = _places(fields)
        cells = self._of_places(places, season_year)
        owner = np.repeat(np.arange(len(cells)), [len(one) for one in cells])
        known = np.isin(np.concatenate([np.empty(0, np.uint64), *cells]), self.keys)
        n_cells = np.bincount(owner, minlength=len(cells))
        mostly = np.bincount(owner, known, len(cells)) >= _MOSTLY * np.maximum(n_cells, 1)
        return np.where(n_cells > 0, mostly, seen & shapely.is_missing(places))

    def to_bytes(self) -> bytes:
        """Return the keys as a NumPy file; `from_bytes` reads it. The same keys give the same bytes."""
        file = io.BytesIO()
        np.save(file, self.keys, allow_pickle=False)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, *, cell_metres: float, by_place: bool, salt: str) -> "TrainingFields":
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: the content is no list of keys.
        """
        keys = np.load(io.BytesIO(content), allow_pickle=False)
        if keys.ndim != 1 or keys.dtype != np.uint64:
            raise ValueError(f"{keys.dtype} numbers of the shape {keys.shape} are no keys")
        return cls(keys, cell_metres, by_place, salt)

    def _of_places(self, places: npt.NDArray[np.object_], season_year: npt.NDArray[np.int64]) -> list[Keys]:
        """Return the keys of each field's cells; none for a field without a place."""
        return [
            self._hashed(f"{year}".encode() + cell.tobytes() for cell in _cells(place, self.cell_metres))
            for place, year in zip(places, season_year.tolist(), strict=True)
        ]

    def _of_ids(self, fields: gpd.GeoDataFrame, season_year: npt.NDArray[np.int64], sources: Sequence[str]) -> Keys:
        data = "\0".join(sources)
        ids = zip(fields["field_id"], season_year.tolist(), strict=True)
        return self._hashed(f"{year}\0{data}\0{name}".encode("utf-8", "replace") for name, year in ids)

    def _hashed(self, texts: Iterable[bytes]) -> Keys:
        salt = self.salt.encode()
        return np.frombuffer(b"".join(hashlib.sha256(salt + text).digest()[:8] for text in texts), "<u8").astype(np.uint64)


def _places(fields: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """Return the geometry of each field on the worldwide grid; None where it has no place on Earth."""
    geometry = fields.geometry
    if fields.crs is None:
        return np.full(len(fields), None, object)
    places = np.array(geometry.to_crs(_EQUAL_AREA).array, object)
    places[~np.isfinite(shapely.bounds(places)).all(axis=1)] = None
    return places


def _cell_metres(places: npt.NDArray[np.object_]) -> float:
    """Choose cells of which a field of median size holds about sixteen."""
    area = shapely.area(places[~shapely.is_missing(places)])
    side = np.sqrt(np.median(area) / _CELLS_OF_MEDIAN) if len(area) else 0.0
    return float(np.round(np.clip(side, *_CELL)))


def _cells(place: shapely.Geometry | None, side: float) -> npt.NDArray[np.int64]:
    """Return the cells whose middles lie in a field, (cell, 2); of a smaller field, and of a point, the one that it lies in."""
    if place is None:
        return np.empty((0, 2), np.int64)
    first, last = np.floor(np.reshape(place.bounds, (2, 2)) / side).astype(np.int64)
    n = last - first + 1
    if n.prod() <= _MOST_CELLS:
        cells: npt.NDArray[np.int64] = np.indices(n).reshape(2, -1).T + first
        shapely.prepare(place)
        inside = cells[shapely.contains_xy(place, *((cells + 0.5) * side).T)]
        if len(inside):
            return np.asarray(inside, np.int64)
    middle = shapely.get_coordinates(shapely.point_on_surface(place))
    return np.asarray(np.floor(middle / side), np.int64)
