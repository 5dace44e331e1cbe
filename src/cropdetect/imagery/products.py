r"""The names of products: which of their dates is the acquisition's, whose sensor it is, and which part is the band.

A pattern is searched in one part of a path (a folder, or a file without its suffix), in any case. Its groups are `date` (the
acquisition; or `year`, `month` and `day`), `end` (the last day of a span) and `band`; each may be missing. Dates outside these
groups are times of processing, which count for nothing. A new product is one more row.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from cropdetect.imagery.dates import Period, parse_period


@dataclass(frozen=True)
class Product:
    """How one producer names files or folders.

    Attributes:
        name: of the product.
        sensor: as `Band.sensor` has it, or None where the name does not tell.
        pattern: regular expression.
        example: a name as it comes.
        source: where the producer says so.
        by_products: regular expression of those of its bands that are no bands: previews, maps of angles.
    """

    name: str
    sensor: str | None
    pattern: str
    example: str
    source: str
    by_products: str = ""


_TIME = r"\d{8}T\d{6}"
_S2_GUIDE = "ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD"
_S1_GUIDE = "ESA, Sentinel-1 Product Specification, S1-RS-MDA-52-7441"
_USGS = "USGS, Landsat Collection 2 Level-2 Science Product Guides, LSDS-1619 and LSDS-1618"
_PLANET = "Planet, Imagery Product Specification"
_OLI, _TM = "landsat-8", "landsat-5"


def _landsat(name: str, sensor: str, letters: str) -> tuple[Product, ...]:
    """Return the names of the three generations of one instrument."""
    level = rf"(?<![A-Z0-9]){letters}"
    first = letters.replace("0", "")
    code = "LC08" if sensor == _OLI else "LT05"
    return (
        Product(
            f"{name}, Collection 1 and 2",
            sensor,
            rf"{level}_L\w\w\w?_\d{{6}}_(?P<date>\d{{8}})_\d{{8}}_\d\d_(?:T[12]|RT|A[12])(?:_(?P<band>\w+))?",
            f"{code}_L2SP_200028_20190606_20200828_02_T1_SR_B4",
            _USGS,
        ),
        Product(
            f"{name}, Analysis Ready Data",
            sensor,
            rf"{level}_(?:CU|AK|HI)_\d{{6}}_(?P<date>\d{{8}})_\d{{8}}_(?:C\d\d_V\d\d|\d\d)(?:_(?P<band>\w+))?",
            f"{code}_CU_003009_20190606_20210502_02_SR_B4",
            "USGS, Landsat U.S. Analysis Ready Data Data Format Control Book, LSDS-1873",
        ),
        Product(
            f"{name}, as Earth Engine names its images",
            sensor,
            rf"{level}_\d{{6}}_(?P<date>\d{{8}})(?:_(?P<band>[A-Z]\w+))?",
            f"{code}_200028_20190606",
            "Google Earth Engine, catalogue pages of the Landsat collections, property system:index",
        ),
        Product(
            f"{name}, ordered from ESPA",
            sensor,
            rf"{level}\d{{6}}(?P<date>\d{{8}})\d\d(?:T[12]|RT)(?:-SC\d{{14}})?(?:_(?P<band>\w+))?",
            f"{code}2000282019060601T1-SC20190815010203",
            "USGS, ESPA On Demand Interface User Guide, LSDS-1371",
        ),
        Product(
            f"{name}, before collections",
            sensor,
            rf"(?<![A-Z0-9]){first}\d{{6}}(?P<date>\d{{7}})[A-Z]{{3}}\d\d(?:_(?P<band>\w+))?",
            ("LC8" if sensor == _OLI else "LT5") + "2000282014157LGN01_B4",
            "USGS, Landsat 8 Data Format Control Book, LDCM-DFCB-004",
        ),
    )


#: The first that fits a part of a path counts.
PRODUCTS: tuple[Product, ...] = (
    Product(
        "Sentinel-2, product",
        "sentinel-2",
        rf"S2[A-D]_MSIL(?:1[ABC]|2A)_(?P<date>{_TIME})(?:_N\d{{4}})?_R\d{{3}}_T\w{{5}}(?:_{_TIME})?(?:_(?P<band>B\d\d|B8A|SCL|CLD))?(?:_\d\dm)?",
        "S2A_MSIL2A_20190606T105031_N0500_R051_T31TBL_20230712T100101",
        _S2_GUIDE,
    ),
    Product(
        "Sentinel-2, image of one band",
        "sentinel-2",
        rf"(?:L\d[A-C]_)?T\d\d[A-Z]{{3}}_(?P<date>{_TIME})_(?P<band>B\d\d|B8A|SCL|TCI|AOT|WVP|CLD|SNW|PVI)(?:_\d\dm)?$",
        "T31TBL_20190606T105031_B04_10m",
        _S2_GUIDE,
    ),
    Product(
        "Sentinel-2, product before December 2016",
        "sentinel-2",
        rf"S2[A-D]_\w{{4}}_PRD_MSIL\w\w_[A-Z_]{{4}}_{_TIME}_R\d{{3}}_V(?P<date>{_TIME})_(?:{_TIME})",
        "S2A_OPER_PRD_MSIL1C_PDMC_20151230T202002_R008_V20151230T105153_20151230T105153",
        "ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD, issues before 14",
    ),
    Product(
        "Sentinel-2, granule or image before December 2016 (its time is that of processing)",
        "sentinel-2",
        rf"S2[A-D]_\w{{4}}_\w{{3}}_L\w\w_(?:TL|DS)_[A-Z_\d]{{4}}_{_TIME}_(?:A\d{{6}}_)?T\w{{5}}(?:_N\d\d\.\d\d)?(?:_(?P<band>B\d\d|B8A|SCL))?(?:_\d\dm)?$",
        "S2A_OPER_MSI_L1C_TL_SGS__20151230T145555_A002734_T31TEJ_B04",
        "ESA, Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD, issues before 14",
    ),
    Product(
        "Sentinel-2, granule",
        "sentinel-2",
        rf"L(?:1C|2A)_T\w{{5}}_A\d{{6}}_(?P<date>{_TIME})",
        "L2A_T31TBL_A020665_20190606T105416",
        _S2_GUIDE,
    ),
    Product(
        "Sentinel-2, as Earth Engine names its images",
        "sentinel-2",
        rf"(?P<date>{_TIME})_{_TIME}_T\d\d[A-Z]{{3}}(?![A-Z0-9])",
        "20190606T075611_20190606T080520_T36NYF",
        "Google Earth Engine, catalogue page of COPERNICUS/S2_SR_HARMONIZED, property system:index",
    ),
    Product(
        "Sentinel-2, cloud-optimised by Element 84",
        "sentinel-2",
        r"S2[A-D]_T?\d\d[A-Z]{3}_(?P<date>\d{8})_\d+_L(?:1C|2A)",
        "S2A_31TBL_20190606_0_L2A",
        "Element 84, Earth Search, collection sentinel-2-l2a",
    ),
    Product(
        "Sentinel-2, by MAJA",
        "sentinel-2",
        r"SENTINEL2[A-D]_(?P<date>\d{8})-\d{6}-\d{3}_L\w+_T\w{5}_[A-Z]_V\d+-\d+(?:_(?P<band>(?:FRE|SRE|ATB|IAB|CLM|MG2|SAT|EDG)_\w+))?",
        "SENTINEL2A_20190606-105831-567_L2A_T31TCJ_C_V2-2_FRE_B2",
        "CNES, THEIA Sentinel-2 L2A product format, PSC-NT-411-0362",
    ),
    Product(
        "Sentinel-2, monthly synthesis by THEIA",
        "sentinel-2",
        r"SENTINEL2[A-DX]_(?P<date>\d{8})-\d{6}-\d{3}_L3A_T\w{5}_[A-Z]_V\d+-\d+(?:_(?P<band>(?:FRC|FLG|WGT|DTS)_\w+))?",
        "SENTINEL2X_20190615-000000-000_L3A_T31TCJ_C_V1-2_FRC_B2",
        "CNES, THEIA, format of the Sentinel-2 L3A products of WASP",
    ),
    Product(
        "Sentinel-2, by sen2like",
        "sentinel-2",
        r"L2[FH]_T\w{5}_(?P<date>\d{8})_S2[A-D]_R\d{3}_(?P<band>B\d\d|B8A)_\d\dm$",
        "L2F_T31TBL_20190606_S2A_R051_B04_10m",
        "ESA, Sen2Like user manual",
    ),
    Product(
        "Sentinel-2, High Resolution Vegetation Phenology and Productivity",
        "sentinel-2",
        r"(?:VI|ST)_(?P<date>\d{8}T\d{6})_S2[A-D]?_T\w{5}-\d{3}m_V\d{3}_(?P<band>\w+)$",
        "VI_20190606T105031_S2A_T31TBL-010m_V101_NDVI",
        "Copernicus Land Monitoring Service, HR-VPP Product User Manual, section File naming convention",
    ),
    Product(
        "HLS from Landsat",
        _OLI,
        r"HLS[._]L30[._]T\d\d[A-Z]{3}[._](?P<date>\d{7}T\d{6})[._]v\d[._]\d(?:[._](?P<band>\w+))?",
        "HLS.L30.T31TBL.2019157T105031.v2.0.B05",
        "NASA, Harmonized Landsat Sentinel-2 Product User Guide",
    ),
    Product(
        "HLS from Sentinel-2",
        "sentinel-2",
        r"HLS[._]S30[._]T\d\d[A-Z]{3}[._](?P<date>\d{7}T\d{6})[._]v\d[._]\d(?:[._](?P<band>\w+))?",
        "HLS.S30.T31TBL.2019157T105031.v2.0.B05",
        "NASA, Harmonized Landsat Sentinel-2 Product User Guide",
    ),
    *_landsat("Landsat 8 and 9", _OLI, "L[CO]0[89]"),
    *_landsat("Landsat 4 to 7", _TM, "L[TE]0[457]"),
    Product(
        "Sentinel-1, product",
        "sentinel-1",
        rf"S1[A-D]_(?:S\d|IW|EW|WV|EN)_(?:GRD|SLC|OCN|RAW)[FHM_]_\d\w{{3}}_(?P<date>{_TIME})_{_TIME}_\d{{6}}_\w{{6}}_\w{{4}}(?:_(?P<band>(?:Gamma0_|Sigma0_)?[VH][VH]\w*))?",
        "S1A_IW_GRDH_1SDV_20190606T055000_20190606T055025_027550_031BCD_ABCD",
        _S1_GUIDE,
    ),
    Product(
        "Sentinel-1, image of one polarisation",
        "sentinel-1",
        rf"S1[A-D]-(?:S\d|IW\d?|EW\d?)-(?:GRD|SLC)-(?P<band>[VH][VH])-(?P<date>{_TIME})-{_TIME}-\d{{6}}-\w{{6}}-\d{{3}}",
        "s1a-iw-grd-vv-20190606t055000-20190606t055025-027550-031bcd-001",
        _S1_GUIDE,
    ),
    Product(
        "Sentinel-1, corrected by ASF",
        "sentinel-1",
        rf"S1[A-D]_\w\w_(?P<date>{_TIME})_[SD][VH][PRO]_RTC\d\d_\w_\w{{6}}_\w{{4}}(?:_(?P<band>[VH][VH]|rgb|area|dem|inc_map|ls_map))?",
        "S1A_IW_20190606T055000_DVP_RTC30_G_gpuned_1A2B_VV",
        "Alaska Satellite Facility, Sentinel-1 RTC Product Guide, section Naming Convention",
        by_products="rgb|area|dem|inc_map|ls_map",
    ),
    Product(
        "Sentinel-1, corrected by OPERA",
        "sentinel-1",
        rf"OPERA_L2_RTC-S1_T\d{{3}}-\d{{6}}-IW\d_(?P<date>{_TIME}Z)_{_TIME}Z_S1[A-D]_\d+_v\d\.\d(?:_(?P<band>[VH][VH]|mask))?",
        "OPERA_L2_RTC-S1_T069-147170-IW1_20190606T055000Z_20230915T101112Z_S1A_30_v1.0_VV",
        "NASA JPL, OPERA RTC-S1 Product Specification, D-108758",
    ),
    Product(
        "MODIS and VIIRS, tiles of LP DAAC",
        "modis",
        r"(?:MOD|MYD|MCD|VNP|VJ1)\w{2,6}\.A(?P<date>\d{7})\.h\d\dv\d\d\.\d{3}\.\d{13}(?:[._](?P<band>\w+))?",
        "MOD13Q1.A2019161.h18v04.061.2020304054023",
        "NASA LP DAAC, MODIS Overview, section Naming Conventions",
    ),
    Product(
        "MODIS and VIIRS, by AppEEARS",
        "modis",
        r"(?:MOD|MYD|MCD|VNP|VJ1)\w{2,6}\.\d{3}_(?:_\d+m_(?:\d+_days|monthly)_)?(?P<band>\w+?)_doy(?P<date>\d{7})(?:\d{6})?_aid\d{4}",
        "MOD09A1.061_sur_refl_b01_doy2019161_aid0001",
        "NASA LP DAAC, AppEEARS documentation, section Area sample outputs",
    ),
    Product(
        "PlanetScope, strip of one satellite",
        "planetscope",
        r"(?<!\d)(?P<date>\d{8}_\d{6})_(?:\d\d_)?[0-9a-f]{4}_[13][A-Z](?:_(?P<band>udm2?)(?=_|$))?(?:_|$)",
        "20190606_075611_10_1032_3B_AnalyticMS_SR",
        _PLANET,
    ),
    Product(
        "ASTER (its date begins with the month)",
        "aster",
        r"AST_\w{2,5}_\d{3}(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d{4})\d{6}_\d{14}(?:_|$)",
        "AST_07XT_00306062019105031_20190607080101_12345",
        "NASA LP DAAC, ASTER User Handbook, section File naming convention",
    ),
    Product(
        "SkySat",
        "skysat",
        r"(?<!\d)(?P<date>\d{8}_\d{6})_ssc?\d+_u\d{4}(?:_(?:\w+_)?(?P<band>udm2?)(?=_|$))?(?:_|$)",
        "20190606_075611_ssc4_u0001_analytic_SR",
        _PLANET,
    ),
    Product(
        "RapidEye, tile of the grid",
        "rapideye",
        r"(?<!\d)\d{7}_(?P<date>\d{4}-\d\d-\d\d)_RE\d_3A(?:_(?:\w+_)?(?P<band>udm2?)(?=_|$))?(?:_|$)",
        "3159120_2019-06-06_RE3_3A_Analytic_SR",
        _PLANET,
    ),
    Product(
        "PlanetScope, tile of the grid",
        "planetscope",
        r"(?<!\d)\d{6,8}_\d{7}_(?P<date>\d{4}-\d\d-\d\d)_\w{4}(?:_|$)",
        "2436203_3262216_2019-06-06_1032_BGRN_SR",
        _PLANET,
    ),
    Product(
        "Planet basemap",
        "planetscope",
        r"planet_medres_\w+?_(?P<date>\d{4}-\d\d)(?:_(?P<end>\d{4}-\d\d))?_mosaic",
        "planet_medres_normalized_analytic_2018-12_2019-05_mosaic",
        "Planet, NICFI Basemaps User Guide, section Mosaic naming",
    ),
    Product(
        "FORCE",
        None,
        r"^(?P<date>\d{8})_LEVEL2_(?:SEN2[A-D]|LND0[4-9])_(?P<band>QAI|\w+)$",
        "20190606_LEVEL2_SEN2A_BOA",
        "FORCE documentation, Level 2 Processing System, section Data organization",
    ),
    Product(
        "FORCE, time series (the days are in the descriptions of the layers)",
        None,
        r"^\d{4}-\d{4}_\d{3}-\d{3}(?:-\d\d)?_HL_TSA_\w{5}_(?P<band>\w{3})_(?:TSS|TSI|TSA)$",
        "2019-2019_001-365_HL_TSA_SEN2L_NDV_TSI",
        "FORCE documentation, Time Series Analysis, section Output format",
    ),
    Product(
        "EnMAP",
        None,
        r"ENMAP\d\d-\w{4}L\d\w-DT\d{10}_(?P<date>\d{8}T\d{6}Z)_\d{3}_V\d{6}_\d{8}T\d{6}Z(?:-(?P<band>\w+))?",
        "ENMAP01-____L2A-DT0000001234_20220606T105031Z_001_V010301_20230922T131734Z-SPECTRAL_IMAGE",
        "DLR, EnMAP Ground Segment, Level 1B, 1C, 2A Product Specification, EN-PCV-ICD-2009-2",
    ),
)


@dataclass(frozen=True)
class Found:
    """What the name of a product tells.

    Attributes:
        product: whose name it is.
        period: days of the acquisition; None where the name has only times of processing.
        band: as written, or "".
        rest: the text around the name.
    """

    product: Product
    period: Period | None
    band: str
    rest: str


@lru_cache(maxsize=8192)
def find_product(part: str) -> Found | None:
    """Return which product a folder or a file (without suffix) is named as, or None."""
    for product in PRODUCTS:
        match = re.search(product.pattern, part, re.IGNORECASE)
        if match is None:
            continue
        groups = match.groupdict()
        first = f"{groups['year']}-{groups['month']}-{groups['day']}" if "year" in groups else groups.get("date")
        period = _period(first, groups.get("end"))
        if period is not None or not first:
            rest = f"{part[: match.start()]} {part[match.end() :]}".strip()
            return Found(product, period, groups.get("band") or "", rest)
    return None


def _period(first: str | None, last: str | None) -> Period | None:
    start = parse_period(first) if first else None
    end = parse_period(last) if last else None
    return Period(start.first, end.last) if start is not None and end is not None else start
