"""Channel statistics against plain NumPy over everything at once."""

from collections.abc import Iterator

import numpy as np
import pytest

from cropdetect.chips.batch import ChipBatch
from cropdetect.errors import TrainingDataError
from cropdetect.models import channel_statistics, create


def batches(dtype: type[np.generic], bands: int, seed: int = 0) -> Iterator[ChipBatch]:
    random = np.random.default_rng(seed)
    for size in (3, 1, 4):
        image = random.integers(0, 9000, (size, 5, bands, 6, 7)).astype(dtype)
        if np.issubdtype(dtype, np.floating):
            image[random.random(image.shape) < 0.2] = np.nan
        yield ChipBatch(
            field=np.arange(size, dtype=np.int64),
            image=image,
            mask=np.ones((size, 6, 7), np.float32),
            clear=random.random((size, 5, 6, 7)) < 0.6,
            date=np.full((size, 5), np.datetime64("2019-06-01")),
        )


def test_as_2020_takes_every_pixel() -> None:
    network = create("conv-gru")
    ours = channel_statistics(network, batches(np.uint16, 13), "here", as_2020=True)
    pixels = np.concatenate([b.image.astype(float).transpose(2, 0, 1, 3, 4).reshape(13, -1) for b in batches(np.uint16, 13)], 1)
    roots = np.sqrt(pixels)
    np.testing.assert_allclose(ours.mean[:13], roots.mean(1), rtol=1e-6)
    np.testing.assert_allclose(ours.std[:13], roots.std(1), rtol=1e-6)
    ndvi = (pixels[7] - pixels[3]) / (pixels[7] + pixels[3] + 1e-6)
    assert ours.mean[13] == pytest.approx(ndvi.mean(), abs=1e-6)
    assert ours.std[13] == pytest.approx(ndvi.std(), rel=1e-6)
    assert ours.origin == "here"


def test_otherwise_only_clear_pixels_with_a_value_count() -> None:
    network = create("season-cnn", bands=["VV", "VH"], n_classes=2)
    ours = channel_statistics(network, batches(np.float32, 2), "here", as_2020=False)
    seen = [
        np.where(b.clear[:, :, None], b.image.astype(float), np.nan).transpose(2, 0, 1, 3, 4).reshape(2, -1)
        for b in batches(np.float32, 2)
    ]
    np.testing.assert_allclose(ours.mean, np.nanmean(np.concatenate(seen, 1), axis=1), rtol=1e-9)
    np.testing.assert_allclose(ours.std, np.nanstd(np.concatenate(seen, 1), axis=1), rtol=1e-9)


def test_a_large_mean_does_not_drown_a_small_spread() -> None:
    network = create("season-cnn", bands=["elevation"], n_classes=2)
    values = np.array([8000.0, 8000.5, 8001.0, 8000.5], np.float32)
    parts = [
        ChipBatch(
            field=np.zeros(1, np.int64),
            image=np.full((1, 1, 1, 1, 1), value, np.float32),
            mask=np.ones((1, 1, 1), np.float32),
            clear=np.ones((1, 1, 1, 1), bool),
            date=np.full((1, 1), np.datetime64("2019-06-01")),
        )
        for value in values
    ]
    ours = channel_statistics(network, parts, "here", as_2020=False)
    assert ours.mean[0] == pytest.approx(8000.5, abs=1e-9)
    assert ours.std[0] == pytest.approx(np.sqrt(0.125), rel=1e-9)


def test_a_channel_that_is_missing_throughout_or_never_varies_is_left_as_it_is() -> None:
    network = create("season-cnn", bands=["NDVI", "B8A", "constant"], n_classes=2)
    image = np.zeros((1, 2, 3, 1, 1), np.float32)
    image[0, :, 0, 0, 0] = 0.2, 0.6
    image[:, :, 1] = np.nan
    image[:, :, 2] = 7
    batch = ChipBatch(
        field=np.zeros(1, np.int64),
        image=image,
        mask=np.ones((1, 1, 1), np.float32),
        clear=np.ones((1, 2, 1, 1), bool),
        date=np.full((1, 2), np.datetime64("2019-06-01")),
    )
    ours = channel_statistics(network, [batch], "here", as_2020=False)
    assert ours.mean == pytest.approx([0.4, 0, 7])
    assert ours.std == pytest.approx([0.2, 1, 1])


def test_no_clear_pixel_at_all_is_an_error() -> None:
    network = create("season-cnn", bands=["NDVI"], n_classes=2)
    batch = ChipBatch(
        field=np.zeros(1, np.int64),
        image=np.ones((1, 1, 1, 2, 2), np.float32),
        mask=np.ones((1, 2, 2), np.float32),
        clear=np.zeros((1, 1, 2, 2), bool),
        date=np.full((1, 1), np.datetime64("2019-06-01")),
    )
    with pytest.raises(TrainingDataError, match="clear"):
        channel_statistics(network, [batch], "here", as_2020=False)
