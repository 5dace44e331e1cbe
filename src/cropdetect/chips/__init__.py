"""Imagery and fields to chips; series tables to chips of 1 x 1 pixel."""

from cropdetect.chips.batch import ChipBatch, field_means
from cropdetect.chips.chipset import ChipInfo, ChipSet, RandomAccessChips
from cropdetect.chips.cut import cut_chips
from cropdetect.chips.memory import MemoryChips
from cropdetect.chips.open import OpenedData, open_data, open_fields, open_images, open_random_access, open_table
from cropdetect.chips.recognise import CALLED, recognise
from cropdetect.chips.store import open_chips, write_chips
from cropdetect.chips.tables import is_table, read_table

__all__ = [
    "CALLED",
    "ChipBatch",
    "ChipInfo",
    "ChipSet",
    "MemoryChips",
    "OpenedData",
    "RandomAccessChips",
    "cut_chips",
    "field_means",
    "is_table",
    "open_chips",
    "open_data",
    "open_fields",
    "open_images",
    "open_random_access",
    "open_table",
    "read_table",
    "recognise",
    "write_chips",
]
