"""report.html on disk."""

from pathlib import Path

from cropdetect.errors import OutputExistsError, OutputPathError
from cropdetect.files import whole_file
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.page import GENERATOR, render
from cropdetect.runs import read_run, replace_file


def write_report(content: ReportContent, path: Path, *, overwrite: bool = False) -> Path:
    """Write the page whole or not at all, and return its path.

    Args:
        content: what the page shows.
        path: a file that is not there yet, a page that this function wrote, or `report.html` in an output of the tool.
        overwrite: replace a page that was written before.

    Raises:
        OutputExistsError: another file is there, or a page that is not to be replaced.
        OutputPathError: nothing can be written there.
        UnreadableFileError: a preview picture is damaged.
        DiskFullError: the disk has no room.
    """
    if path.is_dir():
        raise OutputPathError("this is a folder", where=path, fix=f"Name a file, e.g. {path / 'page.html'}.")
    run = read_run(path.parent)
    if run is not None and (any(file.path == path.name for file in run.files) or not path.exists()):
        replace_file(path.parent, path.name, render(content), overwrite=overwrite)
        return path
    if path.exists():
        with path.open("rb") as file:
            ours = GENERATOR.encode() in file.read(2000)
        if not ours:
            raise OutputExistsError("cropdetect did not write this file", where=path, fix="Name another file.")
        if not overwrite:
            raise OutputExistsError(
                "the page is there already", where=path, fix="Name another file, or add --overwrite to replace it."
            )
    text = render(content)
    try:
        with whole_file(path) as partial:
            partial.write_text(text, "utf-8")
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise OutputPathError(f"the page cannot be written ({error.strerror})", where=path, fix="Name another file.") from error
    return path
