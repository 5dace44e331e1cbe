"""Print the software bill of materials of an image, CycloneDX 1.6 JSON: Python, its packages, and Debian's packages.

Usage: sbom.py VENV DPKG_STATUS
"""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

MAIN = "cropdetect"


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
    )


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
