"""The page on paper: Chromium prints it, where it is installed."""

import os
import shutil
import subprocess
from pathlib import Path

from cropdetect.errors import OptionError, OutputPathError
from cropdetect.scratch import Scratch

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_SECONDS = 300.0


def browser() -> str:
    """Return the browser that prints.

    Raises:
        OptionError: none is installed.
    """
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        fix = "Install Chromium, or open report.html in a browser and print it."
        raise OptionError("--pdf needs Chromium, Chrome or Edge, and none is installed", where="--pdf", fix=fix)
    return found


def printed(page: str) -> bytes:
    """Return a page as PDF.

    Raises:
        OptionError: no browser is installed that can print.
        OutputPathError: the browser failed.
    """
    program = browser()
    with Scratch() as folder:
        source, target = Path(folder) / "report.html", Path(folder) / "report.pdf"
        source.write_text(page, "utf-8")
        command = [program, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")  # as root its sandbox refuses to start
        command += [
            f"--user-data-dir={folder}/profile",
            "--virtual-time-budget=30000",
            f"--print-to-pdf={target}",
            source.as_uri(),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
            return target.read_bytes()
        except (OSError, subprocess.TimeoutExpired) as error:
            fix = "Open report.html in a browser and print it."
            raise OutputPathError("the browser wrote no PDF", where=program, fix=fix) from error
