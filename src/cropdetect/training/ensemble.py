"""An ensemble of networks as an estimator: each leaves out other fields, and is calibrated on them."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from cropdetect import evaluation, models
from cropdetect.errors import OptionError
from cropdetect.formats import CalibrationRecord, Statistics, TrainOptions
from cropdetect.training.calibration import OutOfFold, fit_calibration
from cropdetect.training.data import TrainingData
from cropdetect.training.effort import epochs_of, members_of
from cropdetect.training.loader import TrainingBatches
from cropdetect.training.loop import field_probabilities
from cropdetect.training.members import MemberJob, Pending, build, fork_random, threads
from cropdetect.training.monitor import EpochReport, OnEpoch
from cropdetect.training.pool import MemberPool, member_pool
from cropdetect.training.specification import NetworkSpecification, equal_steps, specify_network
from cropdetect.training.split import Split, validation_splits

Members = Sequence[Sequence[models.Network]]


class NetworkEnsemble:
    """An ensemble of networks, fitted and calibrated as scikit-learn's `CalibratedClassifierCV` does it.

    Each member is trained without a part of the fields. What its networks say of those fields calibrates the ensemble. The
    same data, options and seed give the same weights on one machine, wherever its members are trained and also if the training
    was interrupted. Several members are computed with one thread each; a single one with all threads of torch, and sums differ
    in their last bits with the number of threads.

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

    _data: TrainingData
    _pool: MemberPool
    _under_way: list[tuple[MemberJob, Pending]]

    def __init__(
        self, options: TrainOptions, state: Path, *, description: str = "training", on_epoch: OnEpoch | None = None
    ) -> None:
        self.options = options
        self._state, self._description, self._on_epoch = state, description, on_epoch

    def fit(self, data: TrainingData, groups: npt.NDArray[np.int64] | None = None) -> Self:
        """Train the members in this process, one after the other, and calibrate the ensemble.

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

        def listen(_: int, report: EpochReport) -> None:
            if self._on_epoch is not None:
                self._on_epoch(report)

        with member_pool(data, self._state, listen=listen, description=self._description) as pool:
            return self.begin(data, groups, pool).complete()

    def begin(
        self,
        data: TrainingData,
        groups: npt.NDArray[np.int64] | None,
        pool: MemberPool,
        *,
        fold: int | None = None,
        fields: npt.NDArray[np.int64] | None = None,
    ) -> Self:
        """Decide all that the members share, and begin to train them.

        Args:
            data: see `fit`.
            groups: see `fit`.
            pool: trains the members.
            fold: number of the fold of a cross-validation.
            fields: (field,) positions of these fields among those of the pool; None: they are the same.

        Raises:
            CropDetectError: as `fit`.
        """
        self.splits_ = self._split(data, groups)
        # A checkpoint has one set of statistics and of arguments: both come from the fields of the first member.
        first = self.splits_[0].training
        self._data, self._pool, self._one_thread = data, pool, fold is not None or len(self.splits_) > 1
        with fork_random(), threads(one=self._one_thread):
            self.specification_ = specify_network(data, first, self.options)
            self.statistics_ = self.statistics(data, first)
        jobs = [
            MemberJob(
                fold=fold or 0,
                member=member,
                fields=fields,
                split=split,
                specification=self.specification_,
                statistics=self.statistics_,
                options=self.options,
                epochs=epochs_of(self.options, len(split.training)),
                state=self._state,
                one_thread=self._one_thread,
                batches=self.batches_class,
            )
            for member, split in enumerate(self.splits_)
        ]
        self._under_way = [(job, pool.submit(job)) for job in jobs]
        return self

    def complete(self) -> Self:
        """Wait for the members, and calibrate the ensemble.

        Raises:
            CropDetectError: as `fit`.
        """
        weights = [self._pool.result(*one) for one in self._under_way]
        with fork_random():
            self.members_ = [[build(self.specification_, self.statistics_, w) for w in cycles] for cycles in weights]
        self.out_of_fold_ = self.answer_out_of_fold(self._data)
        del self._data, self._pool, self._under_way
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
        with threads(one=self._one_thread):
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
