"""Group norm behind a convolution as OpenVINO computes it quickest: one convolution and one norm of whole images a group.

Exports reshape the images to (image, group, values) for it. OpenVINO keeps the channels of a pixel side by side, so each reshape
moves all numbers; and it can put scale, shift and ELU into the norm only where no reshape lies between.

References:
    Wu, Y., He, K. (2018). Group Normalization. ECCV.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

# From the last addition back, as torch exports group norm: the norm's own scale and shift are 1 and 0.
_CHAIN = ("Multiply", "Reshape", "Add", "Multiply", "MVN", "Reshape", "Convolution")


def split_group_norms(model: Any) -> int:
    """Replace each group norm behind a convolution in a model of OpenVINO; the rest stays as it is.

    Returns:
        How many were replaced.
    """
    found = [chain for node in model.get_ordered_ops() if (chain := _chain(node)) is not None]
    for chain in found:
        _replace(*chain)
    if found:
        model.validate_nodes_and_infer_types()
    return len(found)


def _chain(shift: Any) -> tuple[Any, Any, Any, Any] | None:
    """Return convolution, norm, scale and shift of a group norm that ends with this addition; None where it is none."""
    nodes = [shift]
    for kind in _CHAIN:
        before = next((value.get_node() for value in nodes[-1].input_values() if value.get_node().get_type_name() == kind), None)
        if before is None:
            return None
        nodes.append(before)
    _, scale, _, own_shift, own_scale, norm, groups, convolution = nodes
    weight, shape, factors, terms = map(_constant, (convolution, groups, scale, shift))
    if weight is None or shape is None or factors is None or terms is None:
        return None
    whole = len(weight) == factors.size == terms.size and len(shape) == 3 and shape[2] == -1
    if not whole or not _all(_constant(own_scale), 1) or not _all(_constant(own_shift), 0):
        return None
    return convolution, norm, scale, shift


def _constant(node: Any) -> npt.NDArray[Any] | None:
    """Return the constant that an operator takes, which may be reshaped first."""
    for value in node.input_values():
        given = value.get_node()
        if given.get_type_name() == "Reshape":
            given = given.input_value(0).get_node()
        if given.get_type_name() == "Constant":
            return np.asarray(given.get_data())
    return None


def _all(values: npt.NDArray[Any] | None, wanted: float) -> bool:
    return values is not None and bool((values == wanted).all())


def _replace(convolution: Any, norm: Any, scale: Any, shift: Any) -> None:
    from openvino import opset13

    weight, factors, terms = _constant(convolution), _constant(scale), _constant(shift)
    shape = _constant(norm.input_value(0).get_node())
    assert weight is not None and factors is not None and terms is not None and shape is not None
    settings, precision = convolution.get_attributes(), norm.get_attributes()
    behind = [target.get_node() for target in shift.output(0).get_target_inputs()]
    elu = behind[0] if len(behind) == 1 and behind[0].get_type_name() == "Elu" else None
    size, parts = len(weight) // int(shape[1]), []
    for first in range(0, len(weight), size):
        those = slice(first, first + size)
        part = opset13.convolution(
            convolution.input_value(0),
            opset13.constant(weight[those]),
            *(settings[name] for name in ("strides", "pads_begin", "pads_end", "dilations")),
        )
        axes = opset13.constant(np.array([1, 2, 3]))
        part = opset13.mvn(part, axes, True, precision["eps"], precision["eps_mode"])
        part = opset13.multiply(part, opset13.constant(factors.reshape(1, -1, 1, 1)[:, those]))
        part = opset13.add(part, opset13.constant(terms.reshape(1, -1, 1, 1)[:, those]))
        parts.append(part if elu is None else opset13.elu(part, elu.get_attributes()["alpha"]))
    joined = opset13.concat(parts, 1)
    for target in list((elu or shift).output(0).get_target_inputs()):
        target.replace_source_output(joined.output(0))
