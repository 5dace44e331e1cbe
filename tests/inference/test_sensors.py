"""Checkpoints before data of other sensors than they were trained with: what they see, what they need, and what is told."""

from dataclasses import replace

import numpy as np
import pytest

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips import MemoryChips
from cropdetect.errors import CheckpointError, MissingBandError
from cropdetect.formats import SensorRecord, Statistics
from cropdetect.inference import check_compatible, predict_chips
from tests.inference.conftest import linear_network, make_checkpoint, make_chips

BANDS = ("B04", "B08", "VV")
WEIGHTS = np.array([[1.0, -1.0], [0.5, -0.2]], np.float32) / 1000


def season(*, radar_only: tuple[int, ...] = (), unit: str = "decibel") -> MemoryChips:
    """Three dates: optical and radar, radar alone, optical and radar; some chips have no optical value at all."""
    chips = make_chips(bands=BANDS, dtype="float32")
    image = chips.batch.image.copy()
    image[:, :, 2] = -12
    image[:, 1, :2] = np.nan
    image[list(radar_only), :, :2] = np.nan
    return MemoryChips(replace(chips.info, backscatter_unit=unit), chips.fields, replace(chips.batch, image=image))


def with_sensors(folder, *, needed: tuple[bool, bool] = (False, False), unit: str = "decibel", mean: float = -11.0):
    found: Checkpoint = make_checkpoint(folder, [linear_network(WEIGHTS)], bands=BANDS)
    sensors = [
        SensorRecord(sensor="sentinel-2", bands=["B04", "B08"], needed=needed[0], metrics_without={"log_loss": 0.9}),
        SensorRecord(sensor="sentinel-1", bands=["VV"], needed=needed[1], metrics_without={"log_loss": 0.7}),
    ]
    statistics = Statistics(channels=list(BANDS), mean=[500.0, 2500.0, mean], std=[1.0, 1.0, 1.0], origin="test")
    record = found.record.model_copy(
        update={"sensors": sensors, "backscatter_unit": unit, "metrics": {"log_loss": 0.6}, "statistics": statistics}
    )
    return replace(found, record=record)


def without(chips: MemoryChips, *bands: str) -> MemoryChips:
    kept = [band for band in chips.info.bands if band not in bands]
    places = [chips.info.bands.index(band) for band in kept]
    return MemoryChips(replace(chips.info, bands=tuple(kept)), chips.fields, chips.batch.isel(band=places))


def test_an_optical_checkpoint_answers_beside_radar_as_without(tmp_path) -> None:
    pytest.importorskip("torch")
    from cropdetect.models.contract import built
    from cropdetect.models.export import export_onnx
    from cropdetect.models.registry import network_class

    network = built(network_class("season-cnn"), bands=("B04", "B08"), n_classes=2)
    checkpoint = make_checkpoint(tmp_path, [export_onnx(network)])
    joint = season(radar_only=(1,))
    found, _ = predict_chips(joint, checkpoint)
    expected, _ = predict_chips(without(joint, "VV"), checkpoint)
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert found.n_dates.tolist() == expected.n_dates.tolist() == [2, 0, 2, 2, 2]
    assert found.status.tolist() == expected.status.tolist() == ["ok", "no_data", "ok", "ok", "ok"]


def test_dates_that_lack_a_band_are_not_shown_to_a_network_of_whole_dates(tmp_path) -> None:
    checkpoint = make_checkpoint(tmp_path, [linear_network(WEIGHTS)], padding_invariant=False)
    joint = season()
    image = joint.batch.image.copy()
    image[:, 1, 0] = 700  # of the second date B04 is there and B08 is not
    partial = MemoryChips(joint.info, joint.fields, replace(joint.batch, image=image))
    whole = MemoryChips(replace(joint.info, n_steps=2), joint.fields, joint.batch.isel(step=[0, 2]))
    found, expected = (predict_chips(chips, checkpoint)[0] for chips in (partial, whole))
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    assert np.isfinite(found.probabilities).all()
    (warning,) = [text for text in check_compatible(partial, checkpoint) if "all bands" in text]
    assert "2019-07-01" in warning


@pytest.mark.parametrize(
    ("lacking", "sensor", "loss"), [(("VV",), "sentinel-1", "0.700"), (("B04", "B08"), "sentinel-2", "0.900")]
)
def test_a_sensor_that_a_checkpoint_can_do_without_is_a_warning(tmp_path, lacking, sensor, loss) -> None:
    checkpoint = with_sensors(tmp_path)
    (warning,) = check_compatible(without(season(), *lacking), checkpoint)
    assert f"{sensor}, which the data lacks" in warning
    assert f"log loss {loss} instead of 0.600" in warning


@pytest.mark.parametrize(
    ("lacking", "needed", "named"),
    [
        (("VV",), (False, True), "needs sentinel-1"),
        (("B04", "B08"), (True, False), "needs sentinel-2"),
        (("B04",), (False, False), "needs the band.*B04"),
        (("B04", "B08", "VV"), (False, False), "needs sentinel-2 and sentinel-1"),
    ],
)
def test_what_a_checkpoint_needs_is_an_error_that_names_it(tmp_path, lacking, needed, named) -> None:
    chips = season()
    chips = (
        MemoryChips(replace(chips.info, bands=("A1", "A2", "A3")), chips.fields, chips.batch)
        if len(lacking) == 3
        else (without(chips, *lacking))
    )
    with pytest.raises(MissingBandError, match=named):
        check_compatible(chips, with_sensors(tmp_path, needed=needed))


@pytest.mark.parametrize(
    ("have", "trained", "mean", "message"),
    [
        ("decibel", "decibel", -11, None),
        ("decibel", "", -11, None),  # an older checkpoint, whose statistics are of decibels
        ("decibel", "", 0.1, "decibel.*power"),
        ("decibel", "unknown", 0.1, "may differ"),
        ("unknown", "decibel", -11, "may differ"),
    ],
)
def test_backscatter_of_another_unit_is_refused_and_an_unknown_one_told(tmp_path, have, trained, mean, message) -> None:
    checkpoint, chips = with_sensors(tmp_path, unit=trained, mean=mean), season(unit=have)
    if message is None or "may differ" in message:
        warnings = [text for text in check_compatible(chips, checkpoint) if "backscatter" in text]
        assert [message in text for text in warnings] == ([] if message is None else [True])
    else:
        with pytest.raises(CheckpointError, match=message):
            check_compatible(chips, checkpoint)
