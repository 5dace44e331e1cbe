"""Give README.md links and pictures with whole addresses, as PyPI needs them: it shows the page, and has none of its files.

Usage: python scripts/absolute_links.py https://github.com/OWNER/NAME TAG

The release runs it before it builds the package. Elsewhere links stay relative, so that they work in any copy of the repository.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
_RELATIVE = re.compile(r"(!?)(\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")


def relative_links(text: str) -> list[str]:
    """Return what the relative links and pictures of a Markdown page lead to."""
    return [link[3] for link in _RELATIVE.finditer(text)]


def absolute(text: str, repository: str, tag: str) -> str:
    """Return a Markdown page with the addresses that its relative links have in a repository at a tag."""
    return _RELATIVE.sub(lambda link: f"{link[1]}{link[2]}({repository}/{'raw' if link[1] else 'blob'}/{tag}/{link[3]})", text)


if __name__ == "__main__":
    README.write_text(absolute(README.read_text("utf-8"), *sys.argv[1:3]), "utf-8")
