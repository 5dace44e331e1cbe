"""Every file format of the project as a pydantic model. Their JSON Schemas are printed into the docs.

All models are frozen and refuse unknown keys, so a misspelt key in a configuration is an error and not a silent default.
"""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cropdetect import notebook
from cropdetect.options import Mark, Metres, Options, Seed

MODEL_ID = "model-cv4a-crop-detection-v1"

Preset = Literal["default", "cv4a"]
Kind = Literal[  # of what lies at a path
    "imagery", "fields", "chips", "table", "checkpoint", "predictions", "scores", "demo", "map", "comparison", "report",
    "unfinished",
]  # fmt: skip


class Record(BaseModel):
    """Base of all formats. Its numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


# ---------------------------------------------------------------- numbers that can be true

_LARGEST_CHIP = 1024  # pixels, as --chip-size
_MOST_DAYS = 3660  # a season from its year's first day
_ROUNDED = 1e-6  # by which a mean of shares may exceed 1
_SCALED_AT_MOST = 100.0  # of a calibration: such a scale makes every answer a certainty
_SHARES = frozenset({"accuracy", "balanced_accuracy", "macro_f1", "ece"})


def _ordered(interval: tuple[float, float]) -> tuple[float, float]:
    if interval[0] > interval[1]:
        raise ValueError(f"the interval from {interval[0]} to {interval[1]} ends before it begins")
    return interval


def _possible(scores: dict[str, float]) -> dict[str, float]:
    for name, value in scores.items():
        least, most = (0, 1 + _ROUNDED) if name in _SHARES else (-1, 1) if name == "kappa" else (0, float("inf"))
        if not least <= value <= most:
            raise ValueError(f"{name} cannot be {value}")
    return scores


Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1 + _ROUNDED)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Year = Annotated[int, Field(ge=1, le=9999)]
Day = Annotated[int, Field(ge=-_MOST_DAYS, le=_MOST_DAYS)]
Scaled = Annotated[float, Field(ge=-_SCALED_AT_MOST, le=_SCALED_AT_MOST)]
Interval = Annotated[tuple[float, float], AfterValidator(_ordered)]
Scores = Annotated[dict[str, float], AfterValidator(_possible)]


# ---------------------------------------------------------------- chips.zarr


class ChipStoreAttributes(Record):
    """The attributes of a `chips.zarr` store (Zarr 3)."""

    format: Literal["cropdetect-chips"] = "cropdetect-chips"
    format_version: Literal[1] = 1
    preset: Preset
    chip_size: int = Field(ge=1, le=_LARGEST_CHIP, description="height and width of every chip, pixels")
    crs: str | None = Field(description="WKT, or null; null also where tiles differ (see `tile_crs`)")
    resolution: Positive | None = Field(description="pixel size in units of the CRS")
    units: str = Field(description='what the numbers are, e.g. "digital number"')
    offset: float = Field(
        default=0.0, description="what was subtracted from every reflectance value (Sentinel-2 from 04.00: 1000)"
    )
    sensor: str | None = None
    sources: list[str] = Field(default_factory=list, description="names of the files or folders it was cut from")
    legend: list[str] = Field(default_factory=list, description="class names by crop_id, where a legend gave an order")
    dates: list[dt.date] = Field(default_factory=list, description="all days of all chips, in order")
    backscatter_unit: str = Field(default="", description='what the numbers of radar bands are, e.g. "decibel"')
    fingerprint: str = Field(description="hash of inputs and options")
    cropdetect_version: str


# ---------------------------------------------------------------- metrics.json


class ClassMetrics(Record):
    """Scores of one class."""

    n: Count
    precision: Share | None
    recall: Share | None
    f1: Share | None


class ReliabilityBin(Record):
    """The fields whose most likely class has a probability in (lower, upper]."""

    lower: Share
    upper: Share
    n: Count
    confidence: Share | None = Field(description="mean probability of the most likely class; null without fields")
    accuracy: Share | None = Field(description="share of the fields that are right; null without fields")


class SizeAccuracy(Record):
    """Scores of the fields with an area in [lower_pixels, upper_pixels)."""

    lower_pixels: NotNegative
    upper_pixels: NotNegative | None = Field(description="null: no upper limit")
    n: Count
    accuracy: Share
    log_loss: NotNegative


class DateScore(Record):
    """Scores of the answers given from the dates up to a day: what is known in the season."""

    until: dt.date
    n_fields: Count = Field(description="fields that were clear on a date up to then; only these are scored")
    log_loss: NotNegative
    accuracy: Share
    macro_f1: Share


class ClassArea(Record):
    """Area of one class, mapped and estimated, in the unit of the `AreaRecord`; null where the labels do not tell."""

    name: str
    mapped: NotNegative = Field(description="summed over the fields that were given the class")
    estimated: NotNegative | None = Field(description="corrected for the map's errors")
    standard_error: NotNegative | None
    users_accuracy: Share | None = Field(description="share of the area mapped as the class that is the class")
    users_accuracy_se: NotNegative | None
    producers_accuracy: Share | None = Field(description="share of the area of the class that is mapped as it")
    producers_accuracy_se: NotNegative | None


class AreaRecord(Record):
    """Areas of the classes with standard errors (Olofsson et al. 2014)."""

    unit: Literal["ha", "fields"]
    probability_sample: bool = Field(description="whether the labelled fields were drawn at random; else errors are too small")
    classes: list[ClassArea]
    overall_accuracy: Share | None
    overall_accuracy_se: NotNegative | None
    method: str


class LabelDoubt(Record):
    """A field whose label the answer confidently contradicts."""

    field_id: int | str
    label: str
    predicted: str
    confidence: Share = Field(description="probability of the predicted class")
    label_probability: Share = Field(description="probability of the label")


class SeenScores(Record):
    """Scores on fields that the checkpoint was trained on: they do not tell how good it is."""

    n_fields: Count
    log_loss: NotNegative
    accuracy: Share
    macro_f1: Share


class MetricsRecord(Record):
    """`metrics.json`: how right predictions are."""

    n_fields: Count
    log_loss: NotNegative = Field(description="nats; probabilities clipped at 1e-4 and renormalised")
    accuracy: Share
    balanced_accuracy: Share
    macro_f1: Share
    kappa: float | None = Field(default=None, ge=-1, le=1, description="agreement beyond chance (Cohen 1960)")
    ece: Share = Field(description="expected calibration error of the top class, 15 equal-width bins")
    per_class: dict[str, ClassMetrics]
    legend: list[str] = Field(default_factory=list, description="class names, in the order of `confusion`")
    confusion: list[list[Count]] | None = Field(default=None, description="fields; rows true, columns predicted")
    reliability: list[ReliabilityBin] | None = None
    intervals: dict[str, Interval] | None = Field(
        default=None,
        description="95 %, bootstrap over groups of fields; keys: metric names, f1:<class>, precision:<class>, recall:<class>",
    )
    by_size: list[SizeAccuracy] | None = None
    by_date: list[DateScore] | None = None
    areas: AreaRecord | None = None
    label_doubts: list[LabelDoubt] | None = Field(default=None, description="the most doubtful first")
    validation: str = Field(default="", description="how the scored fields were kept apart from what was learnt")
    on_training_fields: SeenScores | None = Field(
        default=None, description="of labelled fields that the checkpoint was trained on; all other scores are of other fields"
    )
    warnings: list[str] = Field(default_factory=list)

    def _repr_html_(self) -> str:
        names = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece")
        scores = notebook.facts({name: f"{getattr(self, name):.3f}" for name in names}, f"{self.n_fields} fields")
        rows = [(name, one.n, one.precision, one.recall, one.f1) for name, one in self.per_class.items()]
        classes = notebook.table(("class", "fields", "precision", "recall", "F1"), rows)
        return scores + classes + (notebook.matrix(self.legend, self.confusion, "true by predicted") if self.confusion else "")


# ---------------------------------------------------------------- checkpoint folder


class ModelRecord(Record):
    """Which network, and how to build it again."""

    name: str = Field(description="name in the registry, e.g. conv-gru; package.module:Class of another package's network")
    arguments: dict[str, Any] = Field(description="keyword arguments of the network's constructor, statistics left out")
    padding_invariant: bool = Field(description="whether absent steps and spatial padding change nothing")
    context: int | None = Field(
        default=None,
        ge=0,
        le=_LARGEST_CHIP,
        description="pixels about the field that change an answer; null: the whole chip does",
    )


class Statistics(Record):
    """Means and standard deviations that standardise the network's input channels."""

    channels: list[str]
    mean: list[float]
    std: list[Positive]
    origin: str = Field(description="where they were computed: data, number of chips, date")


