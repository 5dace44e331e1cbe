"""Write docs/errors.md: every error and every status of a field, from the code."""

from pathlib import Path

from cropdetect import errors
from cropdetect.outputs.report.totals import STATUSES as FIELD_STATUSES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
CURES = {
    "ok": "",
    "partly_outside": "Give imagery of the whole field, if it matters.",
    "outside": "Check the CRS of fields and imagery, or leave the field out.",
    "no_data": "Add dates, or say with `--clear` what counts as clear.",
    "too_small": "Use finer imagery, or a smaller negative `--buffer`.",
    "invalid_geometry": "Draw the outline again: one line around the field that does not cross itself.",
    "duplicate_id": "Give every field an id of its own.",
    "no_id": "Give the field an id.",
    "failed": "Look for extreme numbers in the imagery of this field.",
}
HEAD = """# Errors and statuses

Every failure ends with one error: its name, what is wrong and where, and what helps. The names below do not change, so that
scripts may match them. The exit code is 2, and nothing half-written is left; `UnexpectedError`, which may be a fault of
cropdetect, ends with 1. `--json` prints the error as data, too: an
object `error` with `name`, `what`, `where` and `fix`. With `--debug` a command also prints the trace of the error. In
Python all of them derive from `cropdetect.CropDetectError`. A command that is stopped ends with 128 + the number of the signal
(130: Ctrl-C).

## Errors

| name | meaning | what helps |
| --- | --- | --- |
"""
STATUSES = """
## Statuses of fields

One bad field never loses the others. Its row says in the column `status` why it has no answer, or only a part of one.

| status | meaning | what helps |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    kinds = sorted(errors.CropDetectError.__subclasses__(), key=lambda kind: kind.__name__)
    rows = [f"| `{kind.__name__}` | {_line(kind.__doc__)} | {kind.cure} |" for kind in kinds]
    statuses = [
        f"| `{status}` | {meaning} | {CURES[status]} |".replace("|  |", "| |") for status, (_, meaning) in FIELD_STATUSES.items()
    ]
    return HEAD + "\n".join(rows) + "\n" + STATUSES + "\n".join(statuses) + "\n"


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    return {PAGE: page()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
