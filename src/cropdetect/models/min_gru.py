"""The minimal gated recurrent unit, in both directions."""

import torch
from torch import Tensor, nn


class MinGRU(nn.Module):
    """A bidirectional GRU whose gates look at the input alone, so that all of them come from one matrix product.

    state[t] = (1 - gate[t]) state[t - 1] + gate[t] candidate[t]. Only this sum runs over the steps: on a CPU the layer is
    quicker than a GRU, whose small matrix products wait for each other. What a gate must know of neighbouring steps, a
    convolution before this layer tells it.

    Args:
        inputs: size of the input.
        hidden: size of the state in each direction.

    References:
        Feng, L. et al. (2024). Were RNNs All We Needed? arXiv:2410.01201, section 3.1.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, 4 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Return the states of both directions, (batch, step, 2 x hidden).

        Args:
            x: (batch, step, input).
        """
        gate, candidate = self.linear(x).chunk(2, dim=2)
        gate, candidate = _backward_half_turned(gate.sigmoid()), _backward_half_turned(candidate)
        kept, added = (1 - gate).unbind(1), (gate * candidate).unbind(1)
        states = [added[0]]
        for step in range(1, len(kept)):
            states.append(torch.addcmul(added[step], kept[step], states[-1]))
        return _backward_half_turned(torch.stack(states, dim=1))


def _backward_half_turned(x: Tensor) -> Tensor:
    """Return (batch, step, 2 x size) with the steps of the second half of the last axis in reverse order."""
    forward, backward = x.chunk(2, dim=2)
    return torch.cat([forward, backward.flip(1)], dim=2)