class ChipRecord(Record):
    """The chips a network was trained on."""

    preset: Preset
    size: int = Field(ge=1, le=_LARGEST_CHIP, description="pixels; 1 where it was trained on field means (a series table)")
    resolution: Positive | None = Field(default=None, description="metres")


class SeasonRecord(Record):
    """The period of the training data, as days since 1 January of the season year."""

    years: list[Year]
    first_day: Day
    last_day: Day
    median_dates: Count = Field(description="median number of dates a field")


class RegionRecord(Record):
    """The area of the training data: a bounding box, degrees of longitude and latitude (EPSG:4326).

    West is greater than east where the box lies on both sides of longitude 180 (RFC 7946, section 5.2).
    """

    west: float
    south: float
    east: float
    north: float


class TrainingRecord(Record):
    """What a checkpoint was trained on, and how."""

    data: list[str] = Field(description="names of the data sets")
    licence: str = Field(description="licence of the training data")
    n_fields: Count
    class_counts: dict[str, Count]
    recipe: dict[str, Any] = Field(default_factory=dict, description="the training options")
    validation: str = Field(default="", description="how the validation fields were chosen")


class CalibrationRecord(Record):
    """How the networks' probabilities become a calibrated answer, step by step.

    The mean over a training's snapshots; softmax(each_scale x log probability + each_bias); the mean over trainings;
    softmax(scale x log probability + bias).
    """

    method: Literal["none", "temperature", "vector"] = "none"
    scale: list[Scaled] = Field(default_factory=list, description="of each class; the same for all under temperature scaling")
    bias: list[Scaled] = Field(default_factory=list, description="of each class; 0 under temperature scaling")
    each_scale: list[Scaled] = Field(default_factory=list, description="of each class, before the mean; empty: not scaled")
    each_bias: list[Scaled] = Field(default_factory=list, description="of each class, before the mean")
    snapshots: int = Field(default=1, ge=1, description="networks of a training; those of one training follow one another")
    pooling: float = Field(
        default=0.0, ge=0, le=10, description="the scale is exp(pooling x (1 - 1 / trainings)) times that of one training"
    )
    fitted_on: str = Field(default="", description="the predictions it was fitted on")
    log_loss_before: NotNegative | None = None
    log_loss_after: NotNegative | None = None
    ece_before: Share | None = None
    ece_after: Share | None = None


