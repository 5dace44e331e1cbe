from dataclasses import replace

import numpy as np
import pytest
from scipy.special import entr, softmax

from cropdetect.chips import MemoryChips, field_means
from cropdetect.errors import CheckpointError, ChipStoreError, MissingBandError, MissingExtraError, OptionError
from cropdetect.formats import CalibrationRecord
from cropdetect.inference import predict_chips


def scores_by_hand(batch, weights, bands=(1, 2)):
    """(chip, member, class), one chip after the other."""
    result = []
    for chip in range(len(batch)):
        w = (batch.mask[chip] * batch.clear[chip])[:, None]
        image = batch.image[chip][:, list(bands)].astype(float)
        mean = np.nansum(image * w, axis=(0, 2, 3)) / w.sum()
        result.append([mean @ member for member in weights])
    return np.array(result)


def test_bands_are_found_by_name_and_members_averaged_after_softmax(chips, checkpoint, weights):
    data, w = chips(7), weights(3)
    predictions, _ = predict_chips(data, checkpoint(w))
    by_member = softmax(scores_by_hand(data.batch, w), axis=-1)
    np.testing.assert_allclose(predictions.probabilities, by_member.mean(axis=1), rtol=1e-5)
    expected = entr(by_member.mean(axis=1)).sum(axis=-1) - entr(by_member).sum(axis=-1).mean(axis=1)
    np.testing.assert_allclose(predictions.disagreement, expected, atol=1e-6)
    assert (predictions.disagreement > 0).all()
    assert predictions.legend == ("maize", "rye")
    assert predictions.status.tolist() == ["ok"] * 7


def test_temperature_flattens_the_scores(chips, checkpoint, weights):
    data, w = chips(), weights(1)
    predictions, _ = predict_chips(data, checkpoint(w, temperature=2.5))
    np.testing.assert_allclose(predictions.probabilities, softmax(scores_by_hand(data.batch, w)[:, 0] / 2.5, axis=-1), rtol=1e-5)
    assert (predictions.disagreement == 0).all()


def test_trainings_are_scaled_one_by_one_and_their_mean_again(chips, checkpoint, weights):
    data, w = chips(), weights(4)
    trained = checkpoint(w)
    calibration = CalibrationRecord(
        method="temperature", scale=[1.3] * 2, bias=[0.0] * 2, each_scale=[0.4] * 2, each_bias=[0.1, 0.0], snapshots=2
    )
    record = trained.record.model_copy(update={"calibration": calibration})
    predictions, _ = predict_chips(data, replace(trained, record=record))
    by_network = softmax(scores_by_hand(data.batch, w), axis=-1)
    of_trainings = (by_network[:, [0, 2]] + by_network[:, [1, 3]]) / 2
    mean = softmax(0.4 * np.log(of_trainings) + [0.1, 0.0], axis=-1).mean(axis=1)
    np.testing.assert_allclose(predictions.probabilities, softmax(1.3 * np.log(mean), axis=-1), rtol=1e-5)


@pytest.mark.parametrize("invariant", [True, False])
def test_neither_batch_size_nor_workers_change_an_answer(chips, checkpoint, weights, invariant):
    data, trained = chips(23), checkpoint(weights(2), padding_invariant=invariant)
    data.batch.date[4:9, 2] = np.datetime64("NaT", "D")
    data.batch.clear[4:9, 2] = False
    one, _ = predict_chips(data, trained, batch_size=1, workers=1)
    for batch_size, workers in ((4, 1), (4, 3), (64, 2)):
        other, _ = predict_chips(data, trained, batch_size=batch_size, workers=workers)
        np.testing.assert_allclose(other.probabilities, one.probabilities, rtol=1e-6)
    again, _ = predict_chips(data, trained, batch_size=4, workers=1)
    more, _ = predict_chips(data, trained, batch_size=4, workers=3)
    assert again.probabilities.tobytes() == more.probabilities.tobytes()


