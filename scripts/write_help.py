"""Write what `cropdetect ... --help` prints into the README's blocks. tests/test_readme.py holds them up to date."""

import re
from pathlib import Path

from typer.testing import CliRunner

from cropdetect.cli import app

README = Path(__file__).parents[1] / "README.md"
_BLOCK = re.compile(r"(```console\n\$ cropdetect ?([a-z0-9 -]*?) ?--help\n)(.*?)(```)", re.DOTALL)


def main() -> None:
    """Rewrite the README."""
    text = README.read_text("utf-8")
    README.write_text(_BLOCK.sub(lambda block: f"{block[1]}{_help(block[2])}\n{block[4]}", text), "utf-8")


def _help(verb: str) -> str:
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], prog_name="cropdetect", env={"COLUMNS": "100"}).output
    return shown.strip()


if __name__ == "__main__":
    main()
