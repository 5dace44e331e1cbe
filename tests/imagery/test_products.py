"""Names of products, from the conventions of their producers: acquisition, sensor and band."""

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cropdetect.imagery.names import parse_path
from cropdetect.imagery.products import PRODUCTS, Product, find_product

S2 = "S2A_MSIL2A_20190606T105031_N0500_R051_T31TBL_20230712T100101"
SAFE_OLD = "S2A_OPER_PRD_MSIL1C_PDMC_20160102T202002_R008_V20151230T105153_20151230T105153.SAFE"
GRANULE_OLD = "S2A_OPER_MSI_L1C_TL_SGS__20160101T145555_A002734_T31TEJ"
L8 = "LC08_L2SP_200028_20190606_20200828_02_T1"


def each(product: Product) -> str:
    return re.sub(r"\W+", "-", product.name)


@pytest.mark.parametrize("product", PRODUCTS, ids=each)
def test_every_product_has_a_source_and_knows_its_own_example(product: Product) -> None:
    assert product.source
    found = find_product(product.example)
    assert found is not None
    assert found.product is product


@pytest.mark.parametrize(
    ("path", "day", "sensor", "band"),
    [
        (S2, "2019-06-06", "sentinel-2", ""),
        (f"{S2}_B04", "2019-06-06", "sentinel-2", "B04"),
        (f"{S2}/B04", "2019-06-06", "sentinel-2", "B04"),
        (f"{S2}_clip", "2019-06-06", "sentinel-2", ""),
        (f"{S2}.SAFE/GRANULE/L2A_T31TBL_A020665_20190606T105416/IMG_DATA/R10m/T31TBL_20190606T105031_B04_10m", "2019-06-06",
         "sentinel-2", "B04"),
        ("S2B_MSIL1C_20190606T105031_N0207_R051_T31TBL_20190606T125031.SAFE/GRANULE/L1C_T31TBL_A020665_20190606T105416/IMG_DATA/"
         "T31TBL_20190606T105031_B8A", "2019-06-06", "sentinel-2", "B8A"),
        (f"{S2}.SAFE/GRANULE/L2A_T31TBL_A020665_20190606T105416/QI_DATA/MSK_CLDPRB_20m", "2019-06-06", "sentinel-2", "CLD"),
        ("L2A_T31TBL_20190606T105031_SCL_20m", "2019-06-06", "sentinel-2", "SCL"),
        (f"{SAFE_OLD}/GRANULE/{GRANULE_OLD}_N02.01/IMG_DATA/{GRANULE_OLD}_B04", "2015-12-30", "sentinel-2", "B04"),
        (f"{GRANULE_OLD}_B04", None, "sentinel-2", "B04"),  # only the time of processing
        ("20190606T075611_20210106T080520_T36NYF", "2019-06-06", "sentinel-2", ""),
        ("S2A_31TBL_20190606_0_L2A/red", "2019-06-06", "sentinel-2", "red"),
        ("SENTINEL2A_20190606-105831-567_L2A_T31TCJ_C_V2-2_FRE_B8A", "2019-06-06", "sentinel-2", "B8A"),
        (f"{L8}_SR_B4", "2019-06-06", "landsat-8", "B4"),
        (f"{L8}_ST_B10", "2019-06-06", "landsat-8", "ST_B10"),
        (f"{L8}_QA_PIXEL", "2019-06-06", "landsat-8", "QA_PIXEL"),
        (f"{L8}_SR_QA_AEROSOL", "2019-06-06", "landsat-8", "SR_QA_AEROSOL"),
        (f"{L8}/{L8}_SR_B5", "2019-06-06", "landsat-8", "B5"),
        ("LC09_L1TP_200028_20220606_20230406_02_T2_B11", "2022-06-06", "landsat-8", "B11"),
        ("LC08_L1GT_200028_20190606_20190606_01_RT_B4", "2019-06-06", "landsat-8", "B4"),
        ("LE07_L2SP_200028_20090606_20200828_02_T1_SR_B4", "2009-06-06", "landsat-5", "B4"),
        ("LT05_L1TP_200012_19901203_20170128_01_T1_B3", "1990-12-03", "landsat-5", "B3"),
        ("LC82000282014157LGN01_B4", "2014-06-06", "landsat-8", "B4"),
        ("LT52000282010157KIS00_B4", "2010-06-06", "landsat-5", "B4"),
        ("LC08_200028_20190606", "2019-06-06", "landsat-8", ""),
        ("AST_07XT_00306052019105031_20190708080101_12345_SurfaceReflectance_Band1", "2019-06-05", "aster", "B1"),
        ("LC082000282019060601T1-SC20190815010203", "2019-06-06", "landsat-8", ""),
        ("LC08_CU_003009_20190606_20210502_02_SR_B4", "2019-06-06", "landsat-8", "B4"),
        ("HLS.S30.T31TBL.2019157T105031.v2.0.B8A", "2019-06-06", "sentinel-2", "B8A"),
        ("HLS.L30.T31TBL.2019157T105031.v2.0.B05", "2019-06-06", "landsat-8", "B05"),
        ("HLS.L30.T31TBL.2019157T105031.v2.0.Fmask", "2019-06-06", "landsat-8", "Fmask"),
        ("MOD13Q1.A2019161.h18v04.061.2020304054023_NDVI", "2019-06-10", "modis", "NDVI"),
        ("MOD09A1.061_sur_refl_b01_doy2019161_aid0001", "2019-06-10", "modis", "sur_refl_b01"),
        ("20190606_075611_1032_3B_AnalyticMS_SR_clip", "2019-06-06", "planetscope", ""),
        ("20190606_075611_10_2262_3B_AnalyticMS_SR_8b", "2019-06-06", "planetscope", ""),
        ("2436203_3262216_2019-06-06_1032_BGRN_SR", "2019-06-06", "planetscope", ""),
        ("planet_medres_normalized_analytic_2019-06_mosaic", "2019-06-15", "planetscope", ""),
        ("planet_medres_normalized_analytic_2018-12_2019-05_mosaic", "2019-03-01", "planetscope", ""),
        ("S1A_IW_GRDH_1SDV_20190606T055000_20190606T055025_027550_031BCD_ABCD_VV", "2019-06-06", "sentinel-1", "VV"),
        ("s1a-iw-grd-vh-20190606t055000-20190606t055025-027550-031bcd-002", "2019-06-06", "sentinel-1", "vh"),
        ("S1B_IW_20190606T055000_DVP_RTC30_G_gpuned_1A2B_VH", "2019-06-06", "sentinel-1", "VH"),
        ("OPERA_L2_RTC-S1_T069-147170-IW1_20190606T055000Z_20230915T101112Z_S1A_30_v1.0_VV", "2019-06-06", "sentinel-1", "VV"),
        ("20190606_LEVEL2_SEN2A_BOA", "2019-06-06", "sentinel-2", "BOA"),
        ("L2F_T31TBL_20190606_S2A_R051_B04_10m", "2019-06-06", "sentinel-2", "B04"),
        ("VI_20190606T105031_S2A_T31TBL-010m_V101_FAPAR", "2019-06-06", "sentinel-2", "FAPAR"),
        ("ST_20190606T000000_S2_T31TBL-010m_V101_PPI", "2019-06-06", "sentinel-2", "PPI"),
        ("MOD13Q1.061__250m_16_days_MIR_reflectance_doy2019161_aid0001", "2019-06-10", "modis", "MIR_reflectance"),
        ("openEO_2019-06-06Z", "2019-06-06", None, ""),
        ("B04/2019-06", "2019-06-15", None, "B04"),
        ("201906_B04", "2019-06-15", None, "B04"),
        ("2019W23_B04", "2019-06-06", None, "B04"),
        ("s2-agri-weekly_2024-03-04_2024-03-10_B02-B03_mean", "2024-03-07", "sentinel-2", "B03"),
        ("2018/04/15/B04", "2018-04-15", None, "B04"),
        ("tiles/31/T/BL/2019/6/6/0/B04", "2019-06-06", None, "B04"),
        ("2018/04/B04", "2018-04-15", None, "B04"),
        ("ga_s2am_nbart_3-2-1_31TBL_2019-06-06_final_nbart_red_edge_1", "2019-06-06", "sentinel-2", "red_edge_1"),
        ("20190606_B4_p50", "2019-06-06", None, "B4_p50"),
        ("20190606_VV_asc", "2019-06-06", None, "VV_asc"),
        ("L8_20190606_B5", "2019-06-06", "landsat-8", "B5"),
    ],
)  # fmt: skip
def test_a_path_tells_acquisition_sensor_and_band(path: str, day: str | None, sensor: str | None, band: str) -> None:
    name = parse_path(path, None)
    assert name is not None
    assert (str(name.period.day) if name.period else None) == day
    assert name.sensor == sensor
    assert name.band == band


