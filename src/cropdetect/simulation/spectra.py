"""Reflectance of leaves, soils and canopies in the twelve bands of Sentinel-2.

* Leaves: the plate model PROSPECT (Jacquemoud and Baret 1990) with the refractive index and the absorption coefficients of
  PROSPECT-D (Feret et al. 2017), averaged over each band's width.
* Canopy: a layer of scattering leaves over a soil (Goudriaan 1977): with K the extinction coefficient of black
  leaves and omega a leaf's albedo, the reflectance goes from the soil's to that of a deep canopy as exp(-2 K sqrt(1 - omega)
  LAI).
* Soil: a dry spectrum darkened by water, more so in the shortwave infrared (Lobell and Asner 2002), partly under straw.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RESOLUTION: dict[str, int] = {
    "B02": 10, "B03": 10, "B04": 10, "B08": 10,
    "B05": 20, "B06": 20, "B07": 20, "B8A": 20, "B11": 20, "B12": 20,
    "B01": 60, "B09": 60,
}  # fmt: skip
"""Native resolution of each band, metres. Arrays of reflectance have their last axis in this order."""

BANDS: tuple[str, ...] = tuple(RESOLUTION)


def _by_band(**values: float) -> Floats:
    return np.array([values[band] for band in BANDS], np.float32)


# PROSPECT-D, mean over the band (centre and width of Sentinel-2A). Absorption per ug/cm2 (pigments), g/cm2 (water, dry matter).
_REFRACTION = _by_band(
    B01=1.49717, B02=1.48922, B03=1.47005, B04=1.44662, B05=1.44385, B06=1.43805,
    B07=1.43409, B08=1.43448, B8A=1.43454, B09=1.43200, B11=1.35472, B12=1.29488,
)  # fmt: skip
_CHLOROPHYLL = _by_band(
    B01=0.06779, B02=0.02630, B03=0.01140, B04=0.05631, B05=0.00861, B06=0.00060, B07=0, B08=0, B8A=0, B09=0, B11=0, B12=0
)
_CAROTENOIDS = _by_band(B01=0.16833, B02=0.11075, B03=0.00209, B04=0, B05=0, B06=0, B07=0, B08=0, B8A=0, B09=0, B11=0, B12=0)
_BROWN = _by_band(
    B01=0.48164, B02=0.42779, B03=0.33718, B04=0.17016, B05=0.11895, B06=0.08264,
    B07=0.05126, B08=0.02732, B8A=0.01920, B09=0.00847, B11=0, B12=0,
)  # fmt: skip
_WATER = _by_band(
    B01=0.00011, B02=0.00022, B03=0.00068, B04=0.00390, B05=0.00654, B06=0.02435,
    B07=0.02597, B08=0.03820, B8A=0.04621, B09=0.24206, B11=6.90059, B12=20.51547,
)  # fmt: skip
_DRY_MATTER = _by_band(
    B01=10.08129, B02=2.87194, B03=2.3, B04=2.3, B05=2.3, B06=2.3, B07=2.3, B08=2.3, B8A=2.3, B09=2.3, B11=5.41875, B12=20.32204
)

# Dry soils. "loam" is the dry soil shipped with PROSAIL (Jacquemoud et al. 2009), darker as a rough field is. The tropical
# ones are estimates with the known shapes of their kind: Ferralsol (iron: steep from blue to red), Vertisol (dark, flat),
# Arenosol (pale).
SOILS: dict[str, Floats] = {
    "loam": 0.68 * _by_band(
        B01=0.2220, B02=0.2312, B03=0.2636, B04=0.3177, B05=0.3386, B06=0.3584,
        B07=0.3788, B08=0.4038, B8A=0.4129, B09=0.4409, B11=0.5090, B12=0.4943,
    ),
    "ferralsol": _by_band(
        B01=0.050, B02=0.058, B03=0.094, B04=0.168, B05=0.192, B06=0.210,
        B07=0.225, B08=0.245, B8A=0.255, B09=0.272, B11=0.372, B12=0.330,
    ),
    "vertisol": _by_band(
        B01=0.052, B02=0.058, B03=0.075, B04=0.098, B05=0.112, B06=0.125,
        B07=0.138, B08=0.155, B8A=0.163, B09=0.178, B11=0.252, B12=0.222,
    ),
    "arenosol": _by_band(
        B01=0.095, B02=0.112, B03=0.165, B04=0.235, B05=0.262, B06=0.283,
        B07=0.300, B08=0.322, B8A=0.332, B09=0.350, B11=0.455, B12=0.415,
    ),
}  # fmt: skip

STRAW = _by_band(
    B01=0.105, B02=0.130, B03=0.180, B04=0.235, B05=0.265, B06=0.295,
    B07=0.315, B08=0.340, B8A=0.350, B09=0.365, B11=0.420, B12=0.320,
)  # fmt: skip
"""Weathered maize stover, an estimate: rises into the near infrared, cellulose absorbs at 2.1 um (as in Daughtry et al.
2004)."""

IRON_ROOF = _by_band(
    B01=0.27, B02=0.28, B03=0.30, B04=0.31, B05=0.32, B06=0.33, B07=0.335, B08=0.34, B8A=0.34, B09=0.34, B11=0.35, B12=0.33
)
"""Corrugated iron, the usual roof of western Kenya, an estimate: grey and bright."""

ASPHALT = _by_band(
    B01=0.085, B02=0.09, B03=0.10, B04=0.11, B05=0.115, B06=0.12, B07=0.125, B08=0.13, B8A=0.132, B09=0.135, B11=0.16, B12=0.15
)

_WET = _by_band(
    B01=0.50, B02=0.50, B03=0.52, B04=0.55, B05=0.56, B06=0.57, B07=0.58, B08=0.60, B8A=0.61, B09=0.66, B11=0.80, B12=0.95
)
"""Darkening exponent between dry and saturated soil."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_MU = ((_NODES + 1) / 2).astype(np.float32)
_MU_WEIGHT = (_WEIGHTS / 2 * 2 * (_NODES + 1) / 2).astype(np.float32)


