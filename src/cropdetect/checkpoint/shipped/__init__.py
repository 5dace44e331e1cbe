"""The checkpoints that come with the package, one folder each."""

from pathlib import Path

_FOLDER = Path(__file__).parent


def shipped_names() -> list[str]:
    """Return the names of the checkpoints that come with the package."""
    return sorted(file.parent.name for file in _FOLDER.glob("*/checkpoint.json"))


def shipped_path(name: str) -> Path:
    """Return the folder of a checkpoint that comes with the package; it exists only for `shipped_names()`."""
    return _FOLDER / name
