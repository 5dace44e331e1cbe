"""What every network owes training and prediction, as checks that run on any `Network`, yours included."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from torch import Tensor

from cropdetect.formats import Statistics
from cropdetect.models.conv_gru import BANDS_2020
from cropdetect.models.export import export_onnx
from cropdetect.models.network import DECLARED, Network, construct

Chips = tuple[Tensor, Tensor, Tensor, Tensor]
_FILLINGS = (0.0, 9999.0, float("nan"))  # what may stand where nothing was seen


def check_network(
    network_class: Callable[..., Network],
    *,
    bands: Sequence[str] = BANDS_2020,
    n_classes: int = 5,
    idle: Collection[str] = (),
    **arguments: Any,
) -> None:
    """Check a network with random weights against the contract.

    Args:
        network_class: subclass of `Network`.
        bands: that it is built for.
        n_classes: length of the legend.
        idle: names of parameters that take no part in any answer, so that no gradient reaches them.
        arguments: further arguments of its constructor.

    Raises:
        AssertionError: it breaks the contract; the message says where.
    """
    network = built(network_class, bands=bands, n_classes=n_classes, **arguments)
    for attribute in DECLARED:
        _require(hasattr(network, attribute), f"the class has no attribute {attribute}; see cropdetect.models.Network")
    for check in checks_of(network_class):
        check(built(network_class, bands=bands, n_classes=n_classes, **arguments))
    check_gradients(built(network_class, bands=bands, n_classes=n_classes, **arguments), idle=idle)


def checks_of(network_class: Callable[..., Network]) -> tuple[Callable[[Network], None], ...]:
    """Return the checks that a network must pass, all but `check_gradients`."""
    return (*CHECKS, *PADDING_CHECKS) if getattr(network_class, "padding_invariant", False) else CHECKS


def built(
    network_class: Callable[..., Network],
    *,
    seed: int = 0,
    bands: Sequence[str] = BANDS_2020,
    n_classes: int = 5,
    **arguments: Any,
) -> Network:
    """Build a network with random weights and made-up statistics, in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        try:
            network = construct(network_class, bands=bands, n_classes=n_classes, **arguments)
        except TypeError as error:
            raise AssertionError(f"the network cannot be built: {error}; see cropdetect.models.Network") from error
    n, random = len(network.channels), np.random.default_rng(seed)
    mean, std = random.uniform(0, 60, n).tolist(), random.uniform(1, 30, n).tolist()
    network.set_statistics(Statistics(channels=list(network.channels), mean=mean, std=std, origin="made up"))
    return network.eval()


