"""Items in the shape of each catalogue: which bands, and what their numbers mean.

The shapes are those of real items, cut down: Earth Search and DE Africa as in the documentation of torchdata and of The
Carpentries' lessons, the Planetary Computer as in its collections' pages, the Copernicus Data Space as in its STAC documentation.
"""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from cropdetect.imagery.layers import Layer
from cropdetect.imagery.layouts.stac_items import bands_of_item, described_layer, granule_of, sentinel2_offset
from cropdetect.imagery.layouts.stac_presets import CATALOGUES, PRODUCTS, product_of
from cropdetect.imagery.stores.rasters import RasterFile
from cropdetect.imagery.stores.signing import SIGNERS
from cropdetect.imagery.values import DIGITAL_NUMBER

COG = "image/tiff; application=geotiff; profile=cloud-optimized"
READER = RasterFile(None, GeoBox((4, 4), Affine(10, 0, 0, 0, -10, 0), "EPSG:32636"), np.dtype("uint16"), (4, 4))  # type: ignore[arg-type]


def item(collection: str, assets: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": properties.pop("id", "a"),
        "collection": collection,
        "properties": {"datetime": "2024-05-01T08:10:00.024Z"} | properties,
        "assets": {key: {"href": f"https://host/{key}.tif", "type": COG} | asset for key, asset in assets.items()},
    }


def scaled(offset: float, **more: Any) -> dict[str, Any]:
    return {"raster:bands": [{"nodata": 0, "data_type": "uint16", "scale": 0.0001, "offset": offset}]} | more


EARTH_SEARCH = item(
    "sentinel-2-l2a",
    {
        "red": scaled(-0.1, **{"eo:bands": [{"name": "red", "common_name": "red"}], "roles": ["data", "reflectance"]}),
        "nir08": scaled(-0.1, roles=["data", "reflectance"]),
        "rededge1": scaled(-0.1),
        "red-jp2": scaled(-0.1, href="s3://sentinel-s2-l2a/tiles/36/N/XF/2024/5/1/0/R10m/B04.jp2", type="image/jp2"),
        "scl": {"raster:bands": [{"nodata": 0, "data_type": "uint8"}], "roles": ["data", "reflectance"]},
        "cloud": {"raster:bands": [{"data_type": "uint8"}]},
        "aot": scaled(0, roles=["data", "reflectance"]),
        "visual": {"roles": ["visual"]},
        "thumbnail": {"type": "image/jpeg", "roles": ["thumbnail"]},
        "tileinfo_metadata": {"type": "application/json", "roles": ["metadata"]},
    },
    id="S2A_36NXF_20240501_0_L2A",
    platform="sentinel-2a",
    constellation="sentinel-2",
    **{"grid:code": "MGRS-36NXF", "s2:processing_baseline": "05.10", "earthsearch:boa_offset_applied": True},
)
PLANETARY = item(
    "sentinel-2-l2a",
    {
        "B04": {"eo:bands": [{"name": "B04", "common_name": "red"}], "gsd": 10.0, "roles": ["data"]},
        "B8A": {"eo:bands": [{"name": "B8A", "common_name": "rededge"}], "gsd": 20.0, "roles": ["data"]},
        "SCL": {"gsd": 20.0, "roles": ["data"]},
        "AOT": {"gsd": 10.0, "roles": ["data"]},
        "visual": {"roles": ["data"], "eo:bands": [{"name": "B04"}, {"name": "B03"}, {"name": "B02"}]},
        "preview": {"roles": ["thumbnail"]},
    },
    id="S2A_MSIL2A_20240501T081000_R021_T36NXF_20240501T120000",
    platform="Sentinel-2A",
    **{"s2:mgrs_tile": "36NXF", "s2:processing_baseline": "05.10"},
)
CDSE = item(
    "sentinel-2-l2a",
    {
        "B04_10m": {"href": "s3://eodata/B04_10m.jp2", "type": "image/jp2", "bands": [{"name": "B04", "eo:common_name": "red"}]}
        | {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0, "gsd": 10},
        "B04_20m": {"href": "s3://eodata/B04_20m.jp2", "type": "image/jp2", "bands": [{"name": "B04"}], "gsd": 20}
        | {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0},
        "SCL_20m": {"href": "s3://eodata/SCL_20m.jp2", "type": "image/jp2", "gsd": 20},
        "TCI_10m": {"href": "s3://eodata/TCI_10m.jp2", "type": "image/jp2", "roles": ["visual"]},
    },
    platform="sentinel-2a",
    **{"grid:code": "MGRS-36NXF", "processing:version": "05.10"},
)
AFRICA = item(
    "s2_l2a",
    {"B04": {}, "B8A": {}, "SCL": {}, "AOT": {}, "overview": {"roles": ["overview"]}},
    platform="sentinel-2a",
    **{"odc:region_code": "36NXF", "sentinel:processing_baseline": "05.09", "sentinel:boa_offset_applied": True},
)
LANDSAT = item(
    "landsat-c2-l2",
    {
        "red": {"raster:bands": [{"scale": 2.75e-05, "offset": -0.2, "nodata": 0}], "eo:bands": [{"name": "OLI_B4"}]},
        "nir08": {"raster:bands": [{"scale": 2.75e-05, "offset": -0.2, "nodata": 0}]},
        "qa_pixel": {"roles": ["cloud", "cloud-shadow", "snow-ice"]},
        "qa_radsat": {"roles": ["saturation"]},
        "mtl.json": {"type": "application/json"},
    },
    platform="landsat-9",
    **{"landsat:wrs_path": "170", "landsat:wrs_row": "060"},
)
HLS_S30 = item("hls2-s30", {"B04": {}, "B8A": {}, "Fmask": {}}, id="HLS.S30.T36NXF.2024122T081000.v2.0")
HLS_L30 = item("hls2-l30", {"B04": {}, "B05": {}, "Fmask": {}}, id="HLS.L30.T36NXF.2024123T075000.v2.0")
RADAR = item(
    "sentinel-1-rtc",
    {"vv": {"raster:bands": [{"nodata": -32768, "data_type": "float32"}]}, "vh": {}, "rendered_preview": {"type": "image/png"}},
    platform="SENTINEL-1A",
    **{"sat:orbit_state": "descending"},
)


