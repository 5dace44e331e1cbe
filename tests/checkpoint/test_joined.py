"""The networks of an ensemble as one, against each of them by itself."""

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from cropdetect.checkpoint import check_network, joined_networks, read_checkpoint, shipped_path


def network(weight: float, *, name: str = "x", size: int = 3, opset: int = 17, inner: bool = False) -> bytes:
    """Return exp(image + 1) x weight as ONNX; `name` begins the names of its tensors."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [size])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [size])
    initial = [numpy_helper.from_array(np.array([value], np.float32), f"{name}{value}") for value in {1.0, weight}]
    nodes = [
        helper.make_node("Add", ["image", f"{name}1.0"], [f"{name}a"]),
        helper.make_node("Exp", [f"{name}a"], [f"{name}b"]),
        helper.make_node("Mul", [f"{name}b", f"{name}{weight}"], ["scores"]),
    ]
    if inner:
        branch = helper.make_graph([helper.make_node("Identity", [f"{name}b"], ["out"])], "branch", [], [scores_of("out", size)])
        initial.append(numpy_helper.from_array(np.array(True), "yes"))
        nodes[2] = helper.make_node("If", ["yes"], ["scores"], then_branch=branch, else_branch=branch)
    graph = helper.make_graph(nodes, "graph", [image], [scores], initial)
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8).SerializeToString()
    return made


def scores_of(name: str, size: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [size])


def run(content: bytes, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return list(session.run(None, {node.name: inputs[node.name] for node in session.get_inputs()}))


def kinds(content: bytes) -> list[str]:
    return [node.op_type for node in onnx.load_from_string(content).graph.node]


def test_what_members_compute_alike_is_computed_once_whatever_its_names() -> None:
    joined = joined_networks([network(2.0), network(3.0, name="y"), network(4.0)])
    assert joined is not None
    onnx.checker.check_model(onnx.load_from_string(joined), full_check=True)
    assert kinds(joined) == ["Add", "Exp", "Mul", "Mul", "Mul"]
    image = np.array([0, 1, 2], np.float32)
    for weight, scores in zip((2, 3, 4), run(joined, {"image": image}), strict=True):
        np.testing.assert_allclose(scores, weight * np.exp(image + 1), rtol=1e-6)


@pytest.mark.parametrize("name", ["kenya-simulated", "s2-parcels-france"])
def test_a_shipped_ensemble_gives_the_same_scores_to_the_last_bit(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    members = [path.read_bytes() for path in read_checkpoint(shipped_path(name)).member_paths()]
    joined = joined_networks(members)
    assert joined is not None
    assert len(kinds(joined)) < 0.4 * sum(len(kinds(member)) for member in members)
    path = tmp_path_factory.mktemp("joined") / "joined.onnx"
    path.write_bytes(joined)
    check_network(path)
    random = np.random.default_rng(0)
    bands = onnx.load_from_string(members[0]).graph.input[0].type.tensor_type.shape.dim[2].dim_value
    inputs = {
        "image": random.integers(0, 5000, (2, 7, bands, 5, 6)).astype(np.float32),
        "mask": (random.random((2, 5, 6)) > 0.5).astype(np.float32),
        "clear": random.random((2, 7, 5, 6)) > 0.3,
        "day": np.sort(random.uniform(0, 360, (2, 7)).astype(np.float32)),
    }
    alone = [run(member, inputs)[0] for member in members]
    np.testing.assert_array_equal(run(joined, inputs), alone)


@pytest.mark.parametrize(
    "members",
    [
        [network(2.0), network(2.0)],
        [network(2.0), network(3.0, size=4)],
        [network(2.0), network(3.0, opset=18)],
        [network(2.0), network(3.0, inner=True)],
        [network(2.0), network(3.0)[:-5]],
        [network(2.0), b"no network"],
    ],
    ids=["the same twice", "another input", "another version", "an If", "cut off", "text"],
)
def test_what_cannot_be_joined_is_left_as_it_is(members: Sequence[bytes]) -> None:
    assert joined_networks(members) is None
