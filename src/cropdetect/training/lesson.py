"""How one network learns: loss, optimiser, and the validation score by field."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional

from cropdetect import metrics
from cropdetect.formats import TrainOptions
from cropdetect.models import Network
from cropdetect.training.data import Sample

VALIDATION = "validation log loss"
_WARM_UP = 0.15  # share of the steps in which the learning rate rises


class Lesson(pl.LightningModule):
    """One network, taught by cross entropy with AdamW under a one-cycle learning rate (Smith and Topin 2018).

    Args:
        network: what learns.
        options: learning rate, weight decay.
        class_weight: (class,) weight of each class in the loss, or None.
        seed: of the dropout.
    """

    class_weight: Tensor | None

    def __init__(self, network: Network, options: TrainOptions, class_weight: Tensor | None, seed: int) -> None:
        super().__init__()
        self.network = network
        self._options = options
        self._seed = seed
        self.register_buffer("class_weight", class_weight, persistent=False)
        self._answers: list[tuple[Tensor, Sample]] = []

    def forward(self, sample: Sample) -> Tensor:
        """Score every class, (chip, class)."""
        return self.network(sample.image, sample.mask, sample.clear, sample.day)  # type: ignore[no-any-return]

    def on_train_epoch_start(self) -> None:
        """Start each epoch from its own seed, so that a resumed training takes the same course."""
        torch.manual_seed(int(np.random.SeedSequence((self._seed, self.current_epoch)).generate_state(1)[0]))

    def training_step(self, sample: Sample, _: int) -> Tensor:
        """Return the loss of one batch."""
        return functional.cross_entropy(self(sample), sample.label, weight=self.class_weight)

    def on_validation_epoch_start(self) -> None:
        """Forget the answers of the last epoch."""
        self._answers = []

    def validation_step(self, sample: Sample, _: int) -> None:
        """Answer one batch."""
        self._answers.append((self(sample).softmax(1).cpu(), sample))

    def on_validation_epoch_end(self) -> None:
        """Score the validation fields."""
        _, probabilities, labels = field_probabilities(self._answers)
        self.log(VALIDATION, metrics.log_loss(probabilities, labels))

    def configure_optimizers(self) -> Any:
        """AdamW; only matrices decay, since biases, norms and learned widths have no reason to be small."""
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        others = [p for p in self.network.parameters() if p.ndim <= 1]
        rate = self._options.learning_rate
        groups = [{"params": matrices, "weight_decay": self._options.weight_decay}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=rate)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=_WARM_UP)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def field_probabilities(
    answers: list[tuple[Tensor, Sample]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Average the probabilities of each field's chips, weighted by their field pixels, as prediction does.

    Returns:
        Positions of the fields (field,), ascending; probabilities (field, class); labels (field,).
    """
    probabilities = torch.cat([answer for answer, _ in answers]).double().numpy()
    field = torch.cat([sample.field for _, sample in answers]).cpu().numpy()
    area = torch.cat([sample.area for _, sample in answers]).cpu().numpy()
    label = torch.cat([sample.label for _, sample in answers]).cpu().numpy()
    fields, first, position = np.unique(field, return_index=True, return_inverse=True)
    summed = np.zeros((len(fields), probabilities.shape[1]))
    np.add.at(summed, position, probabilities * area[:, None])
    return fields, summed / summed.sum(axis=1, keepdims=True), label[first]
