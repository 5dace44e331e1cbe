"""Batch normalisation that bears a batch of one."""

from torch import Tensor, nn
from torch.nn import functional


class BatchNorm(nn.BatchNorm1d):
    """Batch normalisation (Ioffe and Szegedy 2015) that falls back on its running statistics where a batch has only one value.

    torch raises an error there, and a training batch may hold one field that was seen on one date.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (batch, channel) or (batch, channel, step)."""
        if self.training and input.numel() < 2 * input.shape[1]:
            return functional.batch_norm(input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return super().forward(input)