def names(one: dict[str, Any]) -> set[str]:
    return {band.name for band in bands_of_item(one, product_of(one["collection"]), None)}


def layer_of(one: dict[str, Any], name: str) -> Layer:
    product = product_of(one["collection"])
    band = next(band for band in bands_of_item(one, product, None) if band.name == name)
    return described_layer(Layer(READER, 0), band, one, product)


@pytest.mark.parametrize(
    ("one", "bands"),
    [
        (EARTH_SEARCH, {"B04", "B05", "B8A", "SCL", "CLD"}),
        (PLANETARY, {"B04", "B8A", "SCL"}),
        (CDSE, {"B04", "SCL"}),
        (AFRICA, {"B04", "B8A", "SCL"}),
        (LANDSAT, {"B4", "B5", "QA_PIXEL"}),
        (HLS_S30, {"B04", "B8A", "Fmask"}),
        (HLS_L30, {"B4", "B5", "Fmask"}),
        (RADAR, {"VV", "VH"}),
    ],
)
def test_assets_become_bands_of_the_one_table(one: dict[str, Any], bands: set[str]) -> None:
    assert {name.upper() for name in names(one)} == {name.upper() for name in bands}


def test_a_geotiff_goes_before_a_jp2_and_a_fine_file_before_a_coarse_one() -> None:
    def red(one: dict[str, Any]) -> str:
        return next(band.href for band in bands_of_item(one, product_of(one["collection"]), None) if band.name == "B04")

    assert red(EARTH_SEARCH) == "https://host/red.tif"
    assert red(CDSE) == "s3://eodata/B04_10m.jp2"