class NoveltyRecord(Record):
    """The training fields, to find fields unlike all of them: a normal distribution a class, all with the same covariance.

    A cell is the mean of one band in one portion of the season; cells are ordered by portion, then band.
    """

    bands: list[str]
    edges: list[float] = Field(description="days of the season year at which the portions begin and end")
    centres: list[list[float]] = Field(description="(class, cell) means, in raw numbers")
    covariance: list[list[float]] = Field(description="(cell, cell) within classes")
    threshold: float = Field(
        ge=-1e6,
        description="distance above which a field is called unlike training, without the portion that is strangest",
    )
    false_alarm_rate: Share = Field(description="share of held-out training fields above the threshold, with all portions")
    origin: str


class MemberRecord(Record):
    """One trained network of the ensemble: two files and their hashes."""

    onnx: str = Field(description="path inside the folder, e.g. members/000.onnx")
    onnx_sha256: str
    safetensors: str
    safetensors_sha256: str


class SensorRecord(Record):
    """One sensor of a checkpoint that was trained on several."""

    sensor: str
    bands: list[str]
    needed: bool = Field(description="whether prediction refuses data without it")
    metrics_without: Scores = Field(
        default_factory=dict, description="on validation fields shown without it; empty: no other sensor is left"
    )
    metrics_alone: Scores = Field(default_factory=dict, description="on validation fields shown with it alone")


