import datetime as dt
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from cropdetect.simulation.atmosphere import Sky, Veil, classify, veil_ground
from cropdetect.simulation.frame import mosaic
from cropdetect.simulation.region import WESTERN_KENYA
from cropdetect.simulation.spectra import RESOLUTION
from cropdetect.simulation.sun import sun_position

SIZE = 600
FRAMES, WIDTH, HEIGHT = mosaic(1, SIZE, SIZE, aligned=True)


def _cloudy_sky() -> tuple[dt.date, Sky]:
    days = [dt.date(2019, 6, 1) + dt.timedelta(days=i) for i in range(60)]
    skies = [(day, Sky.draw(WESTERN_KENYA, 1, day, (WIDTH, HEIGHT), 2.0)) for day in days]
    return min(skies, key=lambda pair: abs(pair[1].cover - 0.3) + pair[1].cirrus)


@pytest.fixture(scope="module")
def cloudy() -> tuple[dt.date, Sky, Veil]:
    day, sky = _cloudy_sky()
    return day, sky, Veil.over(sky, FRAMES[0])


def test_the_sun_stands_where_the_products_say(shared_data: Path) -> None:
    with xr.open_dataset(shared_data / "flanders_s2" / "S2_L2A_20m.nc", mask_and_scale=False) as cube:
        times = cube.timestamp.values
        zenith, azimuth = cube.sunZenithAngles.values.astype(float), cube.sunAzimuthAngles.values.astype(float)
    for when, z, a in zip(times[::7], zenith[::7], azimuth[::7], strict=True):
        moment = dt.datetime.fromisoformat(str(when)[:19])
        ours = sun_position(moment.date(), moment.hour + moment.minute / 60 + moment.second / 3600, 50.8, 3.02)
        assert ours[0] == pytest.approx(z, abs=1.0)
        assert ours[1] == pytest.approx(a, abs=2.0)


def test_shadows_lie_away_from_the_sun() -> None:
    """In June, the morning sun over the equator stands in the north-east: shadows lie south-west."""
    sky = Sky.draw(WESTERN_KENYA, 0, dt.date(2019, 6, 21), (WIDTH, HEIGHT), 1.0)
    assert 20 < sky.azimuth < 70
    east, south = sky.shadow_offset
    assert east < 0 < south
    assert np.hypot(east, south) == pytest.approx(sky.base * np.tan(np.radians(sky.zenith)))


def test_a_shadow_is_its_cloud_moved(cloudy: tuple[dt.date, Sky, Veil]) -> None:
    _, sky, veil = cloudy
    east, south = (round(metres / 20) for metres in sky.shadow_offset)
    assert east < 0 < south
    cloud, shadow = veil.cloud[:-south, -east:], veil.shadow[south:, :east]
    assert np.corrcoef(cloud.ravel(), shadow.ravel())[0, 1] > 0.97


def test_clouds_are_bright_and_shadows_dark(cloudy: tuple[dt.date, Sky, Veil]) -> None:
    _, _, veil = cloudy
    image = veil_ground(np.full(veil.cloud.shape, 0.25, np.float32), "B8A", veil)
    clear = (veil.cloud < 0.01) & (veil.shadow < 0.01)
    assert image[veil.cloud > 0.95].min() > 0.4
    assert image[(veil.shadow > 0.95) & (veil.cloud < 0.01)].max() < 0.15
    assert image[clear].mean() == pytest.approx(0.25, abs=0.05)


def test_the_masks_find_most_clouds_but_not_all(cloudy: tuple[dt.date, Sky, Veil]) -> None:
    day, _, veil = cloudy
    shapes = {band: (veil.cloud.shape[0] * 20 // r, veil.cloud.shape[1] * 20 // r) for band, r in RESOLUTION.items()}
    ground = {"B02": 0.05, "B03": 0.07, "B04": 0.06, "B08": 0.28}
    images = {b: veil_ground(np.full(shapes[b], v, np.float32), b, veil) for b, v in ground.items()}
    masks = classify(veil, images, 0, day, 0)
    found = masks.cloud_probability >= 40
    thick, none = veil.cloud > 0.8, (veil.cloud < 0.02) & (veil.cirrus < 0.02)
    assert found[thick].mean() > 0.97
    assert found[none].mean() < 0.03
    edge = (veil.cloud > 0.1) & (veil.cloud < 0.6)
    assert 0.05 < found[edge].mean() < 0.95
    assert set(np.unique(masks.scene_class)) <= {3, 4, 5, 7, 8, 9, 10}
    shaded = (veil.shadow > 0.9) & none
    assert (masks.scene_class[shaded] == 3).mean() > 0.8
    assert masks.cloud_probability.max() <= 100
