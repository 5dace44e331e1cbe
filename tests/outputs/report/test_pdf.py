"""The report on paper."""

import pytest

from cropdetect.errors import OptionError, OutputExistsError
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
