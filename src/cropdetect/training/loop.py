"""The training loop: one network, one cycle of the learning rate, saved as it goes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from cropdetect import evaluation
from cropdetect.errors import TrainingDataError
from cropdetect.files import whole_file
from cropdetect.formats import TrainOptions
from cropdetect.models import Network
from cropdetect.training.batch import TrainingBatch
from cropdetect.training.data import TrainingData
from cropdetect.training.loader import TrainingBatches, evaluation_batches
from cropdetect.training.monitor import EpochReport, OnEpoch
from cropdetect.training.specification import NetworkSpecification

LossFunction = Callable[[Tensor, Tensor], Tensor]

_SAVING = 0.05  # share of the time that saving the state may take
_CLIP = 1.0  # largest norm of the gradient (Pascanu et al. 2013)
_CPU = torch.device("cpu")
_WARM_UP = 0.15  # share of the steps in which the learning rate rises


def train_cycle(
    network: Network,
    batches: TrainingBatches,
    validation: TrainingData,
    options: TrainOptions,
    *,
    epochs: int,
    seed: int,
    file: Path,
    on_epoch: OnEpoch,
    member: int = 0,
    cycle: int = 0,
) -> dict[str, Tensor]:
    """Train a network for one cycle; continue from the state in `file` if it exists.

    The result is an exponential moving average of the weights, which is steadier from epoch to epoch and mostly better on
    other regions (Polyak averaging; Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima"). Training runs on the GPU
    where there is one, there in bfloat16 wherever PyTorch's autocast allows it. It changes torch's random state.

    Args:
        network: the network to train; it ends on the CPU with the weights of the last step.
        batches: the training batches.
        validation: with `options.patience`, the fields whose log loss decides when to stop and which epoch is kept.
        options: loss, optimiser, schedule and averaging.
        epochs: largest number of epochs.
        seed: seed of the dropout.
        file: the state: plain tensors and numbers, no code. It is written after the first epoch and the last, and between them
            as often as it costs little time.
        on_epoch: called for each epoch when its state is saved; of a cycle that is continued, also for those before.
        member: for the report.
        cycle: for the report.

    Returns:
        The averaged weights of the last epoch, or with `patience` of the best.

    Raises:
        TrainingDataError: no epoch gave finite weights or scores.
        DiskFullError: no room for the state.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    state = CycleState.begin(network.to(device).train(), options, epochs * len(batches))
    if file.exists():
        state.load(file)
    saving = _Saving(state, file, on_epoch)
    loss_of = loss_function(options, batches.data, device)
    while state.epochs_done < epochs and (options.patience is None or state.epochs_waited < options.patience):
        epoch, losses = state.epochs_done, []
        for number, batch in enumerate(batches.epoch(epoch)):
            # A seed for each batch, so that a resumed training drops out the same units as an uninterrupted one.
            _seed_dropout(int(np.random.SeedSequence((seed, epoch, number)).generate_state(1)[0]), device)
            losses.append(state.step(batch.to(device), loss_of, device))
        score = None if options.patience is None else _validation_log_loss(state.average, validation, batches, device)
        state.end_epoch(score)
        rate = float(state.scheduler.get_last_lr()[0])
        state.reports.append(EpochReport(member, cycle, epoch, float(torch.stack(losses).mean()), score, rate))
        saving.consider()
    saving.finish()
    network.cpu()
    if not state.kept:
        raise TrainingDataError(
            "training diverged: no epoch gave finite probabilities",
            fix="Lower the learning rate, and check the data for extreme values.",
        )
    return state.kept


@dataclass
class CycleState:
    """All that a cycle knows between two epochs.

    Attributes:
        network: with the weights of the last step.
        average: moving average of its weights.
        optimizer: of the network.
        scheduler: of the learning rate, by step.
        epochs_done: epochs finished.
        epochs_waited: epochs since the best validation log loss.
        log_loss: best validation log loss so far.
        kept: weights to keep as of now, on the CPU; empty while none were finite.
        reports: of the epochs that are finished.
    """

    network: Network
    average: AveragedModel
    optimizer: Optimizer
    scheduler: LRScheduler
    epochs_done: int = 0
    epochs_waited: int = 0
    log_loss: float = float("inf")
    kept: dict[str, Tensor] = field(default_factory=dict)
    reports: list[EpochReport] = field(default_factory=list)

    @classmethod
    def begin(cls, network: Network, options: TrainOptions, n_steps: int) -> "CycleState":
        """Return the state before the first epoch of a cycle of so many steps."""
        decay = 1 - 1 / max(1.0, options.weight_averaging * n_steps)
        # Buffers too: a batch normalisation's statistics belong to the averaged weights.
        average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)  # type: ignore[no-untyped-call]
        return cls(network, average, *_optimizer(network, options, n_steps))

    def step(self, batch: TrainingBatch, loss_of: LossFunction, device: torch.device) -> Tensor:
        """Learn from one batch; return its loss."""
        self.optimizer.zero_grad()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            scores = self.network(batch.image, batch.mask, batch.clear, batch.day)
        loss = loss_of(scores.float(), batch.label)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for group in self.optimizer.param_groups for p in group["params"]], _CLIP)
        self.optimizer.step()
        self.scheduler.step()
        self.average.update_parameters(self.network)
        return loss.detach()

    def end_epoch(self, log_loss: float | None) -> None:
        """Decide which weights to keep: the last finite ones, or those with the best log loss."""
        self.epochs_done += 1
        weights = {name: value.detach().cpu().clone() for name, value in self.average.module.state_dict().items()}
        if log_loss is None:
            self.kept = weights if all(bool(torch.isfinite(value).all()) for value in weights.values()) else {}
        elif log_loss < self.log_loss:
            self.kept, self.log_loss, self.epochs_waited = weights, log_loss, 0
        else:
            self.epochs_waited += 1

    def save(self, file: Path) -> None:
        """Write the state; the file appears whole or not at all."""
        state: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {name: getattr(self, name) for name in ("epochs_done", "epochs_waited", "log_loss", "kept")}
        state["reports"] = [astuple(report) for report in self.reports]
        with whole_file(file) as partial:
            torch.save(state, partial)

    def load(self, file: Path) -> None:
        """Take the state that an interrupted training left."""
        state = torch.load(file, map_location="cpu", weights_only=True)
        for name, part in self._parts().items():
            part.load_state_dict(state.pop(name))
        self.reports = [EpochReport(*values) for values in state.pop("reports")]
        for name, value in state.items():
            setattr(self, name, value)

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "average": self.average, "optimizer": self.optimizer, "scheduler": self.scheduler}


