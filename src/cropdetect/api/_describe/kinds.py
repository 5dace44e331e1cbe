"""Which description belongs to which kind of data, and which options have a meaning for it."""

from pathlib import Path

from cropdetect.api._describe.chips import chip_facts, table_facts
from cropdetect.api._describe.facts import Facts
from cropdetect.api._describe.fields import fields_facts
from cropdetect.api._describe.imagery import imagery_facts
from cropdetect.api._describe.written import (
    checkpoint_facts,
    comparison_facts,
    demo_facts,
    map_facts,
    prediction_facts,
    report_facts,
    score_facts,
    unfinished_facts,
)
from cropdetect.chips import CALLED, open_chips, open_table
from cropdetect.errors import OptionError
from cropdetect.formats import Kind
from cropdetect.in_memory import InMemory, as_file, place_of
from cropdetect.options import DataOptions, flag

_OF_FIELDS = ("layer", "id_column", "labels", "legend")
_OF_TABLES = (*_OF_FIELDS, "fields", "columns", "bands", "clear", "offset")
_OF_STAC = ("from_", "to", "max_cloud", "cache")
_OF_IMAGERY = (
    *_OF_FIELDS,
    "fields",
    "pattern",
    "date",
    "bands",
    "band_names",
    "resolution",
    "clear",
    "offset",
    "memory",
    *_OF_STAC,
)


def describe(source: Path | InMemory, kind: Kind, options: DataOptions) -> Facts:
    """Return facts, and warnings, about what lies at a path.

    Raises:
        OptionError: an option has no meaning for this kind of data.
        CropDetectError: one of its kinds, when nothing can be made of the path.
    """
    path = place_of(source)
    allowed = {"imagery": _OF_IMAGERY, "table": _OF_TABLES, "fields": _OF_FIELDS}.get(kind, ())
    allowed = (*allowed, "follow_links")
    for name, field in DataOptions.model_fields.items():
        if name not in allowed and getattr(options, name) != field.default:
            raise OptionError(f"{flag(name)} has no meaning for {CALLED[kind]}", where=path, fix="Leave it out.")
    match kind:
        case "imagery":
            return imagery_facts(source, options)
        case "fields":
            with as_file(source) as file:
                return fields_facts(file, options)
        case "chips":
            return chip_facts(open_chips(path))
        case "table":
            return table_facts(open_table(source, options))
        case "checkpoint":
            return checkpoint_facts(path)
        case "predictions":
            return prediction_facts(path)
        case "scores":
            return score_facts(path)
        case "demo":
            return demo_facts(path)
        case "map":
            return map_facts(path)
        case "comparison":
            return comparison_facts(path)
        case "report":
            return report_facts(path)
        case "unfinished":
            return unfinished_facts(path)
