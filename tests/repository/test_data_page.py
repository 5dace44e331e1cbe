"""Every command of docs/data.md runs on small files, and `info` says what the page shows."""

import re
import shlex
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cropdetect.cli import app
from tests.repository.conftest import ROOT
from tests.repository.inputs import INPUTS

PAGE = (ROOT / "docs" / "data.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
WITH_COMMANDS = {heading: text for heading, text in SECTIONS.items() if "\ncropdetect " in text}


def test_each_kind_of_data_has_its_section() -> None:
    assert WITH_COMMANDS.keys() == INPUTS.keys()


@pytest.mark.parametrize("heading", WITH_COMMANDS)
def test_what_the_page_shows_is_what_comes_out(heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        INPUTS[heading]()
        outputs = []
        for line in re.findall(r"^cropdetect (.*)$", WITH_COMMANDS[heading], re.MULTILINE):
            done = CliRunner().invoke(app, shlex.split(line.partition(" #")[0]))
            assert done.exit_code == 0, (line, done.output, done.exception)
            outputs.append(done.output)
    shown = re.findall(r"^```text\n(.*?)^```$", WITH_COMMANDS[heading], re.MULTILINE | re.DOTALL)
    assert shown
    for block in shown:
        told = iter(block.splitlines())
        expected = [_words(line) for line in told if line.strip() != "..."]
        assert any(_in_order(expected, [_words(line) for line in output.splitlines()]) for output in outputs), (block, outputs[0])


def _words(line: str) -> str:
    return " ".join(line.split())


def _in_order(expected: list[str], lines: list[str]) -> bool:
    rest = iter(lines)
    return all(line in rest for line in expected)