class _Saving:
    """Saves the state of a cycle where that takes a small part of the time, and tells of the epochs that are saved."""

    def __init__(self, state: CycleState, file: Path, on_epoch: OnEpoch) -> None:
        self._state, self._file, self._on_epoch = state, file, on_epoch
        self._next = float("-inf")
        self._told = 0
        self._tell()

    def consider(self) -> None:
        """Save where it is time for that."""
        if time.monotonic() >= self._next:
            self.finish()

    def finish(self) -> None:
        """Save what is not saved yet."""
        if self._told == len(self._state.reports):
            return
        start = time.monotonic()
        self._state.save(self._file)
        now = time.monotonic()
        self._next = now + (now - start) / _SAVING
        self._tell()

    def _tell(self) -> None:
        for report in self._state.reports[self._told :]:
            self._told += 1
            self._on_epoch(report)


def _optimizer(network: Network, options: TrainOptions, n_steps: int) -> tuple[Optimizer, LRScheduler]:
    """Only matrices decay, since biases and norms have no reason to be small."""
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate = options.learning_rate
    optimizer: Optimizer
    if options.optimizer == "sgd":
        optimizer = torch.optim.SGD(groups, lr=rate, momentum=options.momentum)
    else:
        optimizer = torch.optim.AdamW(groups, lr=rate, fused=True)
    if options.schedule == "cosine":
        return optimizer, CosineAnnealingLR(optimizer, n_steps)
    return optimizer, OneCycleLR(optimizer, rate, total_steps=n_steps, pct_start=_WARM_UP)


def loss_function(options: TrainOptions, data: TrainingData, device: torch.device) -> LossFunction:
    """Return cross entropy, with rare classes counting more where the options say so."""
    counts = data.class_counts
    share = torch.tensor(counts / counts.sum(), dtype=torch.float32, device=device)
    balance, smoothing = options.class_balance, options.label_smoothing
    # Every class then counts the same; the mean over fields is 1.
    weight = 1 / (len(share) * share.clamp(min=1e-9)) if balance == "weights" else None
    # Menon, A. K. et al. (2021). Long-Tail Learning via Logit Adjustment. ICLR, eq. 10.
    margin = share.clamp(min=1e-9).log() if balance == "logit-adjustment" else None

    def loss(scores: Tensor, label: Tensor) -> Tensor:
        scores = scores if margin is None else scores + margin
        return functional.cross_entropy(scores, label, weight=weight, label_smoothing=smoothing)

    return loss


def _seed_dropout(seed: int, device: torch.device) -> None:
    # torch.manual_seed also prepares the seeding of devices that are not there, a tenth of a small network's step.
    (torch.default_generator.manual_seed if device.type == "cpu" else torch.manual_seed)(seed)


def _validation_log_loss(network: nn.Module, data: TrainingData, batches: TrainingBatches, device: torch.device) -> float:
    network.eval()
    (probabilities,) = field_probabilities([network], data, batches.specification, device)
    network.train()
    return evaluation.log_loss(probabilities, data.classes)


def field_probabilities(
    networks: Sequence[nn.Module],
    data: TrainingData,
    specification: NetworkSpecification,
    device: torch.device = _CPU,
    hidden: Sequence[int] = (),
) -> npt.NDArray[np.float64]:
    """Average the probabilities of each field's chips, weighted by their field pixels, as prediction does.

    Args:
        networks: in eval mode, on `device`.
        data: the fields that are asked about; each has a chip.
        specification: of the networks.
        device: where the networks are.
        hidden: positions of bands that the networks are not shown.

    Returns:
        (network, field, class).
    """
    summed = np.zeros((len(networks), len(data.classes), len(data.legend)))
    with torch.inference_mode():
        for batch in evaluation_batches(data, specification, hidden):
            image, mask, clear, day, *_ = batch.to(device)
            for number, network in enumerate(networks):
                probabilities = network(image, mask, clear, day).cpu().double().softmax(1).numpy()
                np.add.at(summed[number], batch.field.numpy(), probabilities * batch.area.numpy()[:, None])
    return np.asarray(summed / summed.sum(axis=2, keepdims=True))
