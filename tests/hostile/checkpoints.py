"""Checkpoints that are not what their hashes say, or whose record no network fits."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.hostile.base import Base
from tests.hostile.cases import Cases

CASES = Cases("checkpoint")


def _predict(base: Base, tmp: Path, checkpoint: Path) -> list[object]:
    return ["predict", base.season, tmp / "out", "--checkpoint", checkpoint]


# ---------------------------------------------------------------- the record


def edited(change):
    """Return what makes a checkpoint with another record, and predicts with it."""

    def make(base: Base, tmp: Path):
        folder = base.copy("checkpoint", tmp)
        record = json.loads((folder / "checkpoint.json").read_text())
        change(record)
        (folder / "checkpoint.json").write_text(json.dumps(record))
        return _predict(base, tmp, folder)

    return make


def _set(path: str, value: Any):
    def change(record: dict[str, Any]) -> None:
        *outer, last = path.split(".")
        for name in outer:
            record = record[int(name)] if name.isdigit() else record[name]
        record[int(last) if last.isdigit() else last] = value

    return edited(change)


NAN, INF = float("nan"), float("inf")
ODD = {
    "a scale of NaN": ("calibration.scale", [NAN, 1.0]),
    "an infinite scale": ("calibration.scale", [INF, 1.0]),
    "a negative scale": ("calibration.scale", [-1.0, 1.0]),
    "a bias of NaN": ("calibration.bias", [0.0, NAN]),
    "an infinite bias": ("calibration.bias", [0.0, -INF]),
    "a scale of each training of NaN": ("calibration.each_scale", [NAN, NAN]),
    "negative pooling": ("calibration.pooling", -0.5),
    "more pooling than can be": ("calibration.pooling", 50.0),
    "more fields than none": ("training.n_fields", -3),
    "an accuracy of 2": ("metrics", {"accuracy": 2.0}),
    "a temperature for each class": ("calibration.scale", [1.0, 2.0]),
    "pooling of NaN": ("calibration.pooling", NAN),
    "infinite pooling": ("calibration.pooling", 1e308),
    "snapshots of 10**18": ("calibration.snapshots", 10**18),
    "snapshots of 0": ("calibration.snapshots", 0),
    "an empty legend": ("legend", []),
    "a legend of one class": ("legend", ["maize"]),
    "a legend with a class twice": ("legend", ["maize", "maize"]),
    "a legend of other length": ("legend", ["a", "b", "c"]),
    "a class without a name": ("legend", ["", "maize"]),
    "a class that is no text": ("legend", [1, 2]),
    "a million classes": ("legend", [f"c{k}" for k in range(1_000_000)]),
    "a class of 100,000 letters": ("legend", ["x" * 100_000, "maize"]),
    "no bands": ("bands", []),
    "a band twice": ("bands", ["B04", "B04"]),
    "a chip size of 10**9": ("chips.size", 10**9),
    "a chip size of 0": ("chips.size", 0),
    "a negative chip size": ("chips.size", -16),
    "a chip size of 20 digits": ("chips.size", 10**20),
    "a resolution of NaN": ("chips.resolution", NAN),
    "a season without years": ("season.years", []),
    "a season in the year 10**9": ("season.years", [10**9]),
    "a season that ends before it begins": ("season", {"years": [2019], "first_day": 300, "last_day": 10, "median_dates": 3}),
    "a season of 10**12 days": ("season.last_day", 10**12),
    "a region of NaN": ("region", {"west": NAN, "south": 0, "east": 1, "north": 1}),
    "a region beyond the earth": ("region", {"west": -1e9, "south": 0, "east": 1e9, "north": 1}),
    "a context of -1": ("model.context", -1),
    "a context of 10**12": ("model.context", 10**12),
    "statistics of NaN": ("statistics", {"channels": ["a"], "mean": [NAN], "std": [1.0], "origin": ""}),
    "statistics with a deviation of 0": ("statistics", {"channels": ["a"], "mean": [0.0], "std": [0.0], "origin": ""}),
    "statistics of other lengths": ("statistics", {"channels": ["a"], "mean": [], "std": [1.0], "origin": ""}),
    "no members": ("members", []),
    "a member that leads out": ("members.0.onnx", "../../etc/passwd"),
    "a member at an absolute path": ("members.0.onnx", "/etc/passwd"),
    "a member with backslashes": ("members.0.onnx", "..\\..\\passwd"),
    "a member at an address": ("members.0.onnx", "http://127.0.0.1:9/x.onnx"),
    "a member called by a null byte": ("members.0.onnx", "members/\0.onnx"),
    "a member that is a folder": ("members.0.onnx", "members"),
    "a member with an empty name": ("members.0.onnx", ""),
    "a member with a name of 5,000 letters": ("members.0.onnx", "x" * 5000),
    "a hash that is none": ("members.0.onnx_sha256", "x"),
    "weights with another hash": ("members.0.safetensors_sha256", "0" * 64),
    "a newer format": ("format_version", 2),
    "a format of another kind": ("format", "cropdetect-run"),
    "a version that is text": ("format_version", "1"),
    "a key that is not known": ("surprise", 1),
    "a metric that is infinite": ("metrics", {"accuracy": INF}),
    "familiarity of NaN": (
        "familiarity",
        {"bands": ["B04"], "edges": [0, 100], "centres": [[NAN], [0.0]], "covariance": [[1.0]], "threshold": 1.0,
         "false_alarm_rate": 0.05, "origin": ""},
    ),
    "familiarity of other shapes": (
        "familiarity",
        {"bands": ["B04"], "edges": [0, 100], "centres": [[1.0, 2.0]], "covariance": [[1.0]], "threshold": 1.0,
         "false_alarm_rate": 0.05, "origin": ""},
    ),
    "familiarity with a covariance that is none": (
        "familiarity",
        {"bands": ["B04"], "edges": [0, 100], "centres": [[1.0], [0.0]], "covariance": [[-1.0]], "threshold": 1.0,
         "false_alarm_rate": 0.05, "origin": ""},
    ),
}  # fmt: skip
for name, (path, value) in ODD.items():
    CASES.add(f"a record with {name}", "CheckpointError", _set(path, value), megabytes=700)


def _text(content: str | bytes):
    def make(base: Base, tmp: Path):
        folder = base.copy("checkpoint", tmp)
        (folder / "checkpoint.json").write_bytes(content if isinstance(content, bytes) else content.encode())
        return _predict(base, tmp, folder)

    return make


TEXTS = {
    "empty": "", "no JSON": "{", "a list": "[]", "a number": "1", "null": "null", "in UTF-16": "{}".encode("utf-16"),
    "nested 100,000 deep": "[" * 100_000 + "]" * 100_000, "a number of 10,000 digits": '{"format_version": ' + "9" * 10_000 + "}",
    "binary": bytes(range(256)) * 100, "80 MB of blanks": " " * 80_000_000 + "{}",
    "a number beyond all": '{"format_version": 1e999}',
}  # fmt: skip
for name, content in TEXTS.items():
    CASES.add(f"a record that is {name}", "CheckpointError", _text(content))


# ---------------------------------------------------------------- the networks


def with_network(content: bytes | onnx.ModelProto, **more: bytes):
    """Return what makes a checkpoint with this network, rightly hashed."""

    def make(base: Base, tmp: Path):
        folder = base.copy("checkpoint", tmp)
        record = json.loads((folder / "checkpoint.json").read_text())
        network = content if isinstance(content, bytes) else content.SerializeToString()
        for member in record["members"]:
            (folder / member["onnx"]).write_bytes(network)
            member["onnx_sha256"] = hashlib.sha256(network).hexdigest()
        for name, data in more.items():
            (folder / "members" / name).write_bytes(data)
        (folder / "checkpoint.json").write_text(json.dumps(record))
        return _predict(base, tmp, folder)

    return make


def network(
    *nodes: onnx.NodeProto, initial: list[onnx.TensorProto] | None = None, output: str = "scores", opset: int = 18,
    domain: str = "", image: list[Any] | None = None, shape: list[Any] | None = None, kind: int = TensorProto.FLOAT,
    functions: list[onnx.FunctionProto] | None = None, ir: int = 9,
) -> onnx.ModelProto:  # fmt: skip
    """Return a network of these nodes, from `image` to `scores`."""
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, image or ["b", "s", "c", "y", "x"])]
    outputs = [helper.make_tensor_value_info(output, kind, shape or ["b", 2])]
    graph = helper.make_graph(list(nodes), "g", inputs, outputs, initial or [])
    imports = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir, functions=functions or [])


def node(kind: str, inputs: list[str], outputs: list[str], **more: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, outputs, **more)


def ints(name: str, *values: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


MEAN = node("ReduceMean", ["image", "axes"], ["mean"], keepdims=0)  # (b, c): two bands, two classes
AXES = ints("axes", 1, 3, 4)


def _external(location: str) -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": "0", "length": "16"}.items():
        tensor.external_data.add(key=key, value=value)
    return network(MEAN, node("MatMul", ["mean", "w"], ["scores"]), initial=[AXES, tensor])


for name, location in {
    "in a file beside it": "w.bin", "in a file elsewhere": "/etc/passwd", "above the folder": "../../../w.bin",
}.items():  # fmt: skip
    make = with_network(_external(location), **{"w.bin": np.eye(2, dtype=np.float32).tobytes()})
    CASES.add(f"weights {name}", "CheckpointError", make, says="another file")


def _hidden_external() -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    constant = node("Constant", [], ["w"], value=tensor)
    return network(MEAN, constant, node("MatMul", ["mean", "w"], ["scores"]), initial=[AXES])


CASES.add(
    "weights of a constant in another file", "CheckpointError",
    with_network(_hidden_external(), **{"w.bin": np.eye(2, dtype=np.float32).tobytes()}), says="another file",
)  # fmt: skip


def _nested_external() -> onnx.ModelProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    value = helper.make_tensor_value_info("v", TensorProto.FLOAT, [2, 2])
    inner = helper.make_graph([node("Constant", [], ["v"], value=tensor)], "i", [], [value])
    true = numpy_helper.from_array(np.array(True), "t")
    branch = node("If", ["t"], ["w"], then_branch=inner, else_branch=inner)
    return network(MEAN, branch, node("MatMul", ["mean", "w"], ["scores"]), initial=[AXES, true])


CASES.add(
    "weights of an inner graph in another file", "CheckpointError",
    with_network(_nested_external(), **{"w.bin": np.eye(2, dtype=np.float32).tobytes()}),
)  # fmt: skip

BIG = 2**40
NETWORKS: dict[str, bytes | onnx.ModelProto] = {
    "nothing": b"",
    "text": b"not a network",
    "a pickle": b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07os\x94.",
    "a zip archive": b"PK\x03\x04" + bytes(60),
    "an OpenVINO model": b'<?xml version="1.0"?><net name="x" version="11"><layers/></net>',
    "an ORT model": b"\x20\x00\x00\x00ORTM" + bytes(100),
    "random bytes": np.random.default_rng(0).bytes(4000),
    "a network cut off": network(MEAN, node("Identity", ["mean"], ["scores"]), initial=[AXES]).SerializeToString()[:60],
    "an operator of another domain": network(node("Evil", ["image"], ["scores"], domain="com.example"), domain="com.example"),
    "an operator of Microsoft's": network(
        node("Inverse", ["image"], ["scores"], domain="com.microsoft"), domain="com.microsoft"),
    "an operator that is not known": network(node("Evil", ["image"], ["scores"])),
    "a loop without end": network(
        MEAN,
        node("Loop", ["", "t", "mean"], ["scores"], body=helper.make_graph(
            [node("Identity", ["c"], ["c2"]), node("Identity", ["v"], ["v2"])], "b",
            [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("c", TensorProto.BOOL, []),
             helper.make_tensor_value_info("v", TensorProto.FLOAT, ["b", 2])],
            [helper.make_tensor_value_info("c2", TensorProto.BOOL, []),
             helper.make_tensor_value_info("v2", TensorProto.FLOAT, ["b", 2])])),
        initial=[AXES, numpy_helper.from_array(np.array(True), "t")]),
    "a tensor of terabytes": network(
        node("ConstantOfShape", ["big"], ["huge"]), node("ReduceMean", ["huge", "axes"], ["scores"]),
        initial=[ints("big", BIG), ints("axes", 0)]),
    "an Expand to terabytes": network(
        MEAN, node("Expand", ["mean", "big"], ["scores"]), initial=[AXES, ints("big", BIG, 1, 2)]),
    "a Tile to terabytes": network(MEAN, node("Tile", ["mean", "big"], ["scores"]), initial=[AXES, ints("big", BIG, 1)]),
    "a Range of terabytes": network(node("Range", ["a", "big", "one"], ["scores"]), initial=[
        numpy_helper.from_array(np.array(v, np.float32), n) for n, v in (("a", 0), ("big", 1e15), ("one", 1))]),
    "random numbers": network(node("RandomNormalLike", ["image"], ["scores"])),
    "an input that is not known": helper.make_model(helper.make_graph(
        [node("Identity", ["evil"], ["scores"])], "g", [helper.make_tensor_value_info("evil", TensorProto.FLOAT, ["b", 2])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["b", 2])]),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
    "no output": helper.make_model(helper.make_graph([], "g", [], []), opset_imports=[helper.make_opsetid("", 18)], ir_version=9),
    "scores of too many dimensions": network(node("Identity", ["image"], ["scores"]), shape=["b", "s", "c", "y", "x"]),
    "scores of another number of classes": network(
        node("ReduceMean", ["image", "a"], ["scores"], keepdims=0), initial=[ints("a", 1, 2, 3)], shape=["b", "x"]),
    "one score for all": network(
        node("ReduceMean", ["image", "a"], ["scores"], keepdims=0), initial=[ints("a", 0, 1, 2, 3, 4)], shape=[]),
    "scores that are text": network(
        MEAN, node("Cast", ["mean"], ["scores"], to=TensorProto.STRING), initial=[AXES], kind=TensorProto.STRING),
    "an image of another shape": network(MEAN, node("Identity", ["mean"], ["scores"]), initial=[AXES], image=[1, 1, 9, 999, 999]),
    "a newer operator set": network(MEAN, node("Identity", ["mean"], ["scores"]), initial=[AXES], opset=99),
    "a newer format of networks": network(MEAN, node("Identity", ["mean"], ["scores"]), initial=[AXES], ir=99),
    "a graph in a circle": network(node("Add", ["image", "b"], ["a"]), node("Add", ["image", "a"], ["b"]), output="a"),
    "200,000 nodes": network(
        *(node("Identity", [f"n{k}" if k else "image"], [f"n{k + 1}"]) for k in range(200_000)),
        node("ReduceMean", ["n200000", "axes"], ["scores"], keepdims=0), initial=[AXES]),
}  # fmt: skip
BLAMED_ON_MEMORY = ("a tensor of terabytes", "an Expand to terabytes", "a Range of terabytes")  # ONNX Runtime tells no size

for name, content in NETWORKS.items():
    error, says = ("MemoryLimitError", "may be damaged") if name in BLAMED_ON_MEMORY else ("CheckpointError", "")
    CASES.add(f"a member that is or has {name}", error, with_network(content), says=says)


def _without(name: str):
    def make(base: Base, tmp: Path):
        folder = base.copy("checkpoint", tmp)
        (folder / name).unlink()
        return _predict(base, tmp, folder)

    return make


for name in ("checkpoint.json", "members/000.onnx", "members/001.safetensors"):
    CASES.add(f"a checkpoint without {name}", "CheckpointError", _without(name))


@CASES("CheckpointError")
def _a_byte_of_a_member_that_was_changed(base: Base, tmp: Path):
    folder = base.copy("checkpoint", tmp)
    file = folder / "members" / "000.onnx"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    return _predict(base, tmp, folder)


@CASES("CheckpointError")
def _a_checkpoint_that_is_a_file(base: Base, tmp: Path):
    (tmp / "checkpoint").write_text("{}")
    return _predict(base, tmp, tmp / "checkpoint")