def _interface_transmissivity(angle: float, n: Floats) -> Floats:
    """Mean transmissivity of a surface of refractive index `n` for light within a cone of half-angle `angle` (degrees).

    Stern 1964; here by integrating the Fresnel equations over the cone, which is what his closed form does.
    """
    nodes, weights = np.polynomial.legendre.leggauss(200)
    top = np.sin(np.radians(angle)) ** 2
    s2 = (
        (nodes[:, None] + 1) / 2 * top
    )  # sine squared of the angle of incidence: the cone's projected solid angle is uniform in it
    cos_i, cos_t = np.sqrt(1 - s2), np.sqrt(1 - s2 / n.astype(np.float64) ** 2)
    across = ((cos_i - n * cos_t) / (cos_i + n * cos_t)) ** 2
    along = ((cos_t - n * cos_i) / (cos_t + n * cos_i)) ** 2
    return np.asarray((weights[:, None] / 2 * (1 - (across + along) / 2)).sum(axis=0), np.float32)


_T_40 = _interface_transmissivity(40.0, _REFRACTION)
_T_90 = _interface_transmissivity(90.0, _REFRACTION)


@dataclass(frozen=True)
class Leaf:
    """What a leaf is made of.

    Attributes:
        structure: number of plates N.
        chlorophyll, carotenoids: ug/cm2.
        brown: brown pigments, arbitrary units (0 green, 1 dead).
        water, dry_matter: g/cm2.
    """

    structure: float = 1.5
    chlorophyll: float = 45.0
    carotenoids: float = 9.0
    brown: float = 0.0
    water: float = 0.015
    dry_matter: float = 0.006


