"""Photograph report.html in its unusual states, to look at before and after a change.

Usage: python scripts/photograph_states.py FOLDER [REPORT.html ...]

Each state is photographed on a desktop, a low laptop, a tablet with a field open, a phone and in the dark, and printed as PDF.
Pages that are named, such as those of `evaluate` and `train`, are photographed, too.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.outputs.report.chromium import Browser, Keys
from tests.outputs.report.made_up import made_up_classes, made_up_content, made_up_far_apart, made_up_without_answers

from cropdetect.outputs.report import ReportContent, render

LONG = (
    "Winter cereals and undersown leguminous fodder crops (mixed stands, including catch crops of the following season)",
    "a_code_that_is_long_and_has_no_blank_in_it_at_all_because_it_comes_from_a_database",
    "potato",
)
OTHER_LETTERS = (
    "\u0630\u0631\u0629",
    "\u05d7\u05d9\u05d8\u05d4",
    "\u5c0f\u9ea6",
    "\u043a\u0443\u043a\u0443\u0440\u0443\u0437\u0430",
)
STATES: dict[str, Callable[[], ReportContent]] = {
    "1 field": lambda: made_up_content(1),
    "1,000 fields": lambda: made_up_content(1_000),
    "100,000 fields": lambda: made_up_content(100_000, n_dates=12),
    "1 class": lambda: made_up_classes(["maize"]),
    "30 classes": lambda: made_up_classes([f"crop type {k}" for k in range(1, 31)]),
    "long names": lambda: made_up_classes(LONG),
    "other letters": lambda: made_up_classes(OTHER_LETTERS),
    "no answer": made_up_without_answers,
    "far apart": made_up_far_apart,
    "own title": lambda: replace(made_up_content(300), title="Crops of the canton, 2018", subtitle="A draft."),
}
#: Width, height, dark, phone, and whether a field is open.
LOOKS = {
    "desktop": (1400, 900, False, False, False),
    "laptop": (1280, 720, False, False, False),
    "tablet": (1024, 768, False, False, True),
    "phone": (390, 844, False, True, False),
    "dark": (1400, 900, True, False, True),
}


def photograph(page: Path, folder: Path) -> None:
    """Save pictures and a PDF of a page."""
    for look, (width, height, dark, mobile, is_open) in LOOKS.items():
        with Browser(width, height, dark=dark, mobile=mobile) as browser:
            browser.open(page)
            if is_open and browser.run("return document.querySelector('#map') !== null"):
                browser.keys("#map", Keys.ENTER)
            time.sleep(0.5)
            browser.picture(folder / f"{page.stem}, {look}.png")
            if look == "desktop":
                browser.paper(folder / f"{page.stem}.pdf")
    print(page.stem, flush=True)


def main(folder: Path, others: list[Path]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in STATES.items():
        page = folder / f"{name}.html"
        page.write_text(render(content()), "utf-8")
        photograph(page, folder)
    for page in others:
        photograph(page, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
