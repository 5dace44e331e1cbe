"""What cross-validation asks of whatever learns: networks and baselines alike."""

from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from cropdetect.formats import TrainOptions
from cropdetect.training.chips import TrainingChips
from cropdetect.training.labels import LabelledFields


class Fitted(Protocol):
    """What has learnt."""

    def probabilities(self, positions: npt.NDArray[np.int64], until: float | None = None) -> npt.NDArray[np.float64]:
        """Answer fields that it has not seen.

        Args:
            positions: (field,) positions of labelled fields, ascending.
            until: last day of the season year of which the chips are looked at; None: all.

        Returns:
            (field, class) calibrated probabilities; NaN where a field has no clear date up to then.
        """


class Learner(Protocol):
    """What learns."""

    def fit(
        self,
        chips: TrainingChips,
        fields: LabelledFields,
        training: npt.NDArray[np.int64],
        options: TrainOptions,
        state: Path,
        description: str,
    ) -> Fitted:
        """Learn from some of the labelled fields; of the others only their chips may be kept, for `probabilities`.

        Everything that is chosen or computed (statistics, calendar, best epoch, calibration) comes from the training fields.

        Args:
            chips: chips of all labelled fields.
            fields: all labelled fields.
            training: (field,) positions of those to learn from.
            options: how.
            state: folder in which an interrupted fit may keep what it has; the same call goes on there.
            description: which fold it is, shown before a progress bar.
        """
