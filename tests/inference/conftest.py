"""Small chips in memory, and checkpoints whose network is a formula that can be worked out by hand."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from cropdetect.checkpoint import Checkpoint
from cropdetect.chips import ChipBatch, ChipInfo, MemoryChips
from cropdetect.formats import (
    CalibrationRecord,
    CheckpointRecord,
    ChipRecord,
    MemberRecord,
    ModelRecord,
    RegionRecord,
    SeasonRecord,
    Statistics,
    TrainingRecord,
)


def make_chips(
    n: int = 5,
    *,
    bands: tuple[str, ...] = ("B02", "B04", "B08"),
    size: int = 4,
    steps: int = 3,
    dtype: str = "uint16",
    field_of_chip: list[int] | None = None,
    seed: int = 0,
) -> MemoryChips:
    """Chips of random numbers, all clear, one field each unless `field_of_chip` says otherwise."""
    random = np.random.default_rng(seed)
    field = np.arange(n) if field_of_chip is None else np.array(field_of_chip)
    mask = (random.random((n, size, size)) > 0.4).astype(np.float32)
    mask[:, 0, 0] = 1
    dates = np.array(["2019-06-06", "2019-07-01", "2019-07-06", "2019-08-05", "2019-09-09"], "datetime64[D]")[:steps]
    batch = ChipBatch(
        field=field.astype(np.int64),
        image=random.integers(1, 3000, (n, steps, len(bands), size, size)).astype(dtype),
        mask=mask,
        clear=np.ones((n, steps, size, size), bool),
        date=np.tile(dates, (n, 1)),
    )
    n_fields = int(field.max()) + 1
    points = gpd.GeoSeries.from_xy(34.0 + np.arange(n_fields) / 100, np.full(n_fields, 0.5), crs=4326)
    fields = gpd.GeoDataFrame({"field_id": np.arange(n_fields) + 101, "status": ["ok"] * n_fields}, geometry=points)
    info = ChipInfo(
        bands=bands,
        size=size,
        n_steps=steps,
        preset="default",
        crs=None,
        resolution=10.0,
        units="digital number",
        sensor="sentinel-2",
        offset=0.0,
        sources=("memory",),
        fingerprint="chips",
    )
    return MemoryChips(info, fields, batch)


def linear_network(weights: npt.NDArray[np.float32], *, sees_clear: bool = True, sees_day: bool = False) -> bytes:
    """ONNX of scores = (sum over steps and pixels of w x image, over the sum of w) @ weights, w = mask x clear.

    Args:
        weights: (band, class); with `sees_day` one row more, for the mean of `day`.
        sees_clear: whether w holds `clear`; the file lacks the input where not.
        sees_day: whether it has the input `day`.
    """

    def ints(name: str, *values: int) -> onnx.TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), name)

    inputs = [
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["b", "s", "c", "y", "x"]),
        helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["b", "y", "x"]),
    ]
    constants = [numpy_helper.from_array(weights, "weights"), ints("one", 1), ints("two", 2), ints("sum", 1, 3, 4)]
    nodes = [helper.make_node("Unsqueeze", ["mask", "one"], ["mask4"])]
    if sees_clear:
        inputs.append(helper.make_tensor_value_info("clear", TensorProto.BOOL, ["b", "s", "y", "x"]))
        nodes.append(helper.make_node("Cast", ["clear"], ["seen"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", ["mask4", "seen"], ["w4"]))
    else:
        nodes.append(helper.make_node("ReduceSum", ["image", "two"], ["plain"], keepdims=0))
        nodes.append(helper.make_node("Sub", ["plain", "plain"], ["zeros"]))
        nodes.append(helper.make_node("Add", ["mask4", "zeros"], ["w4"]))
    nodes += [
        helper.make_node("Unsqueeze", ["w4", "two"], ["w"]),
        helper.make_node("Mul", ["image", "w"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "sum"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["w", "sum"], ["area"], keepdims=0),
        helper.make_node("Div", ["total", "area"], ["mean"]),
    ]
    features = "mean"
    if sees_day:
        inputs.append(helper.make_tensor_value_info("day", TensorProto.FLOAT, ["b", "s"]))
        nodes.append(helper.make_node("ReduceMean", ["day", "one"], ["middle"], keepdims=1))
        nodes.append(helper.make_node("Concat", ["mean", "middle"], ["features"], axis=1))
        features = "features"
    nodes.append(helper.make_node("MatMul", [features, "weights"], ["scores"]))
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["b", weights.shape[1]])]
    graph = helper.make_graph(nodes, "linear", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def make_checkpoint(
    folder: Path,
    members: list[bytes],
    *,
    legend: tuple[str, ...] = ("maize", "rye"),
    bands: tuple[str, ...] = ("B04", "B08"),
    padding_invariant: bool = True,
    chip_size: int = 4,
    temperature: float = 1.0,
    region: tuple[float, float, float, float] = (33.0, 0.0, 35.0, 1.0),
    days: tuple[int, int] = (150, 310),
    median_dates: int = 3,
) -> Checkpoint:
    """A checkpoint folder of these networks, without the files that only training needs."""
    (folder / "members").mkdir(parents=True, exist_ok=True)
    records = []
    for number, content in enumerate(members):
        name = f"members/{number:03d}.onnx"
        (folder / name).write_bytes(content)
        hashed = hashlib.sha256(content).hexdigest()
        records.append(MemberRecord(onnx=name, onnx_sha256=hashed, safetensors="-", safetensors_sha256="-"))
    record = CheckpointRecord(
        model=ModelRecord(name="linear", arguments={}, padding_invariant=padding_invariant),
        legend=list(legend),
        bands=list(bands),
        units="digital number",
        sensor="sentinel-2",
        chips=ChipRecord(preset="default", size=chip_size, resolution=10.0),
        statistics=Statistics(channels=[], mean=[], std=[], origin="test"),
        season=SeasonRecord(years=[2019], first_day=days[0], last_day=days[1], median_dates=median_dates),
        region=RegionRecord(west=region[0], south=region[1], east=region[2], north=region[3]),
        training=TrainingRecord(data=["test"], licence="CC0-1.0", n_fields=1, class_counts={}),
        calibration=CalibrationRecord(method="temperature", scale=[1 / temperature] * len(legend), bias=[0.0] * len(legend)),
        members=records,
        created=dt.datetime(2026, 1, 1, tzinfo=dt.UTC).isoformat(),
        cropdetect_version="0",
    )
    return Checkpoint(folder, record)


def random_weights(n: int, bands: int = 2, classes: int = 2) -> list[npt.NDArray[np.float32]]:
    """Weights of `n` members, small enough for scores near 1."""
    random = np.random.default_rng(1)
    return [(random.normal(size=(bands, classes)) / 1000).astype(np.float32) for _ in range(n)]


@pytest.fixture
def chips() -> Callable[..., MemoryChips]:
    return make_chips


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Checkpoint]:
    """Make a checkpoint of linear members with these weights."""

    def make(
        weights: list[npt.NDArray[np.float32]], *, sees_clear: bool = True, sees_day: bool = False, **record: object
    ) -> Checkpoint:
        members = [linear_network(w, sees_clear=sees_clear, sees_day=sees_day) for w in weights]
        return make_checkpoint(tmp_path / "checkpoint", members, **record)  # type: ignore[arg-type]

    return make


@pytest.fixture
def weights() -> Callable[..., list[npt.NDArray[np.float32]]]:
    return random_weights
