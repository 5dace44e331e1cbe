"""Write what `cropdetect ... --help` prints into the README's blocks.

Usage: python scripts/write_help.py
"""

import re
from pathlib import Path

from typer.testing import CliRunner

from cropdetect.cli import app

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"(```console\n\$ cropdetect ?([a-z0-9 -]*?) ?--help\n)(.*?)(```)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Return the README by its path."""
    text = README.read_text("utf-8")
    return {README: _BLOCK.sub(lambda block: f"{block[1]}{_help(block[2])}\n{block[4]}", text)}


def _help(verb: str) -> str:
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], prog_name="cropdetect", env={"COLUMNS": "100"}).output
    return shown.strip()


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
