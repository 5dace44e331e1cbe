"""Results show as tables and pictures in a notebook, small and with all text escaped."""

from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import numpy as np

import cropdetect as cd
from cropdetect import api, notebook
from cropdetect.formats import MetricsRecord

EVIL = "<script>alert(1)</script>"


class Tags(HTMLParser):
    """Collects the tags, and checks that every one is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_prediction_shows_a_map_and_its_crops(season: Path, checkpoint: Path) -> None:
    answer = cd.predict(season, checkpoint=checkpoint)
    shown = answer._repr_html_()
    tags = Tags(shown).found
    assert tags.count("path") == 16
    assert "<td>cassava</td><td>8</td>" in shown
    assert "&#9632;</span> cassava" in shown  # its colour on the map
    assert len(shown) < 20_000
    assert Tags(answer.report()._repr_html_()).found == ["iframe"]


def test_names_of_classes_and_ids_are_escaped(season: Path, checkpoint: Path, tmp_path: Path) -> None:
    fields = gpd.read_file(season / "fields.gpkg")
    fields["crop"] = np.where(fields["crop"] == "maize", f"a & {EVIL}", EVIL)
    how = {"labels": "crop", "chip_size": 16, "epochs": 1, "members": 2, "block_size": 300.0}
    trained = cd.train(season, tmp_path / "checkpoint", fields=fields, **how)
    answer = cd.predict(season, checkpoint=trained, fields=fields)
    scores = cd.evaluate(answer.to_folder(tmp_path / "out"), tmp_path / "scores", reference=fields, labels="crop")
    said = cd.info(season, fields=fields)
    for shown in (trained._repr_html_(), answer._repr_html_(), scores._repr_html_(), said._repr_html_()):
        assert "script" not in Tags(shown).found
        assert "&lt;script&gt;" in shown


def test_scores_show_the_classes_and_the_confusion(season: Path, checkpoint: Path, tmp_path: Path) -> None:
    predicted = cd.predict(season, checkpoint=checkpoint).to_folder(tmp_path / "out")
    scores = cd.evaluate(predicted, tmp_path / "scores", reference=season / "fields.gpkg", labels="crop")
    assert isinstance(scores, MetricsRecord)
    shown = scores._repr_html_()
    assert Tags(shown).found.count("table") == 3
    assert f"{scores.accuracy:.3f}" in shown


def test_data_and_chips_show_what_they_hold(season: Path, tmp_path: Path) -> None:
    said = cd.info(season)._repr_html_()
    assert Tags(said).found.count("table") >= 2  # the facts, and one row a band
    assert "<td>B08</td>" in said
    assert "days without a clear pixel" not in said  # there is none
    assert repr(cd.open_imagery(season)).startswith("<Imagery of 1 tile (")
    assert "B08" in repr(cd.open_imagery(season))
    assert repr(cd.open_data(season)).startswith("<OpenedData: 16 chips of 16 fields, ")
    shown = api.chips(season, tmp_path / "chips.zarr", chip_size=16)._repr_html_()
    assert "16 of 16 x 16 pixels" in shown
    assert Tags(shown).found.count("table") == 2


def test_long_tables_are_cut_and_say_so() -> None:
    shown = notebook.table(("n", "square"), [(n, n * n) for n in range(100)])
    assert shown.count("<tr>") == 22
    assert "... 80 more" in shown
    assert notebook.matrix([str(n) for n in range(40)], np.ones((40, 40), int).tolist()).count("<td") == 400