class TrainingFieldsRecord(Record):
    """The file of hashed training fields: a NumPy array of 64 bits of SHA-256 for each of their cells and ids, ascending."""

    file: str = Field(description="path inside the folder")
    sha256: str
    cell_metres: Positive = Field(description="side of a cell of the worldwide grid (EPSG:6933)")
    by_place: bool = Field(description="whether the fields had places; if not, they are known by id only")
    salt: str = Field(description="goes into every hash")


class CheckpointRecord(Record):
    """`checkpoint.json`: what a checkpoint takes, what it learned from, and how good it is."""

    format: Literal["cropdetect-checkpoint"] = "cropdetect-checkpoint"
    format_version: Literal[1] = 1
    model_id: str = Field(
        default=MODEL_ID, description="id and name in the STAC item: of a trained checkpoint its network, data and season years"
    )
    model: ModelRecord
    legend: list[str] = Field(description="class names; crop_id is the 1-based position")
    bands: list[str] = Field(description="bands the network takes, in order")
    sensors: list[SensorRecord] = Field(
        default_factory=list, description="the sensors of the bands, where there are several and some may be missing"
    )
    units: str
    backscatter_unit: str = Field(default="", description='of the radar bands, e.g. "decibel"; empty: none, or not recorded')
    sensor: str | None = None
    offset_removed: bool = Field(default=True, description="numbers are free of the Sentinel-2 offset of baseline 04.00")
    chips: ChipRecord
    statistics: Statistics
    season: SeasonRecord | None = None
    region: RegionRecord | None = None
    training: TrainingRecord
    metrics: Scores = Field(default_factory=dict, description="on validation fields the members did not see")
    calibration: CalibrationRecord = CalibrationRecord()
    familiarity: NoveltyRecord | None = Field(default=None, description="flags fields unlike the training fields")
    out_of_fold: MetricsRecord | None = Field(
        default=None, description="each training field answered by the members that left it out; field ids are not kept"
    )
    training_fields: TrainingFieldsRecord | None = Field(
        default=None, description="recognises the training fields; null: the checkpoint does not know them"
    )
    members: list[MemberRecord]
    created: str = Field(description="ISO 8601, UTC")
    cropdetect_version: str

    def bands_of(self, sensor: str) -> list[str]:
        """Return the bands of one of `sensors`."""
        return [band for one in self.sensors if one.sensor == sensor for band in one.bands]


class ComparedScore(Record):
    """One score of one run."""

    value: float
    interval: Interval = Field(description="95 %, bootstrap")
    difference: float | None = Field(default=None, description="from the first run; null: it is the first")
    difference_interval: Interval | None = Field(default=None, description="95 %, both runs on the same draws")


class ComparedRun(Record):
    """One run of a comparison, scored on the shared fields."""

    name: str
    n_fields: Count
    n_not_shared: Count = Field(description="fields that another run does not have; they are not scored")
    scores: dict[str, ComparedScore]


class ComparisonRecord(Record):
    """`comparison.json`: runs side by side."""

    n_shared: Count = Field(description="fields that all runs have")
    groups: str = Field(description="what the intervals draw")
    options: dict[str, list[str]] = Field(
        default_factory=dict, description="options and versions that differ: the value of each run"
    )
    runs: list[ComparedRun]
    warnings: list[str]