def test_chips_of_one_field_are_averaged_by_their_area(chips, checkpoint, weights):
    data, w = chips(4, field_of_chip=[0, 1, 0, 2]), weights(2)
    data.batch.mask[2] = 0
    data.batch.mask[2, 0, 0] = 0.5
    predictions, _ = predict_chips(data, checkpoint(w))
    by_chip = softmax(scores_by_hand(data.batch, w), axis=-1)
    area = data.batch.mask.sum(axis=(1, 2))
    member = (by_chip[0] * area[0] + by_chip[2] * area[2]) / (area[0] + area[2])
    np.testing.assert_allclose(predictions.probabilities[0], member.mean(axis=0), rtol=1e-5)
    expected = entr(member.mean(axis=0)).sum() - entr(member).sum(axis=-1).mean()
    np.testing.assert_allclose(predictions.disagreement[0], expected, atol=1e-6)
    np.testing.assert_allclose(predictions.n_pixels, [area[0] + area[2], area[1], area[3]])


def test_a_place_that_two_tiles_show_counts_once_but_both_chips_take_part_in_the_mean(chips, checkpoint, weights):
    data, w = chips(3, field_of_chip=[0, 0, 1]), weights(2)
    data.field_area = np.array([7.0, 5.0])  # less than the areas of the two masks together
    predictions, _ = predict_chips(data, checkpoint(w))
    assert predictions.n_pixels.tolist() == [7.0, 5.0]
    by_chip = softmax(scores_by_hand(data.batch, w), axis=-1).mean(axis=1)
    area = data.batch.mask.sum(axis=(1, 2))
    np.testing.assert_allclose(predictions.probabilities[0], np.average(by_chip[:2], axis=0, weights=area[:2]), rtol=1e-5)


def test_dates_and_clear_share_count_clear_pixels_of_the_field_only(chips, checkpoint, weights):
    data = chips(2, size=2, field_of_chip=[0, 0])
    batch = data.batch
    batch.mask[:] = [[1, 0.5], [0, 0]]
    batch.clear[:] = False
    batch.clear[0, 0] = [[True, False], [False, False]]  # date 0: 1 of 1.5 pixels
    batch.clear[0, 1] = [[False, False], [True, True]]  # date 1: clear outside the field only
    batch.clear[1, 0] = [[False, True], [False, False]]  # the same date in the other chip
    batch.date[1, 2] = np.datetime64("NaT", "D")
    predictions, _ = predict_chips(data, checkpoint(weights(1)))
    assert predictions.n_dates.tolist() == [1]
    assert predictions.clear_share[0] == pytest.approx((1 + 0.5) / (1.5 * 3 + 1.5 * 2))
    assert predictions.n_pixels.tolist() == [3.0]


def test_a_field_without_a_clear_pixel_has_no_answer_and_others_do(chips, checkpoint, weights):
    data = chips(4)
    data.batch.clear[1] = False
    data.batch.mask[3] = 0
    predictions, _ = predict_chips(data, checkpoint(weights(2)))
    assert predictions.status.tolist() == ["ok", "no_data", "ok", "no_data"]
    assert np.isnan(predictions.probabilities).all(axis=1).tolist() == [False, True, False, True]
    assert np.isnan(predictions.disagreement).tolist() == [False, True, False, True]
    assert predictions.n_dates.tolist() == [3, 0, 3, 0]


def test_a_chip_without_a_clear_pixel_takes_no_part_in_its_fields_mean(chips, checkpoint, weights):
    data, w = chips(2, field_of_chip=[0, 0]), weights(1)
    data.batch.clear[1] = False
    predictions, _ = predict_chips(data, checkpoint(w))
    data.batch.clear[1] = True
    np.testing.assert_allclose(predictions.probabilities[0], softmax(scores_by_hand(data.batch, w)[0, 0]), rtol=1e-5)


def test_scores_that_are_not_finite_fail_their_field_alone(chips, checkpoint, weights):
    data = chips(3, dtype="float32")
    data.batch.image[1, 0, 2, 0, 0] = np.inf
    predictions, _ = predict_chips(data, checkpoint(weights(1)))
    assert predictions.status.tolist() == ["ok", "failed", "ok"]
    assert np.isnan(predictions.probabilities[1]).all()
    assert np.isfinite(predictions.probabilities[[0, 2]]).all()


