"""What the figures draw, read from their artists."""

import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.dates import date2num
from shapely import Point

from cropdetect.chips.batch import ChipBatch
from cropdetect.errors import InputNotFoundError, TableError
from cropdetect.evaluation import score
from cropdetect.figures import plot_chip, plot_confusion, plot_learning_curves, plot_map, plot_reliability, plot_season
from cropdetect.outputs import class_colours
from tests.outputs.report.made_up import LEGEND, made_up_content

mpl.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def series():
    dates = pd.to_datetime(["2019-06-01", "2019-07-01", "2019-06-11", "2019-06-01"])
    return pd.DataFrame({"field_id": [7, 7, 7, 8], "date": dates, "B04": [100, 200, np.nan, 1.0], "B08": [300, 600, np.nan, 1.0]})


@pytest.fixture
def metrics():
    p = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.9, 0.1]])
    return score(p, np.array([0, 1, 1, 0]), ("maize", "rye"))


def test_a_season_draws_clear_dates_in_order_and_marks_the_others(series):
    axes = plot_season(series, 7)
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_ydata(), [0.5, 0.5])
    np.testing.assert_allclose(date2num(line.get_xdata()), date2num(pd.to_datetime(["2019-06-01", "2019-07-01"])))
    (cloudy,) = [one for one in axes.collections if isinstance(one, LineCollection)]
    assert [segment[0][0] for segment in cloudy.get_segments()] == [date2num(np.datetime64("2019-06-11"))]
    np.testing.assert_allclose(plot_season(series, 7, band="B08").lines[0].get_ydata(), [300, 600])


def test_a_season_of_an_unknown_field_or_band_is_refused(series):
    with pytest.raises(TableError, match="99"):
        plot_season(series, 99)
    with pytest.raises(TableError, match="B12"):
        plot_season(series, 7, band="B12")


def test_a_map_draws_each_field_once_in_its_crops_colour_and_as_sure_as_it_is():
    table = made_up_content(60, n_dates=3).table
    axes = plot_map(table, legend=LEGEND)
    drawn = {one.get_gid(): one for one in axes.collections}
    for name, colour in zip(LEGEND, class_colours(len(LEGEND)), strict=True):
        mine = table[(table["crop"] == name).fillna(False)]
        if not len(mine):
            assert name not in drawn
            continue
        assert len(drawn[name].get_paths()) == len(mine)
        faces = drawn[name].get_facecolor()
        np.testing.assert_allclose(faces[:, :3], np.array([colour] * len(faces)) / 255)
        expected = 0.25 + 0.75 * np.clip((mine["confidence"].astype(float) - 1 / 9) / (8 / 9), 0, 1)
        np.testing.assert_allclose(np.broadcast_to(drawn[name].get_alpha(), len(mine)), expected)


def test_a_map_of_points_tells_crops_apart_by_marker():
    table = made_up_content(40, n_dates=3).table
    axes = plot_map(table.set_geometry([Point(k, k) for k in range(40)], crs=None), legend=LEGEND)
    shapes = {one.get_gid(): one.get_paths()[0].vertices.tobytes() for one in axes.collections if one.get_gid() in LEGEND[:8]}
    assert len(set(shapes.values())) == len(shapes) > 3


def test_a_confusion_matrix_writes_counts_or_shares(metrics):
    axes = plot_confusion(metrics)
    assert {(t.get_position(), t.get_text()) for t in axes.texts} == {((0, 0), "2"), ((0, 1), "1"), ((1, 1), "1")}
    np.testing.assert_allclose(axes.images[0].get_array(), [[1, 0], [0.5, 0.5]])
    assert {t.get_text() for t in plot_confusion(metrics, shares=True).texts} == {"100%", "50%"}


