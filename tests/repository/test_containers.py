"""Compose files, Dockerfile and entry keep the contract, as far as it can be seen without an engine."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import rasterio
import yaml

from tests.repository.conftest import CPU, GPU, ROOT

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
service = pytest.mark.parametrize("name", [CPU, GPU])


@service
def test_a_service_is_locked_down(name: str) -> None:
    found: dict[str, Any] = COMPOSE["services"][name]
    assert found["user"] == "${RUN_UID:-10001}:${RUN_GID:-10001}"
    assert found["read_only"] is True
    assert found["cap_drop"] == ["ALL"]
    assert "cap_add" not in found and "privileged" not in found and "ports" not in found
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["network_mode"] == "none"
    assert found["mem_limit"] == "4g"


def test_the_readme_states_the_memory_limit() -> None:
    assert "4 GB of memory (`mem_limit`" in (ROOT / "README.md").read_text("utf-8")


@service
def test_input_is_read_only_and_no_folder_is_made(name: str) -> None:
    mounts = {mount["target"]: mount for mount in COMPOSE["services"][name]["volumes"]}
    assert set(mounts) == {"/var/data/input", "/var/data/output"}
    assert mounts["/var/data/input"]["read_only"] is True
    for target, variable in (("/var/data/input", "INPUT_DATA"), ("/var/data/output", "OUTPUT_DATA")):
        assert mounts[target]["source"].startswith("${" + variable + ":?")
        assert mounts[target]["bind"] == {"create_host_path": False}


def test_images_have_the_names_of_the_contract_and_come_from_one_dockerfile() -> None:
    services = COMPOSE["services"]
    assert services[CPU]["image"] == "model_cv4a_crop_detection:1"
    assert services[GPU]["image"] == "model_cv4a_crop_detection:1-gpu"
    arguments = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    for name in (CPU, GPU):
        assert services[name]["build"]["context"] == "."
        assert "dockerfile" not in services[name]["build"]
        assert set(services[name]["build"]["args"]) <= arguments
    assert services[GPU]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]


def test_a_checkpoint_carries_the_same_services_without_the_build() -> None:
    carried = yaml.safe_load((ROOT / "src/cropdetect/checkpoint/docker-compose.yml").read_text("utf-8"))["services"]
    for name in (CPU, GPU):
        assert carried[name] == {key: value for key, value in COMPOSE["services"][name].items() if key != "build"}


def test_the_dockerfile_pulls_no_frontend_and_keeps_no_secret() -> None:
    assert not DOCKERFILE.startswith("# syntax=")
    mounts = re.findall(r"--mount=type=secret,id=(\w+),required=(\w+)", DOCKERFILE)
    assert mounts == [("pip_conf", "false"), ("ca_bundle", "false")]
    assert not re.search(r"^(COPY|ADD|ENV) .*(pip_conf|ca_bundle|/run/secrets)", DOCKERFILE, re.MULTILINE)
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_no_torch_is_among_what_the_images_install() -> None:
    for runtime, fast in (("onnxruntime", "openvino"), ("onnxruntime-gpu", "")):
        lines = subprocess.run(
            ["python3", "docker/requirements.py"],
            cwd=ROOT,
            env={**os.environ, "RUNTIME": runtime, "FAST": fast},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        names = [re.split(r"[\s<>=!~\[;]", line)[0] for line in lines]
        assert runtime in names and names.count("onnxruntime") == (runtime == "onnxruntime")
        assert ("openvino" in names) == bool(fast)
        assert not {"torch", "scikit-learn"} & set(names)
        pinned = (ROOT / "constraints.txt").read_text("utf-8")
        assert all(re.search(rf"^{re.escape(name)}==", pinned, re.MULTILINE | re.IGNORECASE) for name in names)


def test_all_of_the_package_reaches_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists()
        assert f"!{path.split('/')[0]}" in ignored, f"{path} is ignored"


def test_the_dockerfile_is_clean_by_hadolint() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed")
    result = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (result.stdout, result.returncode) == ("", 0)


def entry(
    tmp_path: Path, *, chips: bool = True, checkpoint: bool = True, output: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the entry with folders of its own and a `cropdetect` that prints its arguments."""
    text = (ROOT / "docker" / "predict.sh").read_text("utf-8").replace("/var/data", str(tmp_path))
    (tmp_path / "predict.sh").write_text(text)
    tool = tmp_path / "bin" / "cropdetect"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho "$@"\nexit 7\n')
    tool.chmod(0o755)
    (tmp_path / "input" / "chips" / "00").mkdir(parents=True)
    if not chips:
        (tmp_path / "input" / "chips" / "00").rmdir()
        (tmp_path / "input" / "chips" / "README.md").write_text("a guide")
    if checkpoint:
        (tmp_path / "input" / "checkpoint").mkdir()
        (tmp_path / "input" / "checkpoint" / "checkpoint.json").write_text("{}")
    if output:
        (tmp_path / "output").mkdir()
    environment = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", tmp_path / "predict.sh", "--submission"], env=environment, capture_output=True, text=True, check=False
    )


