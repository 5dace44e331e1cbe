"""The report on disk, as a page or printed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cropdetect.errors import OutputExistsError, OutputPathError
from cropdetect.files import remove_unfinished, whole_file
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.page import GENERATOR, render
from cropdetect.outputs.report.pdf import printed
from cropdetect.outputs.report.training import TrainingContent
from cropdetect.runs import read_run, replace_files


def write_report(
    content: ReportContent | TrainingContent,
    path: Path,
    *,
    overwrite: bool = False,
    kept: Mapping[str, bytes] | None = None,
    said: Mapping[str, Any] | None = None,
) -> Path:
    """Write the report whole or not at all, and return its path.

    Args:
        content: what the page shows.
        path: a file that is not there yet, a page that this function wrote, or `report.html` or `report.pdf` in an output of the
            tool. A name that ends in ".pdf" gives a PDF, others a page.
        overwrite: replace a page that was written before.
        kept: other files of the output that the page is part of, by name; they change with the page.
        said: facts of its `run.json` that change with the page.

    Raises:
        OutputExistsError: another file is there, or a page that is not to be replaced.
        OutputPathError: nothing can be written there.
        OptionError: a PDF is wanted, and no browser is installed that can print.
        UnreadableFileError: a preview picture is damaged.
        DiskFullError: the disk has no room.
    """
    if path.is_dir():
        raise OutputPathError("this is a folder", where=path, fix=f"Name a file, e.g. {path / 'page.html'}.")
    run = read_run(path.parent)
    is_listed = run is not None and (any(file.path == path.name for file in run.files) or not path.exists())
    if not is_listed and path.exists():
        _check_replaceable(path, overwrite)
    page = render(content)
    data = printed(page) if path.suffix.lower() == ".pdf" else page.encode()
    if is_listed:
        replace_files(path.parent, {path.name: data} | dict(kept or {}), overwrite=overwrite, said=said)
        return path
    try:
        remove_unfinished(path)
        with whole_file(path) as partial:
            partial.write_bytes(data)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise OutputPathError(f"the page cannot be written ({error.strerror})", where=path, fix="Name another file.") from error
    return path


def _check_replaceable(path: Path, overwrite: bool) -> None:
    with path.open("rb") as file:
        ours = GENERATOR.encode() in file.read(2000)
    if not ours:
        raise OutputExistsError("cropdetect did not write this file", where=path, fix="Name another file.")
    if not overwrite:
        fix = "Name another file, or add --overwrite to replace it."
        raise OutputExistsError("the page is there already", where=path, fix=fix)