def test_a_reliability_diagram_draws_the_bins_and_reads_files(metrics, tmp_path):
    (tmp_path / "metrics.json").write_text(metrics.model_dump_json())
    axes = plot_reliability(tmp_path)
    expected = [(one.confidence, one.accuracy) for one in metrics.reliability if one.n]
    np.testing.assert_allclose(axes.lines[1].get_xydata(), expected)
    np.testing.assert_allclose(axes.collections[0].get_offsets(), expected)
    with pytest.raises(InputNotFoundError):
        plot_confusion(tmp_path / "nothing")


def test_a_chip_is_drawn_on_dates_spread_over_the_season():
    random = np.random.default_rng(0)
    image = random.integers(1, 3000, (2, 20, 3, 8, 8)).astype(np.uint16)
    mask = np.zeros((2, 8, 8), np.float32)
    mask[:, 2:5, 2:5] = 1
    clear = np.ones((2, 20, 8, 8), bool)
    clear[1, 0, :4] = False
    date = np.tile(np.datetime64("2019-01-01") + 10 * np.arange(20), (2, 1))
    date[1, 19], clear[1, 19] = np.datetime64("NaT", "D"), False
    axes = plot_chip(ChipBatch(np.array([0, 1]), image, mask, clear, date), ("B02", "B03", "B04"), chip=1)
    assert len(axes) == 12
    titles = [ax.get_title() for ax in axes]
    assert titles[0] == "2019-01-01, 33% clear"
    assert titles[-1] == "2019-06-30, 100% clear"
    red = image[1, :19, 2].astype(float)
    low, high = np.percentile(red[clear[1, :19]], (2, 98))
    expected = np.clip((red[0] - low) / (high - low), 0, 1)
    np.testing.assert_allclose(axes[0].images[0].get_array()[..., 0], expected, atol=1e-5)


def test_only_figures_import_matplotlib():
    code = "import sys, cropdetect.api, cropdetect.outputs, cropdetect.outputs.report; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_without_matplotlib_the_extra_is_named():
    code = "import sys; sys.modules['matplotlib'] = None; import cropdetect.figures"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr
    assert "cropdetect[plots]" in done.stderr


def test_a_comparison_shows_a_dot_and_a_line_for_each_run_but_the_first() -> None:
    from cropdetect.figures import plot_comparison
    from cropdetect.formats import ComparedRun, ComparedScore, ComparisonRecord

    def run(name: str, difference: float | None) -> ComparedRun:
        interval = None if difference is None else (difference - 0.05, difference + 0.05)
        one = ComparedScore(value=0.7, interval=(0.6, 0.8), difference=difference, difference_interval=interval)
        return ComparedRun(name=name, n_fields=9, n_not_shared=0, scores={"log_loss": one})

    runs = [run("first", None), run("better", -0.1), run("alike", 0.01)]
    axes = plot_comparison(ComparisonRecord(n_shared=9, groups="single fields", runs=runs, warnings=[]))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["better", "alike"]
    dots = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o"]
    assert dots == [-0.1, 0.01]
    assert "less is better" in axes.get_xlabel()


def test_learning_curves_are_a_line_a_member_with_the_cycles_in_order():
    rows = [(member, cycle, epoch) for member in (0, 1) for cycle in (0, 1) for epoch in (0, 1)]
    table = pd.DataFrame(rows, columns=["member", "cycle", "epoch"])
    table["training_loss"] = [1.0, 0.9, 0.8, 0.7, 2.0, 1.9, 1.8, 1.7]
    table["validation_log_loss"] = np.nan
    axes = plot_learning_curves(table.sample(frac=1, random_state=0))
    assert [line.get_ydata().tolist() for line in axes.lines] == [[1.0, 0.9, 0.8, 0.7], [2.0, 1.9, 1.8, 1.7]]
    table["validation_log_loss"] = table["training_loss"] + 1
    assert len(plot_learning_curves(table).lines) == 4


def test_learning_curves_of_a_folder_without_a_table_are_refused(tmp_path):
    with pytest.raises(InputNotFoundError, match=r"no training\.csv"):
        plot_learning_curves(tmp_path)
