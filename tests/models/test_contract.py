"""Every registered network keeps the contract, and a network that breaks it is told where."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from cropdetect.errors import OptionError
from cropdetect.models import Network, create, names, network_class
from cropdetect.models.contract import CHECKS, PADDING_CHECKS, built, check_gradients, check_network, checks_of
from cropdetect.models.network import Network as Base

# The 2020 network reads its last layer at the last date, where the backward direction has seen one step only, so its
# weights from step to step never take part. Kept, because the published state holds them.
IDLE = {"conv-gru": {"gru.weight_hh_l2_reverse"}}


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    return {name: built(network_class(name)) for name in names()}


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_network_keeps_the_contract(name: str, check: Callable[[Network], None], networks: dict[str, Network]) -> None:
    check(networks[name])


@pytest.mark.parametrize("name", [name for name in names() if network_class(name).padding_invariant])
@pytest.mark.parametrize("check", PADDING_CHECKS, ids=lambda check: check.__name__)
def test_networks_that_say_so_do_not_see_padding(
    name: str, check: Callable[[Network], None], networks: dict[str, Network]
) -> None:
    check(networks[name])


@pytest.mark.parametrize("name", names())
def test_gradients_reach_every_parameter(name: str) -> None:
    check_gradients(built(network_class(name)), idle=IDLE.get(name, ()))


class FieldMean(Base):
    """Scores of a linear layer on the mean of all pixels that are in the field and clear."""

    name = "field-mean"
    padding_invariant = True
    context = 0
    description = "a linear layer on the season's mean"

    def __init__(self, bands: Any, n_classes: int) -> None:
        super().__init__(bands, n_classes, bands, {})
        self.linear = nn.Linear(len(self.bands), n_classes)

    def raw_channels(self, image: Tensor) -> Tensor:
        return image

    def weight(self, mask: Tensor, clear: Tensor) -> Tensor:
        return (mask[:, None] * clear)[:, :, None]

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        weight = self.weight(mask, clear) * ~torch.isnan(image)
        total = (torch.where(weight > 0, self.standardise(image), 0.0) * weight).sum((1, 3, 4))
        area = weight.sum((1, 3, 4))
        return self.linear(total / torch.where(area > 0, area, torch.ones_like(area)))  # type: ignore[no-any-return]


class Leaky(FieldMean):
    """Looks under clouds."""

    def weight(self, mask: Tensor, clear: Tensor) -> Tensor:
        return (mask[:, None] * torch.ones_like(clear))[:, :, None]


class NotFinite(FieldMean):
    """Divides by the clear area."""

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        area = (mask[:, None] * clear).flatten(1).sum(1, keepdim=True)
        return super().forward(image, mask, clear, day) / area


class Sums(FieldMean):
    """Answers each date by itself."""

    def forward(self, image: Tensor, mask: Tensor, clear: Tensor, day: Tensor) -> Tensor:
        return super().forward(image, mask, clear, day)[:, None]


def test_a_network_of_another_module_can_be_checked() -> None:
    check_network(FieldMean)
    assert checks_of(FieldMean) == (*CHECKS, *PADDING_CHECKS)


@pytest.mark.parametrize(
    ("broken", "message"), [(Leaky, "cloud|absent steps"), (NotFinite, "not finite"), (Sums, r"not \(2, 5\)")]
)
def test_a_network_that_breaks_the_contract_is_told_where(broken: type[Network], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_network(broken)


@pytest.mark.parametrize("attribute", ["name", "padding_invariant", "description"])
def test_what_the_class_of_a_network_forgot_to_say_is_named(attribute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(FieldMean, attribute)
    with pytest.raises(AssertionError, match=f"no attribute {attribute}"):
        check_network(FieldMean)


class NotBegun(FieldMean):
    """Forgets to begin the network before its layers."""

    def __init__(self, bands: Any, n_classes: int) -> None:
        self.linear = nn.Linear(len(bands), n_classes)


class NothingBegun(FieldMean):
    """Forgets to begin the network, and has no layers."""

    def __init__(self, bands: Any, n_classes: int) -> None:
        self.kept = n_classes


@pytest.mark.parametrize("forgetful", [NotBegun, NothingBegun])
def test_a_constructor_that_does_not_begin_the_network_is_told_so(forgetful: type[Network]) -> None:
    words = r"does not call super\(\).__init__"
    with pytest.raises(AssertionError, match=words):
        check_network(forgetful)
    with pytest.raises(OptionError, match=f"cannot be built: its constructor {words}"):
        create(f"{__name__}:{forgetful.__name__}", bands=["B04", "B08"], n_classes=3)


class Unwritten(Base):
    """Lacks `forward`."""

    name, padding_invariant, description = "unwritten", True, "nothing"

    def raw_channels(self, image: Tensor) -> Tensor:
        return image


def test_a_method_that_is_not_written_is_named() -> None:
    with pytest.raises(AssertionError, match="forward"):
        check_network(Unwritten)


def test_a_gradient_that_does_not_reach_a_parameter_is_named() -> None:
    network = built(network_class("conv-gru"))
    with pytest.raises(AssertionError, match=r"gru\.weight_hh_l2_reverse is 0"):
        check_gradients(network)


def test_a_network_is_found_by_module_and_class_and_the_old_name_of_ours_still_works() -> None:
    assert network_class(f"{__name__}:FieldMean") is FieldMean
    assert built(FieldMean).record.name == f"{__name__}:FieldMean"
    assert network_class("conv-gru-v2") is network_class("season-cnn")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "no model 'nothing'"),
        ("no.such.module:Class", "cannot be imported"),
        (":Class", "cannot be imported"),
        (f"{__name__}:Nothing", "no network 'Nothing'"),
        ("torch.nn:Linear", "no network 'Linear'"),
        (f"{__name__}:Base", "has no attribute name"),
    ],
)
def test_a_model_that_cannot_be_had_is_a_named_error(name: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        network_class(name)
