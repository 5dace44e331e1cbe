"""A wrong path: what is there, and what is likely meant."""

from pathlib import Path

import pytest

from cropdetect.paths import contents_of, not_found

TREE = ("season/2019/20190606_B04.tif", "season/notes.txt", "fields.gpkg", "Saison d'été/a.nc")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("seasn", "season"),
        ("Season", "season"),
        ("fields.gpk", "fields.gpkg"),
        ("seson/2019", "season/2019"),
        ("season/2018", "season/2019"),
        ("season/2019/20190606_B4.tif", "season/2019/20190606_B04.tif"),
        ("saison d'ete/a.nc", "Saison d'été/a.nc"),
    ],
)
def test_the_nearest_existing_path_is_named(place: Path, typed: str, meant: str) -> None:
    error = not_found(place / typed)
    assert str(error).splitlines()[1:] == [f"Do you mean {place / meant}?"]


@pytest.mark.parametrize(
    ("typed", "fix"),
    [("xyz", "In {0} there are: Saison d'été, fields.gpkg, season."), ("xyz/b/c", "There is no xyz in {0}.")],
)
def test_where_nothing_is_near_it_is_said_what_there_is(place: Path, typed: str, fix: str) -> None:
    assert not_found(place / typed).fix == fix.format(place)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([], "an empty folder"),
        (["a.pdf"], "a folder with 1 PDF file"),
        (["a.pdf", "b.PDF", "c.pdf", "d/x", "e/x"], "a folder with 3 PDF files and 2 folders"),
        (["a.tif", "b.tif", "c.csv", "d/x"], "a folder with 2 TIF files, 1 CSV file and 1 folder"),
        ([f"x.{kind}" for kind in "abcdefg"], "a folder with 1 A file, 1 B file, 1 C file, 1 D file, 1 E file and 2 other files"),
        (["README"], "a folder with 1 unnamed file"),
    ],
)
def test_a_folder_is_described_by_its_files(tmp_path: Path, files: list[str], said: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert contents_of(tmp_path) == said


def test_a_file_is_described_by_its_suffix(tmp_path: Path) -> None:
    assert contents_of(tmp_path / "a.docx") == "a DOCX file"
    assert contents_of(tmp_path / "LICENSE") == "a file without a suffix"
