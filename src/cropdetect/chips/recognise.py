"""What lies at a path: data, or something that the tool wrote; and what is meant where it is neither."""

import re
from collections.abc import Iterator
from pathlib import Path

from cropdetect.chips.tables import is_table
from cropdetect.errors import CropDetectError, TableError, UnknownLayoutError, UnreadableFileError
from cropdetect.fields import is_vector_file, vector_files
from cropdetect.fields.vector import SPREADSHEETS
from cropdetect.formats import Kind
from cropdetect.imagery import (
    SEE_LAYOUTS,
    address_without_prefix,
    how_to_read,
    is_address,
    is_field_raster,
    is_image_archive,
    is_imagery,
    is_item_collection,
    is_stac,
)
from cropdetect.in_memory import InMemory, as_file
from cropdetect.paths import contents_of, not_found, visible
from cropdetect.runs import moves_are_pending, read_run, unfinished_work

#: What each kind is called in a sentence.
CALLED: dict[Kind, str] = {
    "imagery": "imagery",
    "fields": "a file of fields",
    "chips": "a chip store",
    "table": "a table of series",
    "checkpoint": "a checkpoint",
    "predictions": "the output of predict",
    "scores": "the output of evaluate or crossval",
    "demo": "the output of demo",
    "map": "the output of map",
    "comparison": "the output of compare",
    "report": "a report",
    "unfinished": "an unfinished output",
}

_OF_A_VERB: dict[str, Kind] = {"demo": "demo", "map": "map", "compare": "comparison"}
_LOOKED_AT = 200  # entries of a folder in which data is looked for
_SHOWN = 4
_IMAGES = re.compile(r".*\.(tiff?|jp2|nc4?|zarr)", re.IGNORECASE)
_OF_R = (".rds", ".rdata", ".rda")
_ADVICE = dict.fromkeys(SPREADSHEETS, "Save the table as CSV.") | dict.fromkeys((".gz", ".bz2", ".xz", ".zst"), "Unpack it.")
_PAGE_HEAD = 4096  # bytes
_PAGE = b'<meta name="generator" content="cropdetect">'


def recognise(source: Path | InMemory) -> Kind:
    """Tell what lies at a path, or what was handed over in memory.

    Raises:
        InputNotFoundError: nothing is there; the error names the path that is most likely meant.
        UnknownLayoutError: it is nothing that the tool reads or writes; the error names what is, if such lies near.
        TableError: it is a file of R.
        UnreadableFileError: a run was stopped while it put its files in place.
        UnsafePathError: it is an address of the network.
    """
    if isinstance(source, InMemory) and not source.is_table:
        return "imagery"
    with as_file(source) as path:
        return _recognised(path)


def _recognised(path: Path) -> Kind:
    if is_stac(path):
        return "imagery"
    if is_address(path):
        raise address_without_prefix(path)
    if not path.exists():
        raise not_found(path)
    if moves_are_pending(path):
        raise UnreadableFileError(
            "the folder is half written", where=path, fix="Run the command that writes it again, which finishes it."
        )
    kind = _kind(path)
    if kind is None:
        advice = [f"{text}." for text in how_to_read(path)] or [_ADVICE.get(path.suffix.lower(), "")]
        fix = " ".join(filter(None, [*_near(path), *advice, SEE_LAYOUTS]))
        raise UnknownLayoutError(f"this is {contents_of(path)}, and nothing in it can be read", where=path, fix=fix)
    return kind


def _kind(path: Path) -> Kind | None:
    """Return what lies at an existing path, or None."""
    kind = _file_kind(path) if path.is_file() else _written_kind(path)
    if kind is not None or path.is_file():
        return kind
    if is_table(path):
        return "table"
    if is_vector_file(path) or len(visible(path)) == 1 == len(vector_files(path)):
        return "fields"
    if is_imagery(path):
        return "imagery"
    if len(vector_files(path)) == 1:
        return "fields"
    return "unfinished" if unfinished_work(path) is not None else None


def _file_kind(path: Path) -> Kind | None:
    if path.suffix.lower() in _OF_R:
        raise TableError(
            "this is a file of R, which only R reads",
            where=path,
            fix=f'For sits, write the series as CSV in R: sits_timeseries_to_csv(readRDS("{path.name}"), "series.csv"); of other '
            'tables: write.csv(readRDS(...), "table.csv", row.names = FALSE).',
        )
    if path.suffix.lower() == ".html":
        with path.open("rb") as page:
            return "report" if _PAGE in page.read(_PAGE_HEAD) else None
    if path.suffix.lower() == ".json" and _written_kind(path.parent) is not None:
        return None  # a record of the tool's
    if is_item_collection(path):
        return "imagery"
    if is_table(path):
        return "table"
    if (is_vector_file(path) and not is_image_archive(path)) or is_field_raster(path.name):
        return "fields"
    return "imagery" if is_imagery(path) else None


def _written_kind(folder: Path) -> Kind | None:
    """Return which output of the tool a folder is, or None; a simulated season is imagery, and a page lies in a file."""
    store, run = folder / "zarr.json", read_run(folder)
    if run is not None and run.verb in _OF_A_VERB:
        return _OF_A_VERB[run.verb]
    if (folder / "checkpoint.json").is_file():
        return "checkpoint"
    if (folder / "predictions.csv").is_file():
        if (folder / "metrics.json").is_file():
            return "scores"
        if (folder / "run.json").is_file():
            return "predictions"
    return "chips" if store.is_file() and "cropdetect-chips" in store.read_text(errors="replace") else None


def _near(path: Path) -> Iterator[str]:
    """Yield a sentence that says which data lies one or two levels below a path, or one above."""
    inside: dict[Path, Kind] = {}
    below = [path / name for name in visible(path)[:_LOOKED_AT]] if path.is_dir() else []
    for level in (below, [folder / name for folder in below if folder.is_dir() for name in visible(folder)[:_LOOKED_AT]]):
        inside = inside or {one: kind for one in level[:_LOOKED_AT] if (kind := _known_kind(one)) is not None}
    if len(inside) == 1:
        ((only, kind),) = inside.items()
        yield f"{only} is {CALLED[kind]}: give that."
    elif inside:
        names = ", ".join(str(one.relative_to(path)) for one in list(inside)[:_SHOWN])
        yield f"Give one of the {len(inside)} things in it that can be read: {names}{', ...' if len(inside) > _SHOWN else ''}."
    elif (kind := _kind_above(path)) is not None:
        yield f"{path.parent} is {CALLED[kind]}: give that."


def _known_kind(path: Path) -> Kind | None:
    try:
        return None if path.suffix.lower() == ".txt" else _kind(path)
    except (CropDetectError, OSError):
        return None


def _kind_above(path: Path) -> Kind | None:
    """Return what the folder around a path is; imagery only where images lie in it directly."""
    kind = _written_kind(path.parent)
    images = any(_IMAGES.fullmatch(name) for name in visible(path.parent))
    return kind or ("imagery" if images and path.is_dir() else None)
