"""Print the packages of a virtual environment, largest first: name, version, size.

Usage: packages.py VENV
"""

import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path


def megabytes(package: Distribution) -> float:
    """Return the size of a package's files that are there, counting a file with several names once."""
    paths = [Path(str(package.locate_file(file))) for file in package.files or ()]
    return sum({s.st_ino: s.st_size for s in (path.stat() for path in paths if path.is_file())}.values()) / 1e6


def main(venv: Path) -> None:
    """Print the table."""
    folder = next(venv.glob("lib/python3*/site-packages"))
    found = sorted(distributions(path=[str(folder)]), key=megabytes, reverse=True)
    for package in found:
        print(f"{package.name:32} {package.version:16} {megabytes(package):7.1f} MB")
    print(f"{'all packages':32} {'':16} {sum(map(megabytes, found)):7.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