@pytest.mark.parametrize("band", ["ST_EMIS", "ST_CDIST", "ST_ATRAN"])
def test_terms_of_landsats_temperature_are_no_bands(band: str) -> None:
    assert parse_path(f"{L8}_{band}", None) is None


@given(
    acquired=st.dates(dt.date(2013, 4, 1), dt.date(2030, 12, 31)),
    delay=st.integers(0, 3000),
    place=st.integers(1001, 233248),
    band=st.integers(1, 7),
)
def test_a_landsat_name_that_is_written_is_read_back(acquired: dt.date, delay: int, place: int, band: int) -> None:
    processed = acquired + dt.timedelta(days=delay)
    name = parse_path(f"LC08_L2SP_{place:06}_{acquired:%Y%m%d}_{processed:%Y%m%d}_02_T1_SR_B{band}", None)
    assert name is not None
    assert name.period is not None
    assert (name.period.day, name.sensor, name.band) == (acquired, "landsat-8", f"B{band}")


@given(
    acquired=st.dates(dt.date(2015, 7, 1), dt.date(2030, 12, 31)),
    delay=st.integers(0, 3000),
    band=st.sampled_from(["B01", "B04", "B8A", "B12", "SCL"]),
)
def test_a_sentinel2_name_that_is_written_is_read_back(acquired: dt.date, delay: int, band: str) -> None:
    processed = acquired + dt.timedelta(days=delay)
    name = parse_path(f"S2A_MSIL2A_{acquired:%Y%m%d}T105031_N0500_R051_T31TBL_{processed:%Y%m%d}T100101/{band}", None)
    assert name is not None
    assert name.period is not None
    assert (name.period.day, name.sensor, name.band, name.tile) == (acquired, "sentinel-2", band, "T31TBL")
