"""One member's training: epochs until the validation score no longer gets better, each saved, the best one kept."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.utilities.seed import isolate_rng
from torch import Tensor

from cropdetect.errors import TrainingDataError
from cropdetect.files import whole_file
from cropdetect.training.data import FieldData
from cropdetect.training.lesson import VALIDATION, Lesson

_CLIP = 1.0  # largest norm of the gradient; recurrent networks need one (Pascanu et al. 2013)


class BestEpoch(Checkpoint):
    """Keeps the weights of the best epoch, ends the training when patience does, and saves all of it after every epoch.

    One callback for the three, because a resumed training must know of each what the interrupted one knew. It derives from
    Lightning's `Checkpoint` so that it runs after all other callbacks of an epoch.

    Args:
        file: where the state of training is saved.
        patience: epochs without a better score.
        told: called with each epoch's validation log loss and the number of epochs done.
    """

    def __init__(self, file: Path, patience: int, told: Callable[[float, int], None]) -> None:
        self._file, self._patience, self._told = file, patience, told
        self.weights: dict[str, Tensor] = {}
        self.log_loss = float("inf")
        self._waited = 0

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs."""
        return {"weights": self.weights, "log_loss": self.log_loss, "waited": self._waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take what an interrupted training left."""
        self.weights, self.log_loss, self._waited = state_dict["weights"], state_dict["log_loss"], state_dict["waited"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End at once if the interrupted training had come to its end."""
        trainer.should_stop = self._waited >= self._patience

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Judge the epoch that has ended, and save."""
        assert isinstance(pl_module, Lesson)
        log_loss = float(trainer.callback_metrics[VALIDATION])
        if log_loss < self.log_loss:
            self.weights = {name: value.detach().cpu().clone() for name, value in pl_module.average.module.state_dict().items()}
            self.log_loss, self._waited = log_loss, 0
        else:
            self._waited += 1
        trainer.should_stop = self._waited >= self._patience
        with whole_file(self._file) as partial:
            trainer.save_checkpoint(partial)
        self._told(log_loss, trainer.current_epoch + 1)


def follow_course(
    lesson: Lesson, data: FieldData, *, epochs: int, patience: int, file: Path, told: Callable[[float, int], None]
) -> float:
    """Train a network, from where `file` left off if it is there, and give it the weights of its best epoch.

    Args:
        lesson: the network and how it learns.
        data: what it learns from.
        epochs: at most so many.
        patience: epochs without a better validation log loss before it ends.
        file: state of training, written after each epoch; plain tensors and numbers, no code.
        told: called with each epoch's validation log loss and the number of epochs done.

    Returns:
        The best epoch's validation log loss.

    Raises:
        TrainingDataError: no epoch gave a finite score.
    """
    best = BestEpoch(file, patience, told)
    with _quiet(), isolate_rng():
        trainer = pl.Trainer(
            max_epochs=epochs,
            accelerator="auto",
            devices=1,
            callbacks=[best],
            gradient_clip_val=_CLIP,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=file.parent,
        )
        trainer.fit(lesson, datamodule=data, ckpt_path=file if file.exists() else None, weights_only=True)
    if not best.weights:
        raise TrainingDataError(
            "training diverged: no epoch gave finite probabilities",
            fix="Lower --learning-rate, and check the data for extreme values.",
        )
    lesson.network.load_state_dict(best.weights)
    lesson.network.cpu().eval()
    return best.log_loss


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
