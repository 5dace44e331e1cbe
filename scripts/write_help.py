"""Write docs/command-line.md: what `cropdetect ... --help` prints, for every command.

Usage: python scripts/write_help.py
"""

from pathlib import Path

import typer.main
from typer.testing import CliRunner

from cropdetect.cli import app

PAGE = Path(__file__).parents[1] / "docs" / "command-line.md"

_HEAD = """# Command line

This page shows what `cropdetect COMMAND --help` prints. Each command is also a function in Python, with the same options.

| exit code | meaning |
|---|---|
| 0 | the command did what it was asked |
| 1 | an unexpected error (`UnexpectedError`): report it |
| 2 | something in the call or in the data is wrong; a sentence on the screen says what, where and what to do |
| 129, 130 or 143 | the command was stopped (closed terminal, Ctrl-C, or SIGTERM); give it again, and it continues |
| 141 | the program that reads the output has ended, e.g. `head` |
"""


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    verbs = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    return {PAGE: "\n".join([_HEAD, _block(""), *(f"## {verb}\n\n{_block(verb)}" for verb in verbs)])}


def _block(verb: str) -> str:
    call = " ".join(["cropdetect", *verb.split(), "--help"])
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], prog_name="cropdetect", env={"COLUMNS": "100"}).output
    return f"```console\n$ {call}\n{shown.strip()}\n```\n"


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
