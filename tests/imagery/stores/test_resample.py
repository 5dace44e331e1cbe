import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.warp import Resampling, reproject

from cropdetect.imagery import Window, open_imagery
from cropdetect.imagery.stores.resample import Axis, axis, regridder
from tests.imagery.data import LEFT, TOP, write_raster

FINE = Affine(10, 0, LEFT, 0, -10, TOP)


def coarse_grid(factor):
    return Affine(10 * factor, 0, LEFT, 0, -10 * factor, TOP)


def upsample(coarse, factor, shape):
    """Regrid `coarse` to a grid `factor` times finer."""
    rows, columns = (Axis(size, 1 / factor, 0.0) for size in coarse.shape)
    plan = regridder(rows, columns, (0, 0, *shape))
    valid = ~np.isnan(coarse)
    return plan.smooth(coarse, valid)


def test_bilinear_up_follows_the_formula():
    # Centres of a pixel's two halves lie a quarter pixel from its own centre: weights 3/4 and 1/4.
    a, b, c, d = 100.0, 200.0, 400.0, 1000.0
    values, valid = upsample(np.array([[a, b], [c, d]]), 2, (4, 4))
    assert valid.all()
    assert values[0, 0] == a
    assert values[0, 1] == 0.75 * a + 0.25 * b
    assert values[1, 0] == 0.75 * a + 0.25 * c
    assert values[1, 1] == (9 * a + 3 * b + 3 * c + d) / 16
    assert values[2, 1] == (3 * a + b + 9 * c + 3 * d) / 16
    assert values[3, 3] == d


def test_missing_neighbours_take_no_part_in_bilinear():
    a, b, d = 100.0, 200.0, 1000.0
    values, valid = upsample(np.array([[a, b], [np.nan, d]]), 2, (4, 4))
    assert values[1, 1] == pytest.approx((9 * a + 3 * b + d) / 13)
    assert values[1, 0] == a
    np.testing.assert_array_equal(valid, [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]])


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_no_data_is_as_large_on_the_finer_grid(factor):
    coarse = np.full((3, 3), np.nan)
    coarse[1, 1] = 7
    values, valid = upsample(coarse, factor, (3 * factor, 3 * factor))
    np.testing.assert_array_equal(valid, np.kron(~np.isnan(coarse), np.ones((factor, factor))))
    assert values[valid] == pytest.approx(7)


def test_average_down_is_the_mean_of_the_valid_pixels():
    fine = np.array([[1, 2, 10, 20], [3, 4, 30, 0], [0, 0, 7, 7], [0, 5, 7, 7]], np.uint16)
    rows = columns = Axis(4, 2.0, 0.0)
    values, valid = regridder(rows, columns, (0, 0, 2, 2)).smooth(fine, fine != 0)
    # (1+2+3+4)/4 = 2.5, rounded up; three of four valid: 60/3; one of four valid: no value; 7.
    assert values[0].tolist() == [3, 20]
    assert values[1, 1] == 7
    assert valid.tolist() == [[True, True], [False, True]]


def test_average_weighs_pixels_by_their_share():
    # From 20 m to 30 m: the first wanted pixel covers one pixel and half of the next.
    values, _ = regridder(Axis(3, 1.5, 0.0), Axis(1, 1.0, 0.0), (0, 0, 2, 1)).smooth(
        np.array([[30.0], [60.0], [90.0]]), np.ones((3, 1), bool)
    )
    assert values[:, 0] == pytest.approx([(30 + 0.5 * 60) / 1.5, (0.5 * 60 + 90) / 1.5])


