"""Write docs/notebooks/*.md: the notebooks as pages of the site.

Usage: python scripts/write_notebooks.py
"""

import json
from pathlib import Path

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"


def pages() -> dict[Path, str]:
    """Return the pages by their paths."""
    return {file.with_suffix(".md"): _page(file) for file in sorted(NOTEBOOKS.glob("*.ipynb"))}


def _page(notebook: Path) -> str:
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    title, *rest = [_text(cell) for cell in cells]
    return "\n\n".join([title, f"[Download this page as a notebook]({notebook.name}).", *rest]) + "\n"


def _text(cell: dict[str, object]) -> str:
    source = "".join(cell["source"]).strip()  # type: ignore[arg-type]
    return f"```python\n{source}\n```" if cell["cell_type"] == "code" else source


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
