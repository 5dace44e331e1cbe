import numpy as np
import pytest

from cropdetect.simulation.spectra import BANDS, SOILS, Leaf, canopy, leaf_optics, wet_soil

ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
POSITIONS = [BANDS.index(band) for band in ORDER]

# PROSPECT-D as the Python package prosail 2.0.5 computes it at 1 nm, averaged over the bands: reflectance, transmittance.
PUBLISHED = [
    (
        Leaf(1.5, 45, 9, 0, 0.015, 0.006),
        [0.0413, 0.0524, 0.1242, 0.0377, 0.1656, 0.4097, 0.4546, 0.4546, 0.4544, 0.4481, 0.2831, 0.1309],
        [0.0005, 0.0219, 0.1215, 0.0089, 0.1777, 0.4385, 0.4872, 0.4870, 0.4867, 0.4822, 0.3651, 0.2181],
    ),
    (
        Leaf(1.8, 55, 12, 0, 0.02, 0.008),
        [0.0413, 0.0507, 0.1229, 0.0375, 0.1665, 0.4376, 0.4921, 0.4921, 0.4918, 0.4838, 0.2861, 0.1219],
        [0.0001, 0.0101, 0.0772, 0.0034, 0.1242, 0.3775, 0.4317, 0.4314, 0.4311, 0.4252, 0.2870, 0.1445],
    ),
    (
        Leaf(2.2, 8, 4, 0.8, 0.003, 0.008),
        [0.0650, 0.1071, 0.2230, 0.1592, 0.3391, 0.4319, 0.4726, 0.5037, 0.5146, 0.5285, 0.4463, 0.2854],
        [0.0094, 0.0318, 0.1076, 0.0712, 0.2050, 0.2842, 0.3212, 0.3478, 0.3572, 0.3710, 0.3537, 0.2507],
    ),
]


@pytest.mark.parametrize(("leaf", "reflectance", "transmittance"), PUBLISHED)
def test_leaves_agree_with_the_published_prospect(leaf: Leaf, reflectance: list[float], transmittance: list[float]) -> None:
    r, t = leaf_optics(leaf)
    np.testing.assert_allclose(r[POSITIONS], reflectance, atol=0.013)  # band-averaged coefficients against averaged spectra
    np.testing.assert_allclose(t[POSITIONS], transmittance, atol=0.013)


def test_leaves_that_differ_give_one_row_each() -> None:
    leaf = Leaf()
    r, t = leaf_optics(leaf, np.array([20, 45, 70], np.float32), np.array([0.01, 0.015, 0.02], np.float32))
    alone, _ = leaf_optics(leaf)
    np.testing.assert_allclose(r[1], alone, rtol=1e-5)
    green, swir = BANDS.index("B03"), BANDS.index("B11")
    assert r[0, green] > r[1, green] > r[2, green]
    assert t[0, swir] > t[1, swir] > t[2, swir]


def _canopy(lai: list[float], shade: float = 0.0) -> np.ndarray:
    n = len(lai)
    r, t = leaf_optics(Leaf())
    albedo, gloss = np.tile(r + t, (n, 1)), np.tile(r - t, (n, 1))
    soil = np.tile(SOILS["ferralsol"], (n, 1))
    return canopy(albedo, gloss, np.array(lai, np.float32), soil, np.full(n, 0.5, np.float32), np.full(n, shade, np.float32))


def test_without_leaves_one_sees_the_soil() -> None:
    np.testing.assert_allclose(_canopy([0.0])[0], SOILS["ferralsol"], rtol=1e-6)


def test_leaves_darken_red_and_brighten_near_infrared() -> None:
    stands = _canopy([0.0, 1.0, 2.0, 4.0])
    red, near = stands[:, BANDS.index("B04")], stands[:, BANDS.index("B08")]
    assert (np.diff(red) < 0).all()
    assert (np.diff(near) > 0).all()
    ndvi = (near - red) / (near + red)
    assert ndvi[0] < 0.25
    assert ndvi[3] > 0.85


def test_red_saturates_at_less_leaf_area_than_near_infrared() -> None:
    stands = _canopy([0.0, 2.0, 8.0])
    done = (stands[1] - stands[0]) / (stands[2] - stands[0])
    assert done[BANDS.index("B04")] > 0.85
    assert done[BANDS.index("B08")] < 0.75


# SAIL as prosail 2.0.5 computes it: ellipsoidal leaves of 57 degrees (K = 0.58 for a sun at 30 degrees), the same leaf and soil.
SAIL = {
    1.0: [0.0270, 0.0338, 0.0672, 0.0674, 0.1222, 0.2545, 0.2973, 0.3114, 0.3177, 0.3258, 0.2853, 0.1820],
    2.0: [0.0192, 0.0246, 0.0572, 0.0324, 0.0935, 0.2926, 0.3649, 0.3741, 0.3781, 0.3775, 0.2352, 0.1139],
    4.0: [0.0162, 0.0211, 0.0540, 0.0166, 0.0805, 0.3420, 0.4675, 0.4712, 0.4722, 0.4583, 0.2030, 0.0773],
    10.0: [0.0176, 0.0229, 0.0590, 0.0161, 0.0857, 0.3831, 0.5723, 0.5722, 0.5709, 0.5408, 0.2084, 0.0776],
}


@pytest.mark.parametrize("lai", SAIL)
def test_the_canopy_agrees_with_the_published_sail(lai: float) -> None:
    r, t = leaf_optics(Leaf(1.5, 46, 9, 0, 0.014, 0.0055))
    one = np.ones(1, np.float32)
    ours = canopy((r + t)[None], (r - t)[None], lai * one, SOILS["ferralsol"][None], 0.58 * one, 0 * one)[0]
    np.testing.assert_allclose(ours[POSITIONS], SAIL[lai], atol=0.045)


def test_shade_darkens_closed_canopies_only() -> None:
    np.testing.assert_allclose(_canopy([0.0], 0.3), _canopy([0.0]))
    assert (_canopy([4.0], 0.3) < _canopy([4.0])).all()


def test_water_darkens_soil_most_in_the_shortwave_infrared() -> None:
    dry = SOILS["loam"][None]
    wet = wet_soil(dry, np.array([0.6], np.float32))
    lost = 1 - (wet / dry)[0]
    assert (lost > 0.2).all()
    assert lost.argmax() == BANDS.index("B12")
