"""The members of an ensemble: trainings that each leave out another fold, and the networks that each of them leaves."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from pytorch_lightning.utilities.seed import isolate_rng

from cropdetect import evaluation, models
from cropdetect.formats import Statistics, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.blueprint import blueprint
from cropdetect.training.chips import TrainingChips, without_absent_steps
from cropdetect.training.course import follow_cycle
from cropdetect.training.data import FieldChips, FieldData, evaluation_samples
from cropdetect.training.labels import LabelledFields
from cropdetect.training.lesson import Answer, Lesson, answer, field_probabilities
from cropdetect.training.split import Split

_EPOCHS = (25, 80)  # of a cycle, at least and at most, where the options give a number of steps


@dataclass(frozen=True)
class OutOfFold:
    """What trainings say of the fields that they left out, one answer for each field and training.

    Attributes:
        fields: (answer,) int64, positions of the labelled fields, ascending; a field left out twice has two answers.
        probabilities: (answer, class) float64, mean over the networks of the training.
        labels: (answer,) int64.
    """

    fields: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]

    def scaled(self, scaling: evaluation.Scaling | None) -> "OutOfFold":
        """Return the same answers, each calibrated."""
        return replace(self, probabilities=evaluation.scaled(self.probabilities, scaling))

    def pooled(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return of each field the mean of its answers (field, class), its label and how many answers it has."""
        _, first, n_answers = np.unique(self.fields, return_index=True, return_counts=True)
        means = np.add.reduceat(self.probabilities, first) / n_answers[:, None]
        return means, self.labels[first], n_answers


class Ensemble:
    """What all members share, how each is trained, and what they say together.

    A checkpoint has one set of statistics and one list of constructor arguments, so those come from the fields that any
    training sees. No other field is looked at.

    Args:
        chips: the labelled chips.
        fields: their fields.
        splits: training and validation fields of each training.
        options: how to train.

    Attributes:
        splits: training and validation fields of each training.
        options: how to train.
        statistics: means and standard deviations of the networks' channels.
    """

    def __init__(self, chips: TrainingChips, fields: LabelledFields, splits: Sequence[Split], options: TrainOptions) -> None:
        self._fields, self.splits, self.options = fields, tuple(splits), options
        field_of_chip = np.searchsorted(fields.rows, chips.row)
        seen = splits[0].training
        if "statistics_of_all_fields" in options.faults:
            seen = np.arange(len(fields.rows))
        shown = np.flatnonzero(np.isin(field_of_chip, seen))
        self._plan = blueprint(chips, shown, len(fields.legend), options)
        with isolate_rng():
            network = self._plan.build()
        self._chips = FieldChips(
            chips=chips,
            field=field_of_chip,
            label=fields.classes,
            bands=network.bands,
            takes_gaps=self._plan.takes_gaps,
            n_steps=self._plan.n_steps,
            context=network.context,
        )
        batches = chips.batches(shown, network.bands)
        if not self._plan.takes_gaps:
            batches = (without_absent_steps(batch, self._plan.n_steps) for batch in batches)
        origin = f"{len(shown)} training chips of {', '.join(chips.chips.info.sources) or 'unnamed data'}"
        self.statistics: Statistics = models.channel_statistics(network, batches, origin, as_2020=not self._plan.takes_gaps)

    @property
    def n_epochs(self) -> int:
        """Epochs of all trainings together."""
        return sum(self.options.snapshots * self._epochs(len(split.training)) for split in self.splits)

    def teach(self, member: int, folder: Path, progress: Progress) -> list[models.Network]:
        """Train one member, from where its state in `folder` left off.

        Returns:
            A network for each snapshot, all different.
        """
        seed = self.options.seed + member
        with isolate_rng():
            torch.manual_seed(seed)
            network = self._plan.build()
        network.set_statistics(self.statistics)
        split = self.splits[member]
        epochs = self._epochs(len(split.training))
        counts = np.bincount(self._fields.classes[split.training], minlength=len(self._fields.legend))
        snapshots: list[models.Network] = []
        for cycle in range(self.options.snapshots):
            # A seed of its own for every cycle: each shows the fields in another order, changed in other ways.
            cycle_seed = seed + 100_003 * cycle
            data = FieldData(
                self._chips,
                split.training,
                split.validation,
                batch_size=self.options.batch_size,
                seed=cycle_seed,
                amount=self.options.augmentation,
                balanced=self.options.class_balance == "sampling",
            )
            lesson = Lesson(network, self.options, counts, cycle_seed, epochs * len(data.train_dataloader()))
            counted = 0

            def tell(log_loss: float | None, epoch: int) -> None:
                nonlocal counted
                progress.advance(epoch - counted, "" if log_loss is None else f"validation log loss {log_loss:.3f}")
                counted = epoch

            weights = follow_cycle(
                lesson,
                data,
                epochs=epochs,
                patience=self.options.patience,
                file=folder / f"{member:03d}-{cycle:03d}.ckpt",
                told=tell,
            )
            progress.advance(epochs - counted)
            snapshot = copy.deepcopy(network)  # the cycle after this one goes on changing `network`
            snapshot.load_state_dict(weights)
            snapshots.append(snapshot.eval())
        if "collapsed_ensemble" in self.options.faults:
            return [snapshots[-1]] * len(snapshots)
        return snapshots

    def out_of_fold(self, members: Sequence[Sequence[models.Network]]) -> OutOfFold:
        """Ask for each field the networks of the trainings that left it out, but know its class.

        Args:
            members: for each training its networks.
        """
        classes = self._fields.classes
        asked = [split.validation[np.isin(classes[split.validation], classes[split.training])] for split in self.splits]
        answers = [self.answers([networks], those)[0] for networks, those in zip(members, asked, strict=True) if len(those)]
        fields = np.concatenate(asked)
        order = np.argsort(fields, kind="stable")
        return OutOfFold(fields[order], np.concatenate(answers)[order], classes[fields[order]])

    def answers(self, members: Sequence[Sequence[models.Network]], positions: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return of each training the mean probabilities of its networks, (training, field, class).

        Args:
            members: for each training its networks.
            positions: (field,) positions of labelled fields, ascending.
        """
        # A collapsed ensemble names one several times.
        different = {id(network): network for networks in members for network in networks}
        answers: dict[int, list[Answer]] = {key: [] for key in different}
        with torch.inference_mode():
            for sample in evaluation_samples(self._chips, positions):
                for key, network in different.items():
                    answers[key].append(answer(network, sample))
        of_network = {key: field_probabilities(those)[1] for key, those in answers.items()}
        return np.array([np.mean([of_network[id(network)] for network in networks], axis=0) for networks in members])

    def seen_until(self, day: float) -> "Ensemble":
        """Return the same ensemble before the chips as they are known on a day of the season year."""
        cut = copy.copy(self)
        cut._chips = replace(self._chips, chips=self._chips.chips.seen_until(day))
        return cut

    def _epochs(self, n_fields: int) -> int:
        if self.options.epochs is not None:
            return self.options.epochs
        batches = -(-n_fields // self.options.batch_size)
        return min(max(-(-self.options.steps // batches), _EPOCHS[0]), _EPOCHS[1])
