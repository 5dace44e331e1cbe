"""Unusual states of report.html in headless Chromium: long legends, long names, other scripts, no answer at all."""

import pytest

from cropdetect.outputs.report import render
from tests.outputs.report.made_up import made_up_classes, made_up_content, made_up_far_apart, made_up_without_answers

chromium = pytest.importorskip("tests.outputs.report.chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.program() is None, reason="Chromium is not installed: apt-get install chromium chromium-driver"),
]
#: Where the canvas has been painted, in pixels of the window: left, top, right, bottom.
PAINTED = """
const canvas = document.querySelector("#map"), box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
for (let k = 0; k < canvas.width * canvas.height; k++) {
  if (!data[4 * k + 3]) continue;
  const [x, y] = [k % canvas.width, Math.floor(k / canvas.width)];
  [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
}
return [box.left + left / ratio, box.top + top / ratio, box.left + right / ratio, box.top + bottom / ratio];
"""


def opened(browser, content, folder):
    file = folder / "report.html"
    file.write_text(render(content), "utf-8")
    browser.open(file)
    return browser


@pytest.fixture(scope="module")
def desktop():
    with chromium.Browser() as browser:
        yield browser


def box_of(browser, selector):
    return browser.run("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)


@pytest.mark.parametrize(("width", "height", "mobile"), [(1400, 900, False), (390, 844, True)], ids=["desktop", "phone"])
@pytest.mark.parametrize("content", [lambda: made_up_content(400, n_dates=4), made_up_far_apart], ids=["near", "far apart"])
def test_at_first_no_field_lies_under_a_panel_or_a_button(width, height, mobile, content, tmp_path):
    with chromium.Browser(width, height, mobile=mobile) as browser:
        opened(browser, content(), tmp_path)
        left, top, right, bottom = browser.run(PAINTED)
        assert right - left > 200
        assert top > box_of(browser, "#layers")["bottom"]
        assert bottom < box_of(browser, "#zoom-all")["top"]
        assert right < width
        assert left > (0 if mobile else box_of(browser, "#glance")["right"])


def test_on_a_tablet_the_panel_of_a_field_replaces_the_summary_and_the_field_stays_in_sight(tmp_path):
    with chromium.Browser(1024, 768) as browser:
        opened(browser, made_up_content(1, n_dates=4), tmp_path)
        assert browser.run("return document.querySelector('#glance').checkVisibility()")
        left, top, right, bottom = browser.run(PAINTED)
        box = box_of(browser, "#map")
        browser.click_at("#map", (left + right) / 2 - box["left"], (top + bottom) / 2 - box["top"])
        panel = browser.until("const d = document.querySelector('#detail'); return !d.hidden && d.getBoundingClientRect().left")
        assert not browser.run("return document.querySelector('#glance').checkVisibility()")
        browser.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        left, _, right, _ = browser.run(PAINTED)
        assert (left + right) / 2 < panel
        browser.click("#detail .close")
        assert browser.run("return document.querySelector('#glance').checkVisibility()")


def test_a_low_window_keeps_all_three_answers_on_the_first_screen(tmp_path):
    with chromium.Browser(1280, 720) as browser:
        opened(browser, made_up_classes(["maize", "wheat", "barley", "grass", "potato", "beet"]), tmp_path)
        assert box_of(browser, "#first li")["bottom"] < 720
        assert not browser.run("return document.querySelector('#bars-meaning').checkVisibility()")


def test_a_long_legend_folds_away_so_that_the_other_answers_are_on_the_first_screen(desktop, tmp_path):
    browser = opened(desktop, made_up_classes([f"crop type {k}" for k in range(1, 31)]), tmp_path)
    assert box_of(browser, "#first li")["bottom"] < min(900, box_of(browser, "#glance")["bottom"])
    assert browser.text("#crops summary").startswith("22 smaller crops, ")
    shown = browser.run("return document.querySelectorAll('#map, #crops > ul .crop').length") - 1
    assert shown == 8
    browser.click("#crops summary")
    crop = browser.run("return [...document.querySelectorAll('#crops details .crop')].map((one) => one.dataset.crop)")
    assert len(crop) == 22
    browser.click("#crops details .crop")
    assert browser.run("return document.querySelector('#crops details .crop').getAttribute('aria-pressed')") == "false"


def test_a_short_legend_stays_whole(desktop, tmp_path):
    browser = opened(desktop, made_up_classes([f"crop type {k}" for k in range(1, 11)]), tmp_path)
    assert browser.run("return document.querySelector('#crops details')") is None


def test_the_legend_is_hatched_like_the_map(desktop, tmp_path):
    browser = opened(desktop, made_up_classes(["maize", "wheat", "barley"]), tmp_path)
    assert browser.run("return document.querySelectorAll('svg.swatch').length") == 0
    look = "const s = getComputedStyle(arguments[0]); return [s.backgroundColor, s.backgroundImage]"
    legend = {
        one.get_attribute("data-crop"): browser.run(look, one.find_element("css selector", ".swatch"))
        for one in browser.driver.find_elements("css selector", "#crops .crop")
    }
    assert len({tuple(one) for one in legend.values()}) == 3
    browser.click("#table tbody button")
    bars = [browser.run(look, one) for one in browser.driver.find_elements("css selector", "#bars .swatch")]
    assert sorted(bars) == sorted(legend.values())


def test_a_long_name_takes_two_lines_and_is_told_whole_by_the_pointer(desktop, tmp_path):
    name = "Winter cereals and undersown leguminous fodder crops (mixed stands, including catch crops of the following season)"
    browser = opened(desktop, made_up_classes([name, "potato"]), tmp_path)
    long = browser.run(
        f"return [...document.querySelectorAll('#crops .name')].find((one) => one.title === '{name}').offsetHeight"
    )
    short = browser.run(
        "return [...document.querySelectorAll('#crops .name')].find((one) => one.title === 'potato').offsetHeight"
    )
    assert long <= 2.2 * short


def test_a_name_without_a_blank_stays_inside_the_panel_of_a_field(desktop, tmp_path):
    browser = opened(desktop, made_up_classes(["a_code_" * 12, "potato"]), tmp_path)
    browser.click("#table tbody button")
    width = "const d = document.querySelector(arguments[0]); return d.scrollWidth - d.clientWidth"
    assert [browser.run(width, one) for one in ("#detail", "#glance")] == [0, 0]


def test_names_that_run_from_right_to_left_keep_their_numbers_behind_them(desktop, tmp_path):
    browser = opened(desktop, made_up_classes(["ذرة", "قمح"]), tmp_path)
    first = """
    return [...document.querySelectorAll("#first bdi")].map((name) => {
      const range = document.createRange();
      range.selectNode(name.nextSibling);
      return [name.getBoundingClientRect().right, range.getBoundingClientRect().left, name.nextSibling.textContent];
    });
    """
    found = browser.run(first)
    assert len(found) == 10
    for end_of_name, start_of_number, text in found:
        assert "%)" in text
        assert start_of_number >= end_of_name - 1


def test_a_map_without_any_answer_says_so_first(desktop, tmp_path):
    content = made_up_without_answers()
    browser = opened(desktop, content, tmp_path)
    assert browser.text("#glance .note") == "No field got an answer. Why?"
    assert browser.console() == []