def test_fields_keep_the_status_they_came_with_or_are_outside(chips, checkpoint, weights):
    data = chips(3, field_of_chip=[0, 1, 4])
    data.fields["status"] = ["ok", "partly_outside", "ok", "invalid_geometry", "too_small"]
    predictions, _ = predict_chips(data, checkpoint(weights(1)))
    assert predictions.status.tolist() == ["ok", "partly_outside", "outside", "invalid_geometry", "too_small"]
    assert np.isfinite(predictions.probabilities).all(axis=1).tolist() == [True, True, False, False, False]


def test_networks_that_see_padding_get_each_length_by_itself(chips, checkpoint, weights):
    data, w = chips(6, steps=4), weights(1)
    data.batch.date[::2, 1] = np.datetime64("NaT", "D")  # absent in the middle
    data.batch.clear[::2, 1] = False
    data.batch.image[::2, 1] = 60_000  # would spoil the mean of a network that does not see `clear`
    predictions, _ = predict_chips(data, checkpoint(w, sees_clear=False, padding_invariant=False))
    np.testing.assert_allclose(predictions.probabilities, softmax(scores_by_hand(data.batch, w)[:, 0], axis=-1), rtol=1e-5)


def test_networks_that_see_padding_keep_dates_that_are_only_cloudy(chips, checkpoint, weights):
    data, w = chips(3), weights(1)
    data.batch.clear[:, 1] = False
    predictions, _ = predict_chips(data, checkpoint(w, sees_clear=False, padding_invariant=False))
    data.batch.clear[:, 1] = True
    np.testing.assert_allclose(predictions.probabilities, softmax(scores_by_hand(data.batch, w)[:, 0], axis=-1), rtol=1e-5)


def test_days_are_counted_from_the_season_year(chips, checkpoint):
    data = chips(2)
    w = np.zeros((3, 2), np.float32)
    w[2, 1] = 0.01  # score of class 2 = mean day / 100
    trained = checkpoint([w], sees_day=True)
    mean_day = (np.array([157, 182, 187]) - 1).mean()
    own, _ = predict_chips(data, trained)
    set_back, _ = predict_chips(data.with_season_year(2018), trained)
    np.testing.assert_allclose(own.probabilities[0], softmax([0, mean_day / 100]), rtol=1e-5)
    np.testing.assert_allclose(set_back.probabilities[0], softmax([0, (mean_day + 365) / 100]), rtol=1e-5)


@pytest.mark.parametrize(("season", "first_day"), [((-120, 110), -122), ((245, 475), 243)])
def test_a_season_cut_short_is_counted_from_the_year_that_the_training_season_points_to(chips, checkpoint, season, first_day):
    """Dates from September on, and nothing after November: the year of their own median is not that of the season's middle."""
    autumn = np.array(["2019-09-01", "2019-10-01", "2019-11-20"], "datetime64[D]")
    data = chips(2)
    data = MemoryChips(data.info, data.fields, replace(data.batch, date=np.tile(autumn, (2, 1))))
    w = np.zeros((3, 2), np.float32)
    w[2, 1] = 0.01  # score of class 2 = mean day / 100
    predictions, _ = predict_chips(data, checkpoint([w], sees_day=True, days=season))
    mean_day = first_day + np.mean([0, 30, 80])
    np.testing.assert_allclose(predictions.probabilities[0], softmax([0, mean_day / 100]), rtol=1e-5)


def test_chips_become_field_means_for_a_checkpoint_of_field_means(chips, checkpoint, weights):
    data, w = chips(4, dtype="float32"), weights(1)
    data.batch.clear[:, :, 2:] = False
    predictions, _ = predict_chips(data, checkpoint(w, chip_size=1))
    np.testing.assert_allclose(
        predictions.probabilities, softmax(scores_by_hand(field_means(data.batch), w)[:, 0], axis=-1), rtol=1e-5
    )
    assert predictions.n_pixels.tolist() == data.batch.mask.sum(axis=(1, 2)).tolist()