class MapCount(Record):
    """The fields of one crop on a map."""

    labelled: Count = Field(description="fields whose label says so")
    predicted: Count = Field(description="fields without a label that were given the crop")


class MapRecord(Record):
    """`map.json`: what a map shows, and how good it is."""

    n_fields: Count
    n_labelled: Count
    n_without_crop: Count = Field(description="fields without a label that were given no crop")
    crops: dict[str, MapCount]
    out_of_fold: MetricsRecord = Field(description="each labelled field answered by the members that left it out")


class ModelCardRecord(Record):
    """`docs/model_card.json`: how right a checkpoint is on a season that it has not seen."""

    members: list[str] = Field(description="SHA-256 of the members' ONNX files: which checkpoint was scored")
    season: dict[str, int] = Field(description="arguments of `simulate`")
    metrics: MetricsRecord


# ---------------------------------------------------------------- run.json


class InputRecord(Record):
    """One input of a run."""

    path: str
    kind: str
    bytes: Count | None = None


def _inside(path: str) -> str:
    parts = path.split("/")
    if not path or ".." in parts or "" in parts or "\\" in path or ":" in parts[0]:
        raise ValueError("this path leads out of its folder")
    return path


def _day(text: str) -> str:
    dt.date.fromisoformat(text)
    return text


InsidePath = Annotated[str, AfterValidator(_inside), Field(description="inside the folder, parts separated by /")]


class OutputFile(Record):
    """One file of an output."""

    path: InsidePath
    bytes: Count
    sha256: str


class RunRecord(Record):
    """`run.json`, which every verb that writes a folder leaves there: what was run, and which files it wrote.

    Nothing in the folder but these files is ever replaced or removed. The one output that differs from run to run.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["cropdetect-run"]
    format_version: Literal[1] = 1
    verb: str = ""
    fingerprint: str = Field(default="", description="hash of verb, arguments and the content of the inputs")
    command: list[str] = Field(default_factory=list, description="the command line, or the function that was called")
    arguments: dict[str, Any] = Field(default_factory=dict, description="of the verb, without the output")
    versions: dict[str, str] = Field(default_factory=dict)
    files: list[OutputFile] = Field(default_factory=list, description="all files of the output but this one")
    started: str = ""
    finished: str = ""
    may_be_replaced: bool = Field(default=False, description="no field has an answer: another run may take its place unasked")


class CrossvalRun(RunRecord):
    """`run.json` of a cross-validation, and of the out-of-fold answers of a training; `arguments` has all options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    seed: Seed
    folds: str = Field(description="how the fields were kept apart")
    put_apart: Literal["random", "apart", "unknown"] = Field(
        description="random: fields one by one, so that neighbours are trained on; apart: whole groups or blocks"
    )
    n_fields: Count


