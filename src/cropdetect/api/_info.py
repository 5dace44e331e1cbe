"""The verb `info`: what lies at a path."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from cropdetect.api._verb import verb
from cropdetect.formats import Kind, Record
from cropdetect.in_memory import as_file, as_source, place_of
from cropdetect.options import AnyPath, DataSource, Day, TableSource, path_or_none

_OF_TILES = ("size", "crs")  # facts that are told with the number of tiles that they hold for


class Description(Record):
    """What `info` found; `facts` hold numbers and names only."""

    path: str
    kind: Kind
    facts: dict[str, Any]
    warnings: list[str]

    def text(self) -> str:
        """Return the description as aligned lines."""
        lines = [f"{self.path}: {self.kind}"]
        width = max((len(name) for name in self.facts), default=0)
        for name, value in self.facts.items():
            shown = _table(value) if _is_table(value) else [_of_all(value) if name in _OF_TILES else _shown(value)]
            lines.append(f"  {name.replace('_', ' '):{width}}  {shown[0]}")
            lines += [f"  {'':{width}}  {line}" for line in shown[1:]]
        lines += [f"  Warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)


@verb
def info(
    path: DataSource,
    *,
    labels: str | None = None,
    pattern: str | None = None,
    date: Day | None = None,
    band_names: str | None = None,
    layer: str | None = None,
    id_column: str | None = None,
    columns: AnyPath | None = None,
    fields: TableSource | None = None,
    clear: str | None = None,
    follow_links: bool = False,
) -> Description:
    """Say what lies at a path: dates, bands, grid, fields, classes, and what is missing.

    In Python it may also be a Dataset or DataArray of xarray, or a table.

    Args:
        path: imagery, fields, chips, table, checkpoint, predictions or scores.
        labels: column of the crop labels (default: found by name).
        pattern: regular expression with groups date and band for file names.
        date: day of images whose names and metadata tell none (YYYY-MM-DD).
        band_names: other names for bands, old=new,..., or a YAML file with lines old: new.
        layer: layer of a file of fields (default: the one with polygons).
        id_column: column of the field ids in a file of fields or a table (default: found by name).
        columns: YAML file that names the columns of a table: id, date, bands, label (docs/tables.md).
        fields: field boundaries for imagery, or for a table, joined by their ids.
        clear: what counts as clear, e.g. "SCL=4,5 CLD<60", or none.
        follow_links: follow links inside folders, where they lead to this computer's disks.

    Raises:
        CropDetectError: one of its kinds, when nothing can be made of the path.
    """
    from cropdetect.api._describe import describe
    from cropdetect.chips import recognise

    source = as_source(path)
    kind = recognise(source)
    with ExitStack() as files:
        facts, warnings = describe(
            source if kind == "imagery" else files.enter_context(as_file(source)),
            kind,
            pattern=pattern,
            date=date,
            band_names=band_names,
            layer=layer,
            id_column=id_column,
            labels=labels,
            columns=path_or_none(columns),
            fields=None if fields is None else files.enter_context(as_file(as_source(fields))),
            clear=clear,
        )
    return Description(path=str(place_of(source)), kind=kind, facts=facts, warnings=list(warnings))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    return "unknown" if value is None else str(value)


def _of_all(value: Mapping[str, int]) -> str:
    """Show what holds for all tiles alone, else with the number of tiles."""
    return next(iter(value)) if len(value) == 1 else ", ".join(f"{name} ({count} tiles)" for name, count in value.items())


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(row, Mapping) for row in value.values())


def _table(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Show rows with the same entries as aligned lines, the names of the entries first."""
    heads = ["", *(name.replace("_", " ").replace("quantile 0", "quantile ") for name in next(iter(rows.values())))]
    cells = [heads] + [[name, *("" if value is None else f"{value}" for value in row.values())] for name, row in rows.items()]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
