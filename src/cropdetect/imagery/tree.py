"""Walk a user's folder: sorted, without hidden files and without following links to folders."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr group."""
    return path.is_dir() and any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zmetadata"))


def paths_with(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """Yield files with these suffixes (lower case) anywhere under `root`, and, for ".zarr", Zarr folders.

    `root` may be such a file itself.
    """
    if ".zarr" in suffixes and is_zarr(root):
        yield root
    elif root.is_file():
        if root.suffix.lower() in suffixes:
            yield root
    else:
        for folder, inner, files in os.walk(root):
            here = Path(folder)
            stores = [name for name in inner if is_zarr(here / name)]
            inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in stores)
            yield from (here / name for name in sorted(stores) if ".zarr" in suffixes)
            for name in sorted(files):
                if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                    yield here / name
