"""The 2020 network: its features by the published recipe, its answers by the published weights."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch
from torch import Tensor

from cropdetect.errors import MissingBandError, OptionError
from cropdetect.formats import Statistics
from cropdetect.models import create, export_onnx, load_cv4a_weights
from cropdetect.models.conv_gru import BANDS_2020, ConvGRU

Floats = npt.NDArray[np.float64]


def features_by_recipe(raw: Floats, mean: Floats, std: Floats) -> Floats:
    """Steps 2 to 5 of the recipe, in NumPy, for (batch, step, 13, y, x)."""
    b02, b03, b04, b08 = raw[:, :, 1], raw[:, :, 2], raw[:, :, 3], raw[:, :, 7]
    ndvi = (b08 - b04) / (b08 + b04 + 1e-6)
    ndwi_green = (b03 - b08) / (b03 + b08 + 1e-6)
    ndwi_blue = (b02 - b08) / (b02 + b08 + 1e-6)
    sixteen = np.concatenate([np.sqrt(raw), np.stack([ndvi, ndwi_green, ndwi_blue], axis=2)], axis=2)
    return np.delete((sixteen - mean[:, None, None]) / std[:, None, None], 10, axis=2)


def test_features_are_those_of_the_recipe() -> None:
    random = np.random.default_rng(0)
    raw = random.integers(0, 10000, (2, 3, 13, 4, 5)).astype(np.float64)
    raw[0, 0, :, :, 3:] = 0  # the padding of a chip
    mean, std = random.uniform(0, 50, 16), random.uniform(0.5, 20, 16)
    network = ConvGRU()
    network.set_statistics(Statistics(channels=list(network.channels), mean=mean.tolist(), std=std.tolist(), origin="made up"))
    ours = network.features(torch.from_numpy(raw).float()).numpy()
    np.testing.assert_allclose(ours, features_by_recipe(raw, mean, std), atol=2e-5, rtol=2e-5)


class OfFeatures(ConvGRU):
    """The published vectors are of standardised features, so this one takes them as its image."""

    def __init__(self) -> None:
        super().__init__()
        self.bands = tuple(f"feature {number}" for number in range(15))

    def features(self, image: Tensor) -> Tensor:
        return image


def test_the_published_weights_give_the_published_answers(shared_reference: Path) -> None:
    network = OfFeatures()
    network.load_state_dict(load_cv4a_weights(shared_reference / "cv4a_crop_classification_checkpoint.pt"))
    network.eval()
    session = onnxruntime.InferenceSession(export_onnx(network), providers=["CPUExecutionProvider"])
    with np.load(shared_reference / "conv_gru_vectors.npz") as vectors:
        for i in range(3):
            features, mask = vectors[f"{i}_features"], vectors[f"{i}_mask"].astype(np.float32)
            with torch.no_grad():
                ours = network.classify(torch.from_numpy(features), torch.from_numpy(mask)).numpy()
            np.testing.assert_allclose(ours, vectors[f"{i}_logits"], atol=1e-5, rtol=0)
            exported = session.run(["scores"], {"image": features, "mask": mask})[0]
            np.testing.assert_allclose(exported, vectors[f"{i}_logits"], atol=1e-5, rtol=0)


def test_it_has_as_many_weights_as_in_2020() -> None:
    assert sum(parameter.numel() for parameter in ConvGRU().parameters()) == 847_047


def test_a_missing_band_is_named() -> None:
    with pytest.raises(MissingBandError, match="B8A, CLD"):
        create("conv-gru", bands=[band for band in BANDS_2020 if band not in ("B8A", "CLD")], n_classes=7)


def test_it_takes_its_own_bands_in_its_own_order_whatever_the_data_has() -> None:
    network = create("conv-gru", bands=["VV", *reversed(BANDS_2020)], n_classes=3)
    assert network.bands == BANDS_2020
    assert network.record.arguments == {"bands": list(BANDS_2020), "n_classes": 3, "cloud_as_reflectance": True}


def test_an_unknown_model_or_argument_is_refused() -> None:
    with pytest.raises(OptionError, match="season-cnn"):
        create("resnet", bands=["B02"], n_classes=3)
    with pytest.raises(OptionError, match="hidden_size"):
        create("season-cnn", bands=["B02"], n_classes=3, hidden_size=4)
    with pytest.raises(OptionError, match="2 classes"):
        create("season-cnn", bands=["B02"], n_classes=1)


def test_without_the_fault_of_2020_clouds_are_no_channel_and_take_no_part() -> None:
    torch.manual_seed(0)
    network = create("conv-gru", n_classes=3, cloud_as_reflectance=False).eval()
    image, mask, day = torch.rand(2, 4, 13, 6, 6) * 3000, torch.ones(2, 6, 6), torch.zeros(2, 4)
    clear = torch.ones(2, 4, 6, 6, dtype=torch.bool)
    assert network.features(image).shape[2] == 14  # type: ignore[operator]
    other = image.clone()
    other[:, :, BANDS_2020.index("CLD")] = 99
    torch.testing.assert_close(network(other, mask, clear, day), network(image, mask, clear, day))
    # Half of a date is cloudy: only its clear half is averaged, as if the field were smaller on that date.
    clear[:, 1, :, 3:] = False
    by_date = mask[:, None] * clear
    expected = network.classify(network.features(image), by_date)  # type: ignore[operator]
    torch.testing.assert_close(network(image, mask, clear, day), expected)
    assert (network(image, mask, clear, day) - network(image, mask, torch.ones_like(clear), day)).abs().max() > 1e-5
    assert torch.isfinite(network(image, mask, torch.zeros_like(clear), day)).all()