def test_the_entry_predicts_and_passes_options_and_exit_code_on(tmp_path: Path) -> None:
    done = entry(tmp_path)
    assert done.returncode == 7
    expected = "predict {0}/input/chips {0}/output --checkpoint {0}/input/checkpoint --device cpu --submission"
    assert done.stdout.strip() == expected.format(tmp_path)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("chips", "the folder chips in INPUT_DATA is empty"),
        ("checkpoint", "there is no folder checkpoint in INPUT_DATA"),
        ("output", "OUTPUT_DATA is not mounted"),
    ],
)
def test_the_entry_names_what_is_missing(tmp_path: Path, missing: str, words: str) -> None:
    done = entry(tmp_path, **{missing: False})
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "output").exists() or not any((tmp_path / "output").iterdir())


def test_the_version_stands_in_one_place_and_others_repeat_it() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == version
    assert re.search(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[1] == version  # type: ignore[index]
    assert re.findall(r"^ARG VERSION=(.*)$", DOCKERFILE, re.MULTILINE) == [version]
    assert not re.search(r"__version__ = [\"']", (ROOT / "src/cropdetect/__init__.py").read_text("utf-8"))


def test_workflows_are_yaml_that_runs_the_same_checks() -> None:
    for name in ("checks", "publish", "versions"):
        assert yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text("utf-8"))["jobs"]
    checks = (ROOT / ".github/workflows/checks.yml").read_text("utf-8")
    assert ".ci/run" in checks and "scripts/check_containers.sh" in checks


def test_a_tag_is_published_after_the_tests_of_the_oldest_and_the_newest_versions() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))["jobs"]
    assert jobs["versions"]["uses"].endswith("versions.yml")
    assert {"checks", "versions"} <= set(jobs["package"]["needs"]) & set(jobs["images"]["needs"])
    versions = yaml.safe_load((ROOT / ".github/workflows/versions.yml").read_text("utf-8"))["jobs"]["versions"]
    matrix = {(one["versions"], one["python"]) for one in versions["strategy"]["matrix"]["include"]}
    assert {("oldest", "3.11"), ("newest", "3.11"), ("newest", "3.14")} <= matrix
    assert "scripts/check_versions.sh" in versions["steps"][-1]["run"]


def test_the_check_of_versions_refuses_other_words() -> None:
    done = subprocess.run(
        ["bash", ROOT / "scripts/check_versions.sh", "latest", "3.11"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "oldest or newest?\n")


def test_the_bill_of_materials_lists_what_is_installed(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx")
    status = tmp_path / "status"
    base = "Package: zlib1g\nStatus: {}\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1\nDescription: compression\n more words\n"
    status.write_text("\n".join((base.format("install ok installed"), base.format("deinstall ok config-files"))))
    done = subprocess.run(
        [sys.executable, ROOT / "docker/sbom.py", sys.prefix, status], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    bill = json.loads(done.stdout)
    listed = {one["purl"].split("?")[0]: one for one in bill["components"]}
    assert f"pkg:pypi/numpy@{version('numpy')}" in listed
    assert listed[f"pkg:pypi/pandas@{version('pandas')}"]["version"] == version("pandas")
    assert sum(purl.startswith("pkg:deb") for purl in listed) == 1
    assert any(purl.startswith("pkg:deb") and "zlib1g@" in purl for purl in listed)
    assert bill["metadata"]["component"]["name"] == "cropdetect"
    check_libraries(listed)


def check_libraries(listed: dict[str, Any]) -> None:
    """Check the shared libraries of a wheel against its files, and what is listed of one that has a bill of its own."""
    folder = Path(rasterio.__file__).parent.with_name("rasterio.libs")
    inside = listed[f"pkg:pypi/rasterio@{version('rasterio')}"]["components"]
    hashes = {one["hashes"][0]["content"]: one for one in inside}
    assert hashes.keys() == {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    assert {"libgdal", "libproj", "libtiff"} <= {one["name"] for one in inside}
    gdal = next(one for one in inside if one["name"] == "libgdal")
    assert gdal["version"].endswith(rasterio.__gdal_version__)
    crates = listed[f"pkg:pypi/pydantic-core@{version('pydantic-core')}"]["components"]
    assert any(one["purl"].startswith("pkg:cargo/serde@") for one in crates)
