"""ELU by quicker operators, against the formula."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from cropdetect.checkpoint import with_quick_elu


def network(kind: str = "Elu", *, real: int = TensorProto.FLOAT, **attributes: float) -> bytes:
    """Return two activations, one after the other, as ONNX."""
    image, scores = (helper.make_tensor_value_info(name, real, ["n"]) for name in ("image", "scores"))
    zero = numpy_helper.from_array(np.zeros(1, helper.tensor_dtype_to_np_dtype(real)), "zero")
    nodes = [
        helper.make_node("Add", ["image", "zero"], ["a"]),
        helper.make_node(kind, ["a"], ["b"], **attributes),
        helper.make_node(kind, ["b"], ["scores"], **attributes),
    ]
    graph = helper.make_graph(nodes, "graph", [image], [scores], [zero])
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    return made


def elu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


@pytest.mark.parametrize("attributes", [{}, {"alpha": 1.0}])
def test_the_quick_operators_give_elu(attributes: dict[str, float]) -> None:
    quick = with_quick_elu(network(**attributes))
    onnx.checker.check_model(onnx.load_from_string(quick), full_check=True)
    assert "Elu" not in {node.op_type for node in onnx.load_from_string(quick).graph.node}
    image = np.array([-200, -30, -3, -1e-3, -1e-9, -0.0, 0, 1e-9, 1e-3, 3, 200, 1e30], np.float32)
    (found,) = onnxruntime.InferenceSession(quick, providers=["CPUExecutionProvider"]).run(None, {"image": image})
    np.testing.assert_allclose(found, elu(elu(image.astype(np.float64))), rtol=1e-6, atol=1.2e-7)


@pytest.mark.parametrize(
    "content",
    [network("Relu"), network(alpha=0.5), network(real=TensorProto.DOUBLE), b"no network", network()[:-3]],
    ids=["no ELU", "alpha of 0.5", "float64", "no ONNX file", "cut off"],
)
def test_other_networks_stay_as_they_are(content: bytes) -> None:
    assert with_quick_elu(content) == content