def chips(network: Network, seed: int, batch: int = 3, step: int = 6, y: int = 8, x: int = 7) -> Chips:
    """Return image, mask, clear and day: a third of the pixels is not clear, the field is an irregular blob."""
    random = torch.Generator().manual_seed(seed)
    image = torch.randint(0, 6000, (batch, step, len(network.bands), y, x), generator=random).float()
    mask = (torch.rand((batch, y, x), generator=random) > 0.4).float()
    mask[:, y // 2, x // 2] = 1
    clear = torch.rand((batch, step, y, x), generator=random) > 0.3
    clear[:, 0, y // 2, x // 2] = True
    day = torch.randint(-20, 360, (batch, step), generator=random).float().sort(dim=1).values
    return image, mask, clear, day


def scores(network: Network, chips: Chips) -> npt.NDArray[np.float32]:
    """Return the network's scores, (chip, class)."""
    with torch.no_grad():
        return np.asarray(network(*chips).numpy(), np.float32)


# ---------------------------------------------------------------- for every network


def check_any_number_of_dates(network: Network) -> None:
    """1 to 200 dates give a finite score for each class."""
    for step in (1, 2, 13, 200):
        answer = scores(network, chips(network, 1, batch=2, step=step, y=4, x=4))
        _require(
            answer.shape == (2, network.n_classes),
            f"{step} dates give scores of shape {answer.shape}, not {(2, network.n_classes)} (chip, class)",
        )
        _finite(answer, f"{step} dates")


def check_different_chips_differ(network: Network) -> None:
    """Two chips get different scores."""
    answer = scores(network, chips(network, 2))
    _require(float(np.abs(answer[0] - answer[1]).max()) > 1e-4, "two different chips get the same scores")


def check_clouds_and_gaps(network: Network) -> None:
    """Dates and chips without a clear pixel, chips without a field and missing values give finite scores."""
    image, mask, clear, day = chips(network, 3)
    cloudy = clear.clone()
    cloudy[:, 2] = False
    _finite(scores(network, (image, mask, cloudy, day)), "a date without a clear pixel")
    _finite(scores(network, (image, mask, torch.zeros_like(clear), day)), "a chip without a clear pixel")
    _finite(scores(network, (image, torch.zeros_like(mask), clear, day)), "a chip without a field")
    image[:, 1, -1] = torch.nan
    image[:, 2] = torch.nan
    _finite(scores(network, (image, mask, clear, day)), "missing values (NaN)")


def check_small_fields(network: Network) -> None:
    """A field of one pixel and chips of one pixel give finite scores."""
    image, mask, clear, day = chips(network, 6)
    mask = torch.zeros_like(mask)
    mask[:, 4, 3] = 1
    _finite(scores(network, (image, mask, clear, day)), "a field of one pixel")
    _finite(scores(network, chips(network, 7, y=1, x=1)), "chips of one pixel")


def check_batches(network: Network) -> None:
    """The order and size of a batch change nothing, and a chip without values leaves the others alone."""
    image, mask, clear, day = batch = chips(network, 8, batch=4)
    expected = scores(network, batch)
    order = [2, 0, 3, 1]
    shuffled = scores(network, (image[order], mask[order], clear[order], day[order]))
    _close(shuffled, expected[order], "another order of the batch")
    alone = [scores(network, (image[i : i + 1], mask[i : i + 1], clear[i : i + 1], day[i : i + 1])) for i in range(4)]
    _close(np.concatenate(alone), expected, "batches of one chip")
    image, clear = image.clone(), clear.clone()
    image[0], clear[0] = torch.nan, False
    _close(scores(network, (image, mask, clear, day))[1:], expected[1:], "a chip without values in the same batch")


def check_export(network: Network) -> None:
    """The exported network answers as torch does on ragged data, and exporting changes nothing."""
    exported = export_onnx(network.train())
    _require(network.training, "the export leaves the network in another mode")
    _require(exported == export_onnx(network.eval()), "a second export gives other bytes")
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    used = {node.name for node in session.get_inputs()}
    _require("image" in used <= {"image", "mask", "clear", "day"}, f"the export has the inputs {sorted(used)}")
    for seed, shape in enumerate([(1, 1, 1, 1), (4, 13, 16, 16), (2, 40, 1, 1), (3, 5, 9, 32)]):
        batch = chips(network, 20 + seed, *shape)
        image, _, clear, day = batch
        clear[0, shape[1] // 2 :] = False
        image[0, shape[1] // 2 :] = torch.nan
        day[0, shape[1] // 2 :] = 0
        feed = {name: part.numpy() for name, part in zip(("image", "mask", "clear", "day"), batch, strict=True) if name in used}
        _close(session.run(["scores"], feed)[0], scores(network, batch), f"the exported network on {shape}", 1e-4)


def check_state(network: Network) -> None:
    """Arguments, state and statistics make the same network again."""
    again = type(network)(**network.record.arguments)
    again.load_state_dict(network.state_dict())
    mean, std = network.channel_mean.tolist(), network.channel_std.tolist()
    again.set_statistics(Statistics(channels=list(network.channels), mean=mean, std=std, origin="copied"))
    batch = chips(network, 30)
    same = np.array_equal(scores(again.eval(), batch), scores(network, batch))
    _require(same, "a network made of record.arguments and the state gives other scores")


CHECKS: tuple[Callable[[Network], None], ...] = (
    check_any_number_of_dates,
    check_different_chips_differ,
    check_clouds_and_gaps,
    check_small_fields,
    check_batches,
    check_export,
    check_state,
)


def check_gradients(network: Network, *, idle: Collection[str] = ()) -> None:
    """Finite gradients reach every parameter but the idle ones, also where nothing is clear."""
    torch.nn.functional.cross_entropy(network.train()(*chips(network, 31)), torch.tensor([0, 1, 2])).backward()  # type: ignore[no-untyped-call]
    for name, parameter in network.eval().named_parameters():
        gradient = parameter.grad
        _require(gradient is not None, f"no gradient reaches {name}")
        assert gradient is not None
        _require(bool(torch.isfinite(gradient).all()), f"the gradient of {name} is not finite")
        reached = float(gradient.abs().max()) > 0
        _require(reached != (name in idle), f"the gradient of {name} is {'not ' if reached else ''}0")
    network.zero_grad()
    image, mask, clear, day = chips(network, 32)
    network(torch.full_like(image, torch.nan), mask, torch.zeros_like(clear), day).sum().backward()
    finite = all(bool(torch.isfinite(p.grad).all()) for p in network.parameters() if p.grad is not None)
    _require(finite, "gradients are not finite where nothing is clear")
    network.zero_grad()


# ---------------------------------------------------------------- for networks that declare `padding_invariant`


def check_absent_steps(network: Network) -> None:
    """Absent steps, the order of steps and dates without a clear pixel of the field change nothing."""
    image, mask, clear, day = chips(network, 10)
    expected = scores(network, (image, mask, clear, day))
    there = [0, 1, 3, 4, 6, 7]
    for filling in _FILLINGS:
        wide, wide_clear, wide_day = (
            torch.full((3, 9, *image.shape[2:]), filling),
            clear.new_zeros(3, 9, 8, 7),
            day.new_zeros(3, 9),
        )
        wide[:, there], wide_clear[:, there], wide_day[:, there] = image, clear, day
        _close(scores(network, (wide, mask, wide_clear, wide_day)), expected, f"absent steps filled with {filling}")
    order = [4, 0, 5, 2, 1, 3]
    _close(scores(network, (image[:, order], mask, clear[:, order], day[:, order])), expected, "another order of the steps")
    clear = clear.clone()
    clear[:, 2] &= mask == 0
    without = [0, 1, 3, 4, 5]
    expected = scores(network, (image[:, without], mask, clear[:, without], day[:, without]))
    _close(scores(network, (image, mask, clear, day)), expected, "a date without a clear pixel of the field")


def check_padding(network: Network) -> None:
    """Spatial padding and what lies under a cloud change nothing."""
    image, mask, clear, day = chips(network, 11)
    expected = scores(network, (image, mask, clear, day))
    for filling in _FILLINGS:
        wide = torch.full((*image.shape[:3], 13, 12), filling)
        wide_mask, wide_clear = mask.new_zeros(3, 13, 12), clear.new_zeros(3, 6, 13, 12)
        wide[..., 2:10, 3:10], wide_mask[:, 2:10, 3:10], wide_clear[..., 2:10, 3:10] = image, mask, clear
        _close(scores(network, (wide, wide_mask, wide_clear, day)), expected, f"padding filled with {filling}")
    cloudy = torch.where(clear[:, :, None], image, torch.tensor(12345.0))
    _close(scores(network, (cloudy, mask, clear, day)), expected, "what lies under a cloud")


def check_context(network: Network) -> None:
    """What lies more than `context` pixels away from the field changes nothing."""
    if network.context is None:
        return
    image, mask, clear, day = chips(network, 16, y=12, x=12)
    mask = torch.zeros_like(mask)
    mask[:, 5:8, 4:6] = 1
    near = torch.nn.functional.max_pool2d(mask[:, None], 2 * network.context + 1, stride=1, padding=network.context) > 0
    expected = scores(network, (image, mask, clear, day))
    image = torch.where(near[:, :, None], image, 4321.0)
    _close(scores(network, (image, mask, clear | ~near, day)), expected, "what lies beyond the context of the field")


PADDING_CHECKS: tuple[Callable[[Network], None], ...] = (check_absent_steps, check_padding, check_context)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _finite(answer: npt.NDArray[np.float32], what: str) -> None:
    _require(bool(np.isfinite(answer).all()), f"{what}: scores are not finite")


def _close(answer: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], what: str, tolerance: float = 1e-5) -> None:
    _finite(answer, what)
    difference = float(np.abs(answer - expected).max())
    limit = tolerance * max(1.0, float(np.abs(expected).max()))
    _require(difference <= limit, f"{what}: scores differ by {difference:.2g}, more than {limit:.2g}")
