"""What `predict` holds in memory, and until when."""

import gc
from pathlib import Path

import pytest

import cropdetect.outputs
from cropdetect import api
from cropdetect.chips import ChipSet


def chip_sets() -> list[ChipSet]:
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, ChipSet)]


def test_chips_are_let_go_of_before_files_are_written(
    season: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, before, new = cropdetect.outputs.write_outputs, chip_sets(), []

    def look_and_write(*arguments: object, **options: object) -> None:
        new.append([one for one in chip_sets() if not any(one is other for other in before)])
        write(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cropdetect.outputs, "write_outputs", look_and_write)
    api.predict(season, tmp_path / "out", checkpoint=checkpoint)
    assert new == [[]]
    assert (tmp_path / "out" / "predictions.csv").exists()
