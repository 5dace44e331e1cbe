"""The table of docs/performance.md: medians and spread of all runs, ratios within a run, and the targets."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from benchmarks.formats import BANDS, N_DATES, SIDE

BEGIN, END = "<!-- the table of benchmarks/performance.py: begin -->", "<!-- the table of benchmarks/performance.py: end -->"
PACKAGES = ("numpy", "rasterio", "onnxruntime", "openvino", "torch")
Rows = Sequence[Mapping[str, Any]]


class Measuring(Protocol):
    """What the table says of a job."""

    title: str
    runs: int

    @property
    def command(self) -> str:
        """As a reader types it."""


@dataclass(frozen=True)
class Target:
    """What a row should reach.

    Attributes:
        work: regular expression of the row's work.
        beside: regular expression of what it is compared with.
        kind: "ratio" (ours through theirs) or "ours".
        at_most: whether the number may be at most `value`, or must be at least.
        value: the number.
    """

    work: str
    beside: str
    kind: str
    at_most: bool
    value: float

    def applies(self, work: str, beside: str) -> bool:
        """Tell whether it is about a row."""
        return re.search(self.work, work) is not None and re.search(self.beside, beside) is not None

    def said(self, ours: float, ratio: float | None, unit: str) -> str:
        """Return the target, and whether it is met."""
        found = ours if self.kind == "ours" else ratio
        if found is None:
            return ""
        met = found <= self.value if self.at_most else found >= self.value
        what = f"{self.value:g} {unit}" if self.kind == "ours" else f"{_times(self.value)}"
        return f"{'at most' if self.at_most else 'at least'} {what}: {'met' if met else '**missed**'}"


#: The first that applies counts.
TARGETS = (
    Target(r"^cutting .*streamed", "^reading each", "ratio", True, 1.5),
    Target(r"^cutting .*store", "^the plain way", "ratio", True, 1 / 8),
    Target(r"^cutting .* from ", "^decoding", "ratio", True, 1.5),
    Target(r"^peak memory of cutting", "", "ours", True, 1000),
    Target(r"^(network|output), [\d,]+ fields", "fields$", "ratio", True, 1.1),
    Target(r"^peak memory of predict", "", "ratio", True, 1.1),
    Target(r"^report of 100,000", "", "ours", True, 2),
    Target(r"^2020 network, f32", "PyTorch", "ratio", False, 2),
    Target(r"^2020 network, bf16", "PyTorch", "ratio", False, 4),
    Target(r"^season-cnn, (f32|bf16)$", "2020 network", "ratio", False, 5),
    Target(r"^season-cnn, ten members", "one member", "ratio", False, 1 / 6),
    Target(r"^table of field means, five members, predicting", "", "ours", False, 5000),
    Target(r"how busy all cores are", "", "ours", False, 90),
    Target(r"^training season-cnn", "2020", "ratio", True, 0.4),
    Target(r"^(crossval|train) of a small set of imagery, default$", "", "ours", True, 180),
    Target(r"^cropdetect --help|^predict until the first chip", "goal", "ratio", True, 1),
)


def table(
    jobs: Sequence[Measuring],
    runs: Mapping[str, Sequence[Rows]],
    failures: Mapping[str, str],
    measured: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Return Markdown: the machine, then a table a job, with day and commit of its runs (`measured`)."""
    parts = [machine()]
    for job in jobs:
        found = runs.get(job.command, [])
        times = "one run" if len(found) == 1 else f"{len(found)} runs"
        when = "; ".join(dict.fromkeys((measured or {}).get(job.command, ())))
        said = ", ".join(filter(None, (times, when))) if found else ""
        parts.append(f"### {job.title}\n\n`{job.command}`" + (f", {said}" if found else f": {failures.get(job.command, '')}"))
        if found:
            head = "| work | median (lowest to highest) | beside | its median | ratio | peak memory | target |"
            parts.append("\n".join([head, "|---|---|---|---|---|---|---|", *_lines(found)]))
    return "\n\n".join(parts)


def machine() -> str:
    """Return a sentence on the machine and the versions."""
    return f"Measured on {os.cpu_count()} cores of {_processor()}, with Python {platform.python_version()}, {_versions()}."


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", information.read_text("utf-8")) if information.exists() else []
    return names[0].strip() if names else platform.processor() or platform.machine()


