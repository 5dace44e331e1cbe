"""Photograph the report of the demo in Chromium: docs/images/report.png and report_phone.png.

Usage: python scripts/photograph_report.py [REPORT.html]
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from cropdetect import api

IMAGES = Path(__file__).parents[1] / "docs" / "images"
CHOOSE = "document.querySelectorAll('#first button')[2].click()"  # a field to check first that lies among others
SIZES = {"report.png": (1440, 860, "light"), "report_phone.png": (420, 860, "dark")}


def photograph(page: Path, file: Path, width: int, height: int, scheme: str) -> None:
    """Save what a window of the given size shows of a report, with one field chosen.

    Args:
        page: the report.
        file: the picture to write, PNG.
        width: of the window, pixels.
        height: of the window, pixels.
        scheme: `light` or `dark`.
    """
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    with tempfile.TemporaryDirectory() as profile:
        for switch in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", f"user-data-dir={profile}"):
            options.add_argument(f"--{switch}")
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            preferred = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", preferred)
            driver.get(page.resolve().as_uri())
            while not driver.execute_script("return document.documentElement.dataset.ready"):
                time.sleep(0.05)
            driver.execute_script(CHOOSE)
            time.sleep(0.5)
            driver.find_element("css selector", "canvas").send_keys("-")  # farther, so that its neighbours are seen
            driver.execute_script("document.activeElement.blur()")  # without the frame of what has the focus
            time.sleep(1)
            driver.save_screenshot(str(file))
        finally:
            driver.quit()


def main(page: Path) -> None:
    for name, size in SIZES.items():
        photograph(page, IMAGES / name, *size)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            api.demo(Path(folder) / "demo")
            main(Path(folder) / "demo" / "predictions" / "report.html")
