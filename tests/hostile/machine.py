"""A machine with another locale, or a terminal that can do nothing."""

from pathlib import Path

from tests.hostile.base import Base
from tests.hostile.cases import Cases

CASES = Cases("machine")


def _predict(base: Base, tmp: Path) -> list[object]:
    return ["predict", base.season, tmp / "out", "--checkpoint", base.checkpoint]


for locale in ("C", "POSIX", "de_DE.ISO-8859-1", "xx_XX"):
    CASES.add(f"the locale {locale}", None, _predict, environment={"LC_ALL": locale, "LANG": locale})
CASES.add("a terminal that can do nothing", None, _predict, environment={"TERM": "dumb", "COLUMNS": "1"})
