"""Which fields are surveyed: clusters of them, as enumerators visit them.

In ref_african_crops_kenya_01 about 25 fields lie within a kilometre.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cropdetect.errors import OptionError
from cropdetect.simulation.noise import generator
from cropdetect.simulation.patches import SPECIES_NAMES, Patches
from cropdetect.simulation.region import Region

_KEY = 10
_CLUSTER = 25
_POOL = 2  # a cluster is drawn from this many times its size of nearest fields
_TEST_SHARE = 1402 / 4688
_BLOCK = 5000.0


@dataclass(frozen=True)
class Candidates:
    """The crop fields of one tile that have pixels inside it.

    Attributes:
        tile: its number.
        row: (field,) row of the tile's patches.
        n_pixels: (field,) 10 m pixels inside the tile.
        patches: (field,) what they are.
    """

    tile: int
    row: npt.NDArray[np.intp]
    n_pixels: npt.NDArray[np.int64]
    patches: Patches


def find_candidates(tile: int, owner: npt.NDArray[np.int32], patches: Patches) -> Candidates:
    """List the fields of the legend's classes in a tile. `owner`: (y, x) patch of each pixel of the tile proper."""
    counts = np.bincount(owner.ravel(), minlength=len(patches))
    row = np.flatnonzero((patches.crop_id > 0) & (counts > 0))
    return Candidates(tile, row, counts[row], patches.take(row))


def choose_fields(region: Region, candidates: Sequence[Candidates], n: int, seed: int, extent: float) -> pd.DataFrame:
    """Choose `n` fields, with the region's class shares, and deal them into train and test.

    Args:
        region: the legend and its shares.
        candidates: of all tiles.
        n: how many.
        seed: of the season.
        extent: longer side of the mosaic, metres, which spatial blocks must divide.

    Returns:
        One row a field, in the order of `field_id` (1, 2, ...): field_id, key, tile (where most of it lies), crop_id, label,
        split, block, n_pixels, x, y (metres in the mosaic), planting day and shares of the parts.

    Raises:
        OptionError: there are not that many crop fields.
    """
    table = pd.concat([_table(c) for c in candidates], ignore_index=True)
    table = table.sort_values(["key", "n_pixels"], ascending=[True, False], kind="stable")
    total = table.groupby("key")["n_pixels"].transform("sum")
    table = table.assign(n_pixels=total).drop_duplicates("key").reset_index(drop=True)
    if len(table) < n:
        raise OptionError(
            f"only {len(table)} crop fields fit into the scene, not {n}",
            where="fields",
            fix="Ask for fewer fields or larger tiles.",
        )
    rng = generator(seed, _KEY)
    shares = np.array([c.share for c in region.classes])
    quota = _quotas(shares / shares.sum(), n)
    chosen = _visit(table[["x", "y"]].to_numpy(), table["crop_id"].to_numpy() - 1, quota, rng)
    table = table.iloc[rng.permutation(chosen)].reset_index(drop=True)
    test = np.zeros(n, bool)
    test[rng.permutation(n)[: round(n * _TEST_SHARE)]] = True
    block = min(_BLOCK, extent / 4)
    columns = (table["x"] // block).astype(int), (table["y"] // block).astype(int)
    table.insert(0, "field_id", np.arange(1, n + 1))
    table["label"] = [region.classes[i - 1].name for i in table["crop_id"]]
    table["split"] = np.where(test, "test", "train")
    table["block"] = columns[1] * 1000 + columns[0]
    return table


def _table(candidates: Candidates) -> pd.DataFrame:
    p = candidates.patches
    shares = np.zeros((len(p), len(SPECIES_NAMES)), np.float32)
    rows = np.arange(len(p))
    shares[rows[p.a >= 0], p.a[p.a >= 0]] = p.mix[p.a >= 0]
    shares[rows[p.b >= 0], p.b[p.b >= 0]] = 1 - p.mix[p.b >= 0]
    used = [i for i in range(len(SPECIES_NAMES)) if shares[:, i].any()]
    return pd.DataFrame(
        {
            "key": p.key, "tile": candidates.tile, "crop_id": p.crop_id.astype(int), "n_pixels": candidates.n_pixels,
            "x": p.x.astype(np.float64), "y": p.y.astype(np.float64), "planting_day": np.round(p.planted_a).astype(int),
        }
        | {f"share_{SPECIES_NAMES[i].replace(' ', '_')}": shares[:, i].round(3) for i in used}
    ).fillna(0.0)  # fmt: skip


def _quotas(shares: npt.NDArray[np.float64], n: int) -> npt.NDArray[np.int64]:
    """Share out `n` by largest remainders."""
    exact = shares * n
    whole = np.floor(exact).astype(np.int64)
    for i in np.argsort(whole - exact)[: n - whole.sum()]:
        whole[i] += 1
    return whole


def _visit(
    places: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], quota: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Visit clusters until every class has its quota; what is still missing is taken wherever it grows."""
    left = quota.copy()
    free = np.ones(len(places), bool)
    chosen: list[int] = []
    n = int(quota.sum())
    for centre in rng.permutation(len(places)):
        if len(chosen) >= 0.97 * n:
            break
        distance = ((places - places[centre]) ** 2).sum(axis=1)
        size = min(_CLUSTER, n)
        pool = np.argpartition(distance, min(size * _POOL, len(places) - 1))[: size * _POOL]
        taken = 0
        for i in rng.permutation(np.sort(pool)):
            if taken < size and free[i] and left[classes[i]] > 0:
                free[i], taken = False, taken + 1
                left[classes[i]] -= 1
                chosen.append(int(i))
    for i in rng.permutation(len(places)):
        if free[i] and left[classes[i]] > 0:
            free[i] = False
            left[classes[i]] -= 1
            chosen.append(int(i))
    for i in rng.permutation(len(places)):  # a class too rare in a small scene: others stand in
        if len(chosen) >= n:
            break
        if free[i]:
            free[i] = False
            chosen.append(int(i))
    return np.array(chosen)
