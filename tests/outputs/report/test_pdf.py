"""The report on paper."""

from pathlib import Path

import pytest

from cropdetect.errors import OptionError, OutputExistsError, OutputPathError
from cropdetect.outputs.report import pdf, write_report
from tests.outputs.report.made_up import made_up_content


def test_without_a_browser_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(OptionError, match=r"Install Chromium, or open report\.html in a browser and print it"):
        write_report(made_up_content(2, n_dates=2), tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())


def test_a_pdf_of_the_user_is_not_replaced(tmp_path):
    mine = tmp_path / "report.pdf"
    mine.write_bytes(b"%PDF-1.7 mine")
    with pytest.raises(OutputExistsError, match="cropdetect did not write this file"):
        write_report(made_up_content(2, n_dates=2), mine, overwrite=True)
    assert mine.read_bytes() == b"%PDF-1.7 mine"


@pytest.mark.browser
def test_a_name_that_ends_in_pdf_gives_a_pdf_with_the_list(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    file = write_report(made_up_content(20, n_dates=5), tmp_path / "report.pdf")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(file).pages)
    assert all(f"BE-{k:06d}" in text for k in range(20))


PRINTS = """#!/bin/sh
for word in "$@"; do
  case "$word" in
    --print-to-pdf=*) out="${word#--print-to-pdf=}" ;;
    file://*) page="${word#file://}" ;;
  esac
done
{ printf '%%PDF '; cat "$page"; } > "$out"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs beside the system's."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(pdf, "_BROWSERS", ("browser-of-tests",))
    return tmp_path


def install(folder: Path, script: str) -> Path:
    program = folder / "browser-of-tests"
    program.write_text(script)
    program.chmod(0o755)
    return program


def test_the_browser_prints_the_page(path: Path) -> None:
    install(path, PRINTS)
    assert pdf.printed("<p>maïs</p>") == "%PDF <p>maïs</p>".encode()


def test_a_browser_that_prints_nothing_is_named(path: Path) -> None:
    program = install(path, "#!/bin/sh\nexit 3\n")
    with pytest.raises(OutputPathError, match="wrote no PDF") as caught:
        pdf.printed("page")
    assert str(caught.value.where) == str(program)
