"""What the page holds, unpacked in Python: outlines, seasons, totals, pictures."""

import base64
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Point, Polygon, box

from cropdetect.errors import OptionError
from cropdetect.evaluation import score
from cropdetect.inference import FieldSeries
from cropdetect.outputs.report import curves, outlines, render, summary, write_report
from cropdetect.outputs.report.page import SCRIPTS, TRAINING_SCRIPTS
from cropdetect.outputs.report.totals import areas_ha, by_class, clear_by_date
from tests.outputs.report.made_up import LEGEND, made_up_content

ASSETS = files("cropdetect.outputs.report") / "assets"
EXPORT = re.compile(r"^export (?:async )?(?:function|const) (\w+)", re.MULTILINE)
DECLARATION = re.compile(r"^(?:export )?(?:async )?(?:function|const|let) (\w+)", re.MULTILINE)


def blob(html, name, dtype):
    text = re.search(rf'id="blob-{name}">([^<]*)<', html)[1]
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype)


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])


def outlines_of(html):
    """The geometry of each field, as the page draws it."""
    told = data_of(html)["map"]
    rings, vertices = blob(html, "rings", "<u4"), blob(html, "vertices", "<u4")
    places = blob(html, "outlines", "<i4").reshape(-1, 2).cumsum(axis=0) * told["step"] + told["origin"]
    each = np.split(places, np.cumsum(vertices)[:-1])
    ends = np.cumsum(rings)
    return [each[end - n : end] for n, end in zip(rings, ends, strict=True)], told


def test_outlines_move_no_farther_than_the_page_says():
    content = made_up_content(200, n_dates=2)
    drawn, told = outlines_of(render(content))
    assert told["crs"] == "EPSG:32631"
    limit = told["tolerance"] + told["step"]
    assert limit < 3  # metres, of fields 100 m wide
    for rings, shape in zip(drawn, content.table.geometry, strict=True):
        assert shapely.hausdorff_distance(Polygon(rings[0]).exterior, shape.exterior, densify=0.1) <= limit


def test_holes_parts_points_and_missing_outlines_keep_their_fields():
    hole = Polygon(box(0, 0, 100, 100).exterior.coords, [box(40, 40, 60, 60).exterior.coords])
    shapes = [None, hole, MultiPolygon([box(200, 0, 250, 50), box(300, 0, 350, 50)]), Point(400, 10)]
    content = made_up_content(4, n_dates=2)
    table = content.table.set_geometry(gpd.GeoSeries(shapes, crs=32631))
    drawn, _ = outlines_of(render(replace(content, table=table)))
    assert [len(rings) for rings in drawn] == [0, 2, 2, 1]
    areas = [abs(sum(Polygon(ring).area * (1 if k == 0 else -1) for k, ring in enumerate(drawn[1])))]
    np.testing.assert_allclose(areas, 9600, rtol=0.01)
    np.testing.assert_allclose(drawn[3][0], [[400, 10]], atol=1)


def test_many_vertices_are_thinned_and_the_data_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(outlines, "_VERTICES", 1500)
    content = made_up_content(200, n_dates=2)
    before = content.table.to_wkb()
    html = render(content)
    assert blob(html, "vertices", "<u4").sum() <= 1500
    assert content.table.to_wkb().equals(before)


def test_degrees_become_metres_on_the_map():
    content = made_up_content(4, n_dates=2)
    told = data_of(render(replace(content, table=content.table.to_crs(4326))))["map"]
    assert told["crs"] == "EPSG:3857"
    west, _south, east, _north = told["bounds"]
    assert told["unit_metres"] * (east - west) == pytest.approx(np.ptp(content.table.total_bounds[[0, 2]]), rel=0.02)


def test_seasons_are_kept_to_a_sixty_thousandth_of_their_range(monkeypatch):
    monkeypatch.setattr(curves, "_BLOCK", 7)
    content = made_up_content(20, n_dates=9)
    html = render(content)
    told = data_of(html)["season"]
    names = [band["name"] for band in told["bands"]]
    assert names == ["NDVI", *content.series.bands]
    band = told["bands"][names.index("B08")]
    steps = np.concatenate([blob(html, f"{band['blob']}-{k}", "<u2") for k in range(3)])
    days = np.concatenate([blob(html, f"season-dates-{k}", "<u2") for k in range(3)])
    values = np.where(steps > 0, band["low"] + (steps - 1.0) / 65534 * (band["high"] - band["low"]), np.nan)
    expected = content.series.values[:, content.series.bands.index("B08")]
    np.testing.assert_allclose(values, expected, atol=(band["high"] - band["low"]) / 65534)
    assert [told["dates"][k] for k in days] == content.series.date.astype(str).tolist()


