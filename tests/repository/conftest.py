"""The repository's own files, as text and parsed."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/**/README.md")])
CPU, GPU = "model-cv4a-crop-detection-v1_cpu", "model-cv4a-crop-detection-v1_gpu"


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    found = re.findall(r"^```([^\n]*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [Block(language.strip(), tuple(code.replace("\\\n", " ").splitlines())) for language, code in found]


def headings(text: str) -> list[str]:
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"^#+ .*$", without_code, re.MULTILINE)
