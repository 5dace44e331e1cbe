"""Ensembles of networks as learners: fitted and calibrated as `train` does it, inside the training fields."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cropdetect.errors import OptionError
from cropdetect.formats import TrainOptions
from cropdetect.training.chips import TrainingChips
from cropdetect.training.fit import Fitted, fit, prepare
from cropdetect.training.groups import spatial_groups
from cropdetect.training.labels import LabelledFields
from cropdetect.training.split import n_folds


@dataclass(frozen=True)
class FittedEnsemble:
    """See `learner.Fitted`."""

    fitted: Fitted
    chips: TrainingChips
    fields: LabelledFields
    options: TrainOptions

    def probabilities(self, positions: npt.NDArray[np.int64], until: float | None = None) -> npt.NDArray[np.float64]:
        """See `learner.Fitted.probabilities`."""
        if until is None:
            return self.fitted.probabilities(positions)
        networks = self.fitted.networks
        if not networks[0].padding_invariant:
            raise OptionError(f"{self.options.model} cannot leave out dates", fix="Take --by-date away, or use another --model.")
        chips = self.chips.seen_until(until)
        seen = np.isin(self.fields.rows[positions], chips.row[chips.seen.any(axis=1)])
        result = np.full((len(positions), len(self.fields.legend)), np.nan)
        if seen.any():
            answers = self.fitted.ensemble.seen_until(until).answers(self.fitted.members, positions[seen])
            result[seen] = self.fitted.scaling.apply(answers)
        return result


class EnsembleLearner:
    """See `Learner`."""

    def fit(
        self,
        chips: TrainingChips,
        fields: LabelledFields,
        training: npt.NDArray[np.int64],
        options: TrainOptions,
        state: Path,
        description: str,
    ) -> FittedEnsemble:
        """See `Learner.fit`."""
        groups = spatial_groups(
            chips.chips.fields.iloc[fields.rows],
            column=options.group_column,
            block_size=options.block_size,
            wanted=2 * n_folds(options.validation_share),
        )
        if groups.of_field is not None and _share_groups(groups.of_field, training):
            options = options.model_copy(update={"validation": "random"})
        ensemble = prepare(chips, fields, training, groups.of_field, options)
        return FittedEnsemble(fit(ensemble, state, description), chips, fields, options)


def _share_groups(groups: npt.NDArray[np.int64], training: npt.NDArray[np.int64]) -> bool:
    """Tell whether the fields to be answered lie among those trained on; the inner folds then do so, too.

    A calibration holds for fields as far away as those that it was fitted on.
    """
    others = np.setdiff1d(np.arange(len(groups)), training)
    return bool(np.isin(groups[others], groups[training]).mean() > 0.5)
