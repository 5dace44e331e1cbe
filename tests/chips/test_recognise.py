"""What lies at a path is recognised; where it is nothing, two lines say what is there and what is meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cropdetect.chips import open_data, recognise
from cropdetect.errors import CropDetectError, UnknownLayoutError
from cropdetect.formats import Kind
from cropdetect.options import DataOptions
from tests.fields.parcels import table


def fields(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table(field_id=["a", "b"]).to_file(path)
    return path


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def text(path: Path, content: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


RUN = '{"format": "cropdetect-run", "verb": "%s"}'


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda root: image(root / "x" / "20190606_B04.tif").parent, "imagery"),
        (lambda root: image(root / "20190606_B04.tif"), "imagery"),
        (lambda root: image(root / "field_ids.tif"), "fields"),
        (lambda root: fields(root / "parcels.gpkg"), "fields"),
        (lambda root: fields(root / "shape" / "parcels.shp").parent, "fields"),
        (lambda root: text(root / "series.csv", "field_id,date,B04\n1,2019-06-06,500\n"), "table"),
        (lambda root: text(root / "out" / "run.json", RUN % "demo").parent, "demo"),
        (lambda root: text(root / "report.html", '<meta name="generator" content="cropdetect">'), "report"),
        (
            lambda root: text(root / "c" / ".partial" / "state.json", '{"verb": "train", "fingerprint": "f"}').parents[1],
            "unfinished",
        ),
    ],
)
def test_each_kind_is_told_by_its_files(tmp_path: Path, make: Callable[[Path], Path], kind: Kind) -> None:
    assert recognise(make(tmp_path)) == kind


@pytest.mark.parametrize(
    ("make", "what", "meant"),
    [
        (lambda root: root, "an empty folder", ""),
        (lambda root: text(root / "a.pdf"), "a PDF file", ""),
        (lambda root: text(root / "docs" / "a.pdf").parent, "a folder with 1 PDF file", ""),
        (lambda root: [fields(root / "a.gpkg"), fields(root / "b.gpkg")][0].parent, "2 GPKG files", "a.gpkg, b.gpkg"),
        (lambda root: fields(root / "x" / "y" / "a.gpkg").parents[2], "1 folder", "x/y is a file of fields: give that"),
        (
            lambda root: text(image(root / "20190606_B04.tif").parent / "sub" / "n.md").parent,
            "1 MD file",
            "is imagery: give that",
        ),
        (
            lambda root: text(text(root / "checkpoint.json").parent / "members" / "a.onnx").parent,
            "1 ONNX file",
            "is a checkpoint: give that",
        ),
        (lambda root: text(text(root / "run.json", RUN % "demo")), "a JSON file", "is the output of demo: give that"),
        (lambda root: text(root / "page.html", "<html>"), "a HTML file", ""),
    ],
)
def test_what_is_no_data_is_told_in_two_lines(tmp_path: Path, make: Callable[[Path], Path], what: str, meant: str) -> None:
    path = make(tmp_path)
    if path.name == "run.json":
        path.write_text(RUN % "demo", "utf-8")
    with pytest.raises(UnknownLayoutError) as caught:
        recognise(path)
    first, second = str(caught.value).splitlines()
    assert what in first
    assert meant in second
    assert "docs/data.md" in second
    with pytest.raises(CropDetectError) as again:
        open_data(path, DataOptions())
    assert str(again.value) == str(caught.value)
