"""The same season, as each producer writes it, is the same season."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cropdetect.checkpoint import read_checkpoint
from cropdetect.checkpoint.shipped import shipped_path
from cropdetect.chips import is_table, read_table
from cropdetect.inference import predict_chips
from cropdetect.outputs import prediction_table
from tests.chips.tables.season import BANDS, CROPS, DAYS, WRITERS, Written, own_folder, value

Writer = Callable[[Path], Written]
forms = pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)


@forms
def test_every_value_of_the_season_comes_out(tmp_path: Path, write: Writer) -> None:
    written = write(tmp_path)
    assert is_table(written.path)
    chips = read_table(written.path, **written.options)
    assert tuple(chips.fields["field_id"].astype(str)) == written.ids
    assert set(BANDS) <= set(chips.info.bands)
    assert (chips.info.units, chips.info.sensor) == ("digital number", "sentinel-2")
    batch = next(chips.batches(9))
    assert [str(day) for day in batch.date[0]] == list(DAYS)
    for f in range(3):
        chip = list(chips.fields["field_id"].astype(str)[batch.field]).index(written.ids[f])
        for b, band in enumerate(BANDS):
            got = batch.image[chip, :, chips.info.bands.index(band), 0, 0]
            np.testing.assert_allclose(got, [value(f, d, b) for d in range(len(DAYS))], rtol=1e-6, err_msg=f"{f} {band}")
    assert batch.clear.all()


@forms
def test_labels_and_places_come_out(tmp_path: Path, write: Writer) -> None:
    written = write(tmp_path)
    fields = read_table(written.path, **written.options).fields
    assert fields["status"].eq("ok").all()
    assert ("label" in fields.columns) is written.has_labels
    if written.has_labels:
        assert tuple(fields["label"]) == CROPS
    assert fields.geometry.notna().all() == written.has_geometry
    if written.has_geometry:
        west, east = fields.geometry.bounds.minx, fields.geometry.bounds.maxx
        np.testing.assert_allclose((west + east) / 2, [3.0025, 3.0125, 3.0225], atol=1e-9)


@forms
def test_predictions_are_those_of_the_own_table(tmp_path: Path, write: Writer) -> None:
    checkpoint = read_checkpoint(shipped_path("s2-parcels-france"))
    (tmp_path / "own").mkdir()
    expected, _ = predict_chips(read_table(own_folder(tmp_path / "own").path), checkpoint, workers=1)
    (tmp_path / "form").mkdir()
    written = write(tmp_path / "form")
    got, _ = predict_chips(read_table(written.path, **written.options), checkpoint, workers=1)
    one, other = (prediction_table(answers).drop(columns=["field_id", "geometry"]) for answers in (expected, got))
    pd.testing.assert_frame_equal(other, one, check_exact=True)  # the columns of predictions.csv
    assert tuple(got.fields["field_id"].astype(str)) == written.ids
