"""From chips to fields: softmax, the ensemble's mean and disagreement, chips of one field averaged by their area."""

import numpy as np
import numpy.typing as npt
import scipy.special

from cropdetect.chips.chipset import ChipSet
from cropdetect.evaluation import EnsembleScaling, Scaling
from cropdetect.formats import CalibrationRecord, CheckpointRecord
from cropdetect.inference.ensemble import ChipScores
from cropdetect.inference.predictions import Predictions
from cropdetect.inference.series import ChipMeans, field_series

_WITH_PROBABILITIES = ("ok", "partly_outside")
_DAYS = 2**22  # more than there are days in 10,000 years
_FIELDS_AT_ONCE = 10_000  # whose dates are counted


class FieldAverage:
    """Collects scores in chip order, so that the same chips give the same sums however the work was shared out.

    A field is reduced to its row as soon as its last chip has come: only fields of which chips are missing keep the
    probabilities of every member.

    Args:
        chips: the set whose scores come.
        record: of the checkpoint: legend and calibration.
    """

    def __init__(self, chips: ChipSet, record: CheckpointRecord) -> None:
        n = len(chips.fields)
        self._chips = chips
        self._legend = tuple(record.legend)
        self._snapshots = record.calibration.snapshots
        self._scaling = _scaling(record.calibration)
        self._next = 0
        self._chips_left = np.bincount(chips.field_of_chip, minlength=n)
        self._status = chips.fields["status"].to_numpy(dtype=object).copy()
        self._wanted = np.isin(self._status.astype(str), _WITH_PROBABILITIES)
        self._status[self._wanted & (self._chips_left == 0)] = "outside"
        self._wanted &= self._chips_left > 0
        self._summed: dict[int, npt.NDArray[np.float64]] = {}  # (member, class), probabilities x area, of unfinished fields
        self._area = np.zeros(n)  # of the chips in these sums
        self._probabilities = np.full((n, len(self._legend)), np.nan)
        self._disagreement = np.full(n, np.nan)
        self._n_clear = np.zeros(n)  # clear pixels, summed over the dates
        self._n_shown = np.zeros(n)  # pixels, summed over the dates
        order = np.argsort(chips.field_of_chip, kind="stable")
        self._place = np.empty_like(order)  # of each chip among the chips of all fields, field by field
        self._place[order] = np.arange(len(order))
        self._means = ChipMeans.empty(chips.field_of_chip[order], chips.info)

    def add(self, chips: ChipScores) -> None:
        """Take the scores of the next chips."""
        some = slice(self._next, self._next + len(chips))
        field, place = self._chips.field_of_chip[some], self._place[some]
        self._next = some.stop
        probabilities = softmax(chips.scores.astype(np.float64))
        clear = chips.clear_pixels.sum(axis=1)
        shown = chips.area * (~np.isnat(chips.date)).sum(axis=1)
        wanted = self._wanted[field]
        np.add.at(self._n_clear, field[wanted], clear[wanted])
        np.add.at(self._n_shown, field[wanted], shown[wanted])
        self._means.date[place[wanted]] = chips.date[wanted]
        self._means.means[place[wanted]] = chips.means[wanted]
        self._means.clear_pixels[place[wanted]] = chips.clear_pixels[wanted]
        finished = []
        for chip in np.flatnonzero(wanted).tolist():
            row = int(field[chip])
            if clear[chip] > 0:  # a chip without a clear pixel of the field has nothing to say
                self._summed[row] = self._summed.get(row, 0.0) + probabilities[chip] * chips.area[chip]
                self._area[row] += chips.area[chip]
            self._chips_left[row] -= 1
            if self._chips_left[row] == 0:
                finished.append(row)
        self._finish(finished)

    def _finish(self, rows: list[int]) -> None:
        """Reduce fields whose chips have all come to their rows."""
        seen = [row for row in rows if row in self._summed]
        self._status[[row for row in rows if row not in self._summed]] = "no_data"
        if not seen:
            return
        members = np.stack([self._summed.pop(row) / self._area[row] for row in seen])  # (field, member, class)
        finite = np.isfinite(members).all(axis=(1, 2))
        self._status[np.array(seen)[~finite]] = "failed"
        if not finite.any():
            return
        ready, members = np.array(seen)[finite], members[finite]
        of_trainings = members.reshape(len(ready), -1, self._snapshots, members.shape[2]).mean(axis=2)
        self._probabilities[ready] = self._scaling.apply(of_trainings.swapaxes(0, 1))
        self._disagreement[ready] = mutual_information(members)

    def predictions(self) -> Predictions:
        """Return one row a field; all chips must have come."""
        n = len(self._status)
        n_dates = self._n_dates()
        return Predictions(
            fields=self._chips.fields,
            legend=self._legend,
            probabilities=self._probabilities,
            disagreement=self._disagreement,
            n_dates=n_dates,
            clear_share=np.divide(self._n_clear, self._n_shown, out=np.full(n, np.nan), where=self._n_shown > 0),
            n_pixels=np.where(self._wanted, self._chips.field_area, 0),
            status=self._status.astype(str),
            series=field_series(self._chips.info.bands, [self._means]),
        )

    def _n_dates(self) -> npt.NDArray[np.int64]:
        """Count the dates with a clear pixel of each field, in whichever of its chips."""
        counts = []
        for start in range(0, len(self._status), _FIELDS_AT_ONCE):
            first, last = np.searchsorted(self._means.field, [start, start + _FIELDS_AT_ONCE])
            chip, step = np.nonzero(self._means.clear_pixels[first:last])
            field, date = self._means.field[first:last][chip] - start, self._means.date[first:last][chip, step]
            keys = np.unique(field * _DAYS + date.astype(np.int64) % _DAYS)
            counts.append(np.bincount(keys // _DAYS, minlength=min(_FIELDS_AT_ONCE, len(self._status) - start)))
        return np.concatenate(counts)


def _scaling(calibration: CalibrationRecord) -> EnsembleScaling:
    if calibration.method == "none":
        return EnsembleScaling()
    each = Scaling(np.array(calibration.each_scale), np.array(calibration.each_bias)) if calibration.each_scale else None
    return EnsembleScaling(each, Scaling(np.array(calibration.scale), np.array(calibration.bias)))


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return probabilities over the last axis; NaN where a score is NaN or infinite."""
    return np.asarray(scipy.special.softmax(np.where(np.isfinite(scores), scores, np.nan), axis=-1))


def entropy(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the entropy over the last axis, nats."""
    return np.asarray(scipy.special.entr(probabilities).sum(axis=-1)) + 0.0  # no -0


def mutual_information(members: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far members disagree, nats: the entropy of their mean minus the mean of their entropies.

    Args:
        members: (..., member, class) probabilities.

    References:
        Houlsby, N. et al. (2011). Bayesian Active Learning for Classification and Preference Learning, eq. 2.
    """
    return np.asarray(np.maximum(0.0, entropy(members.mean(axis=-2)) - entropy(members).mean(axis=-1)))
