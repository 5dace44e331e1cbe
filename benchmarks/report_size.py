"""How large report.html gets and how soon it is ready, at 1,000, 20,000 and 100,000 fields.

    python benchmarks/report_size.py [--fields 1000 20000 100000] [--dates 73] [--keep FOLDER]

The fields are made up: outlines of 8 to 40 vertices, seasons of ten bands with clouds, probabilities of nine classes. Ready is
measured in headless Chromium from `file://`, from the navigation to the last drawing; a click from the event to the season curve.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from cropdetect.outputs.report import render

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, emit
from tests.outputs.report.chromium import Browser
from tests.outputs.report.made_up import made_up_content

MEGABYTE = 1e6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--fields", type=int, nargs="+", default=[1_000, 20_000, 100_000])
    arguments.add_argument("--dates", type=int, default=73)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--keep", type=Path, help="folder that keeps the pages")
    arguments.add_argument("--json", action="store_true", help="print when the page is ready, a JSON object a size")
    options = arguments.parse_args()
    say = (lambda *words, **how: None) if options.json else print
    say(f"{'fields':>8} {'MB':>6} {'made, CPU s':>12} {'ready, s':>20} {'click, ms':>10} {'redraw, ms':>11}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for n in options.fields:
            content = made_up_content(n, n_dates=options.dates)
            before = time.process_time()
            text = render(content)
            made = time.process_time() - before
            page = folder / f"report-{n}.html"
            page.write_text(text, "utf-8")
            ready, clicks, redraws = [], [], []
            for _ in range(options.runs):
                with Browser() as browser:
                    ready.append(browser.open(page) / 1000)
                    clicks.append(browser.run(CLICK) or browser.until("return window.clicked"))
                    redraws.append(browser.until("return window.redrawn"))
            emit(
                [Row(f"report of {n:,} fields, ready in the browser", float(np.median(ready)), "s")] if options.json else [],
                as_json=True,
            )
            seconds = f"{np.median(ready):.2f} ({min(ready):.2f}-{max(ready):.2f})"
            size = page.stat().st_size / MEGABYTE
            say(f"{n:8,} {size:6.1f} {made:12.1f} {seconds:>20} {np.median(clicks):10.0f} {np.median(redraws):11.0f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, peak memory of the making {peak:.0f} MB")


CLICK = """
const began = performance.now();
new MutationObserver((_, me) => {
  if (!document.querySelector('#season svg')) return;
  me.disconnect();
  window.clicked = performance.now() - began;
  const again = performance.now();
  document.querySelector('#zoom-in').click();
  requestAnimationFrame(() => requestAnimationFrame(() => { window.redrawn = performance.now() - again; }));
}).observe(document.body, { subtree: true, childList: true });
document.querySelector('#table tbody button').click();
"""


if __name__ == "__main__":
    main()
