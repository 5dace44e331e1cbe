"""Chips on disk: what is written is read, by xarray too; damage is named; a store is whole or absent."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr

from cropdetect.chips import ChipSet, cut_chips, open_chips, write_chips
from cropdetect.errors import ChipStoreError, FieldsError
from cropdetect.fields import FieldSet
from tests.chips.memory import MemorySeries, imagery


def fields(ids: list[object]) -> FieldSet:
    shapes = [shapely.box(640_000 + 130 * i, 59_900, 640_075 + 130 * i, 59_985) for i in range(len(ids))]
    status = ["ok"] * len(ids)
    label = ["blé tendre", None] * len(ids)
    columns = {"field_id": ids, "status": status, "label": label[: len(ids)], "größe": range(len(ids)), "混": [1, "b"] * len(ids)}
    columns["混"] = columns["混"][: len(ids)]
    return FieldSet(gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:32636"), legend=("blé tendre", "seigle"))


def chips(ids: list[object] | None = None, dtype: str = "uint16") -> ChipSet:
    rng = np.random.default_rng(1)
    image = rng.integers(0, 3000, (4, 3, 60, 300)).astype(dtype)
    if dtype == "float32":
        image[1, 2, 4:6] = np.nan
    first = MemorySeries(image, clear=rng.random((4, 60, 300)) > 0.4, bands=["B02", "été", "B8A"])
    second = MemorySeries(image[:2], name="b", west=643_000.0, bands=["B02", "été", "B8A"])
    return cut_chips(imagery(first, second), fields(ids or list(range(40))), chip_size=16)


def whole(some: ChipSet) -> dict[str, np.ndarray]:
    batches = list(some.batches(7))
    names = ("field", "image", "mask", "clear", "date")
    return {name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}


@pytest.mark.parametrize("dtype", ["uint16", "float32", "uint8", "int16"])
def test_what_is_written_is_read(tmp_path: Path, dtype: str) -> None:
    source = chips(dtype=dtype)
    stored = write_chips(source, tmp_path / "chips.zarr")
    expected = whole(source)
    for name, values in whole(open_chips(tmp_path / "chips.zarr")).items():
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
        assert values.dtype == expected[name].dtype
    assert np.isnat(expected["date"]).any()
    for name in (
        "bands",
        "size",
        "n_steps",
        "preset",
        "crs",
        "resolution",
        "units",
        "offset",
        "sources",
        "fingerprint",
        "legend",
    ):
        assert getattr(stored.info, name) == getattr(source.info, name), name
    np.testing.assert_array_equal(stored.field_of_chip, source.field_of_chip)


def test_any_chips_can_be_taken_in_any_order(tmp_path: Path) -> None:
    source = chips()
    stored, expected = write_chips(source, tmp_path / "chips.zarr"), whole(source)
    wanted = [len(source) - 1, 0, 33, 5, 5, 2]
    taken = stored.take(wanted)
    for name in expected:
        np.testing.assert_array_equal(getattr(taken, name), expected[name][wanted])
    assert len(stored.take([])) == 0


@pytest.mark.parametrize("ids", [["поле 1", "c, d\n", "=x"], ["a" * 200, "b", "c"], [2**60, 5, 6]])
def test_fields_keep_ids_columns_and_geometry(tmp_path: Path, ids: list[object]) -> None:
    source = chips(ids)
    stored = write_chips(source, tmp_path / "dossier é" / "chips.zarr")
    assert stored.fields["field_id"].tolist() == ids
    assert stored.fields["label"].tolist() == ["blé tendre", None, "blé tendre"]
    assert stored.fields["größe"].tolist() == [0, 1, 2]
    assert stored.fields["混"].tolist() == ["1", "b", "1"]
    assert stored.fields.crs == source.fields.crs
    assert shapely.equals(stored.fields.geometry.to_numpy(), source.fields.geometry.to_numpy()).all()


def test_fields_without_geometry_can_be_kept(tmp_path: Path) -> None:
    source = chips()
    source.fields = source.fields.set_geometry(gpd.GeoSeries([None] * len(source.fields)))
    assert write_chips(source, tmp_path / "chips.zarr").fields.geometry.isna().all()


def test_xarray_reads_the_store(tmp_path: Path) -> None:
    source = chips(["x", "é", "z"])
    write_chips(source, tmp_path / "chips.zarr")
    expected = whole(source)
    with xr.open_zarr(tmp_path / "chips.zarr") as data:
        assert data["image"].dims == ("chip", "step", "band", "y", "x")
        np.testing.assert_array_equal(data["image"], expected["image"])
        np.testing.assert_array_equal(data["mask"], expected["mask"])
        np.testing.assert_array_equal(data["clear"], expected["clear"])
        np.testing.assert_array_equal(data["date"].values.astype("datetime64[D]"), expected["date"])
        assert [str(one) for one in data["field_id"].values] == ["x", "é", "z"]
        assert [str(one) for one in data["band"].values] == ["B02", "été", "B8A"]
        assert data.attrs["format"] == "cropdetect-chips"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "chips.zarr"
    write_chips(chips(), path)
    return path


def every_file() -> list[str]:
    names = ["image/zarr.json", "mask/zarr.json", "date/zarr.json", "band/zarr.json", "fields.parquet", "zarr.json"]
    return [*names, "image/c/1/0/0/0/0", "mask/c/0/0/0", "clear/c/1/0/0/0", "date/c/0/0", "field/c/0", "field_id/c/0", "band/c/0"]


@pytest.mark.parametrize("name", every_file())
def test_a_missing_file_is_damage(store: Path, tmp_path: Path, name: str) -> None:
    broken = Path(shutil.copytree(store, tmp_path / "broken.zarr"))
    (broken / name).unlink()
    with pytest.raises(ChipStoreError, match=r"broken\.zarr"):
        list(open_chips(broken).batches(8))


@pytest.mark.parametrize("name", every_file())
@pytest.mark.parametrize("share", [0.0, 0.6])
def test_a_truncated_file_is_damage(store: Path, tmp_path: Path, name: str, share: float) -> None:
    broken = Path(shutil.copytree(store, tmp_path / "broken.zarr"))
    content = (broken / name).read_bytes()
    (broken / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ChipStoreError, match=r"broken\.zarr"):
        list(open_chips(broken).batches(8))


def test_a_flipped_bit_is_damage(store: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(store, tmp_path / "broken.zarr"))
    chunk = broken / "image/c/0/0/0/0/0"
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 1
    chunk.write_bytes(content)
    with pytest.raises(ChipStoreError, match=r"broken\.zarr"):
        list(open_chips(broken).batches(8))


def test_what_is_no_store_or_a_newer_one_is_named(store: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ChipStoreError, match="not a chip store"):
            open_chips(path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')
    with pytest.raises(ChipStoreError):
        open_chips(tmp_path / "other")
    newer = Path(shutil.copytree(store, tmp_path / "newer.zarr"))
    head = json.loads((newer / "zarr.json").read_text())
    head["attributes"]["format_version"] = 2
    (newer / "zarr.json").write_text(json.dumps(head))
    with pytest.raises(ChipStoreError, match="newer"):
        open_chips(newer)


def test_pickled_objects_are_refused(store: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(store, tmp_path / "broken.zarr"))
    head = json.loads((broken / "field_id/zarr.json").read_text())
    head["codecs"] = [{"name": "numcodecs.pickle", "configuration": {}}]
    (broken / "field_id/zarr.json").write_text(json.dumps(head))
    with pytest.raises(ChipStoreError, match="pickled"):
        open_chips(broken)


def test_no_chips_at_all_are_an_error_that_says_why(tmp_path: Path) -> None:
    far = fields([1, 2])
    far.table["geometry"] = far.table.geometry.translate(1e6)
    source = cut_chips(imagery(MemorySeries(np.ones((2, 2, 20, 20), np.uint8))), far)
    with pytest.raises(FieldsError, match="2 outside"):
        write_chips(source, tmp_path / "chips.zarr")
    assert not list(tmp_path.iterdir())
