"""Type checkers accept what users write: text for paths, data in memory, options one by one."""

import subprocess
import sys
from pathlib import Path

import pytest

USE = """
from pathlib import Path

import cropdetect as cd
import numpy as np
import pandas as pd
import xarray as xr


def use(dataset: xr.Dataset, image: xr.DataArray, table: pd.DataFrame) -> None:
    answer = cd.predict(dataset, fields=table, checkpoint="kenya-simulated")
    answer.report().save(answer.to_folder("out", overwrite=True) / "page.html")
    trained = cd.train(table, "checkpoint", labels="crop", epochs=3)
    cd.predict("season", Path("out"), checkpoint=trained, until="2024-01-01")
    cd.predict(image, options=cd.DataOptions(fields=table), checkpoint=Path("checkpoint"))
    cd.crossval(dataset, "folds", folds="blocked", fields="fields.gpkg", model="svm")
    cd.evaluate(answer, "scores", reference=table, labels="crop")
    cd.info(dataset, fields=table)
    cd.open_imagery(image)
    cd.open_data(table, bands=["B04"])
    cd.CropClassifier("svm", dates=["2024-01-01"]).fit(np.zeros((10, 1, 2)), np.zeros(10))
"""


def check(text: str, folder: Path) -> str:
    (folder / "use.py").write_text(text)
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--follow-imports=silent", "use.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_what_users_write_is_well_typed_and_what_is_wrong_is_seen(tmp_path: Path) -> None:
    assert "Success" in check(USE, tmp_path)
    assert 'Missing named argument "checkpoint"' in check(USE + "    cd.predict(dataset)\n", tmp_path)