class PredictionRun(RunRecord):
    """`run.json` of a prediction."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: list[InputRecord]
    checkpoint: str
    dates: list[Annotated[str, AfterValidator(_day)]]
    bands: list[str]
    offset: float
    n_fields: Count
    n_chips: Count
    status_counts: dict[str, Count]
    seconds: dict[str, NotNegative] = Field(description="wall seconds of each stage")
    cpu_seconds: dict[str, NotNegative] = Field(description="CPU seconds of each stage")
    peak_memory_mb: NotNegative | None = Field(description="null on Windows")
    precision: str
    device: str
    n_seen_in_training: Count | None = Field(default=None, description="fields trained on; null: the checkpoint does not know")
    out_of_fold: MetricsRecord | None = Field(default=None, description="the checkpoint's scores, on fields left out of training")
    warnings: list[str]
    unlike_training: list[str] = Field(
        default_factory=list, description="those of the warnings that say how the data is unlike the training data"
    )
    title: str = Field(default="", description="of the report; empty: place and season")
    subtitle: str = Field(default="", description="of the report; empty: what was counted")


class UnfinishedState(Record):
    """`OUT/.partial/state.json`: which run lies here unfinished."""

    format_version: Literal[1] = 1
    verb: str
    fingerprint: str = Field(description="as in run.json")


class PendingMoves(Record):
    """`OUT/.partial/moves.json`: how a finished output takes the place of an older one, file by file."""

    move: list[InsidePath] = Field(description="files of OUT/.partial/new, in order")
    remove: list[InsidePath] = Field(description="files of the older output that the new one does not have")
    ends: bool = Field(default=True, description="whether OUT/.partial holds no unfinished work beside these files")


# ---------------------------------------------------------------- training configuration


class Augmentation(Record):
    """How much training batches are changed, drawn again for every chip and epoch.

    More of date_drop and day_shift scores better on whole held-out regions that look unlike the others. It scores worse on
    neighbours of the training fields and on rare classes.
    """

    date_drop: float = Field(default=0.3, ge=0, le=1, description="up to this share of the dates is made cloudy")
    sensor_drop: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="chance that a chip loses some of its sensors, but not all, where the network takes dates that lack bands",
    )
    remove_date: bool = Field(
        default=True, description="chips lose one random date where the network cannot take cloudy dates (as in 2020)"
    )
    turn: float = Field(default=1.0, ge=0, le=1, description="chance of a turn by 0, 90, 180 or 270 degrees, all alike")
    mirror: float = Field(default=0.5, ge=0, le=1, description="chance that left and right are exchanged")
    upside_down: float = Field(default=0.0, ge=0, le=1, description="chance that top and bottom are exchanged")
    rotation: float = Field(default=0.0, ge=0, le=45, description="largest rotation to either side, degrees")
    rotation_chance: float = Field(default=0.5, ge=0, le=1, description="chance of a rotation")
    shift: float = Field(default=0.0, ge=0, description="largest shift along x and y, pixels")
    shift_chance: float = Field(default=0.5, ge=0, le=1, description="chance of a shift")
    crop: int | None = Field(
        default=None, ge=1, description="side of the random window that is cut out of each chip, pixels; it shows the field"
    )
    mix: float = Field(
        default=0.0, ge=0, lt=1, description="share of another chip that is mixed in (its label is not), on days both have"
    )
    mix_chance: float = Field(default=0.5, ge=0, le=1, description="chance that another chip is mixed in")
    brightness: float = Field(default=0.02, ge=0, description="standard deviation of the logarithm of a factor on all bands")
    band_jitter: float = Field(default=0.02, ge=0, description="the same for each band on its own")
    date_jitter: float = Field(default=0.02, ge=0, description="the same for each date (haze, viewing angle)")
    noise: float = Field(default=0.01, ge=0, description="the same for each date and band on its own")
    day_shift: float = Field(
        default=4.0, ge=0, description="standard deviation of a shift of the whole season (an early year, another region), days"
    )
    day_scale: float = Field(
        default=0.0, ge=0, description="standard deviation of the logarithm of a factor by which the season is stretched"
    )

    @property
    def moves_pixels(self) -> bool:
        """Whether chips show other pixels about their fields afterwards; flips and turns show the same."""
        return self.rotation > 0 or self.shift > 0 or self.crop is not None or self.mix > 0

    @classmethod
    def cv4a(cls, *, mix: bool = False) -> "Augmentation":
        """Return what the solution of 2020 did, its faults mended.

        Args:
            mix: also mix in 15 % of another chip; in 2020 an option, which took 50 GB of memory.
        """
        return cls(
            date_drop=0,
            turn=0,
            mirror=0,
            upside_down=0.5,
            rotation=10,
            crop=16,
            mix=0.15 if mix else 0,
            brightness=0,
            band_jitter=0,
            date_jitter=0,
            noise=0,
            day_shift=0,
        )


class TrainOptions(Record, Options):
    """How networks are trained, as the command line takes it, a YAML file gives it, and a checkpoint keeps it.

    The defaults are the recipe `default`; `training/recipes.py` has the others.
    """

    recipe: str = Field(default="default", description="the named recipe that the other settings began from")
    model: Annotated[str, Mark.ON_COMMAND_LINE] = Field(
        default="season-cnn",
        description="a network: season-cnn, conv-gru, tempcnn, pse-ltae, or package.module:Class; crossval also takes "
        "random-forest, svm and gradient-boosting",
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="arguments of the network's constructor")

    members: Annotated[int | None, Mark.ON_COMMAND_LINE] = Field(
        default=None,
        ge=1,
        description="members of the ensemble; each is trained without another fold of the fields (default: 5; 10 for images of "
        "50 to 2,000 fields)",
    )
    snapshots: Annotated[int, Mark.ON_COMMAND_LINE] = Field(
        default=1, ge=1, description="training cycles of each member; the network at the end of each cycle is kept"
    )
    validation: Literal["blocked", "random"] = Field(
        default="blocked", description="whether the fields that a member leaves out share spatial groups with the others"
    )
    validation_share: float = Field(default=0.2, gt=0, lt=1, description="share of the fields that a member leaves out")
    group_column: Annotated[str | None, Mark.ON_COMMAND_LINE] = Field(
        default=None,
        description="column of groups that a split keeps together (default: the column group; without it, blocks of the map)",
    )
    block_size: Annotated[Metres, Mark.ON_COMMAND_LINE] = Field(
        default=5000.0, gt=0, description="side of a block of the map, where there is no group column"
    )
    calibration: Annotated[Literal["none", "temperature", "vector"], Mark.ON_COMMAND_LINE] = Field(
        default="temperature", description="how probabilities are fitted to the fields that a member leaves out"
    )

    epochs: Annotated[int | None, Mark.ON_COMMAND_LINE] = Field(
        default=None, ge=1, description="epochs of a cycle (default: 25 to 80, more for small sets)"
    )
    steps: int = Field(
        default=1000, ge=1, description="steps that the default of `epochs` makes, so that small sets are shown more often"
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        description="end a cycle after so many epochs without a better validation log loss, and keep its best epoch; "
        "default: never, which leaves the validation fields out of every choice",
    )
    batch_size: int = Field(default=64, ge=1, description="chips a step")
    optimizer: Literal["adamw", "sgd"] = Field(default="adamw", description="AdamW, or stochastic gradient descent")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="of sgd")
    schedule: Literal["one-cycle", "cosine"] = Field(
        default="one-cycle", description="learning rate over a cycle: up and down (Smith and Topin 2018), or down only"
    )
    learning_rate: float = Field(default=3e-3, gt=0, description="the largest of a cycle")
    weight_decay: float = Field(
        default=1e-2, ge=0, description="share of the weights that a step subtracts, times the learning rate"
    )
    weight_averaging: float = Field(
        default=0.08, ge=0, le=1, description="weights are averaged over about this share of a cycle's steps; 0: they are not"
    )
    label_smoothing: float = Field(
        default=0.02,
        ge=0,
        lt=1,
        description="share of the target spread over all classes; answers are less sure, and more often right elsewhere",
    )
    class_balance: Annotated[Literal["none", "weights", "sampling", "logit-adjustment"], Mark.ON_COMMAND_LINE] = Field(
        default="none",
        description="how rare classes count more: weights (in the loss), sampling (drawn as often as others) or logit-adjustment "
        "(a margin; Menon et al. 2021)",
    )
    augmentation: Augmentation = Field(default=Augmentation(), description="how training batches are changed")

    legend: list[str] | None = Field(default=None, description="classes to train, in order; default: all labels, sorted")
    seed: Annotated[Seed, Mark.ON_COMMAND_LINE] = Field(default=0, description="seed of everything random")
    season_year: int | None = Field(
        default=None, ge=1900, le=2200, description="year that days are counted from (default: by the dates)"
    )

    @property
    def preset(self) -> Preset:
        """How chips are cut for the model."""
        return "cv4a" if self.model == "conv-gru" else "default"
