"""Imagery and fields to chips; series tables to chips of 1 x 1 pixel."""

from cropdetect.chips.batch import ChipBatch, field_means
from cropdetect.chips.chipset import ChipInfo, ChipSet, RandomAccessChips
from cropdetect.chips.cut import cut_chips
from cropdetect.chips.memory import MemoryChips
from cropdetect.chips.open import OpenedData, open_data, open_random_access, recognise
from cropdetect.chips.store import open_chips, write_chips
from cropdetect.chips.table import read_table

__all__ = [
    "ChipBatch",
    "ChipInfo",
    "ChipSet",
    "MemoryChips",
    "OpenedData",
    "RandomAccessChips",
    "cut_chips",
    "field_means",
    "open_chips",
    "open_data",
    "open_random_access",
    "read_table",
    "recognise",
    "write_chips",
]
