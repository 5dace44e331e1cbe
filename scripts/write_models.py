"""Write docs/models.md from docs/models.csv and the networks' own documentation; count their parameters anew.

Usage: python scripts/write_models.py

Needs the extra [train].
"""

import csv
import inspect
import io
import re
from pathlib import Path

from cropdetect import models

DOCS = Path(__file__).parents[1] / "docs"
BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD"]
N_CLASSES = 7

HEAD = """# Models

`cropdetect train --model NAME` trains a network, `cropdetect crossval --model NAME` compares networks and baselines on the same
folds. Arguments of a network go into the file of `--config`, under `arguments`. [A new network](own-network.md) takes 30 lines.

Parameters are counted with the default arguments, the 13 bands of CV4A (conv-gru) or its 12 reflectances (the others), and 7
classes; those of a baseline grow with the data. This page is made from [models.csv](models.csv) and the code by
`scripts/write_models.py`.

"""


def rows() -> list[dict[str, str]]:
    """Return the rows of models.csv, with parameters counted."""
    with (DOCS / "models.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    return [{**row, "parameters": str(n_parameters(row["name"]))} if row["kind"] == "network" else row for row in table]


def n_parameters(name: str) -> int:
    bands = BANDS if name == "conv-gru" else BANDS[:-1]
    network = models.create(name, bands=bands, n_classes=N_CLASSES)
    return sum(parameter.numel() for parameter in network.parameters())


def csv_text(table: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def page(table: list[dict[str, str]]) -> str:
    lines = ["| name | parameters | input | when to use |", "|---|---:|---|---|"]
    for row in table:
        count = f"{int(row['parameters']):,}" if row["parameters"] else ""
        lines.append(f"| `{row['name']}` | {count} | {row['input']} | {row['when to use']} |")
    sections = [section(row) for row in table if row["kind"] == "network"]
    references = [f"* `{row['name']}`: {row['reference']}." for row in table]
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(sections) + "\n## References\n\n" + "\n".join(references) + "\n"


def section(row: dict[str, str]) -> str:
    """Return how a network works and its arguments, from its docstring."""
    network = models.network_class(row["name"])
    documentation = (inspect.getdoc(network) or "").replace(":class:", "")
    prose, _, rest = documentation.partition("\nArgs:\n")
    arguments = re.split(r"\n\n(?=\w)", rest)[0]
    lines = [f"## {row['name']}", "", prose.strip(), "", "| argument | default | meaning |", "|---|---|---|"]
    parameters = inspect.signature(network).parameters
    for name, meaning in re.findall(r"^    (\w+): (.*(?:\n {8,}.*)*)", arguments, re.MULTILINE):
        default = parameters[name].default
        shown = "" if default is inspect.Parameter.empty else f"`{default!r}`" if not isinstance(default, tuple) else "as said"
        lines.append(f"| `{name}` | {shown} | {' '.join(meaning.split())} |")
    return "\n".join([*lines, ""])


def pages() -> dict[Path, str]:
    """Return table and page by their paths."""
    table = rows()
    return {DOCS / "models.csv": csv_text(table), DOCS / "models.md": page(table)}


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
