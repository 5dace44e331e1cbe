"""What a verb writes: an output that is whole or not there, unfinished work, and a record of the run."""

from cropdetect.runs.fingerprint import paths_in
from cropdetect.runs.manifest import read_run, unfinished_work
from cropdetect.runs.output import OutputFolder, Stopped, Work, command_line
from cropdetect.runs.own_code import code_of
from cropdetect.runs.paths import refuse_overlap
from cropdetect.runs.placement import moves_are_pending
from cropdetect.runs.replacement import replace_files

__all__ = [
    "OutputFolder",
    "Stopped",
    "Work",
    "code_of",
    "command_line",
    "moves_are_pending",
    "paths_in",
    "read_run",
    "refuse_overlap",
    "replace_files",
    "unfinished_work",
]
