"""One cycle of a training: its epochs, each saved, the last or the best one kept."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.utilities.seed import isolate_rng
from torch import Tensor

from cropdetect.errors import TrainingDataError
from cropdetect.files import whole_file
from cropdetect.training.data import FieldData
from cropdetect.training.lesson import VALIDATION, Lesson

_CLIP = 1.0  # largest norm of the gradient (Pascanu et al. 2013)


class KeptEpoch(Checkpoint):
    """Keeps the averaged weights of the last epoch, or with `patience` of the best, and saves all of it after every epoch.

    One callback for both, because a resumed training must know of each what the interrupted one knew. It derives from
    Lightning's `Checkpoint` so that it runs after all other callbacks of an epoch.

    Args:
        file: where the state of training is saved.
        patience: epochs without a better validation log loss before the cycle ends; None: there is no validation.
        told: called with each epoch's validation log loss, if any, and the number of epochs done.
    """

    def __init__(self, file: Path, patience: int | None, told: Callable[[float | None, int], None]) -> None:
        self._file, self._patience, self._told = file, patience, told
        self.weights: dict[str, Tensor] = {}
        self._log_loss = float("inf")
        self._waited = 0

    @property
    def _impatient(self) -> bool:
        return self._patience is not None and self._waited >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs."""
        return {"weights": self.weights, "log_loss": self._log_loss, "waited": self._waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what an interrupted training left."""
        self.weights, self._log_loss, self._waited = state_dict["weights"], state_dict["log_loss"], state_dict["waited"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End at once if the interrupted training had come to its end."""
        trainer.should_stop = self._impatient

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Judge the epoch that has ended, and save."""
        assert isinstance(pl_module, Lesson)
        log_loss = None if self._patience is None else float(trainer.callback_metrics[VALIDATION])
        weights = {name: value.detach().cpu().clone() for name, value in pl_module.average.module.state_dict().items()}
        if log_loss is None:
            self.weights = weights if all(bool(torch.isfinite(value).all()) for value in weights.values()) else {}
        elif log_loss < self._log_loss:
            self.weights, self._log_loss, self._waited = weights, log_loss, 0
        else:
            self._waited += 1
        trainer.should_stop = self._impatient
        with whole_file(self._file) as partial:
            trainer.save_checkpoint(partial)
        self._told(log_loss, trainer.current_epoch + 1)


def follow_cycle(
    lesson: Lesson,
    data: FieldData,
    *,
    epochs: int,
    patience: int | None,
    file: Path,
    told: Callable[[float | None, int], None],
) -> dict[str, Tensor]:
    """Train a network for one cycle, from where `file` left off if it is there.

    Args:
        lesson: the network, which ends with the weights of the last step, and how it learns.
        data: what it learns from.
        epochs: at most so many.
        patience: see `KeptEpoch`.
        file: state of training, written after each epoch; plain tensors and numbers, no code.
        told: see `KeptEpoch`.

    Returns:
        The weights to keep: a moving average, at the last epoch or the best.

    Raises:
        TrainingDataError: no epoch gave finite weights or scores.
    """
    kept = KeptEpoch(file, patience, told)
    with _quiet(), isolate_rng():
        trainer = pl.Trainer(
            max_epochs=epochs,
            accelerator="auto",
            devices=1,
            callbacks=[kept],
            gradient_clip_val=_CLIP,
            limit_val_batches=0 if patience is None else 1.0,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=file.parent,
        )
        trainer.fit(lesson, datamodule=data, ckpt_path=file if file.exists() else None, weights_only=True)
    if not kept.weights:
        raise TrainingDataError(
            "training diverged: no epoch gave finite probabilities",
            fix="Lower the learning rate, and check the data for extreme values.",
        )
    lesson.network.cpu()
    return kept.weights


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's advice (devices, workers, log intervals), which a user of this package cannot follow, off the screen."""
    logger = logging.getLogger("pytorch_lightning")
    rank_zero = logging.getLogger("pytorch_lightning.utilities.rank_zero")
    levels = logger.level, rank_zero.level
    logger.setLevel(logging.ERROR)
    rank_zero.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"pytorch_lightning\.|torch\.|lightning_fabric\.")
            yield
    finally:
        logger.setLevel(levels[0])
        rank_zero.setLevel(levels[1])
