"""Fields: any source of boundaries becomes a table of fields."""

from cropdetect.fields.blocks import degrees, field_positions, square_blocks
from cropdetect.fields.codes import clean_ids, code_text
from cropdetect.fields.columns import NO_LABELS, find_label_column
from cropdetect.fields.fieldset import FieldSet
from cropdetect.fields.idraster import IdRaster
from cropdetect.fields.legend import CV4A_LEGEND, ordered_legend, read_legend
from cropdetect.fields.polygons import polygons_only
from cropdetect.fields.reading import fields_of, read_fields

__all__ = [
    "CV4A_LEGEND",
    "NO_LABELS",
    "FieldSet",
    "IdRaster",
    "clean_ids",
    "code_text",
    "degrees",
    "field_positions",
    "fields_of",
    "find_label_column",
    "ordered_legend",
    "polygons_only",
    "read_fields",
    "read_legend",
    "square_blocks",
]
