"""A tag is published only if it is the version and the changelog has its date."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from absolute_links import absolute, relative_links
from check_release import problems
from tests.repository.conftest import ROOT

DATED = "# Changelog\n\n## [0.2.0] - 2026-12-01\n\n## [0.1.0] - 2026-11-24\n"


def test_a_dated_version_may_be_published() -> None:
    assert problems("v0.2.0", "0.2.0", DATED) == []


@pytest.mark.parametrize(
    ("tag", "changelog", "says"),
    [
        ("v0.3.0", DATED, "the tag is v0.3.0, the version in pyproject.toml is 0.2.0"),
        ("0.2.0", DATED, "the tag is 0.2.0, "),
        ("v0.2.0", DATED.replace("2026-12-01", "unreleased"), "must be: ## [0.2.0] - YYYY-MM-DD"),
        ("v0.2.0", DATED.replace("[0.2.0]", "[0.2.1]"), "must be: ## [0.2.0] - YYYY-MM-DD"),
        ("v0.2.0", "# Changelog\n", "must be: ## [0.2.0] - YYYY-MM-DD"),
    ],
)
def test_another_tag_or_an_undated_section_may_not(tag: str, changelog: str, says: str) -> None:
    (found,) = problems(tag, "0.2.0", changelog)
    assert says in found


@pytest.mark.parametrize(("tag", "code"), [("v0.2.0", 0), ("v0.3.0", 1)])
def test_the_script_fails_for_another_tag_only(tmp_path: Path, tag: str, code: int) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/check_release.py", tmp_path / "scripts")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(DATED)
    done = subprocess.run([sys.executable, tmp_path / "scripts/check_release.py", tag], capture_output=True, check=False)
    assert done.returncode == code
    assert bool(done.stderr) == bool(code)


def test_the_published_readme_shows_its_pictures_and_leads_to_the_pages_of_the_tag() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    page, base = absolute(readme, "https://example.org/me/cropdetect", "v0.2.0"), "https://example.org/me/cropdetect"
    assert relative_links(page) == []
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", page)
    assert f"{base}/raw/v0.2.0/docs/images/report.png" in pictures
    assert all(picture.startswith("https://") for picture in pictures)
    assert all((ROOT / picture.removeprefix(f"{base}/raw/v0.2.0/")).is_file() for picture in pictures)
    assert f"]({base}/blob/v0.2.0/docs/start.md)" in page
    for kept in ("(#pull-or-build-the-docker-image)", "(https://docs.nvidia.com/"):
        assert page.count(kept) == readme.count(kept) > 0


def test_links_become_absolute_before_the_package_is_built_and_checked() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))["jobs"]
    links, built, checked = (step["run"] for step in jobs["package"]["steps"] if "run" in step)
    assert "absolute_links.py" in links and "$GITHUB_REPOSITORY" in links
    assert "python -m build" in built
    assert "check_package.py dist --published" in checked


def test_nothing_is_published_before_the_tag_is_checked() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/publish.yml").read_text("utf-8"))["jobs"]
    assert "scripts/check_release.py" in jobs["tag"]["steps"][-1]["run"]

    def waits_for_tag(name: str) -> bool:
        needs = jobs[name].get("needs", [])
        needs = [needs] if isinstance(needs, str) else needs
        return "tag" in needs or any(waits_for_tag(one) for one in needs)

    assert [name for name in jobs if name != "tag" and not waits_for_tag(name)] == []
