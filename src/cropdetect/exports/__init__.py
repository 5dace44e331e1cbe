"""The scripts that a user runs at Earth Engine or openEO, to get just the table that a checkpoint needs."""

from cropdetect.exports.fields import write_fields
from cropdetect.exports.script import Export, render
from cropdetect.exports.services import SERVICES

__all__ = ["SERVICES", "Export", "render", "write_fields"]
