"""Print the software bill of materials of an image, CycloneDX 1.6 JSON: Python, its packages, and Debian's packages.

A Python package holds the shared libraries in its wheel (GDAL, PROJ, OpenBLAS, ...), and what the wheel's own bills of materials
list (PEP 770).

Usage: sbom.py VENV DPKG_STATUS
"""

import hashlib
import json
import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

MAIN = "cropdetect"
# Of a file's name: the library, what auditwheel adds, and the version; modules of Python are no libraries.
_LIBRARY = re.compile(r"(?!.*\.(?:cpython-|abi3\.))(lib.+?)(?:-[0-9a-f]{8,})*\.so(?:\.([\d.]+))?")


def python_component(package: Distribution) -> Component:
    """Return a Python package, with its licence where that is an SPDX expression."""
    name = re.sub(r"[-_.]+", "-", package.name).lower()
    licence = package.metadata.get("License-Expression")
    return Component(
        type=ComponentType.APPLICATION if name == MAIN else ComponentType.LIBRARY,
        name=package.name,
        version=package.version,
        bom_ref=f"pypi:{name}",
        purl=PackageURL("pypi", None, name, package.version),
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        components=[*library_components(package), *listed_components(package)],
    )


def library_components(package: Distribution) -> Iterator[Component]:
    """Yield the shared libraries of a wheel, each with the hash of its file, and the version that the file's name tells."""
    for file in package.files or ():
        path, match = Path(str(package.locate_file(file))), _LIBRARY.fullmatch(file.name)
        if match and path.is_file() and not path.is_symlink():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield Component(
                type=ComponentType.LIBRARY,
                name=match[1],
                version=match[2],
                bom_ref=f"file:{file}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
            )


def listed_components(package: Distribution) -> Iterator[Component]:
    """Yield what the wheel's own bills of materials list, such as the crates in a module that is written in Rust."""
    found = {}
    for file in package.files or ():
        if file.parent.name == "sboms" and file.suffix == ".json":
            for one in json.loads(file.read_text("utf-8")).get("components", []):
                url = PackageURL.from_string(one["purl"]) if "purl" in one else None
                if url is None or (url.type, url.name) != ("pypi", package.name):
                    found[one["name"], one.get("version"), url] = one["name"]
    for name, version, url in found:
        yield Component(type=ComponentType.LIBRARY, name=name, version=version, purl=url)


def debian_components(status: Path) -> Iterator[Component]:
    """Yield the packages that dpkg's list of a base image calls installed."""
    system = platform.freedesktop_os_release()["ID"]
    for paragraph in status.read_text("utf-8").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        if fields.get("Status") == "install ok installed":
            name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
            yield Component(
                type=ComponentType.LIBRARY,
                name=name,
                version=version,
                bom_ref=f"deb:{name}:{architecture}",
                purl=PackageURL("deb", system, name, version, {"arch": architecture}),
            )


def bill(venv: Path, status: Path) -> Bom:
    """Return the bill of materials of an image with a virtual environment on top of a base image."""
    version = platform.python_version()
    url = PackageURL("generic", None, "python", version)
    python = Component(type=ComponentType.PLATFORM, name="python", version=version, bom_ref="python", purl=url)
    packages = [python_component(one) for one in distributions(path=[str(next(venv.glob("lib/python3*/site-packages")))])]
    main = next(one for one in packages if one.name == MAIN)
    result = Bom(components=[python, *(one for one in packages if one is not main), *debian_components(status)])
    result.metadata.component = main
    result.register_dependency(main, result.components)
    return result


if __name__ == "__main__":
    print(JsonV1Dot6(bill(Path(sys.argv[1]), Path(sys.argv[2]))).output_as_string())
