"""Check that the bill of materials of an image lists what is installed there, and nothing else.

usage: check_sbom.py SBOM INSTALLED

INSTALLED holds a line of JSON, Python package -> version; a line a Debian package: name, version; and a line a shared library of
the Python packages, as sha256sum writes it: hash, two blanks, path.
"""

import json
import re
import sys
from pathlib import Path


def main(sbom: Path, installed: Path) -> None:
    content = json.loads(sbom.read_text("utf-8"))
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.6")
    listed = [*content["components"], content["metadata"]["component"]]
    found = {(one["purl"].split("/")[0], one["name"].lower(), one["version"]) for one in listed}
    first, *lines = installed.read_text("utf-8").splitlines()
    debian = [line for line in lines if "  " not in line]
    wanted = {("pkg:generic" if name == "python" else "pkg:pypi", name, version) for name, version in json.loads(first).items()}
    wanted |= {("pkg:deb", *line.split(" ")) for line in debian}
    assert found == wanted, f"listed only: {sorted(found - wanted)[:5]}, installed only: {sorted(wanted - found)[:5]}"
    assert any(name == "numpy" for _, name, _ in found) and re.fullmatch(r"urn:uuid:\S+", content["serialNumber"])
    inside = [one for package in listed for one in package.get("components", []) if "hashes" in one]
    hashes, files = {one["hashes"][0]["content"] for one in inside}, dict(line.split("  ") for line in lines if "  " in line)
    unlisted = [files[one] for one in files.keys() - hashes]
    assert hashes == files.keys(), f"not listed: {unlisted[:5]}, gone: {len(hashes - files.keys())}"
    python, kilobytes = sum(kind == "pkg:pypi" for kind, _, _ in found), sbom.stat().st_size // 1000
    print(f"{python} Python packages with {len(inside)} libraries, {len(debian)} packages of Debian, {kilobytes} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
