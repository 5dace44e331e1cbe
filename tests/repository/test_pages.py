"""README and docs: in the order of the model repository, without placeholders, with links and commands that are real."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import typer.main
import yaml
from shapely.geometry import shape

from cropdetect.cli import app
from tests.repository.conftest import CPU, GPU, PAGES, ROOT, blocks, headings

README = (ROOT / "README.md").read_text("utf-8")
INDEX = (ROOT / "docs" / "index.md").read_text("utf-8")
README_ORDER = [
    "ML Model Documentation",
    "Quick start",
    "System Requirements",
    "Hardware Requirements",
    "Get Started With Inferencing",
    "Pull or Build the Docker Image",
    "Run Model to Generate New Inferences",
    "Understanding Output Data",
    "Train your own",
    "Python",
    "Benchmarks",
    "Licence",
    "Citation",
]
INDEX_ORDER = [
    "Training Data",
    "Related MLHub Dataset",
    "Citation",
    "License",
    "Creator(s)",
    "Contact",
    "Applicable Spatial Extent",
    "Applicable Temporal Extent",
    "Learning Approach",
    "Prediction Type",
    "Model Architecture",
    "Training Operating System",
    "Training Processor Type",
    "Model Inferencing",
    "Methodology",
    "Training",
    "Model",
    "Structure of Output Data",
]
PLACEHOLDERS = re.compile(r"\{\{|\}\}|\bTODO\b|\bTBD\b|\bFIXME\b|lorem ipsum|\bXX+\b", re.IGNORECASE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())


@pytest.mark.parametrize(("text", "order"), [(README, README_ORDER), (INDEX, INDEX_ORDER)], ids=["README", "index"])
def test_the_headings_are_in_the_order_of_the_model_repository(text: str, order: list[str]) -> None:
    found = headings(text)
    assert found[0].startswith("# ")
    titles = [heading.lstrip("#").strip() for heading in found]
    assert [title for title in titles if title in order] == order


@pytest.mark.parametrize("text", [README, INDEX], ids=["README", "index"])
def test_picture_and_model_id_come_before_the_first_section(text: str) -> None:
    first = text[: text.index("\n## ")]
    assert re.search(r"!\[.+\]\(\S*architecture\.svg\)", first)
    assert "`model-cv4a-crop-detection-v1`" in first


@page
def test_no_placeholder_is_left(path: Path) -> None:
    assert PLACEHOLDERS.findall(path.read_text("utf-8")) == []


@page
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for link in LINK.findall(re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)):
        if re.match(r"[a-z]+:", link):
            assert link.startswith("https://"), link
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{path.name} links to {link}"
        if anchor:
            slugs = [
                re.sub(r"[^\w -]", "", h.lstrip("# ").lower()).replace(" ", "-") for h in headings(target.read_text("utf-8"))
            ]
            assert anchor in slugs, f"{path.name} links to {link}"


def test_every_page_is_in_the_navigation_of_the_site_and_every_entry_is_a_page() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = sorted(re.findall(r"[\w/-]+\.(?:md|ipynb)\b", text))
    pages = sorted(file.relative_to(ROOT / "docs").as_posix() for file in ROOT.glob("docs/**/*.md"))
    assert named == pages, f"put into `nav` of mkdocs.yml, or take out: {sorted(set(pages) ^ set(named))}"


def commands() -> list[tuple[str, str]]:
    """All lines of code blocks that call cropdetect, but for what `--help` prints."""
    found = []
    for path in PAGES:
        for block in blocks(path.read_text("utf-8")):
            lines = [line.removeprefix("$ ") for line in block.lines if block.language != "console" or line.startswith("$ ")]
            found += [(path.relative_to(ROOT).as_posix(), line) for line in lines if line.startswith("cropdetect ")]
    return found


@pytest.mark.parametrize(("where", "line"), commands())
def test_every_command_has_options_and_arguments_that_the_program_takes(where: str, line: str) -> None:
    words = [word for word in shlex.split(line, comments=True)[1:] if word != "..."]
    group = typer.main.get_command(app)
    if words[0].startswith("-"):
        assert words == ["--help"]
        return
    name, *rest = words
    command = group.commands[name]  # type: ignore[attr-defined]
    if rest == ["--help"]:
        return
    command.make_context(name, [word.strip("[]") for word in rest], resilient_parsing=False).close()


def test_the_check_would_see_an_option_that_does_not_exist() -> None:
    command = typer.main.get_command(app).commands["predict"]  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="no-such-option") as caught:
        command.make_context("predict", ["a", "b", "--checkpoint", "c", "--no-such-option"])
    assert type(caught.value).__name__ == "NoSuchOption" or isinstance(caught.value, click.ClickException)


def test_the_make_targets_of_the_pages_exist() -> None:
    targets = set(re.findall(r"^([\w.-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for path in PAGES:
        lines = [line for block in blocks(path.read_text("utf-8")) for line in block.lines if line.startswith("make ")]
        for line in lines:
            named = [word for word in shlex.split(line, comments=True)[1:] if "=" not in word]
            assert named and set(named) <= targets, line


def test_scripts_and_files_that_the_pages_name_exist() -> None:
    names = re.compile(r"`(?:python )?((?:scripts|benchmarks|docker|data|docs|\.ci|\.github|src)/[\w./-]+)")
    for path in PAGES:
        for name in names.findall(path.read_text("utf-8")):
            assert (ROOT / name).exists(), f"{path.name} names {name}"


def test_services_that_the_pages_name_are_those_of_the_compose_file() -> None:
    services = set(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"])
    assert services == {CPU, GPU}
    for path in PAGES:
        assert set(re.findall(r"model-cv4a-crop-detection-v1_\w+", path.read_text("utf-8"))) <= services
    assert f"docker compose up {CPU}" in README


def test_every_geojson_is_a_valid_place_on_earth() -> None:
    found = [block for path in PAGES for block in blocks(path.read_text("utf-8")) if block.language == "geojson"]
    assert found
    for block in found:
        geometry = json.loads("\n".join(block.lines))
        assert geometry["type"] == "Polygon"
        outer = geometry["coordinates"][0]
        assert outer[0] == outer[-1]
        assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in outer)
        polygon = shape(geometry)
        assert polygon.is_valid and polygon.area > 0
        assert polygon.exterior.is_ccw  # RFC 7946, 3.1.6
    west, south, east, north = polygon.bounds
    assert 33.9 < west < east < 34.5 and 0 < south < north < 0.9  # western Kenya
