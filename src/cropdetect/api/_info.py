"""The verb `info`: what lies at a path."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cropdetect.api._verb import verb
from cropdetect.formats import Kind, Record
from cropdetect.options import Day


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
        lines += [f"  {name.replace('_', ' '):{width}}  {_shown(value)}" for name, value in self.facts.items()]
        lines += [f"  Warning: {warning}" for warning in self.warnings]
        return "\n".join(lines)


@verb
def info(
    path: Path,
    *,
    labels: str | None = None,
    pattern: str | None = None,
    date: Day | None = None,
    band_names: str | None = None,
    layer: str | None = None,
    id_column: str | None = None,
    columns: Path | None = None,
    fields: Path | None = None,
) -> Description:
    """Say what lies at a path: dates, bands, grid, fields, classes, and what is missing.

    Args:
        path: imagery, fields, chips, table, checkpoint, predictions or scores.
        labels: column of the crop labels (default: found by name).
        pattern: regular expression with groups date and band for file names.
        date: day of images whose names and metadata tell none (YYYY-MM-DD).
        band_names: other names for bands, old=new,..., or a YAML file with lines old: new.
        layer: layer of a file of fields (default: the one with polygons).
        id_column: column of the field ids in a file of fields or a table (default: found by name).
        columns: YAML file that names the columns of a table: id, date, bands, label (docs/tables.md).
        fields: field boundaries of a table, joined by their ids.

    Raises:
        CropDetectError: one of its kinds, when nothing can be made of the path.
    """
    from cropdetect.api._describe import describe
    from cropdetect.chips import recognise

    kind = recognise(path)
    facts, warnings = describe(
        path,
        kind,
        pattern=pattern,
        date=date,
        band_names=band_names,
        layer=layer,
        id_column=id_column,
        labels=labels,
        columns=columns,
        fields=fields,
    )
    return Description(path=str(path), kind=kind, facts=facts, warnings=list(warnings))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(item)}" for name, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    return "unknown" if value is None else str(value)