def test_averages_are_those_of_the_fields_given_the_crop():
    dates = np.array(["2018-03-01", "2018-03-21", "2019-03-03", "2019-03-21"], "datetime64[D]")
    series = FieldSeries(("NDVI",), np.array([0, 0, 1, 1]), dates, np.array([[0.2], [0.4], [0.4], [np.nan]], np.float32))
    told = curves.curves_of(series, np.arange(2), np.array([1, 1]), 2, {})
    # day 59 of 2018 and day 61 of 2019 share ten days; on 21 March only the first field was clear
    assert told["bands"][0]["averages"] == [[], [(60.0, 0.3), (79.0, 0.4)]]


def test_bands_beyond_the_budget_are_left_out_and_named(monkeypatch):
    monkeypatch.setattr(curves, "_BUDGET", 9000)
    html = render(made_up_content(100, n_dates=30))
    told = data_of(html)["season"]
    assert told["bands"][0]["name"] == "NDVI"
    assert told["left_out"]
    assert {"NDVI", *made_up_content(1).series.bands} == {b["name"] for b in told["bands"]} | set(told["left_out"])
    assert html.count('id="blob-season-') == 2 + len(told["bands"])


def test_areas_are_true_hectares_in_any_reference_system():
    squares = gpd.GeoDataFrame(geometry=[box(500_000, 5_600_000, 500_100, 5_600_200)], crs=32631)
    expected = 2 / 0.9996**2  # the scale of UTM at its middle meridian
    for crs in (32631, 4326, 3857):
        assert areas_ha(squares.to_crs(crs))[0] == pytest.approx(expected, rel=1e-3)
    assert areas_ha(gpd.GeoDataFrame(geometry=[Point(0, 0)], crs=32631)) is None


def test_expected_areas_and_their_spread_are_those_of_independent_fields():
    p = np.array([[0.9, 0.1], [0.4, 0.6], [np.nan, np.nan]])
    a = np.array([2.0, 5.0, 7.0])
    one, other = by_class(p, np.array([0, 1, -1]), a)
    assert (one["fields"], one["ha"]) == (1, 2.0)
    assert one["expected_ha"] == pytest.approx(0.9 * 2 + 0.4 * 5)
    # the four outcomes of two independent fields, weighed one by one
    outcomes = [(x * 2 + y * 5, (0.9 if x else 0.1) * (0.4 if y else 0.6)) for x in (0, 1) for y in (0, 1)]
    mean = sum(area * chance for area, chance in outcomes)
    assert one["spread_ha"] == pytest.approx(np.sqrt(sum(chance * (area - mean) ** 2 for area, chance in outcomes)))
    assert other["spread_ha"] == pytest.approx(one["spread_ha"])


def test_clear_shares_count_the_fields_seen_each_day():
    dates = np.array(["2019-06-01", "2019-06-11", "2019-06-01"], "datetime64[D]")
    values = np.array([[1], [2], [np.nan]], np.float32)
    series = FieldSeries(("B04",), np.array([0, 0, 1]), dates, values)
    assert clear_by_date(series) == [("2019-06-01", 0.5, 2), ("2019-06-11", 1.0, 1)]


class Elements(HTMLParser):
    """The texts of a page by the elements that hold them, and its comments."""

    def __init__(self, html):
        super().__init__()
        self.texts, self.comments, self._tag = {}, [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._tag = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        self._tag = ""

    def handle_data(self, data):
        if self._tag:
            self.texts[self._tag][-1] += data

    def handle_comment(self, data):
        self.comments.append(data)


HOSTILE = ("</script><!--\u2028&", 'it\'s "quoted"', "a\x00\x07\r\nb\x7f", "{{ 7 * 7 }}{% raw %}", "<b>bold</b>")


def test_text_of_the_users_can_end_no_element_and_is_read_back_as_it_is():
    content = made_up_content(len(HOSTILE), n_dates=2)
    table = content.table.assign(field_id=list(HOSTILE))
    legend = (*HOSTILE, *LEGEND[len(HOSTILE) :])
    html = render(replace(content, table=table, legend=legend, title="".join(HOSTILE)))
    elements = Elements(html)
    assert elements.texts["h1"] == ["".join(HOSTILE)]
    assert elements.texts["title"] == ["".join(HOSTILE) + ": crops of 5 fields"]
    assert "b" not in elements.texts
    assert elements.comments == []
    embedded = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1]
    assert not set("<>&'") & set(embedded)
    data = json.loads(embedded)
    assert (data["ids"], data["legend"], data["title"]) == (list(HOSTILE), list(legend), "".join(HOSTILE))


def test_a_name_that_is_no_text_still_gives_a_page(tmp_path):
    name = b"field\xff".decode("utf-8", "surrogateescape")  # as a folder's name of another encoding is read
    file = write_report(replace(made_up_content(3, n_dates=2), title=name), tmp_path / "report.html")
    assert data_of(file.read_text("utf-8"))["title"] == "field?"