@pytest.mark.parametrize(
    ("one", "offset"), [(EARTH_SEARCH, 0.0), (PLANETARY, 1000.0), (CDSE, 1000.0), (AFRICA, 0.0)], ids=["es", "pc", "cdse", "dea"]
)
def test_sentinel2s_offset_is_taken_off_where_it_is_still_there(one: dict[str, Any], offset: float) -> None:
    layer = layer_of(one, "B04")
    assert (layer.offset, layer.scale, layer.add, layer.nodata, layer.units) == (offset, 1.0, 0.0, 0.0, DIGITAL_NUMBER)


@pytest.mark.parametrize(
    ("properties", "scale", "add", "offset"),
    [
        ({"earthsearch:boa_offset_applied": True}, 1e-4, -0.1, 0.0),
        ({"earthsearch:boa_offset_applied": False}, 1e-4, -0.1, 1000.0),
        ({"s2:processing_baseline": "02.14"}, None, None, 0.0),
        ({"s2:processing_baseline": "04.00"}, None, None, 1000.0),
        ({"s2:processing_baseline": "05.10"}, 1e-4, 0.0, 1000.0),
        ({}, 1e-4, 0.0, 0.0),
        ({}, None, None, None),
    ],
)
def test_what_tells_sentinel2s_offset(properties: dict[str, Any], scale: float, add: float, offset: float | None) -> None:
    assert sentinel2_offset({"properties": properties}, scale, add) == offset


def test_landsats_numbers_become_reflectance_times_10000() -> None:
    layer = layer_of(LANDSAT, "B4")
    # The guide's example: reflectance = number x 0.0000275 - 0.2
    assert 18_639 * layer.scale + layer.add == pytest.approx((18_639 * 0.0000275 - 0.2) * 10_000)
    assert (layer.nodata, layer.units, layer.sensor) == (0, DIGITAL_NUMBER, "landsat-8")


@pytest.mark.parametrize("one", [HLS_S30, HLS_L30])
def test_hls_is_read_as_digital_numbers_with_its_fill(one: dict[str, Any]) -> None:
    layer = layer_of(one, next(name for name in names(one) if name in ("B04", "B4")))
    assert (layer.scale, layer.add, layer.nodata) == (1.0, 0.0, -9999)
    product = product_of(one["collection"])
    assert product is not None
    assert product.clear == "Fmask&31=0"


def test_radar_keeps_its_numbers_and_its_orbit() -> None:
    layer = layer_of(RADAR, "VV")
    assert (layer.scale, layer.add, layer.nodata, layer.variants) == (1.0, 0.0, -32768, ("descending", ""))


@pytest.mark.parametrize(
    ("one", "granule"),
    [(EARTH_SEARCH, "36NXF"), (PLANETARY, "36NXF"), (AFRICA, "36NXF"), (LANDSAT, "170060"), (HLS_S30, "36NXF"), (RADAR, "")],
)
def test_the_granule_of_an_item(one: dict[str, Any], granule: str) -> None:
    assert granule_of(one) == granule


def test_every_row_of_the_tables_is_used() -> None:
    for catalogue in CATALOGUES.values():
        assert catalogue.url.startswith("https://")
        assert catalogue.signing in ("", *SIGNERS)
        assert all(signing in ("", *SIGNERS) for _, signing in catalogue.places.values())
        assert all(product_of(name) for name in catalogue.collections)
    shown = {product_of(name) for catalogue in CATALOGUES.values() for name in catalogue.collections}
    assert shown == set(PRODUCTS)


def test_only_the_bands_that_are_asked_for_and_masks_are_opened() -> None:
    found = bands_of_item(EARTH_SEARCH, product_of("sentinel-2-l2a"), ["red"])
    assert {band.name for band in found} == {"red", "SCL", "CLD"}


def test_a_band_of_one_orbit_is_asked_for_by_its_name_with_the_orbit() -> None:
    found = bands_of_item(RADAR, product_of("sentinel-1-rtc"), ["VV_desc"])
    assert [band.name for band in found] == ["VV"]
