"""Networks before dates that lack bands: finite answers, the same by the export, and nothing from what is not there."""

import numpy as np
import onnxruntime
import pytest
import torch

from cropdetect.models.contract import built, chips, scores
from cropdetect.models.export import export_onnx
from cropdetect.models.registry import network_class

BANDS = ("B04", "B08", "VV_asc", "VH_asc")
OPTICAL, RADAR = slice(0, 2), slice(2, 4)
TAKE_MISSING = ("season-cnn", "tempcnn")


def by_sensor(kind: str, network):
    """Chips whose even dates are optical and odd ones radar, or of one of them alone."""
    image, mask, clear, day = chips(network, 3, batch=2, step=6)
    image[:, :, RADAR] = image[:, :, RADAR] / 6000 * -20
    if kind != "together":
        image[:, 1::2, OPTICAL], image[:, 0::2, RADAR] = torch.nan, torch.nan
    if kind == "optical alone":
        image[:, :, RADAR] = torch.nan
    if kind == "radar alone":
        image[:, :, OPTICAL] = torch.nan
    return image, mask, clear, day


@pytest.mark.parametrize("name", TAKE_MISSING)
@pytest.mark.parametrize("kind", ["together", "by turns", "optical alone", "radar alone"])
def test_the_export_answers_as_torch_does_with_any_sensor(name: str, kind: str) -> None:
    network = built(network_class(name), bands=BANDS)
    batch = by_sensor(kind, network)
    expected = scores(network, batch)
    session = onnxruntime.InferenceSession(export_onnx(network), providers=["CPUExecutionProvider"])
    inputs = {node.name for node in session.get_inputs()}
    assert inputs <= {"image", "mask", "clear", "day"}, "no new input: older programs run it, too"
    feed = {key: part.numpy() for key, part in zip(("image", "mask", "clear", "day"), batch, strict=True) if key in inputs}
    np.testing.assert_allclose(session.run(None, feed)[0], expected, atol=1e-4)
    assert np.isfinite(expected).all()


@pytest.mark.parametrize("name", TAKE_MISSING)
def test_sensors_alone_and_together_give_different_answers(name: str) -> None:
    network = built(network_class(name), bands=BANDS)
    answers = [scores(network, by_sensor(kind, network)) for kind in ("by turns", "optical alone", "radar alone")]
    assert min(np.abs(a - b).max() for a in answers for b in answers if a is not b) > 1e-4


@pytest.mark.parametrize("name", TAKE_MISSING)
def test_a_date_without_any_value_changes_nothing(name: str) -> None:
    network = built(network_class(name), bands=BANDS)
    image, mask, clear, day = by_sensor("by turns", network)
    expected = scores(network, (image, mask, clear, day))
    more = torch.cat([image, torch.full_like(image[:, :1], torch.nan)], dim=1)
    found = scores(
        network, (more, mask, torch.cat([clear, torch.ones_like(clear[:, :1])], 1), torch.cat([day, day[:, :1] + 1], 1))
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_tempcnn_interpolates_each_sensor_between_its_own_dates() -> None:
    network = built(network_class("tempcnn"), bands=("B04", "VV"), grid_start=0, grid_end=40, grid_step=10)
    day = torch.tensor([[0.0, 10.0, 40.0]])
    means = torch.tensor([[[0.0, 0.0], [0.0, 5.0], [4.0, 0.0]]])
    present = torch.tensor([[[True, False], [False, True], [True, False]]])
    assert network._sensors == [[0], [1]]
    series = network._interpolated(means[..., :1], present[..., :1], day)
    np.testing.assert_allclose(series[0, :, 0], [0, 1, 2, 3, 4], atol=1e-6)
    series = network._interpolated(means[..., 1:], present[..., 1:], day)
    np.testing.assert_allclose(series[0, :, 0], [5, 5, 5, 5, 5], atol=1e-6)


@pytest.mark.parametrize(("name", "takes"), [("season-cnn", True), ("tempcnn", True), ("pse-ltae", False), ("conv-gru", False)])
def test_each_network_says_whether_it_takes_missing_bands(name: str, takes: bool) -> None:
    assert network_class(name).takes_missing_bands is takes
