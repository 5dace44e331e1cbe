"""What the README shows is what the program prints."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cropdetect.cli import app

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
HELP_BLOCKS = dict(re.findall(r"```console\n\$ cropdetect ?([a-z0-9 -]*?) ?--help\n(.*?)```", README, re.DOTALL))
VERBS = ("", "demo", "simulate", "info", "chips", "train", "crossval", "import-cv4a", "predict", "evaluate", "report")


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_shows_the_real_help(verb: str) -> None:
    shown = CliRunner().invoke(app, [*verb.split(), "--help"], prog_name="cropdetect", env={"COLUMNS": "100"}).output
    assert HELP_BLOCKS[verb].strip() == shown.strip()
