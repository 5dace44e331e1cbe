"""The mean of a field's clear pixels, against a plain loop."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cropdetect.chips import ChipBatch, field_means


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), floats=st.booleans())
def test_means_equal_a_plain_loop(seed: int, floats: bool) -> None:
    rng = np.random.default_rng(seed)
    n, steps, bands, size = 3, 4, 2, 5
    image = rng.integers(0, 60_000, (n, steps, bands, size, size)).astype(np.float32 if floats else np.uint16)
    if floats:
        image[rng.random(image.shape) < 0.3] = np.nan
    mask = (rng.random((n, size, size)) * (rng.random((n, size, size)) < 0.5)).astype(np.float32)
    clear = rng.random((n, steps, size, size)) < 0.3
    clear[0, 1] = False
    date = np.tile(np.arange(steps).astype("datetime64[D]"), (n, 1))
    got = field_means(ChipBatch(np.arange(n), image, mask, clear, date))
    assert got.image.shape == (n, steps, bands, 1, 1)
    for i in range(n):
        for t in range(steps):
            weight = sum(mask[i, y, x] for y in range(size) for x in range(size) if clear[i, t, y, x])
            assert got.clear[i, t, 0, 0] == (weight > 0)
            for b in range(bands):
                total = share = 0.0
                for y in range(size):
                    for x in range(size):
                        if clear[i, t, y, x] and not np.isnan(image[i, t, b, y, x]):
                            total += float(mask[i, y, x]) * float(image[i, t, b, y, x])
                            share += float(mask[i, y, x])
                expected = total / share if share else np.nan
                np.testing.assert_allclose(got.image[i, t, b, 0, 0], expected, rtol=1e-4)
