"""A machine with another locale, little memory, few open files, or a terminal that can do nothing."""

import shutil
from pathlib import Path

from tests.hostile.base import BANDS, DAYS, Base
from tests.hostile.cases import Cases

CASES = Cases("machine")


def _predict(base: Base, tmp: Path) -> list[object]:
    return ["predict", base.season, tmp / "out", "--checkpoint", base.checkpoint]


for locale in ("C", "POSIX", "de_DE.ISO-8859-1", "xx_XX"):
    CASES.add(f"the locale {locale}", None, _predict, environment={"LC_ALL": locale, "LANG": locale})


def _chips(base: Base, tmp: Path) -> list[object]:
    return ["chips", base.season, tmp / "out"]


def _train(base: Base, tmp: Path) -> list[object]:
    return ["train", base.season, tmp / "out"]


def _simulate(base: Base, tmp: Path) -> list[object]:
    return ["simulate", tmp / "out", "--tiles", "1", "--height", "64", "--width", "64", "--fields", "4"]


def _cube(base: Base, tmp: Path) -> list[object]:
    return ["predict", base.cube, tmp / "out", "--checkpoint", base.checkpoint, "--fields", base.fields]


# Beyond the program itself: too little for the data, for a thread, or for a library that is loaded late.
for verb, make, sizes in (
    ("predict", _predict, (1, 4, 12)),
    ("predict of a cube", _cube, (1, 4, 12)),
    ("chips", _chips, (1, 4, 12)),
    ("train", _train, (1, 12, 100)),
    ("simulate", _simulate, (1, 4)),
):
    for size in sizes:
        CASES.add(f"{verb} with {size} MB of memory", "MemoryLimitError", make, limits={"RLIMIT_AS": size * 2**20})

FEW = 40  # open files, of which Python and the libraries have twenty


def _year(base: Base, tmp: Path) -> list[object]:
    for number in range(73):
        for band in BANDS:
            day = f"{2019_01_01 + 100 * (number // 25) + number % 25}"
            shutil.copy(base.season / DAYS[0] / f"{DAYS[0]}_{band}.tif", tmp / f"{day}_{band}.tif")
    out = tmp.with_name(f"{tmp.name}-out")
    return ["predict", tmp, out, "--checkpoint", base.checkpoint, "--fields", base.fields, "--workers", "4"]


for files in (FEW, 64, 1024):
    CASES.add(f"a season of 146 files, and {files} open files allowed", None, _year, limits={"RLIMIT_NOFILE": files})
CASES.add("a terminal that can do nothing", None, _predict, environment={"TERM": "dumb", "COLUMNS": "1"})
