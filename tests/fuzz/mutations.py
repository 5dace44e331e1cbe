"""Mutations of good files: of bytes anywhere, and of the values of JSON, YAML, CSV and names."""

import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import yaml

ODD_BYTES = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\x7f\xff\xff\xff",
    b"-1",
    b"1e999",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b'"',
    b"\x1b[2J",
    b"/etc/passwd",
)
ODD_TEXT = (
    *("", " ", "0", "-1", "1e999", "nan", "null", "007", "1,5", "=1+1", "'", '"', "\0", "\x1b[2J", "\ud800", "\u202e", "Ä"),
    *("2019-02-30", "0000-00-00", "2019-06-07/2019-06-01", "20190607", "1970-01-01T00:00:00+99:99", "99999999999999", "W53"),
    *(
        "../../x",
        "/etc/passwd",
        "https://127.0.0.1:9/x",
        "EPSG:4326",
        "EPSG:999999",
        "B04",
        "B4",
        "SCL",
        "a" * 300,
        "((((",
        "%s{0}",
    ),
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2, 1.5, 1e-320, 1e308, 2**31, 2**63, 2**64, 10**400, float("nan"), float("inf")),
    *([], {}, [[]], [{}], [None], {"": None}, [1, "1"], {"type": "Point"}),
)


def mutated(content: bytes, name: str, draw: random.Random) -> bytes:
    """Return a mutation: where the file's name tells its structure, of its values half of the time; else of its bytes."""
    structured = _STRUCTURED.get(PurePath(name).suffix)
    if structured is not None and draw.random() < 0.5:
        try:
            return structured(content.decode(), draw).encode("utf-8", "surrogatepass")
        except (ValueError, TypeError, LookupError, RecursionError, ArithmeticError, yaml.YAMLError, csv.Error):
            pass  # what was mutated before is no such document any more
    return mutated_bytes(content, draw)


def mutated_bytes(content: bytes, draw: random.Random) -> bytes:
    """Return content with some bytes flipped, written over, removed, repeated, or cut off."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if not changed:
            break
        # Half of the changes hit the first kilobyte, where headers lie.
        place = draw.randrange(min(len(changed), 1024) if draw.random() < 0.5 else len(changed))
        kind = draw.randrange(6)
        if kind == 0:
            changed[place] ^= 1 << draw.randrange(8)
        elif kind == 1:
            changed[place] = draw.randrange(256)
        elif kind == 2:
            odd = draw.choice(ODD_BYTES)
            changed[place : place + len(odd)] = odd
        elif kind == 3:
            changed[place:place] = draw.choice(ODD_BYTES)
        elif kind == 4:
            del changed[place : place + draw.randrange(1, 65)]
        elif draw.random() < 0.2:
            del changed[place:]
        else:
            part = changed[place : place + draw.randrange(1, 65)]
            changed[place:place] = part * draw.randrange(1, 9)
    return bytes(changed)


def _document(document: Any, draw: random.Random) -> Any:
    """Return plain data with some values or keys replaced, removed, repeated, swapped or wrapped."""
    whole = [document]
    for _ in range(draw.choice((1, 1, 2, 4))):
        places = list(_places(whole))
        inside, key = draw.choice(places)
        kind = draw.randrange(7)
        if kind <= 1:
            inside[key] = draw.choice(ODD_VALUES if kind else ODD_TEXT)
        elif kind == 2 and inside is not whole:
            del inside[key]
        elif kind == 3 and isinstance(inside, dict):
            inside[draw.choice((*ODD_TEXT, str(key).upper(), f"{key}_1"))] = inside[key]
        elif kind == 4:
            other, at = draw.choice(places)
            inside[key] = json.loads(json.dumps(other[at]))  # a copy, since a value inside itself has no end
        elif kind == 5:
            inside[key] = draw.choice(([inside[key]], [inside[key]] * 3, {"": inside[key]}, str(inside[key])))
        else:
            inside[key] = _scalar(inside[key], draw)
    return whole[0]


def _places(inside: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every list or mapping with each of its indexes or keys."""
    for key, value in list(inside.items() if isinstance(inside, dict) else enumerate(inside)):
        yield inside, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _scalar(value: Any, draw: random.Random) -> Any:
    """Return a value near a given one."""
    if isinstance(value, str):
        return _text(value, draw)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return draw.choice((-value, value + 1, value * 10, value / 2, float(value), str(value)))
    return draw.choice(ODD_VALUES)


def _text(text: str, draw: random.Random) -> str:
    """Return text with one of its words replaced, repeated, removed or joined to the next."""
    words = re.split(r"([^A-Za-z0-9]+)", text)
    place = draw.randrange(len(words))
    words[place : place + draw.randrange(2)] = draw.choice(
        ([], [words[place]] * 2, [draw.choice(words)], [draw.choice(ODD_TEXT)], [words[place][:-1]], [words[place].lower()])
    )
    return "".join(words)


def _json(text: str, draw: random.Random) -> str:
    return json.dumps(_document(json.loads(text), draw))


def _yaml(text: str, draw: random.Random) -> str:
    return yaml.safe_dump(_document(yaml.safe_load(text), draw), sort_keys=False, default_flow_style=draw.choice((None, True)))


def _csv(text: str, draw: random.Random) -> str:
    """Return a table with cells, columns or rows replaced, removed, repeated or swapped, or another delimiter."""
    rows = list(csv.reader(io.StringIO(text)))
    for _ in range(draw.choice((1, 1, 2, 4))):
        row = draw.choice(rows[: draw.choice((1, len(rows)))])
        column, kind = draw.randrange(len(row)), draw.randrange(7)
        if kind == 0:
            row[column] = draw.choice(ODD_TEXT)
        elif kind == 1:
            row[column] = _text(row[column], draw)
        elif kind == 2:
            del row[column]
        elif kind == 3:
            row.insert(column, draw.choice(row))
        elif kind == 4:
            rows.insert(draw.randrange(len(rows) + 1), list(row))
        elif kind == 5:
            odd = draw.choice(ODD_TEXT)
            for one in rows[1:]:
                one[column : column + 1] = [odd]
        else:
            for one in rows:
                one.append(one[column] if column < len(one) else "")
    file = io.StringIO()
    csv.writer(file, delimiter=draw.choice(",,,;\t|"), lineterminator=draw.choice(("\n", "\n", "\r\n"))).writerows(rows)
    return file.getvalue()


def _lines(text: str, draw: random.Random) -> str:
    """Return lines of which some are changed, or put together from parts of two."""
    lines = text.splitlines()
    for _ in range(draw.choice((1, 4, len(lines)))):
        place = draw.randrange(len(lines))
        parts, others = (re.split(r"(?<=[-_./ T])", line) for line in (lines[place], draw.choice(lines)))
        cut = draw.randrange(len(parts))
        crossed = "".join(parts[:cut] + others[draw.randrange(len(others)) :])
        lines[place] = draw.choice((_text(lines[place], draw), crossed))
    return "\n".join(lines)


_STRUCTURED: dict[str, Callable[[str, random.Random], str]] = {
    ".json": _json,
    ".geojson": _json,
    ".yaml": _yaml,
    ".csv": _csv,
    ".txt": _lines,
}
