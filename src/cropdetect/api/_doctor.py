"""The verb `doctor`: what this machine and this installation can do."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from cropdetect.api._verb import verb
from cropdetect.formats import Record

_NOT_FOR_USERS = frozenset({"audit", "dev", "docs", "fuzz", "test"})  # extras
_FOR = {
    "train": "train, crossval, map, import-cv4a",
    "fast": "--precision bf16 on CPUs",
    "plots": "figures",
    "tensorboard": "--log-dir",
    "distributed": "--scheduler",
}
_LITTLE = {"memory": 4.0, "disk": 5.0}  # gigabytes below which a note is made


class Finding(Record):
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "missing", "note"]
    text: str
    fix: str = ""


class Diagnosis(Record):
    """What `doctor` found."""

    findings: list[Finding]

    def text(self) -> str:
        """Return the findings as aligned lines, what to do below each that lacks something."""
        width = max(len(one.name) for one in self.findings)
        lines = []
        for one in self.findings:
            lines.append(f"{one.name:{width}}  {one.state:7}  {one.text}")
            if one.fix:
                lines.append(f"{'':{width}}           {one.fix}")
        return "\n".join(lines)


@verb
def doctor() -> Diagnosis:
    """Say what this machine and this installation can do: versions, cores, memory, disk, GPU, extras, and what is missing.

    Nothing is changed, and nothing is asked of the network.

    Returns:
        The findings; what is missing says how to get it.
    """
    return Diagnosis(findings=[*_machine(), _inference(), *_base(), *_extras(), _browser()])


def _machine() -> Iterator[Finding]:
    running = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Finding(name="cropdetect", state="ok", text=f"{version('cropdetect')}, Python {running}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    yield Finding(name="processor", state="ok", text=f"{cores} cores")
    free = _free_memory()
    if free is not None:
        yield _amount("memory", free, "are free", "Close other programs, or give --memory and --limit small values.")
    yield _amount(
        "disk", shutil.disk_usage(Path.cwd()).free / 1e9, "are free in this folder", "Free some space, or work elsewhere."
    )


def _amount(name: str, gigabytes: float, what: str, fix: str) -> Finding:
    little = gigabytes < _LITTLE[name]
    return Finding(name=name, state="note" if little else "ok", text=f"{gigabytes:.1f} GB {what}", fix=fix if little else "")


def _free_memory() -> float | None:
    """Return the memory that programs can have, gigabytes; None where the system does not say."""
    file = Path("/proc/meminfo")
    if not file.is_file():
        return None
    lines = dict(line.split(":", 1) for line in file.read_text("utf-8").splitlines() if ":" in line)
    available = lines.get("MemAvailable", "").split()
    return int(available[0]) / 1e6 if available else None


def _inference() -> Finding:
    import onnxruntime

    text = f"ONNX Runtime {onnxruntime.__version__}"
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return Finding(name="GPU", state="ok", text=f"{text} can use CUDA: --device cuda")
    return Finding(
        name="GPU", state="note", text=f"{text} predicts on the CPU", fix="With an NVIDIA GPU: pip install onnxruntime-gpu"
    )


def _base() -> Iterator[Finding]:
    """Yield what the package cannot do without, where it is not installed."""
    missing = [name for name, extra in _requirements() if extra is None and not _installed(name)]
    if missing:
        yield Finding(name="packages", state="missing", text=", ".join(missing), fix="Install again: pip install cropdetect")


def _extras() -> Iterator[Finding]:
    names = dict.fromkeys(extra for _, extra in _requirements() if extra is not None and extra not in _NOT_FOR_USERS)
    for extra in sorted(names):
        needed = [name for name, of in _requirements() if of == extra]
        missing = [name for name in needed if not _installed(name)]
        use = f" (for {_FOR[extra]})" if extra in _FOR else ""
        if missing:
            fix = f"pip install 'cropdetect[{extra}]'"
            yield Finding(name=f"[{extra}]", state="missing", text=f"{', '.join(missing)}{use}", fix=fix)
        else:
            yield Finding(name=f"[{extra}]", state="ok", text=f"{', '.join(f'{one} {version(one)}' for one in needed)}{use}")


def _browser() -> Finding:
    from cropdetect.errors import OptionError
    from cropdetect.outputs.report.pdf import browser

    try:
        return Finding(name="PDF", state="ok", text=f"{browser()} prints reports: --pdf")
    except OptionError as error:
        return Finding(name="PDF", state="missing", text="no Chromium, Chrome or Edge (for --pdf)", fix=error.fix)


def _requirements() -> list[tuple[str, str | None]]:
    """Return the packages that cropdetect declares, each with its extra."""
    from packaging.requirements import Requirement

    found: list[tuple[str, str | None]] = []
    for text in requires("cropdetect") or ():
        one = Requirement(text)
        _, _, extra = str(one.marker or "").partition("extra == ")
        found.append((one.name, extra.strip("\"'") or None))
    return found


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
