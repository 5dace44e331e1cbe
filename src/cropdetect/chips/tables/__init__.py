"""Tables of series, as exports have them, become chips of 1 x 1 pixel: one file a form behind the protocol `Form`."""

from cropdetect.chips.tables.read import FORMS, is_table, read_table

__all__ = ["FORMS", "is_table", "read_table"]
