"""Documents of users, JSON and YAML, as plain data: no aliases, no numbers that are none, nothing without end."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cropdetect.errors import UnreadableFileError, not_permitted

LIMIT = 64 * 2**20  # bytes of a document
_YAML_LIMIT = 2**20
_DEEPEST = 100  # levels of JSON


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        UnreadableFileError: it is too large, no JSON, nested too deep, or holds NaN, infinity or a number beyond all.
    """
    content = _read(path, LIMIT, "JSON")
    try:
        document = parse_json(content.decode("utf-8-sig"))
        for place, number in _no_numbers(document):
            raise ValueError(f"{place} is {number}, which is no number")
        return document
    except (ValueError, RecursionError) as error:
        raise _unreadable(path, "JSON", error) from error


def parse_json(content: str | bytes) -> Any:
    """Parse JSON that may come from anywhere.

    Raises:
        ValueError: it is no JSON, or nested deeper than programs that walk through it can go.
    """
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise _too_deep() from error
    level = [document]
    for _ in range(_DEEPEST):
        within = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [inner for values in within for inner in values if isinstance(inner, dict | list)]
        if not level:
            return document
    raise _too_deep()


def _too_deep() -> ValueError:
    return ValueError(f"it is nested more than {_DEEPEST} levels deep")


def read_yaml(path: Path, *, as_text: bool = False) -> Any:
    """Read a YAML file.

    Args:
        path: the file.
        as_text: all values are text as it is written: 07, no and 1.0 stay what they are.

    Raises:
        UnreadableFileError: it is too large, no plain YAML, nested too deep, has a key twice, or has aliases, by which a small
            file can name more than memory holds.
    """
    content = _read(path, _YAML_LIMIT, "YAML")
    try:
        text = content.decode("utf-8-sig")
        checked = yaml.load(text, Loader=_Plain)  # refuses what is no plain YAML
        return yaml.load(text, Loader=yaml.BaseLoader) if as_text else checked
    except (yaml.YAMLError, ValueError, RecursionError, AttributeError, LookupError, TypeError, ArithmeticError) as error:
        raise _unreadable(path, "YAML", error) from error  # a value that is not what its tag says makes PyYAML stumble


class _Plain(yaml.SafeLoader):
    """YAML without aliases, and without keys that stand twice."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError(f"it has an alias, *{self.peek_event().anchor}; write the value again in its place")  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise yaml.YAMLError(f"the key {twice!r} stands twice; keep one of its lines")
        return super().construct_mapping(node, deep)


def _read(path: Path, limit: int, kind: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise _unreadable(path, kind, ValueError(f"it has {size / 1e6:.0f} MB, and {limit // 2**20} MB are allowed"))
        return path.read_bytes()
    except PermissionError as error:
        raise not_permitted(path) from error
    except OSError as error:
        raise _unreadable(path, kind, error) from error


def _no_numbers(document: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """Yield the places of NaN and infinity, which Python's JSON knows."""
    if isinstance(document, float) and not math.isfinite(document):
        yield place or "it", document
    elif isinstance(document, dict | list):
        inner = document.items() if isinstance(document, dict) else enumerate(document)
        for name, value in inner:
            yield from _no_numbers(value, f"{place}.{name}".lstrip("."))


def _unreadable(path: Path, kind: str, error: BaseException) -> UnreadableFileError:
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    return UnreadableFileError(f"not a {kind} file: {reason}", where=path, fix="Correct it, or write it again.")
