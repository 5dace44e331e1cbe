"""Ensembles of networks as learners: as `train` teaches them, with validation fields inside the training fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from cropdetect.errors import OptionError
from cropdetect.formats import TrainOptions
from cropdetect.models import Network
from cropdetect.progress import Progress
from cropdetect.training.augmentation import Augmentation
from cropdetect.training.chips import TrainingChips
from cropdetect.training.data import FieldChips
from cropdetect.training.ensemble import Ensemble
from cropdetect.training.groups import spatial_groups
from cropdetect.training.labels import LabelledFields
from cropdetect.training.lesson import answer, field_probabilities
from cropdetect.training.split import n_folds, validation_split

_BATCH = 64


@dataclass(frozen=True)
class FittedEnsemble:
    """See `Fitted`."""

    networks: Sequence[Network]
    chips: TrainingChips
    fields: LabelledFields
    season_year: int | None

    def probabilities(self, positions: npt.NDArray[np.int64], until: float | None = None) -> npt.NDArray[np.float64]:
        """See `Fitted.probabilities`."""
        chips = self.chips.only(self.fields.rows[positions])
        takes_gaps = self.networks[0].padding_invariant
        if until is not None:
            if not takes_gaps:
                raise OptionError("this network cannot leave out dates", fix="Take --by-date away, or use another --model.")
            chips = chips.seen_until(until, self.season_year)
        shown = FieldChips(
            chips=chips,
            field=np.searchsorted(self.fields.rows, chips.row),
            label=self.fields.classes,
            bands=self.networks[0].bands,
            season_year=self.season_year,
            takes_gaps=takes_gaps,
            n_steps=int((~np.isnat(chips.date)).sum(axis=1).max(initial=0)),
        )
        usable = np.flatnonzero(chips.seen.any(axis=1))
        result = np.full((len(positions), len(self.fields.legend)), np.nan)
        if len(usable) == 0:
            return result
        parts = [usable[start : start + _BATCH] for start in range(0, len(usable), _BATCH)]
        summed = np.zeros((len(np.unique(shown.field[usable])), len(self.fields.legend)))
        answered = np.empty(0, np.int64)
        for network in self.networks:
            with torch.inference_mode():
                answers = [answer(network, shown.sample(part, None, Augmentation())) for part in parts]
            answered, probabilities, _ = field_probabilities(answers)
            summed += probabilities
        result[np.searchsorted(positions, answered)] = summed / len(self.networks)
        return result


class EnsembleLearner:
    """See `Learner`."""

    def work(self, options: TrainOptions) -> int:
        """See `Learner.work`."""
        return options.members * options.epochs

    def fit(
        self,
        chips: TrainingChips,
        fields: LabelledFields,
        training: npt.NDArray[np.int64],
        options: TrainOptions,
        state: Path,
        progress: Progress,
    ) -> FittedEnsemble:
        """See `Learner.fit`."""
        shown = LabelledFields(fields.rows[training], fields.classes[training], fields.legend)
        groups = spatial_groups(
            chips.chips.fields.iloc[shown.rows],
            column=options.group_column,
            block_size=options.block_size,
            wanted=2 * n_folds(options.validation_share),
        )
        splits = [
            validation_split(
                shown.classes, groups.of_field, validation_share=options.validation_share, member=member, seed=options.seed
            )
            for member in range(options.members)
        ]
        ensemble = Ensemble(chips.only(shown.rows), shown, splits, options, Augmentation())
        networks = [ensemble.teach(member, state, progress) for member in range(options.members)]
        return FittedEnsemble(networks, chips, fields, options.season_year)
