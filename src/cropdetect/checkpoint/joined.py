"""The networks of an ensemble as one: what several members compute alike is computed once.

Members share the statistics of their channels, so everything before their first weights is the same. Weights, and operators
with the same inputs, are compared byte by byte; no operator is changed, so neither are the answers.

References:
    onnx.proto (field numbers), https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
    Cocke, J. (1970). Global Common Subexpression Elimination. SIGPLAN Notices 5(7).
"""

from collections.abc import Sequence
from typing import NamedTuple

from cropdetect.checkpoint.wire import fields, message, written

_GRAPH, _IMPORTS, _VERSION = 7, 8, 1  # fields of ModelProto
_NODE, _NAME, _INITIAL, _INPUT, _OUTPUT = 1, 2, 5, 11, 12  # of GraphProto
_TAKEN, _GIVEN, _KIND, _ATTRIBUTE, _DOMAIN = 1, 2, 4, 5, 7  # of NodeProto
_INNER_GRAPHS = (6, 11)  # of AttributeProto
_TENSOR_NAME, _VALUE_NAME = 8, 1  # of TensorProto and ValueInfoProto
_MOST_BYTES = 2**31 - 2**20  # of one message of Protocol Buffers


def joined_networks(members: Sequence[bytes]) -> bytes | None:
    """Return one ONNX network whose outputs are the first outputs of all members, in order.

    Args:
        members: ONNX files that `check_network` accepts.

    Returns:
        None where they cannot be joined: they have operators with graphs of their own (an If), are of different versions of
        ONNX, give an input another shape, two are the same, or all of them are too large for one file.
    """
    if sum(map(len, members)) > _MOST_BYTES:
        return None
    joined = _Joined()
    try:
        for member in members:
            joined.add(memoryview(member))
    except (ValueError, LookupError):  # also what no runtime can load, which is said when the member is loaded by itself
        return None
    return joined.written()


class _Operator(NamedTuple):
    """What tells an operator from others: those that are equal give the same."""

    taken: tuple[bytes, ...]
    rest: tuple[bytes, ...]  # kind, domain and attributes, as they are written
    given: tuple[bool, ...]  # which of its outputs are used


class _Joined:
    """A network that grows member by member; all of its tensors are numbered."""

    def __init__(self) -> None:
        self._head: tuple[bytes, ...] | None = None
        self._inputs: dict[bytes, bytes] = {}
        self._weights: dict[tuple[bytes, ...], bytes] = {}
        self._operators: dict[_Operator, tuple[bytes, ...]] = {}
        self._outputs: dict[bytes, bytes] = {}

    def add(self, model: memoryview) -> None:
        """Add what a member has and the others have not."""
        head = tuple(bytes(raw) for field, _, raw in fields(model) if field in (_VERSION, _IMPORTS))
        if self._head not in (None, head):
            raise ValueError("it is of another version of ONNX")
        self._head = head
        graph = _first(model, _GRAPH)
        names: dict[bytes, bytes] = {b"": b""}  # of this member's tensors in the whole
        for field, value, _ in fields(graph):
            if field == _INPUT:
                name, whole = _text(message(value), _VALUE_NAME), bytes(message(value))
                if self._inputs.setdefault(name, whole) != whole:
                    raise ValueError("it gives an input another shape")
                names[name] = name
        for field, value, _ in fields(graph):
            if field == _INITIAL:
                self._add_weight(message(value), names)
        for field, value, _ in fields(graph):
            if field == _NODE:
                self._add_operator(message(value), names)
        output = _first(graph, _OUTPUT)
        name = names[_text(output, _VALUE_NAME)]
        if name in self._outputs or name in self._inputs:
            raise ValueError("it is the same as another member, or computes nothing")
        self._outputs[name] = _renamed(output, _VALUE_NAME, name)

    def _add_weight(self, tensor: memoryview, names: dict[bytes, bytes]) -> None:
        name = _text(tensor, _TENSOR_NAME)
        if name in names:
            raise ValueError("an input has a default")
        content = tuple(bytes(raw) for field, _, raw in fields(tensor) if field != _TENSOR_NAME)
        names[name] = self._weights.setdefault(content, b"weight%d" % len(self._weights))

    def _add_operator(self, node: memoryview, names: dict[bytes, bytes]) -> None:
        taken: list[bytes] = []
        given: list[bytes] = []
        rest: list[bytes] = []
        for field, value, raw in fields(node):
            if field == _TAKEN:
                taken.append(names[bytes(message(value))])
            elif field == _GIVEN:
                given.append(bytes(message(value)))
            elif field in (_KIND, _DOMAIN, _ATTRIBUTE):
                rest.append(bytes(raw))
            if field == _ATTRIBUTE and any(part in _INNER_GRAPHS for part, _, _ in fields(message(value))):
                raise ValueError("it has graphs in operators")
        operator = _Operator(tuple(taken), tuple(rest), tuple(map(bool, given)))
        number = len(self._operators)
        new = tuple(b"value%d-%d" % (number, place) if name else b"" for place, name in enumerate(given))
        names.update(zip(given, self._operators.setdefault(operator, new), strict=True))

    def written(self) -> bytes:
        """Return the whole as an ONNX file."""
        graph = [written(_NAME, b"ensemble")]
        for operator, given in self._operators.items():
            parts = [*(written(_TAKEN, name) for name in operator.taken), *(written(_GIVEN, name) for name in given)]
            graph.append(written(_NODE, b"".join((*parts, *operator.rest))))
        for content, name in self._weights.items():
            graph.append(written(_INITIAL, b"".join((*content, written(_TENSOR_NAME, name)))))
        graph += [written(_INPUT, content) for content in self._inputs.values()]
        graph += [written(_OUTPUT, content) for content in self._outputs.values()]
        return b"".join((*(self._head or ()), written(_GRAPH, b"".join(graph))))


def _first(content: memoryview, number: int) -> memoryview:
    for field, value, _ in fields(content):
        if field == number:
            return message(value)
    raise LookupError(f"field {number} is missing")


def _text(content: memoryview, number: int) -> bytes:
    return bytes(_first(content, number))


def _renamed(content: memoryview, number: int, name: bytes) -> bytes:
    others = (bytes(raw) for field, _, raw in fields(content) if field != number)
    return b"".join((written(number, name), *others))
