"""Check the English of the pages and of the program's messages: it must be plain to readers whose first language is another.

Usage: python scripts/check_prose.py

It checks the length of sentences, and long clauses before the subject. It also checks the words of scripts/prose.csv, which has a
better one for each, and the British spellings.
Messages are all texts of four words or more in the package: errors, warnings, descriptions of options, and what the command line
prints. The docstrings of `api`, which it shows as help, and the texts of report.html are messages, too. Other docstrings are not.
"""

import ast
import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "cropdetect"
ASSETS = PACKAGE / "outputs" / "report" / "assets"
LONGEST = 30  # words of a sentence
#: A sentence whose subject comes after a long clause, e.g. "Of a field that was left out several times, the first ...".
LATE_SUBJECT = re.compile(r"(?:Where|Of|Beside|Without|With|Among|Between|Beyond|Trained|Scored)\b(?: [^\s,.:;]+){5,},")
_CODE = re.compile(r"\s*(?:create table|select|insert into)\b", re.IGNORECASE)  # SQL
NOT_CHECKED = {"command-line.md", "changelog.md"}  # messages themselves, a copy


@dataclass(frozen=True)
class Text:
    """Some prose and where it stands."""

    where: str
    text: str


@dataclass(frozen=True)
class Rule:
    """A turn to avoid, and what to write."""

    pattern: re.Pattern[str]
    better: str


@cache
def rules() -> tuple[Rule, ...]:
    """Return the rules of scripts/prose.csv: a regular expression (whole words, any case) and a better turn."""
    with (ROOT / "scripts" / "prose.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(Rule(re.compile(rf"(?<![\w-])(?:{row['avoid']})(?![\w-])", re.IGNORECASE), row["better"]) for row in rows)


def problems(text: str) -> Iterator[str]:
    """Yield what is hard to read in a paragraph of prose."""
    plain = re.sub(r"`[^`]*`", "CODE", text)
    for sentence in sentences(plain):
        words = re.findall(r"[^\W\d][\w'-]*", sentence)
        if len(words) > LONGEST:
            yield f"a sentence of {len(words)} words (at most {LONGEST}): {' '.join(words[:8])} ..."
        if found := LATE_SUBJECT.match(sentence):
            yield f"{found[0]!r}: begin with the subject"
    for rule in rules():
        for found in rule.pattern.finditer(plain):
            yield f"{found[0]!r}: write {rule.better}"


def sentences(text: str) -> list[str]:
    """Split a paragraph into sentences."""
    return re.split(r"(?<=[.!?:;])\s+(?=[A-Z\"'(*\d]|CODE)|(?<=[:;])\s", text)


def paragraphs(page: str) -> Iterator[tuple[int, str]]:
    """Yield the prose of a Markdown page with its line: paragraphs, items of lists, cells of tables; no code, words of links."""
    page = re.sub(r"^```.*?^```|<!--.*?-->", lambda found: "\n" * found[0].count("\n"), page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", page)
    start, lines = 0, list[str]()
    for number, line in enumerate([*page.splitlines(), ""], start=1):
        if line.startswith(("    ", "|", "#")) or not line.strip() or re.match(r"\s*([*-]|\d+\.) ", line):
            if lines:
                yield start, " ".join(lines)
            lines = []
        if line.startswith("|"):
            yield from ((number, cell.strip()) for cell in line.strip("|").split("|"))
        elif line.strip() and not line.startswith("    "):
            start = start if lines else number
            lines.append(line.strip("#* "))


def pages() -> Iterator[Text]:
    """Yield the prose of README, CHANGELOG and docs."""
    for file in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/**/README.md")]):
        if file.name not in NOT_CHECKED:
            name = file.relative_to(ROOT).as_posix()
            yield from (Text(f"{name}:{line}", text) for line, text in paragraphs(file.read_text("utf-8")))


def messages() -> Iterator[Text]:
    """Yield what the program says to people."""
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        tree = ast.parse(file.read_text("utf-8"))
        for line, text in _said(tree, helps=file.parent.name == "api"):
            yield Text(f"{name}:{line}", text)
    for file in sorted(ASSETS.glob("*.jinja")):
        yield from (Text(file.relative_to(ROOT).as_posix(), text) for text in _of_template(file.read_text("utf-8")))
    for file in sorted(ASSETS.glob("*.js")):
        yield from (Text(file.relative_to(ROOT).as_posix(), text) for text in _of_script(file.read_text("utf-8")))


def _said(tree: ast.Module, *, helps: bool) -> Iterator[tuple[int, str]]:
    """Yield line and text of a module's messages; `helps`: the docstrings of its public functions are shown as help."""
    silent = {id(one) for node in ast.walk(tree) for one in _silent(node)}
    for node in ast.walk(tree):
        if helps and isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield from ((node.lineno, line) for line in (ast.get_docstring(node) or "").splitlines())
        if id(node) in silent:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "CODE" for part in node.values)
        else:
            continue
        if is_prose(text):
            yield from ((node.lineno, line) for line in text.split("\n\n"))


def _silent(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is no message by itself: docstrings, and the parts of a text that stands whole."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield from (part for part in node.values if isinstance(part, ast.Constant))


def is_prose(text: str) -> bool:
    """Tell whether a text is a sentence or a part of one: it has some words with blanks between them."""
    return re.search(r"(?:\b[a-z][\w'-]*[,;:]? ){3}\w", text, re.IGNORECASE) is not None and not _CODE.match(text)


def _of_template(page: str) -> Iterator[str]:
    """Yield the prose between the tags of a template."""
    page = re.sub(r"\{#.*?#\}|\{%.*?%\}|<svg.*?</svg>", " ", page, flags=re.DOTALL)
    page = re.sub(r"\{\{.*?\}\}", "CODE", page, flags=re.DOTALL)
    page = re.sub(r"</?(?:b|a|bdi|span|i)\b[^>]*>", "", page)
    for text in re.split(r"<[^>]*>", page):
        if is_prose(plain := " ".join(text.split()).replace("&nbsp;", " ")):
            yield plain


def _of_script(script: str) -> Iterator[str]:
    """Yield the texts of a script."""
    script = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", script, flags=re.DOTALL)
    for found in re.finditer(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', script):
        if is_prose(text := re.sub(r"\$\{.*?\}", "CODE", found[1] or found[2] or "")):
            yield text


def main() -> int:
    """Print every problem; return 1 where there is one."""
    found = [f"{one.where}: {problem}" for one in (*pages(), *messages()) for problem in problems(one.text)]
    print("\n".join(found) or "The prose is plain.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
