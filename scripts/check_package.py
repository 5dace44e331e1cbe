"""Check that wheel and sdist hold what they should, and nothing else.

Usage: python scripts/check_package.py DIST [--published]

--published: for PyPI, where the description has no relative link or picture (`absolute_links.py`).
"""

import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

from absolute_links import relative_links

ROOT = Path(__file__).parents[1]
IN_SDIST = (
    *("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "constraints.txt", "Makefile", "Dockerfile"),
    *("docker-compose.yml", "src/cropdetect/cli/__init__.py", "tests/conftest.py", "docs/index.md", "data/input/chips/README.md"),
)
IN_WHEEL = (
    "cropdetect/py.typed",
    *(
        f"cropdetect/checkpoint/shipped/{name}/{file}"
        for name in ("kenya-simulated", "s2-parcels-france")
        for file in ("checkpoint.json", "members/000.onnx")
    ),
    "cropdetect/checkpoint/docker-compose.yml",
    *(f"cropdetect/outputs/report/assets/{name}" for name in ("page.html.jinja", "page.css", "start.js")),
)
NEVER = (
    *(".chips.zarr", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".git/", ".season"),
    *("data/output/predictions.csv", "node_modules"),
)


def main(dist: Path, *, published: bool = False) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    with tarfile.open(dist / f"cropdetect-{version}.tar.gz") as file:
        sdist = {name.partition("/")[2] for name in file.getnames()}
    with zipfile.ZipFile(dist / f"cropdetect-{version}-py3-none-any.whl") as file:
        wheel = set(file.namelist())
        metadata = file.read(f"cropdetect-{version}.dist-info/METADATA").decode()
    sources = {p.relative_to(ROOT / "src").as_posix() for p in (ROOT / "src" / "cropdetect").rglob("*.py")}
    assert not set(IN_SDIST) - sdist, set(IN_SDIST) - sdist
    assert not (set(IN_WHEEL) | sources) - wheel, (set(IN_WHEEL) | sources) - wheel
    assert {name.split("/")[0] for name in wheel} == {"cropdetect", f"cropdetect-{version}.dist-info"}
    for name in sdist | wheel:
        assert not any(never in name for never in NEVER), name
    assert f"\nVersion: {version}\n" in metadata
    assert not (published and relative_links(metadata)), relative_links(metadata)
    torch = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: torch")]
    assert torch and all("extra ==" in line for line in torch), torch
    print(f"sdist {len(sdist)} files, wheel {len(wheel)} files, version {version}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), published="--published" in sys.argv)
