"""What `info` says of each kind of data: facts for programs, and lines for people."""

from cropdetect.api._describe.kinds import describe
from cropdetect.api._describe.lines import as_lines

__all__ = ["as_lines", "describe"]
