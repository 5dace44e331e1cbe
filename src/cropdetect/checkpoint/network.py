"""What an exported network may be: one ONNX file that holds all of its weights, with the operators that exports have.

ONNX Runtime would read weights from other files, which no hash covers, and run loops without end. So the file is looked at first,
without the package onnx, which predicting does not need.

References:
    onnx.proto (field numbers), https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from pathlib import Path

from cropdetect.checkpoint.wire import fields, message
from cropdetect.errors import CheckpointError

#: Operators of ONNX' own domain that the exports of `cropdetect.models` have, and their near relations: none that loops,
#: draws random numbers, or handles text.
OPERATORS = frozenset(
    (
        "Abs", "Add", "And", "ArgMax", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat",
        "Constant", "ConstantOfShape", "Conv", "Cos", "CumSum", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf",
        "Exp", "Expand", "Flatten", "Floor", "GRU", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm",
        "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "If",
        "InstanceNormalization", "IsInf", "IsNaN", "LSTM", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual",
        "Log", "LogSoftmax", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mod", "Mul", "Neg", "NonZero", "Not", "OneHot",
        "Or", "PRelu", "Pad", "Pow", "RNN", "Range", "Reciprocal", "ReduceL2", "ReduceLogSumExp", "ReduceMax",
        "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "Relu", "Reshape", "Round", "ScatterElements",
        "ScatterND", "Selu", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice", "Softmax", "Softplus", "Split", "Sqrt",
        "Squeeze", "Sub", "Sum", "Tanh", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze", "Where", "Xor",
    )
)  # fmt: skip
_MOST_NODES = 20_000
_DEEPEST = 8  # graphs in each other
_MOST_BYTES = 2**31 - 1  # of one message of Protocol Buffers

_GRAPH, _IMPORTS, _FUNCTIONS = 7, 8, 25  # fields of ModelProto
_NODE, _INITIAL, _SPARSE = 1, 5, 15  # of GraphProto
_KIND, _ATTRIBUTE, _DOMAIN = 4, 5, 7  # of NodeProto
_TENSOR, _INNER, _TENSORS, _INNERS, _SPARSE_TENSOR = 5, 6, 10, 11, 22  # of AttributeProto
_EXTERNAL, _LOCATION = 13, 14  # of TensorProto


def check_network(path: Path) -> None:
    """Refuse a file that is no such network.

    Raises:
        CheckpointError: it is none.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is larger than an ONNX file can be")
        content = memoryview(path.read_bytes())
        found = dict.fromkeys((_GRAPH, _IMPORTS, _FUNCTIONS), 0)
        for field, value, _ in fields(content):
            found[field] = found.get(field, 0) + 1
            if field == _GRAPH:
                _check_graph(message(value))
        if not (found[_GRAPH] == 1 and found[_IMPORTS]) or found[_FUNCTIONS]:
            raise ValueError("it is no ONNX network, or it has functions of its own")
    except (ValueError, IndexError, OSError) as error:
        raise CheckpointError(
            f"the network cannot be used: {error or 'it is cut off'}", where=path, fix="Copy or make the checkpoint again."
        ) from error


def _check_graph(graph: memoryview, depth: int = 0) -> None:
    n_nodes = 0
    if depth > _DEEPEST:
        raise ValueError("its graphs lie too deep in each other")
    for field, value, _ in fields(graph):
        if field == _SPARSE:
            raise ValueError("it holds sparse weights")
        if field == _INITIAL:
            _check_tensor(message(value))
        elif field == _NODE:
            n_nodes += 1
            _check_node(message(value), depth)
        if n_nodes > _MOST_NODES:
            raise ValueError(f"it has more than {_MOST_NODES} operators")


def _check_node(node: memoryview, depth: int) -> None:
    kind = domain = ""
    for field, value, _ in fields(node):
        if field == _KIND:
            kind = bytes(message(value)).decode("utf-8", "replace")
        elif field == _DOMAIN:
            domain = bytes(message(value)).decode("utf-8", "replace")
        elif field == _ATTRIBUTE:
            for part, content, _ in fields(message(value)):
                if part in (_INNERS, _SPARSE_TENSOR):
                    raise ValueError("an operator of it holds several graphs, or sparse weights")
                if part == _INNER:  # a branch of an If
                    _check_graph(message(content), depth + 1)
                if part in (_TENSOR, _TENSORS):
                    _check_tensor(message(content))
    if domain not in ("", "ai.onnx") or kind not in OPERATORS:
        raise ValueError(f"it has the operator {f'{domain}.' if domain else ''}{kind[:100]}, which no network of crops needs")


def _check_tensor(tensor: memoryview) -> None:
    for field, value, _ in fields(tensor):
        if field == _EXTERNAL or (field == _LOCATION and value != 0):
            raise ValueError("some of its weights lie in another file, which no hash covers")
