"""The networks as an estimator of scikit-learn, on arrays."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from cropdetect.chips import ChipBatch, ChipInfo, MemoryChips, RandomAccessChips
from cropdetect.errors import TrainingDataError
from cropdetect.formats import TrainOptions
from cropdetect.imagery import sensor_of
from cropdetect.models import network_class
from cropdetect.scratch import Scratch
from cropdetect.training.baselines import BASELINES, Baseline
from cropdetect.training.data import TrainingData, read_training_data
from cropdetect.training.ensemble import NetworkEnsemble
from cropdetect.training.recipes import train_options

Day = str | dt.date | np.datetime64

_YEAR = np.datetime64("2001-01-01"), np.datetime64("2001-12-31")  # of dates that are not given


class InputArrayError(TrainingDataError, ValueError, TypeError):
    """Arrays or labels cannot be used; a ValueError and a TypeError, too, since scikit-learn's estimators raise these."""


class CropClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns crops from series of fields, as `train` does, behind the interface of scikit-learn.

    `X` is (field, date, band), or (field, date x band) with all bands of the first date first; NaN is a missing value. All fields
    have the same dates. Reflectances are numbers in one unit, as `train` would read them from a table.

    Args:
        model: a network (season-cnn, conv-gru, tempcnn, pse-ltae, or "package.module:Class"), or random-forest, svm,
            gradient-boosting.
        recipe: settings to begin from: default (ours) or cv4a.
        dates: day of each date (default: of one date, or evenly over a year).
        bands: name of each band, which networks use to form indices (default: band_1, band_2, ...; without them and without
            dates, a 2-D `X` is one date).
        epochs: of a cycle (default: by the number of fields).
        members: of the ensemble; each is trained without another fold of the fields (default: see `TrainOptions`).
        random_state: seed of everything random, or a RandomState that draws it.
        settings: further fields of `TrainOptions`, e.g. {"learning_rate": 1e-3}.

    Attributes:
        classes_: (class,) labels, ascending.
        class_prior_: (class,) their shares among the fields that it learnt from: the answer where a field shows nothing.
        estimator_: the fitted `NetworkEnsemble` or `Baseline`.
        n_features_in_: length of the second axis of `X`.

    Example:
        >>> import numpy as np
        >>> from cropdetect import CropClassifier
        >>> rng = np.random.default_rng(0)
        >>> crops = np.repeat(["maize", "wheat"], 30)
        >>> series = rng.normal(2000, 100, (60, 4, 2)) + 800 * (crops == "wheat")[:, None, None]
        >>> dates = ["2024-05-01", "2024-06-01", "2024-07-01", "2024-08-01"]
        >>> classifier = CropClassifier("random-forest", dates=dates, bands=["B04", "B08"]).fit(series, crops)
        >>> classifier.predict(series[:2]).tolist()
        ['maize', 'maize']
    """

    classes_: npt.NDArray[Any]
    class_prior_: npt.NDArray[np.float64]
    estimator_: NetworkEnsemble | Baseline

    def __init__(
        self,
        model: str = "season-cnn",
        *,
        recipe: str | None = None,
        dates: Sequence[Day] | None = None,
        bands: Sequence[str] | None = None,
        epochs: int | None = None,
        members: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.recipe = recipe
        self.dates = dates
        self.bands = bands
        self.epochs = epochs
        self.members = members
        self.random_state = random_state
        self.settings = settings

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:  # noqa: N803, scikit-learn's name
        """Learn from fields.

        Args:
            X: (field, date, band) or (field, date x band).
            y: (field,) class of each.
            groups: (field,) spatial group of each: no group is on both sides of a member's split. None: fields are left out
                one by one.

        Raises:
            InputArrayError: arrays, dates or bands do not fit each other.
            TrainingDataError: too few fields or classes.
            MissingBandError: the network needs a band that is absent.
            OptionError: a setting cannot be used.
        """
        values, labels = self._checked(X, y, reset=True)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        names = [str(name) for name in self.classes_]
        options = self._options()
        chips = self._chips(values, [names[code] for code in codes])
        try:
            data = read_training_data(chips, names, season_year=options.season_year)
        except TrainingDataError as error:
            raise InputArrayError(error.what, fix=error.fix) from error
        self.class_prior_ = data.class_counts / len(data.classes)
        self._legend, self._bands, self._season_year = data.legend, data.bands, options.season_year
        places = None if groups is None else np.unique(np.asarray(groups)[_seen(values)], return_inverse=True)[1]
        if self.model in BASELINES:
            self.estimator_ = Baseline(self.model, seed=options.seed).fit(data)
            return self
        network_class(self.model, also=BASELINES)
        with Scratch() as state:
            self.estimator_ = NetworkEnsemble(options, Path(state), description=self.model).fit(data, places)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:  # noqa: N803
        """Return calibrated probabilities, (field, class); `class_prior_` where a field has no value.

        Raises:
            InputArrayError: the array is not like the one that was learnt from.
        """
        check_is_fitted(self)
        values, _ = self._checked(X, None, reset=False)
        chips: RandomAccessChips = self._chips(values, None)
        chips = chips if self._season_year is None else chips.with_season_year(self._season_year)
        answers = self.estimator_.predict_proba(TrainingData(chips, np.zeros(len(values), np.int64), self._legend, self._bands))
        return np.where(np.isnan(answers), self.class_prior_, answers)

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: N803
        """Return the most probable class of each field, (field,).

        Raises:
            InputArrayError: the array is not like the one that was learnt from.
        """
        most_probable = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most_probable])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags

    def _options(self) -> TrainOptions:
        state = self.random_state
        seed = state if isinstance(state, int | np.integer) else check_random_state(state).randint(2**31 - 1)
        given = {"model": self.model, "epochs": self.epochs, "members": self.members, "seed": int(seed), **(self.settings or {})}
        return train_options(self.recipe, None, {name: value for name, value in given.items() if value is not None})

    def _checked(self, given: Any, labels: Any, *, reset: bool) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
        """Return `X` as (field, date, band), and the labels, or none where no new estimator begins."""
        how: dict[str, Any] = {"allow_nd": True, "dtype": np.float32, "ensure_all_finite": "allow-nan", "reset": reset}
        try:
            if reset:
                values, known = validate_data(self, given, labels, ensure_min_samples=2, **how)
                check_classification_targets(known)
            else:
                values, known = validate_data(self, given, **how), np.empty(0)
        except (TypeError, ValueError) as error:
            raise InputArrayError(str(error)) from error
        n_dates, n_bands = self._shape_of(values.shape)
        shaped = values.reshape(len(values), n_dates, n_bands)
        if reset:
            self._shape = shaped.shape[1:]
        elif shaped.shape[1:] != self._shape:
            raise InputArrayError(f"X has (date, band) = {shaped.shape[1:]}, but the classifier learned from {self._shape}")
        return shaped, known

    def _shape_of(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Return the numbers of dates and bands that an array has, which must be those of `dates` and `bands`."""
        known_dates = None if self.dates is None else len(self.dates)
        known_bands = None if self.bands is None else len(self.bands)
        if len(shape) == 3:
            n_dates, n_bands = shape[1:]
        elif len(shape) == 2:
            n_dates = known_dates or (max(1, shape[1] // known_bands) if known_bands else 1)
            n_bands = shape[1] // n_dates
        else:
            raise InputArrayError(f"X has {len(shape)} axes; (field, date, band) or (field, date x band) is expected")
        fits = n_dates == (known_dates or n_dates) and n_bands == (known_bands or n_bands)
        if not fits or n_dates * n_bands != np.prod(shape[1:]):
            raise InputArrayError(
                f"X of the shape {shape} does not fit {known_dates or 'any'} dates and {known_bands or 'any'} bands",
                fix="Give X as (field, date, band), or name all dates and bands.",
            )
        return n_dates, n_bands

    def _chips(self, values: npt.NDArray[np.float32], labels: Sequence[str] | None) -> MemoryChips:
        """Return one chip of 1 x 1 pixel a field; a date without a value is absent."""
        n_fields, n_dates, n_bands = values.shape
        bands = tuple(self.bands) if self.bands is not None else tuple(f"band_{number + 1}" for number in range(n_bands))
        there = np.asarray(np.isfinite(values).any(axis=2))
        date = np.where(there, self._days(n_dates), np.datetime64("NaT", "D"))
        table = gpd.GeoDataFrame({"field_id": np.arange(n_fields), "status": "ok"}, geometry=[None] * n_fields)
        if labels is not None:
            table["label"] = np.array(labels, object)
        info = ChipInfo(
            bands=bands,
            size=1,
            n_steps=n_dates,
            preset="default",
            crs=None,
            resolution=None,
            units="unknown",
            sensor=sensor_of(bands),
            offset=0.0,
            sources=("array",),
            fingerprint="",
        )
        mask = np.ones((n_fields, 1, 1), np.float32)
        batch = ChipBatch(np.arange(n_fields), values[..., None, None], mask, there[..., None, None], date)
        return MemoryChips(info, table, batch)

    def _days(self, n_dates: int) -> npt.NDArray[np.datetime64]:
        if self.dates is None:
            first, last = _YEAR
            share = (np.arange(n_dates) + 0.5) / n_dates
            return np.asarray(first + np.round(share * (last - first).astype(int)).astype("timedelta64[D]"))
        try:
            days = np.array([np.datetime64(str(day)[:10], "D") for day in self.dates])
        except ValueError as error:
            raise InputArrayError(f"the dates cannot be read: {error}", fix="Write them as YYYY-MM-DD.") from error
        if (np.diff(days) <= np.timedelta64(0, "D")).any():
            raise InputArrayError("the dates do not ascend", fix="Sort them, and the axis of X, too.")
        return days


def _seen(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Tell which fields have a value, (field,)."""
    return np.asarray(np.isfinite(values).any(axis=(1, 2)))