def test_nearest_takes_the_pixel_that_holds_the_centre():
    values, valid = regridder(Axis(2, 0.5, 0.0), Axis(2, 0.5, 0.0), (0, 0, 4, 4)).nearest(
        np.array([[4, 8], [9, 5]]), np.array([[True, True], [False, True]])
    )
    np.testing.assert_array_equal(values, [[4, 4, 8, 8], [4, 4, 8, 8], [9, 9, 5, 5], [9, 9, 5, 5]])
    assert not valid[2:, :2].any()
    assert valid.sum() == 12


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_bilinear_agrees_with_gdal(factor):
    rng = np.random.default_rng(0)
    coarse = rng.integers(1, 10000, (12, 10)).astype(np.float32)
    gdal = np.zeros((12 * factor, 10 * factor), np.float32)
    reproject(
        coarse, gdal, src_transform=coarse_grid(factor), dst_transform=FINE,
        src_crs="EPSG:32636", dst_crs="EPSG:32636", resampling=Resampling.bilinear, tolerance=0,
    )  # fmt: skip
    ours, _ = upsample(coarse, factor, gdal.shape)
    np.testing.assert_allclose(ours, gdal, rtol=1e-5)


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_average_agrees_with_gdal(factor):
    rng = np.random.default_rng(1)
    fine = rng.integers(1, 10000, (36, 24)).astype(np.float32)
    gdal = np.zeros((36 // factor, 24 // factor), np.float32)
    reproject(
        fine, gdal, src_transform=FINE, dst_transform=coarse_grid(factor),
        src_crs="EPSG:32636", dst_crs="EPSG:32636", resampling=Resampling.average, tolerance=0,
    )  # fmt: skip
    plan = regridder(Axis(36, float(factor), 0.0), Axis(24, float(factor), 0.0), (0, 0, *gdal.shape))
    np.testing.assert_allclose(plan.smooth(fine, np.ones(fine.shape, bool))[0], gdal, rtol=1e-5)


@pytest.mark.parametrize(("pixel", "wanted", "scale"), [(20, 10, 0.5), (60, 10, 1 / 6), (10, 20, 2.0), (20, 30, 1.5)])
def test_ratios_of_pixels_are_exact_at_large_coordinates(pixel, wanted, scale):
    along = axis(100, 5_629_680.0, -pixel, 5_629_680.0, -wanted)
    assert along.scale == scale
    assert along.shift == 0.0


@settings(max_examples=40)
@given(
    ratio=st.sampled_from([1 / 2, 1 / 3, 1 / 6, 0.4, 1.0, 1.5, 2.0, 3.0, 6.0]),
    shift=st.sampled_from([0.0, 0.5, -0.5]),
    seed=st.integers(0, 10**6),
    cut=st.tuples(st.integers(1, 11), st.integers(1, 11)),
)
def test_windows_join_without_a_seam(ratio, shift, seed, cut):
    rng = np.random.default_rng(seed)
    source = rng.integers(0, 60000, (31, 29)).astype(np.uint16)
    valid = rng.random(source.shape) > 0.1
    rows, columns = Axis(31, ratio, shift), Axis(29, ratio, 0.0)

    def window(top, left, bottom, right):
        plan = regridder(rows, columns, (top, left, bottom, right))
        part = slice(*plan.rows), slice(*plan.columns)
        values, good = plan.smooth(source[part], valid[part])
        return np.stack([values, good, *plan.nearest(source[part], valid[part])])

    whole = window(0, 0, 12, 12) if ratio < 2 else window(0, 0, 4, 4)
    size = whole.shape[1]
    row, column = min(cut[0], size - 1), min(cut[1], size - 1)
    halves = [
        np.concatenate([window(top, 0, bottom, column), window(top, column, bottom, size)], axis=2)
        for top, bottom in ((0, row), (row, size))
    ]
    np.testing.assert_array_equal(np.concatenate(halves, axis=1), whole)


@pytest.fixture
def mixed(tmp_path):
    """One date: B04 at 10 m, B11 at 20 m with a missing pixel, B01 at 60 m, SCL at 20 m, CLD at 60 m."""
    rng = np.random.default_rng(5)
    name = "T36NXF_20180415T080000_{}.tif"
    swir = rng.integers(1, 10000, (18, 12)).astype(np.uint16)
    swir[4, 4] = 0
    classes = np.full((18, 12), 4, np.uint8)
    classes[10:] = 9
    write_raster(tmp_path / name.format("B04_10m"), rng.integers(1, 10000, (36, 24)).astype(np.uint16), nodata=0)
    write_raster(tmp_path / name.format("B11_20m"), swir, pixel=20, nodata=0)
    write_raster(tmp_path / name.format("B01_60m"), rng.integers(1, 10000, (6, 4)).astype(np.uint16), pixel=60, nodata=0)
    write_raster(tmp_path / name.format("SCL_20m"), classes, pixel=20, nodata=0)
    return tmp_path, swir


def test_bands_come_to_the_finest_grid(mixed):
    folder, swir = mixed
    a, b, c, d = (float(swir[row, column]) for row in (0, 1) for column in (0, 1))
    tile = open_imagery(folder).tiles[0]
    assert tile.geobox.shape == (36, 24)
    assert tile.bands == ("B01", "B04", "B11")
    assert tile.mask_bands == ("SCL",)
    block = tile.read(Window(0, 0, 36, 24))
    expected = np.floor((9 * a + 3 * b + 3 * c + d) / 16 + 0.5)
    assert block.image[0, 2, 1, 1] == expected
    np.testing.assert_array_equal(np.argwhere(~block.clear[0, :20]), [[8, 8], [8, 9], [9, 8], [9, 9]])
    assert (block.image[0, 2, 8:10, 8:10] == 0).all()
    assert not block.clear[0, 20:].any()


def test_a_resolution_can_be_asked_for(mixed):
    folder, swir = mixed
    tile = open_imagery(folder, resolution=20).tiles[0]
    assert tile.geobox.shape == (18, 12)
    assert tile.geobox.resolution.x == 20
    image = tile.read(Window(0, 0, 18, 12)).image[0]
    np.testing.assert_array_equal(image[2], swir)
    with rasterio.open(next(folder.glob("*B04*"))) as file:
        red = file.read(1).astype(float)
    np.testing.assert_array_equal(image[1], np.floor(red.reshape(18, 2, 12, 2).mean(axis=(1, 3)) + 0.5))


def test_the_grid_is_that_of_the_bands_in_use(mixed):
    assert open_imagery(mixed[0], bands=["B01", "B11"]).tiles[0].geobox.shape == (18, 12)


@pytest.mark.parametrize("resolution", [None, 20, 30, 60, 7])
def test_large_and_small_windows_give_the_same_series(mixed, resolution):
    tile = open_imagery(mixed[0], resolution=resolution).tiles[0]
    height, width = tile.geobox.shape
    whole = tile.read(Window(0, 0, height, width))
    for top in range(0, height, 5):
        for left in range(0, width, 7):
            bottom, right = min(height, top + 5), min(width, left + 7)
            part = tile.read(Window(top, left, bottom, right))
            np.testing.assert_array_equal(part.image, whole.image[..., top:bottom, left:right])
            np.testing.assert_array_equal(part.clear, whole.clear[..., top:bottom, left:right])
