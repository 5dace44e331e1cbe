"""Fields: any source of boundaries becomes a table of fields."""

from cropdetect.fields.areas import areas_ha
from cropdetect.fields.columns import NO_LABELS, as_text, field_ids, find_label_column, no_text, written_differently
from cropdetect.fields.coordinates import outside_imagery, where_both_lie
from cropdetect.fields.geometry import field_points, field_positions, polygons_only, square_blocks
from cropdetect.fields.id_raster import IdRaster
from cropdetect.fields.labels import read_labels
from cropdetect.fields.legend import CV4A_LEGEND, hcat_legend, ordered_legend, read_legend
from cropdetect.fields.plain_table import read_plain_table
from cropdetect.fields.reading import fields_of, read_fields
from cropdetect.fields.table import FieldSet
from cropdetect.fields.vector import field_layers, is_vector_file, only_vector_file, vector_files

__all__ = [
    "CV4A_LEGEND",
    "NO_LABELS",
    "FieldSet",
    "IdRaster",
    "areas_ha",
    "as_text",
    "field_ids",
    "field_layers",
    "field_points",
    "field_positions",
    "fields_of",
    "find_label_column",
    "hcat_legend",
    "is_vector_file",
    "no_text",
    "only_vector_file",
    "ordered_legend",
    "outside_imagery",
    "polygons_only",
    "read_fields",
    "read_labels",
    "read_legend",
    "read_plain_table",
    "square_blocks",
    "vector_files",
    "where_both_lie",
    "written_differently",
]
