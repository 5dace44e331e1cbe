"""The README is short, and the page of the command line shows what the program prints."""

import re
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from cropdetect.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
HELP_BLOCKS = dict(
    re.findall(
        r"```console\n\$ cropdetect ?([a-z0-9 -]*?) ?--help\n(.*?)```",
        (ROOT / "docs" / "command-line.md").read_text("utf-8"),
        re.DOTALL,
    )
)
VERBS = ("", *typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", VERBS)
def test_the_page_of_the_command_line_shows_the_real_help(verb: str) -> None:
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], prog_name="cropdetect", env={"COLUMNS": "100"}).output
    assert HELP_BLOCKS[verb].strip() == shown.strip()


def test_the_page_of_the_command_line_has_every_verb_and_no_other() -> None:
    assert set(HELP_BLOCKS) == set(VERBS)
    assert {"demo", "info", "train", "crossval", "predict", "evaluate", "report", "import-cv4a"} < set(VERBS)


def test_the_readme_has_at_most_200_lines_and_no_pasted_help() -> None:
    assert len(README.splitlines()) <= 200
    assert "Usage: cropdetect" not in README
