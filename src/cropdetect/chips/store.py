"""Chips on disk: one Zarr 3 store that xarray reads, with the fields table inside."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyarrow
from pydantic import ValidationError

from cropdetect import __version__
from cropdetect.chips.batch import ChipBatch
from cropdetect.chips.chipset import ChipInfo, ChipSet, RandomAccessChips
from cropdetect.chips.season import median_dates
from cropdetect.errors import ChipStoreError, FieldsError, UnreadableFileError, UnsafePathError
from cropdetect.files import disk_full_named
from cropdetect.formats import ChipStoreAttributes
from cropdetect.imagery import refuse_zarr_objects
from cropdetect.progress import Progress

if TYPE_CHECKING:  # it takes long to import, and most commands open no store
    import zarr

_BATCH = 32
_DIMENSIONS = {
    "image": ("chip", "step", "band", "y", "x"),
    "mask": ("chip", "y", "x"),
    "clear": ("chip", "step", "y", "x"),
    "date": ("chip", "step"),
    "field": ("chip",),
    "field_id": ("chip",),
    "band": ("band",),
    "median_date": ("chip",),
    "field_area": ("chip",),
}
_AXES = {  # axes of `image`
    "mask": (0, 3, 4),
    "clear": (0, 1, 3, 4),
    "date": (0, 1),
    "field": (0,),
    "field_id": (0,),
    "median_date": (0,),
    "field_area": (0,),
}
_NOT_IN_OLDER = ("median_date", "field_area")
_DAMAGE = (
    pyarrow.ArrowException,
    KeyError,
    ValueError,  # the errors of zarr are of this kind
    OSError,
    TypeError,
    RuntimeError,
    ArithmeticError,
    MemoryError,
    IndexError,
)
_NO_DAY = np.iinfo(np.int64).min  # NaT, as NumPy stores it
_DAYS = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "_FillValue": _NO_DAY}


def write_chips(chips: ChipSet, out: Path, *, places: Callable[[], str] = str) -> RandomAccessChips:
    """Write chips into a Zarr 3 store and open it.

    Args:
        chips: what to write.
        out: the store: a folder that is empty, or made here.
        places: says where fields and imagery lie, for the error that no field has a chip.

    Raises:
        FieldsError: no field has a chip.
        DiskFullError: the disk has no room.
    """
    import zarr

    info = chips.info
    n, size, steps, bands = len(chips), info.size, info.n_steps, len(info.bands)
    if n == 0:
        counts = ", ".join(f"{count} {status}" for status, count in chips.fields["status"].value_counts().items())
        raise FieldsError(
            f"no field has a chip ({counts or 'there are no fields'})",
            where=", ".join(info.sources[:3]),
            fix=f"{places()} Check the place and the CRS of both.".lstrip(),
        )
    attributes = ChipStoreAttributes(
        preset=info.preset,
        chip_size=size,
        crs=info.crs,
        resolution=info.resolution,
        units=info.units,
        offset=info.offset,
        sensor=info.sensor,
        sources=list(info.sources),
        legend=list(info.legend),
        dates=list(info.dates),
        backscatter_unit=info.backscatter_unit,
        fingerprint=info.fingerprint,
        cropdetect_version=__version__,
    )
    ids = chips.fields["field_id"].to_numpy()[chips.field_of_chip]
    with disk_full_named(out), Progress("cutting", n, "chips") as progress:
        store = zarr.create_group(out, zarr_format=3, attributes=_dumped(attributes) | {"warnings": list(info.warnings)})
        shapes = {"image": (n, steps, bands, size, size), "mask": (n, size, size), "clear": (n, steps, size, size)}
        arrays: dict[str, Any] = {}
        for position, batch in enumerate(chips.batches(_BATCH)):
            at = slice(position * _BATCH, position * _BATCH + len(batch))
            for name, shape in shapes.items():
                values = getattr(batch, name)
                if name not in arrays:
                    arrays[name] = _array(store, name, shape, values.dtype)
                arrays[name][at] = values
            if "date" not in arrays:
                arrays["date"] = _array(store, "date", (n, steps), np.dtype("int64"), _DAYS)
            arrays["date"][at] = batch.date.astype("datetime64[D]").astype(np.int64)
            progress.advance(len(batch))
        _array(store, "field", (n,), np.dtype("int64"))[:] = chips.field_of_chip
        _array(store, "median_date", (n,), np.dtype("int64"), _DAYS)[:] = chips.median_date[chips.field_of_chip].astype(np.int64)
        _array(store, "field_area", (n,), np.dtype("float64"))[:] = chips.field_area[chips.field_of_chip]
        for name, values in (("field_id", ids), ("band", np.array(info.bands))):
            values = values if values.dtype.kind == "i" else values.astype(str).astype("U")
            _array(store, name, values.shape, values.dtype)[:] = values
        with warnings.catch_warnings(action="ignore"):  # not in the specification yet, but what xarray looks for
            zarr.consolidate_metadata(out, zarr_format=3)
        _writable(chips.fields).to_parquet(out / "fields.parquet")
    return open_chips(out)


def _dumped(attributes: ChipStoreAttributes) -> dict[str, Any]:
    """Return the attributes as JSON; that of radar only where there is one, so that older versions read other stores."""
    return attributes.model_dump(mode="json", exclude=None if attributes.backscatter_unit else {"backscatter_unit"})


def _array(
    store: "zarr.Group", name: str, shape: tuple[int, ...], dtype: np.dtype[Any], attributes: dict[str, Any] | None = None
) -> "zarr.Array[Any]":  # older zarr cannot be indexed
    from zarr.codecs import BloscCodec, Crc32cCodec

    chunks = tuple(min(length, _BATCH) if axis == 0 else length for axis, length in enumerate(shape))
    with warnings.catch_warnings(action="ignore"):  # fixed-length text has no Zarr 3 specification yet
        return store.create_array(
            name,
            shape=shape,
            chunks=tuple(max(1, chunk) for chunk in chunks),
            dtype=dtype,
            dimension_names=_DIMENSIONS[name],
            attributes=attributes or {},
            compressors=[BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle"), Crc32cCodec()],
            config={"write_empty_chunks": True},  # so that a missing chunk is damage, not zeros
        )


def open_chips(path: Path) -> RandomAccessChips:
    """Open a chip store; pixels are read when chips are taken.

    Raises:
        ChipStoreError: it is no chip store, is damaged, or was written by a newer version.
    """
    import zarr

    fix = "Cut the chips again with cropdetect chips."
    if not (path / "zarr.json").is_file():
        raise ChipStoreError("this is not a chip store", where=path, fix="Make one with cropdetect chips.")
    try:
        refuse_zarr_objects(path)
        store = zarr.open_group(path, mode="r", zarr_format=3, use_consolidated=False)
        said = dict(store.attrs)
        notes = tuple(str(note) for note in said.pop("warnings", ()))  # type: ignore[union-attr]
        if said.get("format_version", 1) != 1:
            raise ChipStoreError("this store was written by a newer cropdetect", where=path, fix="Update cropdetect.")
        attributes = ChipStoreAttributes.model_validate(said)
        arrays = {name: _opened(store, name) for name in _DIMENSIONS if name in store or name not in _NOT_IN_OLDER}
        fields = _read_fields(path / "fields.parquet")
        bands = tuple(str(band) for band in np.asarray(arrays["band"][:]))
        field_of_chip = np.asarray(arrays["field"][:], np.int64)
        ids = np.asarray(arrays["field_id"][:])
        medians = np.asarray(arrays["median_date"][:])[:, None] if "median_date" in arrays else np.asarray(arrays["date"][:])
        area = np.asarray(arrays["field_area"][:], np.float64) if "field_area" in arrays else None
    except (*_DAMAGE, ValidationError, UnreadableFileError, UnsafePathError) as error:
        raise ChipStoreError(f"the store is damaged ({_first_line(error)})", where=path, fix=fix) from error
    for array in arrays.values():
        missing = _missing_chunk(path, array)
        if missing:
            raise ChipStoreError(f"the store is damaged ({missing} is missing)", where=path, fix=fix)
    shape = arrays["image"].shape
    if (
        len(shape) != 5
        or arrays["date"].dtype.kind != "i"
        or "field_id" not in fields.columns
        or shape[0] != len(field_of_chip)
        or shape[2] != len(bands)
        or shape[3:] != (attributes.chip_size, attributes.chip_size)
        or any(arrays[name].shape != tuple(shape[axis] for axis in axes) for name, axes in _AXES.items() if name in arrays)
        or field_of_chip.min(initial=0) < 0
        or field_of_chip.max(initial=-1) >= len(fields)
    ):
        raise ChipStoreError("the store's parts do not fit each other", where=path, fix=fix)
    if ids.astype(str).tolist() != fields["field_id"].astype(str).iloc[field_of_chip].tolist():
        raise ChipStoreError("chips and fields.parquet name other fields", where=path, fix=fix)
    info = ChipInfo(
        bands=bands,
        size=attributes.chip_size,
        n_steps=shape[1],
        preset=attributes.preset,
        crs=attributes.crs,
        resolution=attributes.resolution,
        units=attributes.units,
        sensor=attributes.sensor,
        offset=attributes.offset,
        sources=tuple(attributes.sources),
        fingerprint=attributes.fingerprint,
        n_bytes=sum(file.stat().st_size for file in path.rglob("*") if file.is_file()),
        warnings=notes,
        legend=tuple(attributes.legend),
        dates=tuple(attributes.dates),
        backscatter_unit=attributes.backscatter_unit,
    )
    chips = StoredChips(path, info, fields, field_of_chip, arrays)
    chips.median_date = median_dates(medians.astype("datetime64[D]"), field_of_chip, len(fields))
    if area is not None:
        chips.field_area = np.zeros(len(fields))
        chips.field_area[field_of_chip] = area
    return chips


class StoredChips(RandomAccessChips):
    """Chips of a Zarr store. Made by `open_chips`."""

    def __init__(
        self,
        path: Path,
        info: ChipInfo,
        fields: gpd.GeoDataFrame,
        field_of_chip: npt.NDArray[np.int64],
        arrays: dict[str, "zarr.Array[Any]"],
    ) -> None:
        self.path = path
        self.info = info
        self.fields = fields
        self.field_of_chip = field_of_chip
        self._arrays = arrays

    def take(self, chips: Sequence[int] | npt.NDArray[np.integer]) -> ChipBatch:
        """See `RandomAccessChips.take`.

        Raises:
            ChipStoreError: a part of the store is missing or damaged.
        """
        wanted = np.asarray(chips, np.int64)
        field = self.field_of_chip[wanted]
        try:
            parts = {name: np.asarray(self._arrays[name].oindex[wanted]) for name in ("image", "mask", "clear", "date")}
        except _DAMAGE as error:
            raise ChipStoreError(
                f"the store is damaged ({_first_line(error)})", where=self.path, fix="Cut the chips again."
            ) from error
        date = parts["date"].astype("datetime64[D]")
        return ChipBatch(field, parts["image"], parts["mask"], parts["clear"], date, self.season_year[field])


def _opened(store: "zarr.Group", name: str) -> "zarr.Array[Any]":
    import zarr

    with warnings.catch_warnings(action="ignore"):
        array = store[name]
    if not isinstance(array, zarr.Array):
        raise KeyError(name)
    return array


def _missing_chunk(path: Path, array: "zarr.Array[Any]") -> str | None:
    """Return the name of a chunk that is not on disk, which Zarr would silently read as zeros."""
    folder = path / array.path / "c"
    counts = [-(-length // chunk) for length, chunk in zip(array.shape, array.chunks, strict=True)]
    if any(count != 1 for count in counts[1:]):
        return f"a chunk of {array.path} that spans whole chips"
    tail = Path(*["0"] * len(counts[1:]))
    return next((f"{array.path}/c/{i}" for i in range(counts[0]) if not (folder / str(i) / tail).is_file()), None)


def _writable(fields: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table that Parquet takes: a column that mixes types becomes text."""
    table = fields.copy()
    for name in table.columns.drop(table.geometry.name):
        column = table[name]
        if column.dtype == object and column.dropna().map(type).nunique() > 1:
            table[name] = column.map(str).where(column.notna(), None)
    return table


def _read_fields(path: Path) -> gpd.GeoDataFrame:
    fields = gpd.read_parquet(path)
    for name in ("label", "status"):
        if name in fields.columns:
            text = fields[name].astype(object)
            fields[name] = text.where(text.notna(), None)
    return fields


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
