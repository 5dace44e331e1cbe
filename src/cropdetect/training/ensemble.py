"""An ensemble of networks as an estimator: each leaves out other fields, and is calibrated on them."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch

from cropdetect import evaluation, models
from cropdetect.errors import OptionError
from cropdetect.formats import CalibrationRecord, Statistics, TrainOptions
from cropdetect.progress import Progress
from cropdetect.training.calibration import OutOfFold, fit_calibration
from cropdetect.training.data import TrainingData
from cropdetect.training.effort import epochs_of, members_of
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import field_probabilities, train_cycle
from cropdetect.training.monitor import EpochReport, OnEpoch
from cropdetect.training.specification import NetworkSpecification, equal_steps, specify_network
from cropdetect.training.split import Split, validation_splits

Members = Sequence[Sequence[models.Network]]


class NetworkEnsemble:
    """An ensemble of networks, fitted and calibrated as scikit-learn's `CalibratedClassifierCV` does it.

    Each member is trained without a part of the fields. What its networks say of those fields calibrates the ensemble. The
    same data, options and seed give the same weights on one machine with the same number of threads, also if the training was
    interrupted.

    Args:
        options: how to train.
        state: folder that keeps the state of the training; a state that is there is continued.
        description: shown before the progress bar.
        on_epoch: called after each epoch, when its state is saved.

    Attributes:
        splits_: training and validation fields of each member.
        specification_: of the networks.
        statistics_: means and standard deviations of the networks' channels.
        members_: for each member its networks, one a cycle, all different.
        out_of_fold_: what the members say of the fields that they left out, before calibration.
        calibration_: how the answers of all members are calibrated, for the checkpoint.
        scaling_: how the answers of any number of members are calibrated.
    """

    batches_class: ClassVar[type[TrainingBatches]] = TrainingBatches

    splits_: Sequence[Split]
    specification_: NetworkSpecification
    statistics_: Statistics
    members_: Members
    out_of_fold_: OutOfFold
    calibration_: CalibrationRecord
    scaling_: evaluation.EnsembleScaling

    def __init__(
        self, options: TrainOptions, state: Path, *, description: str = "training", on_epoch: OnEpoch | None = None
    ) -> None:
        self.options = options
        self._state, self._description, self._on_epoch = state, description, on_epoch

    def fit(self, data: TrainingData, groups: npt.NDArray[np.int64] | None = None) -> Self:
        """Train the members and calibrate the ensemble.

        Args:
            data: the fields to learn from.
            groups: (field,) spatial group of each; no group is on both sides of a member's split. None: fields are left out
                one by one.

        Raises:
            TrainingDataError: no split can be made, or a training diverges.
            MissingBandError: the network needs a band that is absent.
            OptionError: the network does not fit the data.
            DiskFullError: no room for the state.
        """
        self.splits_ = self._split(data, groups)
        # A checkpoint has one set of statistics and of arguments: both come from the fields of the first member.
        first = self.splits_[0].training
        n_epochs = sum(self.options.snapshots * self._epochs(len(split.training)) for split in self.splits_)
        with torch.random.fork_rng(_devices()), Progress(self._description, n_epochs, "epochs") as progress:
            self.specification_ = specify_network(data, first, self.options)
            self.statistics_ = self.statistics(data, first)
            self.members_ = [self._train_member(data, member, progress) for member in range(len(self.splits_))]
        self.out_of_fold_ = self.answer_out_of_fold(data)
        calibration, self.scaling_ = fit_calibration(self.out_of_fold_, self.options.calibration, len(self.members_))
        self.calibration_ = calibration.model_copy(update={"snapshots": self.options.snapshots})
        return self

    def predict_proba(self, data: TrainingData) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities, (field, class); NaN where a field is clear on no date.

        Raises:
            OptionError: the network needs another number of dates.
        """
        seen = data.fields_seen()
        result = np.full((len(data.classes), len(data.legend)), np.nan)
        if seen.any():
            result[seen] = self.scaling_.apply(self.member_probabilities(data.of_fields(np.flatnonzero(seen))))
        return result

    def member_probabilities(
        self, data: TrainingData, members: Members | None = None, hidden: Sequence[int] = ()
    ) -> npt.NDArray[np.float64]:
        """Return of each member the mean probabilities of its networks before calibration, (member, field, class).

        Args:
            data: the fields that are asked about.
            members: default: all.
            hidden: positions of bands that they are not shown.

        Raises:
            OptionError: the network needs another number of dates.
        """
        specification = self.specification_
        if not specification.takes_gaps and equal_steps(data, specification.name) != specification.n_steps:
            raise OptionError(f"{specification.name} needs all {specification.n_steps} dates", fix="Use another --model.")
        members = self.members_ if members is None else members
        networks = [network for networks in members for network in networks]
        answers = field_probabilities(networks, data, specification, hidden=hidden)
        ends = np.cumsum([len(networks) for networks in members])[:-1]
        return np.array([np.mean(part, axis=0) for part in np.split(answers, ends)])

    def statistics(self, data: TrainingData, fields: npt.NDArray[np.int64]) -> Statistics:
        """Return the statistics of the channels over some fields."""
        shown, specification = data.of_fields(fields), self.specification_
        network = specification.build()
        batches = (specification.steps(batch) for batch in shown.chips_of_bands(network.bands).batches())
        origin = f"{len(shown.chips)} training chips of {', '.join(data.chips.info.sources) or 'unnamed data'}"
        return models.channel_statistics(network, batches, origin, as_2020=not specification.takes_gaps)

    def _split(self, data: TrainingData, groups: npt.NDArray[np.int64] | None) -> Sequence[Split]:
        options = self.options
        return validation_splits(
            data.classes,
            groups,
            validation_share=options.validation_share,
            members=members_of(options, len(data.classes), data.chips.info.size),
            seed=options.seed,
        )

    def _train_member(self, data: TrainingData, member: int, progress: Progress) -> list[models.Network]:
        """Train one member cycle by cycle, and return the network at the end of each."""
        seed, split = self.options.seed + member, self.splits_[member]
        torch.manual_seed(seed)
        network = self.specification_.build()
        network.set_statistics(self.statistics_)
        training, validation = data.of_fields(split.training), data.of_fields(split.validation)
        epochs = self._epochs(len(split.training))
        networks = []
        for cycle in range(self.options.snapshots):
            # A seed of its own for every cycle: each shows the fields in another order, changed in other ways.
            cycle_seed = seed + 100_003 * cycle
            counter = _EpochCounter(progress, self._on_epoch)
            weights = train_cycle(
                network,
                self.batches_class(training, self.specification_, self.options, cycle_seed),
                validation,
                self.options,
                epochs=epochs,
                seed=cycle_seed,
                file=self._state / f"{member:03d}-{cycle:03d}.pt",
                on_epoch=counter,
                member=member,
                cycle=cycle,
            )
            progress.advance(epochs - counter.counted)
            kept = copy.deepcopy(network)  # the next cycle goes on changing `network`
            kept.load_state_dict(weights)
            networks.append(kept.eval())
        return networks

    def answer_out_of_fold(self, data: TrainingData, hidden: Sequence[int] = ()) -> OutOfFold:
        """Ask each member about the fields that it left out and whose class it knows.

        Args:
            data: that it was fitted to.
            hidden: positions of bands that the members are not shown.
        """
        classes = data.classes
        asked = [split.validation[np.isin(classes[split.validation], classes[split.training])] for split in self.splits_]
        answers = [
            self.member_probabilities(data.of_fields(fields), [networks], hidden)[0]
            for networks, fields in zip(self.members_, asked, strict=True)
            if len(fields)
        ]
        fields = np.concatenate(asked)
        order = np.argsort(fields, kind="stable")
        return OutOfFold(fields[order], np.concatenate(answers)[order], classes[fields[order]])

    def _epochs(self, n_fields: int) -> int:
        return epochs_of(self.options, n_fields)


def _devices() -> list[int]:
    """Return the devices, beside the CPU, whose random state a training changes."""
    return [torch.cuda.current_device()] if torch.cuda.is_available() else []


class _EpochCounter:
    """Shows the epochs of one cycle as progress, and hands the reports on."""

    def __init__(self, progress: Progress, on_epoch: OnEpoch | None) -> None:
        self._progress, self._on_epoch = progress, on_epoch
        self.counted = 0

    def __call__(self, report: EpochReport) -> None:
        score = report.validation_log_loss
        done = report.epoch + 1  # a resumed cycle begins with a later epoch
        self._progress.advance(done - self.counted, "" if score is None else f"validation log loss {score:.3f}")
        self.counted = done
        if self._on_epoch is not None:
            self._on_epoch(report)
