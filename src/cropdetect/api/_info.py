"""The verb `info`: what lies at a path."""

from typing import Annotated, Any

from cropdetect.api._verb import Reading, verb
from cropdetect.formats import Kind, Record
from cropdetect.in_memory import as_source, place_of
from cropdetect.notebook import facts, table
from cropdetect.options import DataOptions, DataSource, Without

_Options = Annotated[DataOptions, Without(("reference", "buffer", "chip_size", "until", "bbox", "limit"))]


class Description(Record):
    """What `info` found; `facts` hold numbers, names, lists and tables only."""

    path: str
    kind: Kind
    facts: dict[str, Any]
    warnings: list[str]

    def _repr_html_(self) -> str:
        """Show facts that are tables in their own right below the others."""
        from cropdetect.api._describe.lines import in_words, is_table, worth_telling

        told = worth_telling(self.facts)
        tables = {name: value for name, value in told.items() if is_table(value)}
        single = {name: in_words(name, value) for name, value in told.items()}
        shown = facts({name: text for name, text in single.items() if name not in tables}, f"{self.path}: {self.kind}")
        for name, rows in tables.items():
            heads = (name, *(head.replace("_", " ") for head in next(iter(rows.values()))))
            shown += table(heads, [(row, *map(_cell, cells.values())) for row, cells in rows.items()])
        return shown + facts(dict.fromkeys(self.warnings, "")) if self.warnings else shown

    def text(self) -> str:
        """Return the description as aligned lines."""
        from cropdetect.api._describe.lines import as_lines

        lines = [f"{self.path}: {self.kind}", *as_lines(self.facts)]
        return "\n".join([*lines, *(f"  Warning: {warning}" for warning in self.warnings)])


def _cell(value: Any) -> str | float | None:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@verb
def info(path: DataSource, *, options: _Options = DataOptions(), **reading: Reading) -> Description:
    """Say what lies at a path: dates, bands, grid, fields, classes, and what is missing.

    In Python it may also be a Dataset or DataArray of xarray, or a table.

    Args:
        path: imagery, fields, chips, table, or what cropdetect wrote: checkpoint, predictions, scores, report, demo.
        options: how imagery, tables and fields are read.
        reading: the same options, one by one.

    Raises:
        CropDetectError: one of its kinds, when nothing can be made of the path.
    """
    from cropdetect.api._describe import describe
    from cropdetect.chips import recognise
    from cropdetect.imagery import as_typed

    source = as_source(path)
    kind = recognise(source)
    found = describe(source, kind, options)
    return Description(path=as_typed(place_of(source)), kind=kind, facts=dict(found.known), warnings=list(found.warnings))
