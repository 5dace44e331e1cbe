"""The one table of quality layers: which of their numbers are clear, and which layers the default uses.

A layer whose numbers have several meanings among producers (Fmask, QA) is used only where the name of the product, or a sample of
its numbers, tells which one it has. Every other quality layer is told, with the expression for `--clear` that would use it.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect.imagery.bands import find_band, is_quality
from cropdetect.imagery.clear import Condition, parse_clear

Numbers = npt.NDArray[Any]
_SHOWN = 4  # numbers in a warning


def _always(numbers: Numbers) -> bool:
    return True


def _share(numbers: Numbers) -> bool:
    return numbers.size > 0 and numbers.dtype.kind == "f" and float(np.nanmax(numbers, initial=0)) <= 1


def _percent(numbers: Numbers) -> bool:
    return not _share(numbers)


def _hls(numbers: Numbers) -> bool:
    """HLS keeps the aerosol level in bits 6 and 7; other products have no number above 5, but for the fill value."""
    return bool(((numbers >= 16) & (numbers < 255)).any())


def _dea(numbers: Numbers) -> bool:
    return bool((numbers == 5).any()) and not _hls(numbers)


def _collection2(numbers: Numbers) -> bool:
    """Bits 8 to 15 hold confidences, and the lower ones are never all 0, so no number but the fill value 1 is small."""
    return numbers.size > 0 and bool((numbers > 1000).any()) and not bool(((numbers > 1) & (numbers < 1000)).any())


@dataclass(frozen=True)
class QualityLayer:
    """What the numbers of a quality layer mean.

    Attributes:
        name: as the producer writes it.
        pattern: regular expression of all its spellings, in any case.
        clear: conditions of a clear pixel without the name, as in `--clear`; "" where the layer is not used by itself.
        meaning: who writes it, and what its numbers are; with the source.
        fits: whether a sample of numbers is of this kind.
        product: regular expression of file names that tell the kind, whatever the numbers are.
    """

    name: str
    pattern: str
    clear: str
    meaning: str
    fits: Callable[[Numbers], bool] = _always
    product: str = ""


#: The first row that fits a layer's name and numbers counts.
QUALITY_LAYERS: tuple[QualityLayer, ...] = (
    QualityLayer(
        "SCL", r"(.*[-_])?SCL(_?\d+m)?|scene_?classification(data)?(_?\d+m)?", "=4,5,6,7",
        "Sentinel-2 L2A scene classification: vegetation, soil, water, unclassified",
    ),
    QualityLayer("CLD", r"CLD(_?\d+m)?", "<40", "Sentinel-2 L2A cloud probability, percent"),
    QualityLayer(
        "MSK_CLDPRB", r"(MSK_)?CLDPRB(_?\d+m)?|MSK_CLDPRB.*", "<40", "Sentinel-2 L2A cloud probability, percent", _percent
    ),
    QualityLayer(
        "probability", r"probability|cloud_prob(ability)?|(oa_)?s2cloudless(_prob(ability)?)?|cloudp", "<0.4",
        "s2cloudless cloud probability, 0 to 1", _share,
    ),
    QualityLayer(
        "probability (percent)", r"probability|cloud_prob(ability)?|s2cloudless(_prob(ability)?)?|cloudp", "<40",
        "Earth Engine's COPERNICUS/S2_CLOUD_PROBABILITY, percent", _percent,
    ),
    QualityLayer("CLP (share)", r"CLP", "<0.4", "s2cloudless cloud probability, 0 to 1", _share),
    QualityLayer("CLP", r"CLP", "<102", "Sentinel Hub's s2cloudless cloud probability, 0 to 255"),
    QualityLayer("CLM", r"CLM(_R[12])?", "=0", "cloud mask of Sentinel Hub (1 is cloud) and of MAJA (bits)"),
    QualityLayer("MG2", r"(MG2|EDG|SAT)_R[12]", "=0", "MAJA's masks of cloud, shadow and snow, of edges, of saturation"),
    QualityLayer("FLG", r"FLG_R[12]", "=3,4", "THEIA's monthly syntheses: 3 water, 4 land"),
    QualityLayer("QL_QUALITY_CLOUD", r"QL_QUALITY_(CLOUD|CLOUDSHADOW|CIRRUS|SNOW)", "=0", "EnMAP: cloud, shadow, cirrus, snow"),
    QualityLayer("s2cloudless_mask", r"(oa_)?s2cloudless_mask", "=1", "DE Africa and DEA: 1 is clear, 2 is cloud"),
    QualityLayer(
        "cs_cdf", r"cs(_cdf)?|cloud_score_plus", ">=0.6", "Google's Cloud Score+, 0 to 1; high is clear", _share
    ),
    QualityLayer("QA60", r"(.*[-_])?QA60", "&3072=0", "Sentinel-2 L1C: bit 10 opaque cloud, bit 11 cirrus"),
    QualityLayer(
        "MSK_CLASSI", r"MSK_CLASSI_(OPAQUE|CIRRUS|SNOW_ICE)", "=0", "Sentinel-2 from baseline 04.00: cloud, cirrus, snow"
    ),
    QualityLayer("dataMask", r"dataMask", "!=0", "Sentinel Hub: 0 is no data"),
    QualityLayer(
        "Fmask", r"(.*[-_.])?Fmask", "&31=0", "HLS 2.0: bits 0 to 4 cirrus, cloud, next to cloud, shadow, snow", _hls,
        r"HLS\.[LS]30\..+",
    ),
    QualityLayer(
        "Fmask (DEA)", r"(oa_)?Fmask", "=1,5", "DEA: 1 is clear, 2 cloud, 3 shadow, 4 snow, 5 water", _dea, r"ga_.+_fmask.*"
    ),
    QualityLayer(
        "QA_PIXEL", r"(.*[-_])?QA_?PIXEL", "&63=0",
        "Landsat Collection 2: bits 0 to 5 fill, dilated cloud, cirrus, cloud, shadow, snow",
    ),
    QualityLayer("QA", r"QA", "&63=0", "Landsat Collection 2, as QA_PIXEL", _collection2),
    QualityLayer(
        "BQA", r"BQA", "&17=0 &384=0,128 &1536=0,512 &6144=0,2048",
        "Landsat Collection 1: bits 0 and 4 fill, cloud; 7-8, 9-10, 11-12 confidence of shadow, snow, cirrus",
    ),
    QualityLayer(
        "pixel_qa", r"pixel_qa", "&57=0", "Landsat Collection 1: bits 0, 3, 4, 5 fill, shadow, snow, cloud"
    ),
    QualityLayer(
        "state_1km", r"(sur_refl_)?state(_(1km|500m|250m|qa))?(_1)?|StateQA", "&3=0,3 &37892=0",
        "MODIS surface reflectance: bits 0-1 cloud state, 2 shadow, 10 cloud, 12 and 15 snow",
    ),
    QualityLayer("SummaryQA", r"Summary_?QA|(.*_)?pixel_reliability", "=0,1", "MODIS indices: good and marginal"),
    QualityLayer("DetailedQA", r"Detailed_?QA|(.*_)?VI_Quality", "&3=0,1", "MODIS indices: bits 0-1 of the quality flags"),
    QualityLayer("QAI", r"QAI", "&31=0", "FORCE: bits 0 no data, 1-2 cloud, 3 shadow, 4 snow"),
    QualityLayer("clear", r"clear|udm2_(1|clear)", "=1", "PlanetScope udm2, band 1"),
    QualityLayer("CLOUDLESS_MASK", r"CLOUDLESS_MASK|FILL_MASK", "!=0", "geedim: 1 is clear, and 1 is filled"),
    QualityLayer("OCM", r"OCM", "=0", "OmniCloudMask: 0 clear, 1 thick cloud, 2 thin cloud, 3 shadow"),
    QualityLayer("alpha", r"alpha", ">0", "transparency of an orthophoto: 0 is outside"),
)  # fmt: skip

_PLANET = re.compile(r"clear|snow|shadow|(light_|heavy_)?haze(_light|_heavy)?|cloud|confidence|unusable|udm2_\w+", re.IGNORECASE)
_SOUNDS = re.compile(
    r".*(mask|cloud|cld|quality|classification|shadow|udm2?)(?![a-z]).*|(.*[-_.])?(qa|qc|bqa|q?flags?|clp|clm|valid)([-_.\d].*)?|clear|snow",
    re.IGNORECASE,
)
_GOOD = re.compile(r"clear|cloudless|cloud_?free|valid|good|usable", re.IGNORECASE)


@dataclass(frozen=True)
class MaskChoice:
    """What the default does with the quality layers of a series.

    Attributes:
        conditions: what makes a pixel clear.
        unused: quality layers that no condition uses.
        hints: of each unused layer, how `--clear` would use it.
    """

    conditions: tuple[Condition, ...] = ()
    unused: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """The conditions as one writes them."""
        return " ".join(condition.text for condition in self.conditions)


def is_quality_layer(name: str) -> bool:
    """Whether a layer tells how good others are, by the tables or by the sound of its name."""
    known = find_band(name)
    if known.kind == "other":
        known_name = any(_is(row, name) for row in QUALITY_LAYERS) or _PLANET.fullmatch(name)
        return bool(known_name or _SOUNDS.fullmatch(name))
    return is_quality(name)


def is_mask_only(name: str) -> bool:
    """Whether a layer serves the clear mask alone, so that it is not a band unless it is asked for."""
    known = find_band(name)
    return known.kind == "classes" or (known.kind == "other" and is_quality_layer(name))


def default_masks(
    bands: Collection[str], seen: Mapping[str, Numbers] | None = None, files: Mapping[str, str] | None = None
) -> MaskChoice:
    """Return what the default does with the quality layers among bands.

    Args:
        bands: names of all layers.
        seen: a sample of each quality layer's numbers; a layer that is absent was not looked at.
        files: the name of a file of each quality layer.
    """
    seen, files = seen or {}, files or {}
    conditions: list[Condition] = []
    unused: list[str] = []
    hints: list[str] = []
    nothing = np.empty(0, np.uint8)
    planet = any(re.fullmatch(r"clear|udm2_(1|clear)", name, re.IGNORECASE) for name in bands)
    for name in bands:
        if not is_quality_layer(name):
            continue
        rows = [row for row in QUALITY_LAYERS if _is(row, name)]
        file = files.get(name, "")
        told = [row for row in rows if row.product and re.fullmatch(row.product, file)]
        row = next((row for row in (*told, *rows) if row in told or row.fits(seen.get(name, nothing))), None)
        if row is not None:
            conditions += parse_clear(" ".join(f"{name}{part}" for part in row.clear.split()))
        elif not (planet and _PLANET.fullmatch(name)):
            unused.append(name)
            hints.append(_hint(name, rows, seen.get(name, nothing)))
    order = [row.name for row in QUALITY_LAYERS]
    conditions.sort(key=lambda condition: next((order.index(r.name) for r in QUALITY_LAYERS if _is(r, condition.band)), 0))
    return MaskChoice(tuple(conditions), tuple(unused), tuple(hints))


def default_clear(bands: Collection[str], seen: Mapping[str, Numbers] | None = None) -> tuple[Condition, ...]:
    """Return the conditions of the default on the bands that exist."""
    return default_masks(bands, seen).conditions


def unused_warnings(choice: MaskChoice) -> tuple[str, ...]:
    """Return a warning for every quality layer that the default does not use."""
    before = f"{choice.expression} " if choice.conditions else ""
    return tuple(
        f"the quality layer {name} is not used. {hint.replace('<name>', before + name)}"
        for name, hint in zip(choice.unused, choice.hints, strict=True)
    )


def meaning_of(name: str, conditions: str) -> str:
    """Return what the default conditions of a quality layer mean; "" for other conditions.

    Args:
        name: of the layer.
        conditions: as `--clear` takes them.
    """
    rows = (row for row in QUALITY_LAYERS if _is(row, name))
    return next((row.meaning for row in rows if " ".join(f"{name}{part}" for part in row.clear.split()) == conditions), "")


def _is(row: QualityLayer, name: str) -> bool:
    return re.fullmatch(row.pattern, name, re.IGNORECASE) is not None


def _hint(name: str, rows: list[QualityLayer], numbers: Numbers) -> str:
    if rows:
        ways = "; ".join(f'--clear "{" ".join(f"<name>{p}" for p in row.clear.split())}" ({row.meaning})' for row in rows)
        return f"Its numbers do not show which kind it is. If you know: {ways}."
    values, counts = np.unique(numbers, return_counts=True)
    frequent = ", ".join(f"{value:g}" for value in values[np.argsort(-counts, kind="stable")][:_SHOWN])
    seen = f"Its most frequent numbers are {frequent}. " if frequent else ""
    good = 1 if _GOOD.search(name) else 0
    return f'{seen}Say which numbers are clear, e.g. --clear "<name>={good}" (or "<name>&3=0" for bits).'
