"""A record of a checkpoint, and members whose bytes stand for networks."""

import pytest

from cropdetect.checkpoint import MemberFiles
from cropdetect.formats import (
    CheckpointRecord,
    ChipRecord,
    ModelRecord,
    RegionRecord,
    SeasonRecord,
    Statistics,
    TrainingRecord,
)


@pytest.fixture
def record() -> CheckpointRecord:
    return CheckpointRecord(
        model=ModelRecord(name="season-cnn", arguments={"bands": ["B04", "B08"], "n_classes": 3}, padding_invariant=True),
        legend=["Maize & Common Bean", "Maïs", "Cassava"],
        bands=["B04", "B08"],
        units="digital number",
        sensor="sentinel-2",
        chips=ChipRecord(preset="default", size=32, resolution=10.0),
        statistics=Statistics(channels=["B04", "B08", "NDVI"], mean=[30.0, 50.0, 0.4], std=[9.0, 8.0, 0.2], origin="made up"),
        season=SeasonRecord(years=[2019, 2018], first_day=-10, last_day=300, median_dates=13),
        region=RegionRecord(west=34.0, south=0.1, east=34.5, north=0.7),
        training=TrainingRecord(data=["made up"], licence="CC0-1.0", n_fields=30, class_counts={"Cassava": 30}),
        members=[],
        created="2024-05-01T12:00:00+02:00",
        cropdetect_version="0.1.0",
    )


@pytest.fixture
def members() -> list[MemberFiles]:
    return [MemberFiles(onnx=b"graph %d" % i, safetensors=b"weights %d" % i) for i in range(2)]
