"""report.html on disk."""

from pathlib import Path

from cropdetect.files import whole_file
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.page import render


def write_report(content: ReportContent, path: Path) -> Path:
    """Write the page whole or not at all, and return its path.

    Raises:
        UnreadableFileError: a preview picture is damaged.
        DiskFullError: the disk has no room.
    """
    text = render(content)
    with whole_file(path) as partial:
        partial.write_text(text, "utf-8")
    return path
