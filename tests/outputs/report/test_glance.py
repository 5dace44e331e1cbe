"""What a reader sees first: title, amounts, how sure, what to check first; and the still map."""

import base64

import geopandas as gpd
import numpy as np
import pytest
import shapely
from rasterio.io import MemoryFile
from shapely import Point, box

from cropdetect.formats import AreaRecord, ClassArea
from cropdetect.outputs.colours import class_codes
from cropdetect.outputs.report import words
from cropdetect.outputs.report.glance import amounts, first_to_check, headline, sureness
from cropdetect.outputs.report.still import still_map
from cropdetect.outputs.report.totals import by_class
from tests.outputs.report.made_up import made_up_content


@pytest.mark.parametrize(
    ("crs", "point", "dates", "title"),
    [
        (4326, Point(34.206, 0.431), ["2019-06-06", "2019-11-03"], "Crops near 0.43° N, 34.21° E, June to November 2019"),
        (4326, Point(-55.5, -12.25), ["2017-10-01", "2018-05-01"], "Crops near 12.25° S, 55.50° W, October 2017 to May 2018"),
        (32636, Point(500_000, 0), ["2019-06-06"], "Crops near 0.00° N, 33.00° E, June 2019"),
        (None, Point(3, 4), ["2019-06-06", "2019-06-20"], "Crops of the fields, June 2019"),
        (4326, None, [], "Crops of the fields"),
    ],
)
def test_the_title_is_place_and_season(crs, point, dates, title):
    table = gpd.GeoDataFrame(geometry=gpd.GeoSeries([point], crs=crs))
    assert headline(table, None, dates) == title


@pytest.mark.parametrize(
    ("corners", "title"),
    [
        ([(-47.6, 10.5), (28.4, 50.6)], "Crops between 10° N and 51° N, 48° W and 28° E"),
        ([(179.0, -17.0), (-179.0, -18.0)], "Crops near 17.50° S, 180.00° E"),
        ([(178.0, -17.0), (-172.0, -18.0)], "Crops between 18° S and 17° S, 178° E and 172° W"),
    ],
)
def test_the_title_of_fields_far_apart_names_the_edges(corners, title):
    table = gpd.GeoDataFrame(geometry=gpd.GeoSeries([Point(*corner) for corner in corners], crs=4326))
    assert headline(table, None, []) == title


def test_without_a_run_the_season_is_that_of_the_series():
    content = made_up_content(2, n_dates=3)
    assert headline(content.table, content.series, []).endswith(", January 2018")


def test_amounts_are_the_expected_areas_with_ninety_five_percent_of_their_spread():
    p = np.array([[0.9, 0.1], [0.4, 0.6]])
    told = amounts(by_class(p, np.array([0, 1]), np.array([2.0, 5.0])), None, ("maize", "wheat"))
    assert (told["unit"], told["by"]) == ("ha", "probabilities")
    first, second = told["crops"]
    spread = 1.96 * np.sqrt(4 * 0.09 + 25 * 0.24)
    assert (first["class"], first["mapped"]) == (0, 2.0)
    assert first["value"] == pytest.approx(3.8)
    assert first["low"] == pytest.approx(max(0, 3.8 - spread))
    assert first["high"] == pytest.approx(3.8 + spread)
    assert second["value"] == pytest.approx(3.2)
    assert told["most"] == pytest.approx(3.8 + spread)


def test_labels_take_the_place_of_the_probabilities(metrics_with_areas):
    totals = by_class(np.array([[0.9, 0.1]]), np.array([0]), np.array([2.0]))
    told = amounts(totals, metrics_with_areas, ("maize", "wheat"))
    assert told["by"] == "labels"
    wheat, maize = told["crops"]
    assert (wheat["class"], wheat["value"], wheat["mapped"]) == (1, 7.0, 9.0)
    assert (wheat["low"], wheat["high"]) == pytest.approx((7 - 1.96 * 2, 7 + 1.96 * 2))
    assert maize["value"] == pytest.approx(1.8)  # the labels tell nothing of maize: its probabilities stay