def test_bf16_gives_nearly_the_same_answer(chips, checkpoint, weights):
    pytest.importorskip("openvino")
    data, trained = chips(5), checkpoint(weights(2))
    exact, _ = predict_chips(data, trained)
    short, _ = predict_chips(data, trained, precision="bf16")
    np.testing.assert_allclose(short.probabilities, exact.probabilities, atol=0.02)


def test_bf16_without_openvino_names_the_extra(chips, checkpoint, weights, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"cropdetect\[fast\]"):
        predict_chips(chips(), checkpoint(weights(1)), precision="bf16")


def test_a_gpu_that_is_not_there_is_an_error_that_names_the_wheel(chips, checkpoint, weights):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is a GPU")
    with pytest.raises(OptionError, match="onnxruntime-gpu"):
        predict_chips(chips(), checkpoint(weights(1)), device="cuda")


@pytest.mark.parametrize(
    "option", [{"device": "tpu"}, {"precision": "f16"}, {"workers": 0}, {"device": "cuda", "precision": "bf16"}]
)
def test_options_that_cannot_be_used_are_refused(chips, checkpoint, weights, option):
    with pytest.raises(OptionError):
        predict_chips(chips(), checkpoint(weights(1)), **option)


def test_missing_bands_are_named(chips, checkpoint, weights):
    with pytest.raises(MissingBandError, match="B11, B12"):
        predict_chips(chips(), checkpoint(weights(1, bands=3), bands=("B04", "B11", "B12")))


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_a_damaged_member_is_named(chips, checkpoint, weights, precision):
    if precision == "bf16":
        pytest.importorskip("openvino")
    trained = checkpoint(weights(2))
    trained.member_paths()[1].write_bytes(b"not a network")
    with pytest.raises(CheckpointError, match=r"001\.onnx"):
        predict_chips(chips(), trained, precision=precision)


def test_a_legend_that_does_not_fit_the_network_is_an_error(chips, checkpoint, weights):
    with pytest.raises(CheckpointError, match="3 classes"):
        predict_chips(chips(), checkpoint(weights(1), legend=("maize", "rye", "oats")))


def test_chips_of_other_fields_than_announced_are_an_error(chips, checkpoint, weights):
    data = chips(4)
    data.batch = replace(data.batch, field=data.batch.field[::-1].copy())
    with pytest.raises(ChipStoreError):
        predict_chips(data, checkpoint(weights(1)))


def test_an_error_while_cutting_reaches_the_caller(chips, checkpoint, weights):
    data = chips(40)
    take = data.take

    def broken(rows):
        if rows[0] >= 20:
            raise CheckpointError("cutting stopped")
        return take(rows)

    data.take = broken
    with pytest.raises(CheckpointError, match="cutting stopped"):
        predict_chips(data, checkpoint(weights(1)), batch_size=2, workers=2)


def test_no_more_batches_exist_than_workers_and_two(chips, checkpoint, weights, monkeypatch):
    from cropdetect.inference.ensemble import Ensemble

    data, scored, most = chips(60), 0, 0
    take, run = data.take, Ensemble.run

    def counting(rows):
        nonlocal most
        most = max(most, int(rows[0]) // 2 + 1 - scored)
        return take(rows)

    def slow(*arguments):
        nonlocal scored
        __import__("time").sleep(0.005)
        scores = run(*arguments)
        scored += 1
        return scores

    data.take = counting
    monkeypatch.setattr(Ensemble, "run", slow)
    predict_chips(data, checkpoint(weights(1)), batch_size=2, workers=1)
    assert 2 <= most <= 3


def test_no_chips_at_all_leave_every_field_outside(chips, checkpoint, weights):
    data = chips(3)
    data.batch = data.take([])
    data.field_of_chip = data.batch.field
    predictions, _ = predict_chips(data, checkpoint(weights(1)))
    assert predictions.status.tolist() == ["outside"] * 3


def test_timings_tell_cutting_from_network(chips, checkpoint, weights):
    _, timings = predict_chips(chips(9), checkpoint(weights(1)))
    assert set(timings.seconds) == set(timings.cpu_seconds) == {"cutting", "network", "predicting"}
    assert timings.seconds["predicting"] >= timings.seconds["network"] > 0
