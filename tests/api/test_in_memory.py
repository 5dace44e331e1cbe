"""Every verb takes imagery of xarray and tables of pandas and geopandas, and gives what the same data in files give."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rioxarray
import xarray as xr
from pandas.testing import assert_frame_equal

import cropdetect as cd
from cropdetect import api
from cropdetect.errors import CropDetectError, FieldsError, OptionError, UnknownLayoutError
from cropdetect.formats import PredictionRun
from tests.api.conftest import BANDS, DATES

DAYS = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in DATES], "datetime64[ns]")


def dataset(season: Path, chunks: Any = None) -> xr.Dataset:
    """Return the season as rioxarray reads its files, one variable a band."""
    days = {
        band: [
            rioxarray.open_rasterio(season / day / f"{day}_{band}.tif", chunks=chunks).squeeze("band", drop=True) for day in DATES
        ]
        for band in BANDS
    }
    return xr.Dataset({band: xr.concat(images, dim="time").assign_coords(time=DAYS) for band, images in days.items()})


def forms(season: Path, folder: Path) -> dict[str, Callable[[], xr.Dataset | xr.DataArray]]:
    """Return ways to hold the same season."""
    plain = dataset(season)
    plain.to_zarr(folder / "season.zarr")
    for one in plain.data_vars.values():
        one.attrs |= {"nodata": 65535}  # as odc.stac.load declares it
    return {
        "numpy": lambda: plain,
        "dask": lambda: dataset(season, chunks={"x": 40, "y": 24}),
        "lazily read": lambda: xr.open_zarr(folder / "season.zarr", chunks=None, mask_and_scale=False),
        "south up": lambda: plain.isel(y=slice(None, None, -1)),
        "a band dimension": lambda: plain.to_dataarray("band"),
        "band and time last": lambda: plain.to_dataarray("band").transpose("y", "x", "band", "time"),
    }


@pytest.fixture(scope="module")
def fields(season: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(season / "fields.gpkg")


@pytest.fixture(scope="module")
def from_files(season: Path, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("files") / "out"
    api.predict(season, out, checkpoint=checkpoint)
    return out


@pytest.mark.parametrize("form", ["numpy", "dask", "lazily read", "south up", "a band dimension", "band and time last"])
def test_imagery_in_memory_is_predicted_as_the_same_files_are(
    form: str, season: Path, checkpoint: Path, fields: gpd.GeoDataFrame, from_files: Path, tmp_path: Path
) -> None:
    held = forms(season, tmp_path)[form]()
    answer = cd.predict(held, fields=fields.to_crs(4326).to_crs(fields.crs), checkpoint=checkpoint)
    assert_frame_equal(
        answer.fields.drop(columns="geometry"), gpd.read_parquet(from_files / "fields.parquet").drop(columns="geometry")
    )
    out = answer.to_folder(tmp_path / "out")
    assert (out / "predictions.csv").read_bytes() == (from_files / "predictions.csv").read_bytes()
    assert (out / "crop_map.tif").read_bytes() == (from_files / "crop_map.tif").read_bytes()


def test_a_window_of_a_dask_array_computes_only_its_chunks(season: Path) -> None:
    import dask.array

    computed: list[Any] = []

    def block(block_info: Any = None) -> np.ndarray:
        place = block_info[None]["array-location"]
        computed.append(place)
        return np.full([stop - start for start, stop in place], 1000, np.uint16)

    plain = dataset(season).isel(time=slice(0, 2), x=slice(0, 96), y=slice(0, 96))
    lazy = {
        band: (("time", "y", "x"), dask.array.map_blocks(block, chunks=((1, 1), (32,) * 3, (32,) * 3), dtype=np.uint16))
        for band in BANDS
    }
    tile = cd.open_imagery(xr.Dataset(lazy, coords=plain.coords), clear="none").tiles[0]
    computed.clear()
    from cropdetect.imagery import Window

    image = tile.read(Window(0, 0, 16, 16), dates=[0], bands=["B02"]).image
    assert image.shape == (1, 1, 16, 16)
    assert computed == [[(0, 1), (0, 32), (0, 32)]]
    assert tile.block_shape == (32, 32)


def test_large_chunks_are_told(season: Path) -> None:
    import dask.array

    grid = {"time": DAYS[:1], "y": 6e4 - 10 * np.arange(6000), "x": 6e5 + 10 * np.arange(6000)}
    lazy = dask.array.full((1, 6000, 6000), 1000, dtype=np.uint16, chunks=-1)
    whole = xr.Dataset({"B02": (("time", "y", "x"), lazy)}, coords=grid)
    assert any("chunks of 72 MB are computed again" in text for text in cd.open_imagery(whole).warnings)
    assert not any("chunks" in text for text in cd.open_imagery(whole.chunk(y=512, x=512)).warnings)


def test_missing_numbers_are_nan_or_the_declared_ones(season: Path) -> None:
    plain = dataset(season)
    floats = plain[["B02", "B08"]].astype(np.float32)
    floats["B02"][0, :10] = np.nan
    whole = plain[["B02", "B08"]].copy(deep=True)
    whole["B02"][0, :10] = 65535
    for one in whole.data_vars.values():
        one.attrs["nodata"] = 65535
    from cropdetect.imagery import Window

    for data in (floats, whole):
        clear = cd.open_imagery(data).tiles[0].read(Window(0, 0, 96, 96)).clear
        assert not clear[0, :10].any()
        assert clear[0, 10:].all()
        assert clear[1:].all()


def test_names_of_bands_that_rioxarray_keeps_are_used(season: Path, tmp_path: Path) -> None:
    stack = dataset(season)[["B02", "B08"]].isel(time=0, drop=True).to_dataarray("band")
    numbered = stack.assign_coords(band=[1, 2]).assign_attrs(long_name=("B02", "B08"))
    tile = cd.open_imagery(numbered, date=pd.Timestamp("2019-06-06").date()).tiles[0]
    assert tile.bands == ("B02", "B08")


def test_the_record_says_what_the_data_were_and_other_data_are_another_call(
    season: Path, checkpoint: Path, fields: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    held, out = dataset(season), tmp_path / "out"
    cd.predict(held, out, checkpoint=checkpoint, fields=fields)
    said = json.loads((out / "run.json").read_text())
    assert said["arguments"]["data"]["type"] == "Dataset"
    assert said["arguments"]["data"]["shape"] == {"x": 96, "y": 96, "time": 6}
    assert said["arguments"]["data"]["dtype"] == dict.fromkeys(BANDS, "uint16")
    assert said["arguments"]["options"]["fields"]["shape"] == [16, 3]
    assert [one["path"] for one in said["inputs"]] == ["<Dataset>", "<GeoDataFrame>"]
    before = (out / "run.json").stat().st_mtime_ns
    cd.predict(held.copy(deep=True), out, checkpoint=checkpoint, fields=fields)  # the same call: nothing to do
    assert (out / "run.json").stat().st_mtime_ns == before
    held["B08"][3, 50, 50] += 1
    with pytest.raises(cd.CropDetectError, match="another command"):
        cd.predict(held, out, checkpoint=checkpoint, fields=fields)
    with pytest.raises(cd.CropDetectError, match="another command"):
        cd.predict(dataset(season), out, checkpoint=checkpoint, fields=fields.assign(crop="rye"))


def test_without_an_output_nothing_is_written(
    season: Path, checkpoint: Path, fields: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = cd.predict(dataset(season), checkpoint=checkpoint, fields=fields)
    assert isinstance(answer, PredictionRun)
    assert isinstance(answer.fields, gpd.GeoDataFrame)
    assert answer.n_fields == 16
    assert str(answer) == "<PredictionResult of 16 fields: 8 cassava, 8 maize>"
    assert list(tmp_path.iterdir()) == []
    page = answer.report()
    assert "<html" in page
    assert page.save(tmp_path / "page.html").read_text("utf-8") == page
    with pytest.raises(cd.CropDetectError):
        answer.to_folder(tmp_path)  # which holds a file of the user


def test_a_result_that_was_written_is_of_the_same_kind(checkpoint: Path, season: Path, from_files: Path, tmp_path: Path) -> None:
    written = api.predict(season, str(from_files), checkpoint=str(checkpoint))
    held = api.predict(season, checkpoint=checkpoint)
    assert type(written) is type(held)
    assert_frame_equal(pd.DataFrame(written.fields), pd.DataFrame(held.fields))
    assert written.report() == (from_files / "report.html").read_text("utf-8")
    copied = written.to_folder(tmp_path / "copy")
    files = {file.name for file in from_files.iterdir()}
    assert {file.name for file in copied.iterdir()} == files
    assert all((copied / name).read_bytes() == (from_files / name).read_bytes() for name in files - {"run.json"})


@pytest.mark.parametrize("of_features", [gpd.GeoDataFrame, pd.DataFrame])
def test_a_table_of_series_in_memory_is_read_as_its_file(of_features: type, tmp_path: Path, checkpoint: Path) -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        [
            {"field_id": f"{field:03d}", "date": str(day)[:10], **{b: float(rng.normal(1500, 300)) for b in BANDS[:-1]}}
            for field in range(6)
            for day in DAYS
        ]
    )
    rows.to_csv(tmp_path / "series.csv", index=False)
    if of_features is gpd.GeoDataFrame:
        rows = gpd.GeoDataFrame(rows, geometry=gpd.points_from_xy(np.full(36, 34.0), np.full(36, 0.5)), crs=4326)
    held = cd.open_data(rows).chips
    filed = cd.open_data(tmp_path / "series.csv").chips
    assert list(held.fields["field_id"]) == list(filed.fields["field_id"]) == [f"{n:03d}" for n in range(6)]
    np.testing.assert_allclose(held.take(range(6)).image, filed.take(range(6)).image, rtol=1e-6)


def test_training_and_cross_validation_take_data_in_memory(
    season: Path, fields: gpd.GeoDataFrame, checkpoint: Path, tmp_path: Path
) -> None:
    held = dataset(season)
    how = {"labels": "crop", "chip_size": 16, "epochs": 3, "members": 2, "block_size": 300.0}
    trained = cd.train(held, tmp_path / "checkpoint", fields=fields, **how)
    store = api.chips(held, tmp_path / "chips.zarr", fields=fields, labels="crop", chip_size=16)
    assert len(store) == 16
    again = cd.predict(held, fields=fields, checkpoint=trained)
    assert_frame_equal(again.fields, cd.predict(season, checkpoint=checkpoint).fields)


def test_known_crops_may_be_a_table(from_files: Path, fields: gpd.GeoDataFrame, season: Path, tmp_path: Path) -> None:
    reference = pd.DataFrame(fields.drop(columns="geometry"))
    held = cd.evaluate(from_files, tmp_path / "a", reference=reference, labels="crop")
    assert held == cd.evaluate(from_files, tmp_path / "b", reference=season / "fields.gpkg", labels="crop")


def test_a_prediction_in_memory_is_evaluated_and_reported_as_its_folder_is(
    season: Path, checkpoint: Path, from_files: Path, tmp_path: Path
) -> None:
    answer = cd.predict(season, checkpoint=checkpoint)
    reference = season / "fields.gpkg"
    scores = cd.evaluate(answer, tmp_path / "a", reference=reference, labels="crop")
    assert scores == cd.evaluate(from_files, tmp_path / "b", reference=reference, labels="crop")
    assert cd.report(answer, tmp_path / "page.html").read_text("utf-8") == answer.report()


def test_a_dataset_of_odc_stac_is_predicted_as_its_files_are(
    season: Path, checkpoint: Path, fields: gpd.GeoDataFrame, from_files: Path
) -> None:
    load = pytest.importorskip("odc.stac").load
    from odc.geo.xr import xr_coords  # noqa: F401, gives arrays `.odc`
    from pystac import Asset, Item

    grid = rioxarray.open_rasterio(season / DATES[0] / f"{DATES[0]}_B02.tif").odc.geobox
    items = []
    for day, moment in zip(DATES, pd.DatetimeIndex(DAYS), strict=True):
        box = grid.extent.to_crs(4326)
        item = Item(day, box.json, list(box.boundingbox), moment.to_pydatetime(), {"proj:epsg": 32636})
        for band in BANDS:
            file = season / day / f"{day}_{band}.tif"
            item.add_asset(band, Asset(str(file), media_type="image/tiff; application=geotiff", roles=["data"]))
        items.append(item)
    held = load(items, bands=list(BANDS), geobox=grid, chunks={"x": 48, "y": 48})
    assert held["B08"].chunks is not None
    answer = cd.predict(held, fields=fields, checkpoint=checkpoint)
    expected = gpd.read_parquet(from_files / "fields.parquet")
    assert_frame_equal(answer.fields.drop(columns="geometry"), expected.drop(columns="geometry"))


def test_labels_and_ids_of_any_column_type_are_read(season: Path, fields: gpd.GeoDataFrame) -> None:
    plain = cd.open_data(season, labels="crop").chips.fields
    odd = fields.assign(crop=fields["crop"].astype("category")).set_index("field_id").rename_geometry("outline")
    read = cd.open_data(dataset(season), fields=odd, labels="crop").chips.fields
    assert read["field_id"].tolist() == plain["field_id"].tolist()
    assert read["label"].tolist() == plain["label"].tolist()


def test_info_tells_what_is_in_memory(season: Path, fields: gpd.GeoDataFrame) -> None:
    held, filed = cd.info(dataset(season), fields=fields), cd.info(season)
    assert held.kind == filed.kind == "imagery"
    same = held.facts.keys() - {"layout", "megabytes"}
    assert {name: held.facts[name] for name in same} == {name: filed.facts[name] for name in same}
    assert cd.info(fields).kind == "fields"


@pytest.mark.parametrize("wrong", [42, None, [1, 2], np.zeros((3, 3)), {"B02": 1}, b"season"])
def test_a_wrong_type_is_an_error_that_says_what_is_taken(wrong: object, checkpoint: Path, tmp_path: Path) -> None:
    for call in (
        lambda: cd.predict(wrong, checkpoint=checkpoint),
        lambda: cd.info(wrong),
        lambda: cd.train(wrong, tmp_path / "out"),
        lambda: cd.open_imagery(wrong),
        lambda: cd.open_data(wrong),
    ):
        with pytest.raises(OptionError, match=r"xarray.Dataset or DataArray, a GeoDataFrame or a DataFrame"):
            call()


def test_imagery_is_no_boundaries(season: Path, checkpoint: Path) -> None:
    with pytest.raises(OptionError, match="a path, a GeoDataFrame or a DataFrame"):
        cd.predict(season, checkpoint=checkpoint, fields=dataset(season))


def test_an_option_that_is_not_known_is_refused_with_the_nearest(season: Path, checkpoint: Path) -> None:
    with pytest.raises(OptionError, match="Do you mean fields"):
        cd.predict(season, checkpoint=checkpoint, feilds=season / "fields.gpkg")


def test_what_is_wrong_with_data_in_memory_is_said(season: Path, checkpoint: Path, fields: gpd.GeoDataFrame) -> None:
    held = dataset(season)
    with pytest.raises(FieldsError, match=r"<GeoDataFrame>: the fields have no coordinate reference system"):
        cd.predict(held, checkpoint=checkpoint, fields=fields.set_crs(None, allow_override=True))
    with pytest.raises(UnknownLayoutError, match="<Dataset>: no variable has dates"):
        cd.predict(held.rename(x="across"), checkpoint=checkpoint, fields=fields)
    with pytest.raises(CropDetectError, match="<Dataset>"):
        cd.predict(held, checkpoint=checkpoint)
    with pytest.raises(OptionError, match="the GeoDataFrame cannot be used"):
        cd.predict(held, checkpoint=checkpoint, fields=fields.assign(odd=[1, "a"] * 8))