@pytest.fixture
def metrics_with_areas():
    from cropdetect.evaluation import score

    unknown = dict.fromkeys(("users_accuracy", "users_accuracy_se", "producers_accuracy", "producers_accuracy_se"))
    classes = [
        ClassArea(name="maize", mapped=2.0, estimated=None, standard_error=None, **unknown),
        ClassArea(name="wheat", mapped=9.0, estimated=7.0, standard_error=2.0, **unknown),
    ]
    areas = AreaRecord(
        unit="ha", probability_sample=True, classes=classes, overall_accuracy=None, overall_accuracy_se=None, method=""
    )
    plain = score(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]), ("maize", "wheat"))
    return plain.model_copy(update={"areas": areas})


def test_every_answered_field_is_counted_once_by_how_sure_it_is():
    told = sureness(np.array([0.95, 0.9, 0.899, 0.7, 0.5, 0.499, 0.2, np.nan]))
    assert [(one["words"], one["fields"]) for one in told] == [
        ("very sure", 2),
        ("fairly sure", 2),
        ("unsure", 1),
        ("a guess", 2),
    ]


def test_the_largest_unsure_fields_come_first_and_those_without_an_answer_never():
    p = np.array([[0.5, 0.5], [0.6, 0.4], [1.0, 0.0], [np.nan, np.nan]])
    told = first_to_check(p, np.array([1.0, 9.0, 50.0, 90.0]))
    assert [one["row"] for one in told] == [1, 0]
    assert told[0]["crops"] == [(0, 0.6), (1, 0.4)]
    assert [one["row"] for one in first_to_check(p, None)] == [0, 1]


@pytest.mark.parametrize(
    ("area", "text"), [(0.186, "0.19 ha"), (20.04, "20.0 ha"), (4321.5, "4,322 ha"), (np.nan, words.MISSING)]
)
def test_areas_have_about_three_digits(area, text):
    assert words.hectares(area) == text


def test_an_area_has_the_digits_of_the_largest_beside_it():
    assert words.hectares(5.67, 12.2) == "5.7 ha"
    assert words.amount(5.67, "ha", 12.2) == "5.7 ha"


def test_codes_are_short_and_no_two_are_equal():
    legend = (
        "Maize",
        "Maize & Cassava",
        "Maize & Beans",
        "Maize & Corn",
        "mais",
        "",
        "é",
        "é",
        "crop type 13",
        "crop type 3",
        "MCA",
    )
    codes = class_codes(legend)
    assert codes[:3] == ["MA", "MC", "MB"]
    assert codes[-3:] == ["C13", "C3", "MCA"]
    assert class_codes(["1200", "1201", "9120"]) == ["1200", "1201", "9120"]
    assert class_codes(["Maize & Common Bean", "no_temporary_crop"]) == ["MCB", "NTC"]
    assert len(set(codes)) == len(legend)
    assert max(map(len, codes)) <= 4


def pixels_of(jpeg):
    with MemoryFile(base64.b64decode(jpeg)) as memory, memory.open(driver="JPEG") as file:
        return file.read().astype(int)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_still_map_shows_each_field_in_the_colour_of_its_crop():
    shapes = np.array([box(0, 0, 400, 1000), box(600, 0, 1000, 1000), Point(500, 500), None], object)
    shown = pixels_of(still_map(shapes, np.array([0, 1, -1, 0]), [(200, 30, 30), (20, 60, 180)], (0, 0, 1000, 1000), []))
    _, height, width = shown.shape
    assert height == width == 1400
    column = lambda x: round((x + 30) / 1060 * 1400)  # noqa: E731
    np.testing.assert_allclose(shown[:, 700, column(200)], [200, 30, 30], atol=8)
    np.testing.assert_allclose(shown[:, 700, column(800)], [20, 60, 180], atol=8)
    np.testing.assert_allclose(shown[:, 300, column(500)], 240, atol=8)
    assert shown[:, 700, column(500)].max() < 225  # the point, as a small square


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_picture_lies_below_the_fields_where_it_belongs():
    picture = np.zeros((3, 10, 10), np.uint8)
    picture[:, :5] = 200  # its northern half
    shapes = np.array([shapely.box(0, 0, 10, 10)], object)
    shown = pixels_of(still_map(shapes, np.array([0]), [(0, 0, 255)], (0, 0, 1000, 1000), [(picture, [0, 0, 1000, 1000])]))
    np.testing.assert_allclose(shown[:, 300, 700], 200, atol=6)
    np.testing.assert_allclose(shown[:, 1100, 700], 0, atol=6)
