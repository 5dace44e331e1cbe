"""The small picture of the area."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely import box

from cropdetect.imagery import Imagery, ImageSeries, PixelBlock
from cropdetect.inference import FieldSeries
from cropdetect.outputs import preview
from cropdetect.outputs.preview import write_previews

pytestmark = pytest.mark.filterwarnings("error::DeprecationWarning:cropdetect", "error::PendingDeprecationWarning:cropdetect")

DATES = tuple(dt.date(2019, month, 1) for month in (3, 6, 9))


class Tile(ImageSeries):
    """Every date is one colour; the second is the greenest, the third cloudy unless told otherwise."""

    def __init__(self, height=60, width=80, bands=("B02", "B03", "B04", "B08"), cloudy=(2,), left=600_000):
        self.name, self.dates, self.bands = "", DATES, bands
        self.geobox = GeoBox((height, width), Affine(10, 0, left, 0, -10, 50_000), "EPSG:32636")
        self.cloudy, self.asked = cloudy, []

    def read(self, window, *, dates=None, bands=None):
        self.asked.append((window, tuple(dates)))
        height, width = window.shape
        rows = np.arange(window.top, window.bottom)[:, None] + np.zeros((1, width))
        image = np.stack([[rows + 100 * (k + 1) + 1000 * date for k in range(len(bands))] for date in dates]).astype(np.uint16)
        clear = np.stack([np.full((height, width), date not in self.cloudy) for date in dates])
        return PixelBlock(image, clear)


@pytest.fixture
def given(predictions):
    def make(tile, **changes):
        from dataclasses import replace

        day = np.array(DATES, "datetime64[D]")
        values = np.array([[300, 400], [300, 900], [np.nan, np.nan]], np.float32)  # NDVI 0.14, 0.5
        series = FieldSeries(("B04", "B08"), np.zeros(3, int), day, values)
        return replace(predictions, series=series, **changes), Imagery(Path("x"), "files", (tile,))

    return make


def test_the_clear_dates_median_is_shown_where_the_fields_are(given, tmp_path):
    tile = Tile(cloudy=())
    (file,) = write_previews(*given(tile), tmp_path)
    assert file.name == "preview.tif"
    with rasterio.open(file) as picture:
        assert picture.tags()["date"] == "median of 3 dates, 2019-03-01 to 2019-09-01"
        assert picture.tags()["picture"] == "true colour"
        assert picture.crs == "EPSG:32636"
        bounds = picture.bounds
    west, south, _east, north = gpd.GeoSeries(given(tile)[0].fields.geometry).total_bounds
    assert bounds.left <= west
    assert bounds.top >= north
    assert bounds.bottom <= south
    assert bounds.right - bounds.left <= 800
    assert bounds.top - bounds.bottom < 600  # not the whole tile


@pytest.mark.parametrize(("cloudy", "expected"), [((), 1000), ((2,), 500), ((1, 2), 0), ((0, 1, 2), 1000)])
def test_each_pixel_is_the_median_of_its_clear_dates_and_of_all_where_none_is_clear(
    given, tmp_path, monkeypatch, cloudy, expected
):
    monkeypatch.setattr(preview, "_ROWS", 7)
    seen = []
    monkeypatch.setattr(
        preview, "_picture", lambda look: (seen.append(look.image), (np.zeros((*look.image.shape[:2], 3), np.uint8), ""))[1]
    )
    write_previews(*given(tile := Tile(cloudy=cloudy)), tmp_path)
    window = tile.asked[0][0]
    rows = np.arange(window.top, window.bottom)[:, None] + np.zeros((1, window.shape[1]))
    np.testing.assert_allclose(seen[0][..., 0], rows + 100 + expected)  # the dates are 1000 apart


def test_no_more_dates_are_read_than_it_takes(given, tmp_path, monkeypatch):
    monkeypatch.setattr(preview, "_FEWEST", 1)
    write_previews(*given(tile := Tile()), tmp_path)
    assert {dates for _, dates in tile.asked} == {(1,)}  # the greenest clear one shows every pixel


def test_large_imagery_is_read_in_strips_and_averaged_down(given, tmp_path, monkeypatch):
    monkeypatch.setattr(preview, "_SIDE", 20)
    monkeypatch.setattr(preview, "_STRIP", 60 * 80 * 3)
    data, imagery = given(tile := Tile())
    data = data.__class__(**{**vars(data), "fields": data.fields.set_geometry([box(600_000, 49_400, 600_800, 50_000)] * 4)})
    (file,) = write_previews(data, imagery, tmp_path)
    assert max(window.shape[0] for window, _ in tile.asked) < 60
    assert sum(window.shape[0] for window, dates in tile.asked if dates == (1,)) == 60
    with rasterio.open(file) as picture:
        assert (picture.height, picture.width) == (15, 20)
        assert picture.transform.a == 40
        rows = picture.read(1).astype(float).mean(axis=1)
    # the pixels of a row are its number and a constant: the picture grows evenly down the rows
    np.testing.assert_allclose(rows, np.clip(np.linspace(-5, 260, 15), 0, 255), atol=14)


def test_without_true_colour_ndvi_is_shown(given, tmp_path):
    (file,) = write_previews(*given(Tile(bands=("B04", "B08"))), tmp_path)
    with rasterio.open(file) as picture:
        assert picture.tags()["picture"].startswith("NDVI")


def test_a_tile_without_fields_gets_no_picture(given, tmp_path):
    assert write_previews(*given(Tile(left=900_000)), tmp_path) == []