def _versions() -> str:
    import rasterio

    found = [f"GDAL {rasterio.__gdal_version__}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def _lines(runs: Sequence[Rows]) -> list[str]:
    """Return a line of the table for each row that the runs have in common."""
    lines = []
    for first in runs[0]:
        same = [row for rows in runs for row in rows if (row["work"], row["beside"]) == (first["work"], first["beside"])]
        ours = [float(row["ours"]) for row in same]
        theirs = [float(row["theirs"]) for row in same if row["theirs"] is not None]
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=False) if other]
        ratio = median(ratios) if ratios else None
        peaks = [float(row["peak_memory_mb"]) for row in same if row.get("peak_memory_mb") is not None]
        target = next((one for one in TARGETS if one.applies(first["work"], first["beside"] or "")), None)
        cells = [
            first["work"],
            f"{_spread(ours)} {first['unit']}",
            first["beside"] or "",
            f"{number(median(theirs))} {first['unit']}" if theirs else "",
            ""
            if ratio is None
            else f"{_times(ratio)}" + (f" ({_times(min(ratios))} to {_times(max(ratios))})" if ratios[1:] else ""),
            f"{max(peaks):,.0f} MB" if peaks else "",
            target.said(median(ours), ratio, first["unit"]) if target else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _spread(numbers: Sequence[float]) -> str:
    middle = number(median(numbers))
    return middle if len(numbers) == 1 else f"{middle} ({number(min(numbers))} to {number(max(numbers))})"


def number(value: float) -> str:
    """Return three digits of a number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _times(ratio: float) -> str:
    """Return a ratio; as one through a number where it is small."""
    return f"1/{number(1 / ratio)}" if 0 < ratio < 0.5 else number(ratio)


def page_with(page: str, written: str) -> str:
    """Return a page whose part between the markers is new.

    Raises:
        ValueError: the markers are not there.
    """
    before, between, rest = page.partition(BEGIN)
    _, closing, after = rest.partition(END)
    if not between or not closing:
        raise ValueError(f"the page lacks the line {BEGIN} or {END}")
    return f"{before}{BEGIN}\n\n{written}\n\n{END}{after}"


#: USD, to see which driver weighs most; another provider has others.
PRICES = {"hour of a core": 0.05, "1,000 requests": 0.0004, "GB to another region or network": 0.09}
#: A season of a country, for `country_of`.
FIELDS = 30_000_000
SQUARE_KILOMETRES = 357_000
DATES = {"Sentinel-2": 60, "Sentinel-1": 60}
LAYERS_OF_10_M = {"Sentinel-2": 4 + 6 / 4 + 2 / 36, "Sentinel-1": 2.0}  # bands, those of 20 m and 60 m as a share
BLOCK = 512  # pixels


def country_of(runs: Mapping[str, Sequence[Rows]]) -> str:
    """Return what a whole country would cost by the measured rows; says which are missing."""
    rows = {row["work"]: row for command in runs.values() for several in command for row in several}

    def cost(pattern: str) -> float | None:
        found = [float(row["ours"]) for work, row in rows.items() if re.search(pattern, work)]
        return found[0] if found else None

    network, fields = cost(r"kenya-simulated.*: network"), cost(r"kenya-simulated.*: fields a CPU second")
    many = next((row for work, row in rows.items() if work.startswith("output, 100,000")), None)
    decode = next((work for work in rows if "deflate, blocks of 512" in work and "all bands" not in work), None)
    if network is None or fields is None or many is None or decode is None:
        return "### A country on paper\n\nThe rows that this needs were not measured."
    n_measured = float(re.search(r"([\d,]+) fields", next(w for w in rows if "kenya-simulated" in w))[1].replace(",", ""))  # type: ignore[index]
    pixels = SQUARE_KILOMETRES * 10_000
    layers = sum(DATES[sensor] * LAYERS_OF_10_M[sensor] for sensor in DATES)
    gigabytes = pixels * layers * 2 / 1e9
    requests = pixels / BLOCK**2 * sum(DATES[sensor] * bands for sensor, bands in {"Sentinel-2": 12, "Sentinel-1": 2}.items())
    decoded = len(BANDS) * N_DATES * SIDE**2 * 2 / 1e9  # GB of benchmarks/formats.py
    reading = gigabytes / decoded * float(rows[decode]["ours"])
    scoring = FIELDS * network / n_measured * sum(DATES.values()) / 13
    writing = FIELDS * float(many["ours"]) / 1000
    hours = {"reading and cutting": reading / 3600, "network of five members": scoring / 3600, "output": writing / 3600}
    total = sum(hours.values())
    lines = [f"| {name} | {number(value)} CPU hours |" for name, value in {**hours, "together": total}.items()]
    lines += [
        f"| on 16 cores | {number(total / 16)} hours |",
        f"| bytes read, before compression | {number(gigabytes / 1000)} TB |",
        f"| requests to the store, one a block of {BLOCK} x {BLOCK} | {number(requests / 1e6)} million |",
        *_money(total, requests, gigabytes),
        f"| memory of a process, parts of 100,000 fields | {number(float(many['peak_memory_mb']))} MB |",
        f"| parts of 100,000 fields | {number(FIELDS / 100_000)} |",
    ]
    of_table = next((row for work, row in rows.items() if re.match(r"predict of a table of 1,000,000 fields", work)), None)
    if of_table is not None:
        hours_of_tables = FIELDS / 1e6 * float(of_table["ours"]) / 3600
        memory = number(float(of_table["peak_memory_mb"]))
        lines.append(
            f"| from tables of field means instead, by a measured table of 1,000,000 | {number(hours_of_tables)} CPU hours |"
        )
        lines.append(f"| memory of a process, parts of 1,000,000 fields of a table | {memory} MB |")
    about = (
        f"{FIELDS / 1e6:.0f} million fields on {SQUARE_KILOMETRES:,} km2, {DATES['Sentinel-2']} dates of Sentinel-2 and "
        f"{DATES['Sentinel-1']} of Sentinel-1, as Cloud-Optimized GeoTIFFs in an object store: computed from the rows above, "
        "not run. Money is what the drivers cost at the prices in brackets, which are examples. "
        "One process for all fields would break first: its table and field pixels do not fit into memory, so a "
        "country is cut into parts of 100,000 fields."
    )
    return "\n".join(["### A country on paper", "", about, "", "| what | estimate |", "|---|---|", *lines])


def _money(core_hours: float, requests: float, gigabytes: float) -> list[str]:
    """Return a row a driver, and their sum."""
    amounts = {"hour of a core": core_hours, "1,000 requests": requests / 1000, "GB to another region or network": gigabytes}
    costs = {driver: amount * PRICES[driver] for driver, amount in amounts.items()}
    rows = [
        f"| money: {number(amounts[driver])} x {driver} ({PRICES[driver]} USD) | {number(cost)} USD |"
        for driver, cost in costs.items()
    ]
    near = sum(costs.values()) - costs["GB to another region or network"]
    return [*rows, f"| money together, machines in the region of the store | {number(near)} USD |"]
