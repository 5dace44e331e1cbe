"""A path that is not there, or holds something else than what was looked for: what is there, and what is likely meant."""

import difflib
from collections import Counter
from pathlib import Path

from cropdetect.errors import InputNotFoundError

_SHOWN = 5  # names, or kinds of files
_MANY = 10_000  # entries of a folder that are counted, at most


def not_found(path: Path, what: str = "file or folder") -> InputNotFoundError:
    """Return the error for a path where nothing is; it names the path that is most likely meant.

    Args:
        path: as the user gave it.
        what: what was looked for.
    """
    there = next((parent for parent in path.parents if parent.is_dir()), Path())
    missing = path.relative_to(there).parts if path.is_relative_to(there) else path.parts
    near = _near(there, missing)
    if near is not None:
        fix = f"Do you mean {near}?"
    elif there == path.parent:
        names = visible(there)
        fix = f"In {there.absolute()} there are: {_some(names)}." if names else f"{there.absolute()} is empty."
    else:
        fix = f"There is no {missing[0]} in {there.absolute()}."
    return InputNotFoundError(f"there is no such {what}", where=path, fix=fix)


def contents_of(path: Path) -> str:
    """Say what lies at a path that exists: "a PDF file", or "a folder with 3 PDF files and 2 folders"."""
    if not path.is_dir():
        return f"a {_kind(path)} file" if path.suffix else "a file without a suffix"
    entries = [path / name for name in visible(path)]
    files = Counter(_kind(entry) for entry in entries if not entry.is_dir())
    folders = sum(entry.is_dir() for entry in entries)
    counted = [f"{n} {kind} file{'s' if n > 1 else ''}" for kind, n in files.most_common(_SHOWN)]
    if len(files) > _SHOWN:
        counted.append(f"{sum(files.values()) - sum(n for _, n in files.most_common(_SHOWN))} other files")
    if folders:
        counted.append(f"{folders} folder{'s' if folders > 1 else ''}")
    if not counted:
        return "an empty folder"
    return f"a folder with {' and '.join([', '.join(counted[:-1]), counted[-1]] if len(counted) > 1 else counted)}"


def visible(folder: Path) -> list[str]:
    """Return the names of a folder's entries in order, hidden ones left out; of a folder that cannot be read none."""
    try:
        names = [entry.name for _, entry in zip(range(_MANY), folder.iterdir(), strict=False)]
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith("."))


def _near(there: Path, missing: tuple[str, ...]) -> Path | None:
    """Return the existing path whose names are nearest to those that are missing, or None."""
    for name in missing:
        names = visible(there) if there.is_dir() else []
        lower = {one.lower(): one for one in reversed(names)}
        if name in names:
            there /= name
            continue
        found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
        if not found:
            return None
        there /= lower[found[0]]
    return there


def _kind(path: Path) -> str:
    return path.suffix[1:].upper() or "unnamed"


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
