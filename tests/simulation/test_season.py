import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from cropdetect import api
from cropdetect.errors import DiskFullError, OptionError
from cropdetect.imagery import open_imagery
from cropdetect.simulation import season, simulate

SMALL = {"tiles": 2, "height": 75, "width": 100, "fields": 60, "dates": ["2019-06-06", "2019-07-11", "2019-08-25"]}
CV4A_BANDS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD"]


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _read(path: Path) -> np.ndarray:
    with rasterio.open(path) as file:
        return file.read(1)


@pytest.fixture(scope="module")
def cv4a(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("season") / "cv4a", **SMALL, workers=1)


def test_writes_the_folders_of_the_competition(cv4a: Path) -> None:
    files = sorted(p.name for p in (cv4a / "01" / "20190711").iterdir())
    assert files == sorted(f"1_{band}_20190711.tif" for band in CV4A_BANDS)
    for tile in (0, 1):
        with rasterio.open(cv4a / f"0{tile}" / "20190606" / f"{tile}_B12_20190606.tif") as file:
            assert (file.height, file.width, file.dtypes[0]) == (75, 100, "uint16")
            assert file.crs.to_epsg() == 32636
            assert file.res == (10, 10)
    assert not list(cv4a.glob(".scratch"))


def test_tile_1_lies_above_tile_0(cv4a: Path) -> None:
    with (
        rasterio.open(cv4a / "00" / "0_field_id.tif") as lower,
        rasterio.open(cv4a / "01" / "1_field_id.tif") as upper,
    ):
        assert upper.bounds.bottom == lower.bounds.top
        assert upper.bounds.left == lower.bounds.left


def test_truth_and_rasters_tell_the_same(cv4a: Path) -> None:
    truth = pd.read_csv(cv4a / "truth.csv").set_index("field_id")
    assert len(truth) == 60
    pixels = pd.Series(0, index=truth.index)
    for tile in (0, 1):
        ids, labels = (_read(cv4a / f"0{tile}" / f"{tile}_{name}.tif") for name in ("field_id", "label"))
        for i in np.unique(ids[ids > 0]):
            pixels[i] += (ids == i).sum()
            expected = truth.loc[i, "crop_id"] if truth.loc[i, "split"] == "train" else 0
            assert set(np.unique(labels[ids == i])) == {expected}
        assert (labels[ids == 0] == 0).all()
    assert (pixels == truth["n_pixels"]).all()
    assert truth["lon"].between(34.0, 34.4).all()
    assert truth["lat"].between(0.1, 0.75).all()


def test_a_field_cut_by_the_border_has_one_id(cv4a: Path) -> None:
    lower, upper = (set(np.unique(_read(cv4a / f"0{t}" / f"{t}_field_id.tif"))) - {0} for t in (0, 1))
    assert len(lower | upper) == 60


def test_pixels_are_plausible_reflectance(cv4a: Path) -> None:
    day = cv4a / "00" / "20190606"
    clear = _read(day / "0_CLD_20190606.tif") < 5
    near, red = (_read(day / f"0_{band}_20190606.tif")[clear].astype(float) for band in ("B08", "B04"))
    assert 1500 < np.median(near) < 4500
    assert 0.55 < np.median((near - red) / (near + red)) < 0.9


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_workers(cv4a: Path, tmp_path: Path) -> None:
    again = simulate(tmp_path / "again", **SMALL, workers=3)
    assert _hashes(again) == _hashes(cv4a)


def test_another_seed_gives_another_landscape(cv4a: Path, tmp_path: Path) -> None:
    other = simulate(tmp_path / "other", **SMALL | {"dates": ["2019-06-06"]}, seed=1)
    assert not np.array_equal(_read(other / "00" / "0_field_id.tif"), _read(cv4a / "00" / "0_field_id.tif"))


