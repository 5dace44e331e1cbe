"""A small table, a checkpoint that answers it at once, and what lies in a folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cropdetect.api import DataOptions, train
from cropdetect.formats import RunRecord

SMALL = {"tiles": 1, "height": 64, "width": 64, "fields": 4, "dates": ["2019-06-06"]}
TRAINED = {"arguments": {"dense": 4}, "epochs": 1, "members": 1}


def write_table(folder: Path) -> Path:
    """Write the series of 24 fields of two crops that differ in one band."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.arange(24)
    crop = np.where(ids % 2, "maize", "wheat")
    days = pd.date_range("2021-04-01", periods=8, freq="20D")
    rows = [(i, day, 0.2 + 0.1 * (i % 2) + rng.normal(0, 0.02), 0.5) for i in ids for day in days]
    pd.DataFrame(rows, columns=["field_id", "date", "red", "nir"]).to_csv(folder / "series.csv", index=False)
    places = {"lon": 5 + 0.2 * (ids % 6), "lat": 50 + 0.2 * (ids // 6), "group": ids % 4}
    pd.DataFrame({"field_id": ids, "label": crop, **places}).to_csv(folder / "fields.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "season")


@pytest.fixture(scope="session")
def checkpoint(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "checkpoint"
    train(table, out, options=DataOptions(), **TRAINED)
    return out


def contents(folder: Path) -> dict[str, bytes]:
    """Return path -> bytes of all files of a folder; links count by where they lead."""
    return {
        path.relative_to(folder).as_posix(): path.readlink().as_posix().encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def written(folder: Path) -> set[str]:
    """Return the files that run.json lists, and run.json."""
    run = RunRecord.model_validate_json((folder / "run.json").read_bytes())
    return {file.path for file in run.files} | {"run.json"}


Call = Callable[..., object]
