"""A page in headless Chromium, opened from disk."""

import base64
import json
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

__all__ = ["Browser", "By", "Keys", "program"]


def program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """Chromium with a profile of its own; remembers what the console and the network said."""

    def __init__(self, width: int = 1400, height: int = 900, *, dark: bool = False, mobile: bool = False) -> None:
        self._profile = tempfile.mkdtemp(prefix="chromium-")
        self._size = width, height
        self._dark, self._mobile = dark, mobile

    def __enter__(self) -> "Browser":
        options = webdriver.ChromeOptions()
        options.binary_location = program() or ""
        quiet = "background-networking component-update sync default-apps extensions"
        switches = ["headless", "no-sandbox", "no-first-run", "disable-gpu", "hide-scrollbars", "disable-dev-shm-usage"]
        switches += [f"disable-{name}" for name in quiet.split()]
        switches += [
            "disable-field-trial-config",
            f"user-data-dir={self._profile}",
            f"window-size={self._size[0]},{self._size[1]}",
        ]
        for switch in switches:
            options.add_argument(f"--{switch}")
        options.add_experimental_option("prefs", {"download.default_directory": self._profile})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self._tell("Emulation.setDeviceMetricsOverride", self._metrics())
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}]
        self._tell("Emulation.setEmulatedMedia", {"features": scheme})
        return self

    def _metrics(self) -> dict[str, Any]:
        width, height = self._size
        return {"width": width, "height": height, "deviceScaleFactor": 2 if self._mobile else 1, "mobile": self._mobile}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.driver.quit()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _tell(self, command: str, arguments: dict[str, Any]) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)

    def open(self, page: Path, seconds: float = 120) -> float:
        """Open a page and return the milliseconds from navigation to ready."""
        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # what the browser's own first page said
        self._page = page.resolve().as_uri()
        self.driver.get(self._page)
        return float(self.until("return document.documentElement.dataset.ready", seconds))

    def until(self, script: str, seconds: float = 120) -> Any:
        deadline = time.monotonic() + seconds
        while not (result := self.driver.execute_script(script)):
            if time.monotonic() > deadline:
                raise AssertionError(f"never true: {script}; console: {self.console()}")
            time.sleep(0.05)
        return result

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        return str(self.driver.find_element(By.CSS_SELECTOR, selector).text)

    def click(self, selector: str) -> None:
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        element.click()

    def click_at(self, selector: str, x: float, y: float) -> None:
        """Click at x, y pixels from the element's top left corner."""
        element = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        size = element.size
        dx, dy = round(x - size["width"] / 2), round(y - size["height"] / 2)
        ActionChains(self.driver).move_to_element_with_offset(element, dx, dy).click().perform()

    def keys(self, selector: str, *keys: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(*keys)

    def console(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """Addresses that the page asked for, its own and data: and blob: left out."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("data:", "blob:", self._page))]

    def downloaded(self, name: str) -> str:
        """Return what the page saved under a name, and forget it."""
        file = Path(self._profile) / name
        deadline = time.monotonic() + 120
        while not file.is_file() or not file.stat().st_size:
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} was not saved")
            time.sleep(0.05)
        text = file.read_bytes().decode()
        file.unlink()
        return text

    def picture(self, file: Path, *, whole: bool = False) -> None:
        shot = self._tell(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole} | ({"clip": self._all()} if whole else {})
        )
        file.write_bytes(base64.b64decode(shot["data"]))

    def _all(self) -> dict[str, float]:
        size = self._tell("Page.getLayoutMetrics", {})["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def paper(self, file: Path) -> None:
        file.write_bytes(base64.b64decode(self._tell("Page.printToPDF", {"printBackground": False})["data"]))
