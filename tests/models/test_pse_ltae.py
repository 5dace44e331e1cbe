"""What is particular to the pixel-set encoder and its attention over dates."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from cropdetect.errors import OptionError
from cropdetect.models import create
from cropdetect.models.pse_ltae import PSELTAE

Chips = tuple[Tensor, Tensor, Tensor, Tensor]


def built(bands: tuple[str, ...] = ("NDVI", "EVI"), **arguments: object) -> PSELTAE:
    torch.manual_seed(0)
    network = create("pse-ltae", bands=list(bands), n_classes=3, **arguments)
    assert isinstance(network, PSELTAE)
    return network.eval()


def chips(n: int = 3, step: int = 5, size: int = 6) -> Chips:
    random = torch.Generator().manual_seed(1)
    image = torch.rand((n, step, 2, size, size), generator=random)
    mask = (torch.rand((n, size, size), generator=random) * 3).floor().clamp(max=2) / 2
    clear = torch.rand((n, step, size, size), generator=random) > 0.3
    mask[:, 2, 2], clear[:, :, 2, 2] = 0.5, True
    clear[:, 3] = False
    return image, mask, clear, torch.rand((n, step), generator=random) * 300


def test_a_dates_embedding_is_made_of_weighted_mean_and_deviation_over_clear_field_pixels() -> None:
    network = built()
    image, mask, clear, _ = chips()
    with torch.no_grad():
        embedding, present = network._embed(image, mask, clear)
        assert present.tolist() == [[True, True, True, False, True]] * 3
        assert (embedding[:, 3] == 0).all()
        for chip, date in ((0, 0), (1, 4), (2, 2)):
            chosen = clear[chip, date] & (mask[chip] > 0)
            x = network.pixel(image[chip, date][:, chosen].T).double().numpy()
            weight = mask[chip][chosen].numpy()
            mean = np.average(x, axis=0, weights=weight)
            deviation = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight) + 1e-5)
            expected = network.date(torch.tensor(np.concatenate([mean, deviation]), dtype=torch.float32)[None])[0]
            torch.testing.assert_close(embedding[chip, date], expected, atol=1e-5, rtol=1e-4)


def test_attention_sees_present_dates_with_the_papers_encoding_of_their_day() -> None:
    network = built()
    embedding, day = torch.randn(1, 3, 128), torch.tensor([[12.0, 140.0, 77.0]])
    with torch.no_grad():
        answer = network._attend(embedding, torch.tensor([[True, True, False]]), day)[0]
        wide = network.widen(embedding)[0].double()
        scores, values = [], []
        for date in (0, 1):
            encoding = [
                (math.sin if i % 2 == 0 else math.cos)(float(day[0, date]) / 1000 ** (2 * (i // 2) / 16)) for i in range(16)
            ]
            x = wide[date] + torch.tensor(encoding * 16)
            keys = (network.key.weight.double() @ x).reshape(16, 8)
            scores.append((keys * network.query).sum(1) / math.sqrt(8))
            values.append(x.reshape(16, 16))
        share = torch.stack(scores).softmax(0)
        expected = (share[..., None] * torch.stack(values)).sum(0).flatten()
    torch.testing.assert_close(answer.double(), expected, atol=1e-4, rtol=1e-4)


def test_the_sizes_are_those_of_the_papers() -> None:
    network = built(tuple("abcdefghij"))
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters() if p.ndim > 1}
    assert sorted(shapes.values()) == sorted(
        [(32, 10), (64, 32), (128, 128), (256, 128), (128, 256), (16, 8), (128, 256), (64, 128), (32, 64), (3, 32)]
    )


def test_padding_and_absent_dates_stay_out_of_the_batch_statistics_of_training() -> None:
    image, mask, clear, day = chips()
    wide = torch.full((3, 7, 2, 9, 9), 1e4), torch.zeros(3, 9, 9), torch.zeros(3, 7, 9, 9, dtype=torch.bool), torch.zeros(3, 7)
    wide[0][:, 1:6, :, 2:8, 1:7], wide[1][:, 2:8, 1:7], wide[2][:, 1:6, 2:8, 1:7], wide[3][:, 1:6] = image, mask, clear, day
    plain, padded = (built(dropout=0, attention_dropout=0).train() for _ in range(2))
    torch.testing.assert_close(padded(*wide), plain(image, mask, clear, day), atol=1e-4, rtol=1e-3)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(padded.state_dict()[name], value, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("step", [1, 3])
def test_a_training_batch_of_one_pixel_is_learnt_from(step: int) -> None:
    network = built().train()
    one = torch.rand(1, step, 2, 1, 1), torch.ones(1, 1, 1), torch.ones(1, step, 1, 1, dtype=torch.bool), torch.rand(1, step)
    network(*one).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_a_training_batch_without_any_clear_pixel_does_no_harm() -> None:
    network = built().train()
    image, mask, clear, day = chips()
    network(image, mask, torch.zeros_like(clear), day).sum().backward()
    assert all(torch.isfinite(value.float()).all() for value in network.state_dict().values())
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_heads_that_do_not_divide_the_embedding_are_refused() -> None:
    with pytest.raises(OptionError, match="heads"):
        built(heads=7)
