"""Whatever a user calls data is opened as chips, with the options that it can take."""

from pathlib import Path

import pytest

from cropdetect import api
from cropdetect.chips import RandomAccessChips, cut_chips, open_data, open_random_access, recognise, write_chips
from cropdetect.errors import InputNotFoundError, OptionError
from cropdetect.options import DataOptions, flag
from tests.chips.memory import DAYS, imagery
from tests.chips.test_selection import BOXES, series, write_table
from tests.chips.test_streaming import fields_of_boxes

OTHER = {
    "fields": "f.gpkg", "layer": "a", "id_column": "nr", "labels": "crop", "legend": "l.yaml", "buffer": 1, "pattern": "x",
    "date": "2019-06-06", "bands": "B02", "band_names": "a=b", "resolution": 20, "clear": "none", "offset": 1000,
    "columns": "c.yaml", "from_": "2024-03-01", "to": "2024-10-31", "max_cloud": 60, "cache": "kept", "reference": "s.gpkg",
}  # fmt: skip
OF_TABLES = ("fields", "layer", "id_column", "labels", "legend", "bands", "band_names", "clear", "offset", "columns")
TAKEN = {"until": DAYS[1], "bbox": (34.9, 0.4, 35.1, 0.7), "limit": 1, "chip_size": 8, "memory": 64, "follow_links": True}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_chips(cut_chips(imagery(series()), fields_of_boxes(BOXES), chip_size=8), tmp_path / "chips.zarr")
    return tmp_path / "chips.zarr"


def test_each_option_either_applies_to_a_chip_store_or_is_refused() -> None:
    assert OTHER.keys() | TAKEN.keys() == DataOptions.model_fields.keys()


@pytest.mark.parametrize("name", OTHER)
def test_an_option_that_does_not_apply_is_named(store: Path, tmp_path: Path, name: str) -> None:
    options, refused = DataOptions(**{name: OTHER[name]}), f"{flag(name)} does not apply to a "
    with pytest.raises(OptionError, match=f"{refused}chip store"):
        open_data(store, options)
    if name not in OF_TABLES:
        with pytest.raises(OptionError, match=f"{refused}table of series"):
            open_data(write_table(tmp_path / "table"), options)


def test_the_columns_of_imagery_are_not_named(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "20190606_B02.tif").touch()
    with pytest.raises(OptionError, match="--columns does not apply to imagery"):
        open_data(tmp_path / "images", DataOptions(columns="c.yaml"))


def test_stores_and_tables_take_the_options_of_every_command(store: Path, tmp_path: Path) -> None:
    assert len(open_data(store, DataOptions(limit=1, until=DAYS[1])).chips.fields) == 1
    table = write_table(tmp_path / "table")
    assert open_data(table, DataOptions(bbox=TAKEN["bbox"], labels="label")).chips.fields["field_id"].tolist() == [2]


def test_what_lies_at_a_path_is_told_by_its_files(store: Path, tmp_path: Path) -> None:
    assert recognise(store) == "chips"
    assert recognise(write_table(tmp_path / "table")) == "table"
    for kind, files in {
        "checkpoint": ["checkpoint.json"],
        "scores": ["metrics.json", "predictions.csv"],
        "predictions": ["run.json", "predictions.csv"],
        "imagery": ["20190606_B02.tif"],
    }.items():
        (tmp_path / kind).mkdir()
        for name in files:
            (tmp_path / kind / name).touch()
        assert recognise(tmp_path / kind) == kind
    with pytest.raises(InputNotFoundError, match="nowhere"):
        recognise(tmp_path / "nowhere")


def test_a_folder_that_is_no_data_is_called_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.json").touch()
    with pytest.raises(OptionError, match="no image data here, but: checkpoint"):
        open_data(tmp_path, DataOptions())


def test_imagery_is_cut_once_into_a_store_and_an_unfinished_one_is_cut_again(tmp_path: Path) -> None:
    season, state = tmp_path / "season", tmp_path / "state"
    api.simulate(season, tiles=1, height=64, width=64, fields=4, dates=["2019-06-06"])
    (state / "unfinished.zarr").mkdir(parents=True)
    (state / "unfinished.zarr" / "left").touch()
    chips = open_random_access(season, state, DataOptions(), "default")
    assert isinstance(chips, RandomAccessChips)
    assert len(chips.fields) == 4
    assert [entry.name for entry in state.iterdir()] == ["chips.zarr"]
    assert not (state / "chips.zarr" / "left").exists()
    before = {file: file.stat().st_mtime_ns for file in (state / "chips.zarr").rglob("*")}
    assert len(open_random_access(season, state, DataOptions(), "default")) == len(chips)
    assert {file: file.stat().st_mtime_ns for file in (state / "chips.zarr").rglob("*")} == before