def test_warnings_and_facts_of_the_run_are_on_the_page_as_text(run):
    warned = run.model_copy(update={"warnings": ["<i>cloudy</i> & wet"]})
    html = render(replace(made_up_content(3, n_dates=2), run=warned))
    assert "<li>&lt;i&gt;cloudy&lt;/i&gt; &amp; wet</li>" in html
    facts = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", html))
    assert facts["Checkpoint"] == run.checkpoint
    assert facts["Bands"] == ", ".join(run.bands)
    assert facts["Map"].startswith("EPSG:32631; outlines simplified")


def test_the_lead_counts_fields_and_hectares():
    lead = re.search(r'id="subtitle">(.*?)</p>', render(made_up_content(1, n_dates=2)))[1]
    area = areas_ha(made_up_content(1, n_dates=2).table)[0]
    assert lead == f"Predicted crops. 1 field, {area:.2f} ha. Data: made up."


def test_the_script_documents_every_key_of_the_summary():
    documented = (ASSETS / "data.js").read_text("utf-8").split("@typedef {object} Summary")[1].split("@typedef")[0]
    names = re.findall(r"@property \{.*\} (\w+)", documented)
    assert sorted(names) == sorted(data_of(render(made_up_content(3, n_dates=2))))


def test_every_script_is_in_the_page_and_finds_what_it_imports():
    assets = {file.stem: file.read_text("utf-8") for file in ASSETS.glob("*.js")}
    assert set(assets) == {*SCRIPTS, *TRAINING_SCRIPTS}
    exported = {
        name: set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", text, re.M)) for name, text in assets.items()
    }
    imported = []
    for name, text in assets.items():
        for names, source in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', text, re.M):
            imported += re.findall(r"\w+", names)
            assert set(re.findall(r"\w+", names)) <= exported[source], f"{name}.js imports from {source}.js"
            for scripts in (SCRIPTS, TRAINING_SCRIPTS):
                if name in scripts:
                    assert scripts.index(source) < scripts.index(name), f"{name}.js must come after {source}.js"
        assert text.count("\nimport ") + text.startswith("import ") == len(re.findall(r"^import \{", text, re.M))
    assert set().union(*exported.values()) <= set(imported)
    declared = [name for text in assets.values() for name in DECLARATION.findall(text)]
    assert len(declared) == len(set(declared))  # the page reads them as one module


def test_the_policy_names_the_scripts_own_hash_and_allows_no_connection():
    import hashlib

    html = render(made_up_content(3, n_dates=2))
    script = re.findall(r'<script type="module">(.*?)</script>', html, re.DOTALL)[-1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html)


def test_the_same_content_gives_the_same_page(tmp_path):
    one, other = (write_report(made_up_content(50), tmp_path / f"{name}.html").read_bytes() for name in "ab")
    assert one == other


def test_a_sample_holds_the_least_certain_fields(monkeypatch):
    monkeypatch.setattr(summary, "_SHOWN", 150)
    content = made_up_content(400, n_dates=2)
    data = data_of(render(content))
    assert (data["n_fields"], len(data["ids"])) == (400, 150)
    entropy = content.table["entropy"].astype(float)
    assert set(content.table["field_id"][entropy.nlargest(100).index]) <= set(data["ids"])
    assert sum(one["fields"] for one in data["classes"]) == content.table["crop"].isin(LEGEND).sum()


def test_a_prediction_shows_what_the_checkpoint_scored_as_scores_of_the_model():
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    html = render(replace(made_up_content(3, n_dates=2), metrics=score(p, np.array([0, 0]), ("maize", "wheat"))))
    assert "How good is the model?" in html
    text = " ".join(re.sub("<[^>]*>", "", html.split('id="glance"')[1].split("</aside>")[0]).split())
    assert "The model is right on 50 % of 2 training fields that its networks had not seen." in text
    assert "with a known crop" not in text


def test_without_tiles_the_page_allows_no_server_and_with_them_that_one():
    content = made_up_content(3, n_dates=2)
    assert "img-src data: blob:;" in render(content)
    html = render(replace(content, tiles="https://tile.example:8080/{z}/{x}/{y}.png"))
    assert "img-src data: blob: https://tile.example:8080;" in html
    assert data_of(html)["map"]["crs"] == "EPSG:3857"


@pytest.mark.parametrize(
    "tiles",
    [
        "https://tile.example/{z}/{x}.png",
        "file:///etc/{z}/{x}/{y}",
        "https://a.example; script-src */{z}/{x}/{y}",
        "//tile.example/{z}/{x}/{y}",
        "https://user:word@tile.example/{z}/{x}/{y}",
        "{z}{x}{y}",
    ],
)
def test_an_address_that_is_no_map_tiles_is_refused(tiles):
    with pytest.raises(OptionError, match="is no address of map tiles"):
        render(replace(made_up_content(2, n_dates=2), tiles=tiles))
