"""The members of an ensemble: built alike, each with its own seed and validation fields."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pytorch_lightning.utilities.seed import isolate_rng

from cropdetect import metrics, models
from cropdetect.formats import MetricsRecord, Statistics, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.augmentation import Augmentation
from cropdetect.training.blueprint import blueprint
from cropdetect.training.chips import TrainingChips, without_absent_steps
from cropdetect.training.course import follow_course
from cropdetect.training.data import FieldChips, FieldData
from cropdetect.training.labels import LabelledFields
from cropdetect.training.lesson import Lesson, answer, field_probabilities
from cropdetect.training.split import Split


class Ensemble:
    """What all members share, and how each is trained and examined.

    A checkpoint has one set of statistics and one list of constructor arguments, so those come from the training fields of
    the first member.

    Args:
        chips: the labelled chips, of these fields only.
        fields: the labelled fields.
        splits: training and validation fields of each member.
        options: how to train.
        amount: how much training chips are changed.

    Attributes:
        statistics: means and standard deviations of the networks' channels.
    """

    def __init__(
        self,
        chips: TrainingChips,
        fields: LabelledFields,
        splits: Sequence[Split],
        options: TrainOptions,
        amount: Augmentation,
    ) -> None:
        self._fields, self._splits, self._options, self._amount = fields, splits, options, amount
        field_of_chip = np.searchsorted(fields.rows, chips.row)
        shown = np.flatnonzero(np.isin(field_of_chip, splits[0].training))
        self._plan = blueprint(chips, shown, len(fields.legend), options)
        with isolate_rng():
            network = self._plan.build()
        self._chips = FieldChips(
            chips=chips,
            field=field_of_chip,
            label=fields.classes,
            bands=network.bands,
            season_year=options.season_year,
            takes_gaps=self._plan.takes_gaps,
            n_steps=self._plan.n_steps,
        )
        batches = chips.batches(shown, network.bands)
        if not self._plan.takes_gaps:
            batches = (without_absent_steps(batch, self._plan.n_steps) for batch in batches)
        origin = f"{len(shown)} training chips of {', '.join(chips.chips.info.sources) or 'unnamed data'}"
        self.statistics: Statistics = models.channel_statistics(network, batches, origin, as_2020=not self._plan.takes_gaps)

    def teach(self, member: int, folder: Path, progress: Progress) -> models.Network:
        """Train one member, from where its state in `folder` left off."""
        seed = self._options.seed + member
        with isolate_rng():
            torch.manual_seed(seed)
            network = self._plan.build()
        network.set_statistics(self.statistics)
        data = self._data(member)
        class_weight = self._class_weight(self._splits[member].training)
        lesson = Lesson(network, self._options, class_weight, seed, len(data.train_dataloader()))
        counted = 0

        def tell(log_loss: float, epoch: int) -> None:
            nonlocal counted
            progress.advance(epoch - counted, f"validation log loss {log_loss:.3f}")
            counted = epoch

        follow_course(
            lesson,
            data,
            epochs=self._options.epochs,
            patience=self._options.patience,
            file=folder / f"{member:03d}.ckpt",
            told=tell,
        )
        progress.advance(self._options.epochs - counted)
        return network

    def examine(self, networks: Sequence[models.Network]) -> MetricsRecord:
        """Score each field that any member validated on, by the mean of the members that did."""
        n_classes = len(self._fields.legend)
        summed, n_members = np.zeros((len(self._fields.rows), n_classes)), np.zeros(len(self._fields.rows))
        for member, network in enumerate(networks):
            with torch.inference_mode():
                answers = [answer(network, sample) for sample in self._data(member).val_dataloader()]
            held_out, probabilities, _ = field_probabilities(answers)
            summed[held_out] += probabilities
            n_members[held_out] += 1
        scored = np.flatnonzero(n_members)
        probabilities = summed[scored] / n_members[scored, None]
        return metrics.score(probabilities, self._fields.classes[scored], self._fields.legend)

    def _data(self, member: int) -> FieldData:
        split = self._splits[member]
        return FieldData(
            self._chips,
            split.training,
            split.validation,
            batch_size=self._options.batch_size,
            seed=self._options.seed + member,
            amount=self._amount,
        )

    def _class_weight(self, training: npt.NDArray[np.int64]) -> torch.Tensor | None:
        """Weights that let every class count the same; their mean over fields is 1."""
        if self._options.class_weights == "none":
            return None
        counts = np.bincount(self._fields.classes[training], minlength=len(self._fields.legend))
        return torch.tensor(counts.sum() / (len(counts) * counts), dtype=torch.float32)