def test_geotiff_layout_has_native_resolutions_scl_and_polygons(tmp_path: Path) -> None:
    out = simulate(tmp_path / "s", tiles=1, height=60, width=90, fields=25, layout="geotiff", dates=["2019-07-11"])
    sizes = {"B04": ("10m", (60, 90)), "B8A": ("20m", (30, 45)), "B01": ("60m", (10, 15)), "SCL": ("20m", (30, 45))}
    for band, (resolution, shape) in sizes.items():
        (path,) = out.glob(f"T36NXF_20190711T*_{band}_{resolution}.tif")
        assert _read(path).shape == shape
    fields = gpd.read_file(out / "fields.gpkg")
    truth = pd.read_csv(out / "truth.csv")
    assert fields.geometry.is_valid.all()
    assert set(fields["field_id"]) == set(truth["field_id"])
    merged = fields.merge(truth, on="field_id", suffixes=("", "_true"))
    assert (merged["label"].isna() == (merged["split"] == "test")).all()
    shown = merged["label"].notna()
    assert (merged.loc[shown, "label"] == merged.loc[shown, "label_true"]).all()
    ratio = merged.geometry.area / (merged["n_pixels"] * 100)
    assert 0.75 < ratio.median() < 1.1


def test_netcdf_layout_holds_the_same_pixels_as_geotiff(tmp_path: Path) -> None:
    options = {"tiles": 1, "height": 48, "width": 66, "fields": 12, "dates": ["2019-06-06", "2019-07-11"]}
    cubes = simulate(tmp_path / "n", **options, layout="netcdf")
    files = simulate(tmp_path / "g", **options, layout="geotiff")
    for band, resolution in (("B08", 10), ("B11", 20), ("SCL", 20), ("B09", 60)):
        with xr.open_dataset(cubes / f"S2_{resolution}m.nc") as cube:
            (path,) = files.glob(f"*20190711*_{band}_{resolution}m.tif")
            np.testing.assert_array_equal(cube[band].isel(time=1).values, _read(path))
            with rasterio.open(path) as file:
                assert cube.x.values[0] == file.bounds.left + resolution / 2
                assert cube.y.values[0] == file.bounds.top - resolution / 2
            assert "32636" in str(cube.spatial_ref.attrs["crs_wkt"])


@pytest.mark.parametrize(("layout", "kind"), [("cv4a", "cv4a"), ("geotiff", "files"), ("netcdf", "cube")])
def test_every_layout_is_read_back_with_its_bands_masks_and_fields(layout: str, kind: str, tmp_path: Path) -> None:
    out = simulate(tmp_path / "s", **SMALL | {"layout": layout})  # type: ignore[arg-type]
    imagery = open_imagery(out)
    assert imagery.layout == kind
    assert len(imagery.tiles) == 2
    for tile in imagery.tiles:
        assert tile.geobox.shape == (75, 100)
        assert len(tile.dates) == 3
        assert set(CV4A_BANDS) - {"CLD"} <= set(tile.bands)
        assert tile.mask_bands == (("CLD",) if layout == "cv4a" else ("SCL",))
        files = tile.field_files
        assert (files.field_ids if layout == "cv4a" else files.vector) is not None


def test_a_temperate_region_and_another_year_can_be_had(tmp_path: Path) -> None:
    out = simulate(
        tmp_path / "f", tiles=1, height=150, width=150, fields=30, region="flanders", dates=["2018-01-20", "2018-08-01"]
    )
    truth = pd.read_csv(out / "truth.csv")
    assert {"maize", "grass"} <= set(truth["label"])
    ids = _read(out / "00" / "0_field_id.tif")
    maize = np.isin(ids, truth.loc[truth["label"] == "maize", "field_id"])

    def ndvi(day: str) -> float:
        near, red = (_read(out / "00" / day / f"0_{b}_{day}.tif")[maize].astype(float) for b in ("B08", "B04"))
        return float(np.median((near - red) / (near + red)))

    assert ndvi("20180120") < 0.5 < 0.6 < ndvi("20180801")
    late = simulate(tmp_path / "y", tiles=1, height=60, width=60, fields=5, year=2021)
    assert sorted(p.name for p in (late / "00").iterdir() if p.is_dir())[0] == "20210606"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [({"layout": "jpeg"}, "layout"), ({"region": "mars"}, "region"), ({"dates": ["6 June"]}, "dates"), ({"dates": []}, "dates"),
     ({"tiles": 0}, "tiles"), ({"seed": -1}, "seed"), ({"fields": 10**6}, "fields")],
)  # fmt: skip
def test_wrong_options_are_named_and_leave_nothing(wrong: dict[str, object], where: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError) as caught:
        api.simulate(tmp_path / "out", **SMALL | wrong)
    assert caught.value.where == where or caught.value.what.startswith(f"--{where} ")
    assert not list(tmp_path.iterdir())


def test_a_disk_too_small_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(season.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFullError, match="GB"):
        simulate(tmp_path / "out", **SMALL)
    assert not list(tmp_path.iterdir())