def leaf_optics(leaf: Leaf, chlorophyll: Floats | None = None, water: Floats | None = None) -> tuple[Floats, Floats]:
    """Reflectance and transmittance of leaves.

    Args:
        leaf: what all leaves share.
        chlorophyll: (leaf,) ug/cm2, where leaves differ.
        water: (leaf,) g/cm2, where leaves differ.

    Returns:
        Two arrays (leaf, band), or (band,) without variation.
    """
    cab = leaf.chlorophyll if chlorophyll is None else chlorophyll[:, None]
    car = leaf.carotenoids if chlorophyll is None else (chlorophyll * leaf.carotenoids / leaf.chlorophyll)[:, None]
    cw = leaf.water if water is None else water[:, None]
    k = cab * _CHLOROPHYLL + car * _CAROTENOIDS + leaf.brown * _BROWN + cw * _WATER + leaf.dry_matter * _DRY_MATTER
    k = k / np.float32(leaf.structure)
    tau = np.zeros_like(k)
    for mu, weight in zip(_MU, _MU_WEIGHT, strict=True):  # diffuse light through an absorbing plate
        tau += weight * np.exp(-k / mu)
    back = _T_90 / _REFRACTION**2
    inner = 1 - back
    rebound = 1 - inner**2 * tau**2
    t_top = _T_40 * tau * back / rebound
    r_top = 1 - _T_40 + inner * tau * t_top
    t = _T_90 * tau * back / rebound
    r = 1 - _T_90 + inner * tau * t
    # Stokes: the N - 1 plates below the first
    d = np.sqrt(np.maximum((1 + r + t) * (1 + r - t) * (1 - r + t) * (1 - r - t), 1e-12))
    a = (1 + r**2 - t**2 + d) / (2 * r)
    b = ((1 - r**2 + t**2 + d) / (2 * t)) ** np.float32(leaf.structure - 1)
    below = a**2 * b**2 - 1
    r_below, t_below = a * (b**2 - 1) / below, b * (a**2 - 1) / below
    between = 1 - r_below * r
    return (r_top + t_top * r_below * t / between).astype(np.float32), (t_top * t_below / between).astype(np.float32)


def wet_soil(dry: Floats, moisture: Floats) -> Floats:
    """Darken dry soils (patch, band) by water; `moisture` (patch,) from 0 (dry) to 1 (saturated)."""
    return np.asarray(dry * np.exp(-moisture[:, None] * _WET), np.float32)


_VIEW, _BACK = np.float32(1.22), np.float32(0.20)
"""Goudriaan's reflectance is hemispherical. These fit it to what SAIL (Verhoef 1984) gives for a view from above, sun at 30
degrees, mean leaf angles of 45 to 65 degrees, to 0.045 in all bands."""


def canopy(albedo: Floats, gloss: Floats, lai: Floats, soil: Floats, extinction: Floats, shade: Floats) -> Floats:
    """Reflectance of leaves over soil.

    Args:
        albedo: (patch, band) reflectance plus transmittance of the mean leaf.
        gloss: (patch, band) reflectance minus transmittance of the mean leaf.
        lai: (patch,) leaf area per ground area, living and dead.
        soil: (patch, band) reflectance below.
        extinction: (patch,) K of black leaves, clumping included.
        shade: (patch,) share of the surface in its own shade where the canopy is closed (rows, crowns).

    Returns:
        (patch, band) float32.
    """
    thrift = np.sqrt(1 - albedo)
    k = extinction[:, None]
    deep = _VIEW * (1 - thrift) / (1 + thrift) * (2 * k / (1 + k)) + _BACK * gloss
    through = np.exp(-2 * k * thrift * lai[:, None])
    lit = deep + (soil - deep) * through
    dark = shade * (1 - np.exp(-extinction * lai))
    return np.asarray(lit * (1 - dark[:, None] * (1 - 0.45 * np.sqrt(albedo))), np.float32)
