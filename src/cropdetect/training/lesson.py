"""How one network learns: loss, optimiser, and the validation score by field."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cropdetect import evaluation
from cropdetect.formats import TrainOptions
from cropdetect.models import Network
from cropdetect.training.data import Sample

VALIDATION = "validation log loss"
_WARM_UP = 0.15  # share of the steps in which the learning rate rises


class Answer(NamedTuple):
    """A network's answer to one batch, without the batch's pixels.

    Attributes:
        probabilities: (chip, class) float64.
        field: (chip,) int64, position of the field.
        area: (chip,) float32, field pixels.
        label: (chip,) int64.
    """

    probabilities: npt.NDArray[np.float64]
    field: npt.NDArray[np.int64]
    area: npt.NDArray[np.float32]
    label: npt.NDArray[np.int64]


def answer(network: nn.Module, sample: Sample) -> Answer:
    """Ask a network for one batch, both on the same device."""
    scores = network(sample.image, sample.mask, sample.clear, sample.day)
    of_chips = (array.cpu().numpy() for array in (sample.field, sample.area, sample.label))
    return Answer(scores.detach().cpu().double().softmax(1).numpy(), *of_chips)


class Lesson(pl.LightningModule):
    """One network, taught by cross entropy over one cycle of the learning rate.

    What is validated and kept is an exponential moving average of its weights, which is steadier from epoch to epoch and
    mostly better on other regions (Polyak averaging; Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima").

    Args:
        network: what learns.
        options: how.
        class_counts: (class,) training fields of each class.
        seed: of the dropout.
        n_steps: training steps of the whole cycle.
    """

    class_weight: Tensor | None
    margin: Tensor | None

    def __init__(
        self, network: Network, options: TrainOptions, class_counts: npt.NDArray[np.int64], seed: int, n_steps: int
    ) -> None:
        super().__init__()
        self.network = network
        decay = 1 - 1 / max(1.0, options.weight_averaging * n_steps)
        # Buffers too: a batch normalisation's statistics belong to the averaged weights.
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]
        self._options = options
        self._seed = seed
        self._n_steps = n_steps
        share = torch.tensor(class_counts / class_counts.sum(), dtype=torch.float32)
        balance = options.class_balance
        # Every class then counts the same; the mean over fields is 1.
        weight = 1 / (len(share) * share.clamp(min=1e-9)) if balance == "weights" else None
        self.register_buffer("class_weight", weight, persistent=False)
        # Menon, A. K. et al. (2021). Long-Tail Learning via Logit Adjustment. ICLR, eq. 10.
        margin = share.clamp(min=1e-9).log() if balance == "logit-adjustment" else None
        self.register_buffer("margin", margin, persistent=False)
        self._answers: list[Answer] = []

    def training_step(self, sample: Sample, batch: int) -> Tensor:
        """Return the loss of one batch."""
        # Each batch has its own seed, so that a resumed training drops out the same units as an uninterrupted one.
        seed = int(np.random.SeedSequence((self._seed, self.current_epoch, batch)).generate_state(1)[0])
        # torch.manual_seed also prepares the seeding of devices that are not there, a tenth of a small network's step.
        seeded = torch.default_generator.manual_seed if self.device.type == "cpu" else torch.manual_seed
        seeded(seed)
        scores = self.network(sample.image, sample.mask, sample.clear, sample.day)
        if self.margin is not None:
            scores = scores + self.margin
        return functional.cross_entropy(
            scores, sample.label, weight=self.class_weight, label_smoothing=self._options.label_smoothing
        )

    def on_train_batch_end(self, *_: object) -> None:
        """Bring the average up to date."""
        self.average.update_parameters(self.network)

    def on_validation_epoch_start(self) -> None:
        """Forget the answers of the last epoch."""
        self._answers = []

    def validation_step(self, sample: Sample, _: int) -> None:
        """Answer one batch."""
        self._answers.append(answer(self.average, sample))

    def on_validation_epoch_end(self) -> None:
        """Score the validation fields."""
        _, probabilities, labels = field_probabilities(self._answers)
        self.log(VALIDATION, evaluation.log_loss(probabilities, labels))

    def configure_optimizers(self) -> Any:
        """Only matrices decay, since biases and norms have no reason to be small."""
        options = self._options
        groups = [
            {"params": [p for p in self.network.parameters() if p.ndim > 1], "weight_decay": options.weight_decay},
            {"params": [p for p in self.network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        rate = options.learning_rate
        optimizer: torch.optim.Optimizer
        if options.optimizer == "sgd":
            optimizer = torch.optim.SGD(groups, lr=rate, momentum=options.momentum)
        else:
            optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
        scheduler: torch.optim.lr_scheduler.LRScheduler
        if options.schedule == "cosine":
            scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self._n_steps)
        else:
            scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=self._n_steps, pct_start=_WARM_UP)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def field_probabilities(
    answers: list[Answer],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Average the probabilities of each field's chips, weighted by their field pixels, as prediction does.

    Returns:
        Positions of the fields (field,), ascending; probabilities (field, class); labels (field,).
    """
    field, area, label = (np.concatenate([getattr(answer, name) for answer in answers]) for name in ("field", "area", "label"))
    probabilities = np.concatenate([answer.probabilities for answer in answers])
    fields, first, position = np.unique(field, return_index=True, return_inverse=True)
    summed = np.zeros((len(fields), probabilities.shape[1]))
    np.add.at(summed, position, probabilities * area[:, None])
    return fields, summed / summed.sum(axis=1, keepdims=True), label[first]
