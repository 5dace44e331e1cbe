"""A member is one ONNX file with all of its weights in it, of the operators that exports have; everything else is refused."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from cropdetect.checkpoint.network import OPERATORS, check_network  # noqa: E402
from cropdetect.errors import CheckpointError  # noqa: E402

WEIGHTS = numpy_helper.from_array(np.eye(2, dtype=np.float32), "w")
PRODUCT = helper.make_node("MatMul", ["x", "w"], ["y"])


def graph(*nodes: onnx.NodeProto, initial: list[onnx.TensorProto] | None = None) -> onnx.GraphProto:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["b", 2]) for name in "xy")
    return helper.make_graph(list(nodes), "g", [x], [y], [WEIGHTS] if initial is None else initial)


def model(*nodes: onnx.NodeProto, **more: object) -> bytes:
    return bytes(helper.make_model(graph(*(nodes or (PRODUCT,)), **more)).SerializeToString())


def nested(depth: int) -> onnx.NodeProto:
    """An If in an If in an If ..."""
    inner = PRODUCT if depth == 0 else nested(depth - 1)
    branch = helper.make_graph([inner], "b", [], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["b", 2])])
    return helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)


def external() -> onnx.TensorProto:
    tensor = onnx.TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    return tensor


def sparse() -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(1, np.float32), "v"), numpy_helper.from_array(np.zeros(1, np.int64), "i"), [2, 2]
    )


def with_sparse() -> bytes:
    whole = helper.make_model(graph(PRODUCT, initial=[]))
    whole.graph.sparse_initializer.append(sparse())
    return bytes(whole.SerializeToString())


def without_imports() -> bytes:
    whole = onnx.load_from_string(model())
    del whole.opset_import[:]
    return bytes(whole.SerializeToString())


def with_function() -> bytes:
    whole = onnx.load_from_string(model())
    whole.functions.append(helper.make_function("own", "F", ["x"], ["y"], [PRODUCT], [helper.make_opsetid("", 18)]))
    return bytes(whole.SerializeToString())


REFUSED = {
    "no operator of crops": (lambda: model(helper.make_node("Loop", [], ["y"])), "it has the operator Loop, which no network"),
    "another domain": (lambda: model(helper.make_node("Relu", ["x"], ["y"], domain="com.evil")), r"the operator com\.evil\.Relu"),
    "weights elsewhere": (lambda: model(PRODUCT, initial=[external()]), "some of its weights lie in another file"),
    "a constant elsewhere": (lambda: model(helper.make_node("Constant", [], ["y"], value=external())), "in another file"),
    "sparse weights": (with_sparse, "it holds sparse weights"),
    "a sparse constant": (lambda: model(helper.make_node("Constant", [], ["y"], sparse_value=sparse())), "or sparse weights"),
    "several graphs": (lambda: model(helper.make_node("Relu", ["x"], ["y"], inner=[graph(), graph()])), "holds several graphs"),
    "deep graphs": (lambda: model(nested(9)), "its graphs lie too deep in each other"),
    "a bad branch": (
        lambda: model(helper.make_node("If", ["c"], ["y"], then_branch=graph(helper.make_node("Loop", [], ["y"])))),
        "the operator Loop",
    ),
    "too many operators": (lambda: model(*[PRODUCT] * 20_001), "it has more than 20000 operators"),
    "functions": (with_function, "or it has functions of its own"),
    "no opset": (without_imports, "it is no ONNX network"),
    "cut off": (lambda: model()[:-3], "cannot be used"),
    "no ONNX": (lambda: b"weights", "cannot be used"),
    "nothing": (lambda: b"", "it is no ONNX network"),
    "a number for the graph": (lambda: bytes([7 << 3, 1]), "it is no ONNX network"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_network_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    make, says = REFUSED[name]
    (tmp_path / "000.onnx").write_bytes(make())
    with pytest.raises(CheckpointError, match=says) as caught:
        check_network(tmp_path / "000.onnx")
    assert str(caught.value.where) == str(tmp_path / "000.onnx")


def test_a_network_with_branches_and_constants_is_accepted(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["k"], value=WEIGHTS)
    (tmp_path / "000.onnx").write_bytes(model(constant, nested(3), helper.make_node("Relu", ["y"], ["z"], domain="ai.onnx")))
    check_network(tmp_path / "000.onnx")


def test_no_operator_that_loops_or_draws_is_known() -> None:
    assert not OPERATORS & {"Loop", "Scan", "RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "StringConcat"}


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be used"):
        check_network(tmp_path / "000.onnx")
