from dataclasses import replace

import numpy as np
import pytest

from cropdetect.chips.batch import clear_means, field_means
from cropdetect.inference import field_average, parts, predict_chips, series


def test_means_are_those_of_the_chips_reduced_to_one_pixel(chips):
    random = np.random.default_rng(3)
    batch = chips(6, steps=4, dtype="float32").batch
    image = np.where(random.random(batch.image.shape) < 0.2, np.nan, batch.image).astype(np.float32)
    clear = random.random(batch.clear.shape) < 0.4
    clear[2, 1] = False
    batch = replace(batch, image=image, clear=clear, mask=batch.mask * random.random(batch.mask.shape).astype(np.float32))
    means, weights = clear_means(batch)
    np.testing.assert_allclose(means, field_means(batch).image[..., 0, 0], rtol=1e-5)
    np.testing.assert_allclose(weights, (batch.mask[:, None] * clear).sum(axis=(2, 3)), rtol=1e-5)
    assert np.isnan(means[2, 1]).all()


def test_the_season_of_a_field_in_two_chips_is_the_mean_of_all_its_clear_pixels(chips, checkpoint, weights):
    data = chips(2, field_of_chip=[0, 0], bands=("B04", "B08"))
    data.batch.clear[0, 1] = False  # on the second date only the second chip is clear
    data.batch.clear[:, 2] = False  # on the third none is
    series = predict_chips(data, checkpoint(weights(1)))[0].series
    mask, image = data.batch.mask, data.batch.image.astype(float)
    both = (image[:, 0] * mask[:, None]).sum(axis=(0, 2, 3)) / mask.sum()
    second = (image[1, 1] * mask[1]).sum(axis=(1, 2)) / mask[1].sum()
    assert series.bands == ("B04", "B08")
    assert series.field.tolist() == [0, 0, 0]
    assert series.date.astype(str).tolist() == ["2019-06-06", "2019-07-01", "2019-07-06"]
    np.testing.assert_allclose(series.values[:2], [both, second], rtol=1e-5)
    assert np.isnan(series.values[2]).all()


def test_absent_steps_are_no_dates(chips, checkpoint, weights):
    data = chips(2)
    data.batch.date[1, 1] = np.datetime64("NaT", "D")
    data.batch.clear[1, 1] = False
    series = predict_chips(data, checkpoint(weights(1)))[0].series
    assert np.bincount(series.field).tolist() == [3, 2]


def test_a_stopped_prediction_gives_the_same_seasons(chips, checkpoint, weights, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_SECONDS_A_PART", 0.0)
    rows = [*range(20), *range(20)]
    trained = checkpoint(weights(1))
    whole = predict_chips(chips(40, field_of_chip=rows), trained, batch_size=3)[0].series
    stopped = chips(40, field_of_chip=rows)
    take, calls = stopped.take, []

    def failing(wanted):
        calls.append(wanted)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return take(wanted)

    stopped.take = failing
    with pytest.raises(KeyboardInterrupt):
        predict_chips(stopped, trained, batch_size=3, workers=1, state=tmp_path)
    resumed = predict_chips(chips(40, field_of_chip=rows), trained, batch_size=3, workers=2, state=tmp_path)[0].series
    for name in ("field", "date", "values"):
        assert getattr(resumed, name).tobytes() == getattr(whole, name).tobytes()


def test_seasons_do_not_depend_on_how_many_fields_are_counted_and_averaged_at_a_time(chips, checkpoint, weights, monkeypatch):
    data = chips(40, field_of_chip=[(7 * k) % 25 for k in range(40)])
    data.batch.date[3, 1] = np.datetime64("NaT", "D")
    data.batch.clear[3, 1] = False
    trained = checkpoint(weights(1))
    whole = predict_chips(data, trained, batch_size=3)[0]
    monkeypatch.setattr(series, "_GROUPS_AT_ONCE", 4)
    monkeypatch.setattr(field_average, "_FIELDS_AT_ONCE", 4)
    some = predict_chips(data, trained, batch_size=3)[0]
    np.testing.assert_array_equal(some.n_dates, whole.n_dates)
    np.testing.assert_array_equal(some.series.field, whole.series.field)
    np.testing.assert_array_equal(some.series.date, whole.series.date)
    np.testing.assert_array_equal(some.series.values, whole.series.values)
    seen = data.batch.clear.any(axis=(2, 3))
    n_dates = [seen[data.field_of_chip == field].any(axis=0).sum() for field in range(25)]
    np.testing.assert_array_equal(whole.n_dates, n_dates)
