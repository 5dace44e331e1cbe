"""From chips to fields: softmax, the ensemble's mean and disagreement, chips of one field averaged by their area."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from cropdetect.evaluation import EnsembleScaling, Scaling
from cropdetect.formats import CalibrationRecord
from cropdetect.inference.chip_answers import ChipAnswers
from cropdetect.inference.predictions import Predictions
from cropdetect.inference.season import SeasonOfField, joined_series

_ANSWERED = ("ok", "partly_outside")


@dataclass
class _Pieces:
    """What is known of a field whose chips have not all come yet."""

    missing: int
    summed: npt.NDArray[np.float64]  # (member, class), probabilities x area
    area_answered: float = 0.0
    area: float = 0.0
    looked: float = 0.0
    clear: float = 0.0
    dates: set[int] = field(default_factory=set)
    season: SeasonOfField = field(default_factory=SeasonOfField)


class FieldAverage:
    """Collects answers in chip order, so that the same chips give the same sums however the work was shared out.

    A field is reduced to its row as soon as its last chip has come: only fields in the making keep every member's answer.

    Args:
        fields: the fields table, with `status`.
        field_of_chip: (chip,) row of each chip's field.
        legend: class names.
        calibration: how the networks' probabilities become a calibrated answer.
        bands: names of the bands of the chips.
    """

    def __init__(
        self,
        fields: gpd.GeoDataFrame,
        field_of_chip: npt.NDArray[np.int64],
        legend: tuple[str, ...],
        calibration: CalibrationRecord,
        bands: Sequence[str],
    ) -> None:
        n = len(fields)
        self._fields = fields
        self._field_of_chip = field_of_chip
        self._legend = legend
        self._bands = bands
        self._seasons: dict[int, tuple[npt.NDArray[np.datetime64], npt.NDArray[np.float32]]] = {}
        self._snapshots = calibration.snapshots
        self._scaling = EnsembleScaling()
        if calibration.method != "none":
            each = Scaling(np.array(calibration.each_scale), np.array(calibration.each_bias)) if calibration.each_scale else None
            self._scaling = EnsembleScaling(each, Scaling(np.array(calibration.scale), np.array(calibration.bias)))
        self._n_chips = np.bincount(field_of_chip, minlength=n)
        self._next = 0
        self._open: dict[int, _Pieces] = {}
        self._probabilities = np.full((n, len(legend)), np.nan)
        self._disagreement = np.full(n, np.nan)
        self._n_dates = np.zeros(n, np.int64)
        self._clear_share = np.full(n, np.nan)
        self._n_pixels = np.zeros(n)
        self._status = fields["status"].to_numpy(dtype=object).copy()
        self._wanted = np.isin(self._status.astype(str), _ANSWERED)
        self._status[self._wanted & (self._n_chips == 0)] = "outside"

    def add(self, answers: ChipAnswers) -> None:
        """Take the answers to the next chips."""
        probabilities = softmax(answers.scores.astype(np.float64))
        days = answers.clear_date.astype(np.int64)
        dated = ~np.isnat(answers.clear_date)
        rows = self._field_of_chip[self._next : self._next + len(answers)].tolist()
        self._next += len(answers)
        for chip, row in enumerate(rows):
            if not self._wanted[row]:
                continue
            if row not in self._open:
                self._open[row] = _Pieces(int(self._n_chips[row]), np.zeros(probabilities.shape[1:]))
            pieces = self._open[row]
            pieces.missing -= 1
            pieces.area += answers.area[chip]
            pieces.looked += answers.looked[chip]
            pieces.clear += answers.clear[chip]
            pieces.dates.update(days[chip, dated[chip]].tolist())
            pieces.season.add(answers.date[chip], answers.means[chip], answers.weights[chip])
            if answers.clear[chip] > 0:  # a chip without a clear pixel of the field has nothing to say
                pieces.summed += probabilities[chip] * answers.area[chip]
                pieces.area_answered += answers.area[chip]
            if pieces.missing == 0:
                self._close(row, self._open.pop(row))

    def _close(self, row: int, pieces: _Pieces) -> None:
        self._n_dates[row] = len(pieces.dates)
        self._n_pixels[row] = pieces.area
        self._seasons[row] = pieces.season.joined()
        if pieces.looked > 0:
            self._clear_share[row] = pieces.clear / pieces.looked
        if pieces.area_answered == 0:
            self._status[row] = "no_data"
        elif not np.isfinite(pieces.summed).all():
            self._status[row] = "failed"
        else:
            members = pieces.summed / pieces.area_answered
            of_trainings = members.reshape(-1, self._snapshots, members.shape[1]).mean(axis=1)
            self._probabilities[row] = self._scaling.apply(of_trainings)
            self._disagreement[row] = mutual_information(members)

    def finish(self) -> Predictions:
        """Return one row a field; all chips must have come."""
        return Predictions(
            fields=self._fields,
            legend=self._legend,
            probabilities=self._probabilities,
            disagreement=self._disagreement,
            n_dates=self._n_dates,
            clear_share=self._clear_share,
            n_pixels=self._n_pixels,
            status=self._status.astype(str),
            series=joined_series(self._bands, self._seasons),
        )


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return probabilities over the last axis; NaN where a score is NaN or infinite."""
    scores = np.where(np.isfinite(scores), scores, np.nan)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def entropy(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the entropy over the last axis, nats."""
    logarithms = np.log(probabilities, out=np.zeros_like(probabilities), where=probabilities > 0)
    return np.asarray(-(probabilities * logarithms).sum(axis=-1)) + 0.0


def mutual_information(members: npt.NDArray[np.float64]) -> float:
    """Return how far members disagree, nats: the entropy of their mean minus the mean of their entropies.

    Args:
        members: (member, class) probabilities.

    References:
        Houlsby, N. et al. (2011). Bayesian Active Learning for Classification and Preference Learning, eq. 2.
    """
    return max(0.0, float(entropy(members.mean(axis=0)) - entropy(members).mean()))
