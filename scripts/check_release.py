"""Check that a tag may be published: it is the version, which CHANGELOG.md dates. Usage: python scripts/check_release.py TAG."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def problems(tag: str, version: str, changelog: str) -> list[str]:
    """Return what is wrong with a tag.

    Args:
        tag: as git has it, e.g. v0.2.0.
        version: that of pyproject.toml; tests compare the places that repeat it.
        changelog: text of CHANGELOG.md.
    """
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag}, the version in pyproject.toml is {version}")
    newest = re.search(r"^## \[(.*)\] - (.*)$", changelog, re.MULTILINE)
    if newest is None or newest[1] != version or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", newest[2]):
        found.append(f"the first section of CHANGELOG.md must be: ## [{version}] - YYYY-MM-DD")
    return found


if __name__ == "__main__":
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    found = problems(sys.argv[1], version, (ROOT / "CHANGELOG.md").read_text("utf-8"))
    sys.exit("\n".join(found) or None)
