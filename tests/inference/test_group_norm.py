"""Group norm as OpenVINO computes it quickest, against the network as it was."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
openvino = pytest.importorskip("openvino")

from torch import nn  # noqa: E402

from cropdetect.inference.group_norm import split_group_norms  # noqa: E402
from cropdetect.models import create, export_onnx  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


def exported(network: nn.Module, folder: Any) -> Any:
    """Return a network of images of 4 channels as a model of OpenVINO."""
    torch.onnx.export(
        network.eval(),
        (torch.rand(2, 4, 6, 5),),
        folder / "network.onnx",
        dynamo=False,
        input_names=["x"],
        dynamic_axes={"x": {0: "n", 2: "y", 3: "x"}},
        opset_version=17,
    )
    return openvino.Core().read_model(folder / "network.onnx")


def answer(model: Any, x: np.ndarray) -> np.ndarray:
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled({"x": x})[0])


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("behind", [nn.ELU(), nn.Identity(), nn.Conv2d(8, 3, 1)], ids=["ELU", "nothing", "a convolution"])
def test_each_group_gets_a_norm_of_its_own_and_the_answers_stay(groups: int, behind: nn.Module, tmp_path: Any) -> None:
    torch.manual_seed(0)
    norm = nn.GroupNorm(groups, 8)
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    model = exported(nn.Sequential(nn.Conv2d(4, 8, 3, padding=1, bias=False), norm, behind), tmp_path)
    x = np.random.default_rng(0).normal(size=(3, 4, 9, 7)).astype(np.float32)
    before = answer(model, x)
    assert split_group_norms(model) == 1
    assert sum(node.get_type_name() == "MVN" for node in model.get_ordered_ops()) == groups
    np.testing.assert_allclose(answer(model, x), before, atol=1e-5)


def test_both_norms_of_the_2020_network_are_found() -> None:
    model = openvino.Core().read_model(export_onnx(create("conv-gru", n_classes=7)))
    assert split_group_norms(model) == 2


def test_a_model_without_group_norm_stays_as_it_is(tmp_path: Any) -> None:
    model = exported(nn.Sequential(nn.Conv2d(4, 8, 3), nn.ELU()), tmp_path)
    kinds = [node.get_type_name() for node in model.get_ordered_ops()]
    assert split_group_norms(model) == 0
    assert [node.get_type_name() for node in model.get_ordered_ops()] == kinds
