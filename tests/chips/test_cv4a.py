"""Chips of preset cv4a against a plain implementation of the 2020 recipe, written from its description alone."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from cropdetect.chips import cut_chips
from cropdetect.fields import FieldSet
from tests.chips.memory import MemorySeries, imagery

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12", "CLD")


def plain_chip(image: np.ndarray, ids: np.ndarray, field: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut one field of one tile: image (date, band, y, x), ids (y, x) -> chip (date, band, 32, 32), mask (32, 32)."""
    rows, columns = np.where(ids == field)
    r, c = int(np.median(rows)), int(np.median(columns))
    chip = np.zeros((*image.shape[:2], 32, 32))
    mask = np.zeros((32, 32))
    for y, row in enumerate(range(max(0, r - 16), r + 16)):
        for x, column in enumerate(range(max(0, c - 16), c + 16)):
            if row < ids.shape[0] and column < ids.shape[1]:
                chip[:, :, y, x] = image[:, :, row, column]
                mask[y, x] = ids[row, column] == field
    return chip, mask


def plain_features(chips: np.ndarray) -> np.ndarray:
    """15 features of raw chips (chip, date, 13, y, x), as in steps 2 to 5 of the recipe."""
    b02, b03, b04, b08 = (chips[:, :, BANDS.index(band)] for band in ("B02", "B03", "B04", "B08"))
    ndvi = (b08 - b04) / (b08 + b04 + 1e-6)
    green = (b03 - b08) / (b03 + b08 + 1e-6)
    blue = (b02 - b08) / (b02 + b08 + 1e-6)
    channels = np.concatenate([np.sqrt(chips), np.stack([ndvi, green, blue], axis=2)], axis=2)
    mean = channels.mean(axis=(0, 1, 3, 4), keepdims=True)
    std = channels.std(axis=(0, 1, 3, 4), keepdims=True)
    return np.delete((channels - mean) / std, 10, axis=2)


def painted(path: Path, ids: np.ndarray, tile: MemorySeries) -> Path:
    transform = rasterio.Affine(*tuple(tile.geobox.affine)[:6])
    profile = {"driver": "GTiff", "count": 1, "dtype": ids.dtype.name, "crs": "EPSG:32636", "transform": transform}
    with rasterio.open(path, "w", height=ids.shape[0], width=ids.shape[1], **profile) as file:
        file.write(ids, 1)
    return path


@pytest.fixture
def season(tmp_path: Path) -> tuple[list[MemorySeries], list[np.ndarray], FieldSet]:
    rng = np.random.default_rng(3)
    shapes = [(90, 70), (90, 50), (20, 90)]  # the last is lower than a chip
    tiles, rasters, painted_ids = [], [], []
    placed = [
        {1: (0, 0, 3, 4), 2: (86, 66, 4, 4), 3: (40, 30, 7, 12), 4: (5, 66, 9, 4), 5: (60, 2, 2, 2), 6: (20, 5, 6, 60)},
        {4: (5, 0, 9, 7), 7: (30, 20, 1, 1), 8: (88, 40, 2, 10)},
        {9: (2, 3, 15, 6), 10: (18, 85, 2, 5)},
    ]
    for number, (shape, fields) in enumerate(zip(shapes, placed, strict=True)):
        image = rng.integers(1, 5000, (4, 13, *shape)).astype(np.uint16)
        tile = MemorySeries(image, name=f"{number:02}", west=640_000 + 10 * 70 * number, bands=BANDS, block=(32, shape[1]))
        ids = np.zeros(shape, np.float32 if number == 1 else np.uint16)
        for field, (row, column, height, width) in fields.items():
            ids[row : row + height, column : column + width] = field
        tiles.append(tile)
        rasters.append(painted(tmp_path / f"{number}.tif", ids, tile))
        painted_ids.append(ids)
    table = gpd.GeoDataFrame({"field_id": np.arange(1, 11), "status": ["ok"] * 10}, geometry=[None] * 10)
    return tiles, painted_ids, FieldSet(table=table, rasters=tuple(rasters))


def test_chips_equal_the_plain_implementation(season: tuple[list[MemorySeries], list[np.ndarray], FieldSet]) -> None:
    tiles, ids, fields = season
    chips = cut_chips(imagery(*tiles), fields, preset="cv4a", memory_budget=40 * 2**20)
    assert len(chips) == 11  # field 4 lies in two tiles
    seen = []
    for batch in chips.batches(4):
        for chip in range(len(batch)):
            field = int(chips.fields["field_id"].iloc[batch.field[chip]])
            candidates = [plain_chip(t.image, i, field) for t, i in zip(tiles, ids, strict=True) if (i == field).any()]
            match = [
                np.array_equal(batch.image[chip], image) and np.array_equal(batch.mask[chip], mask) for image, mask in candidates
            ]
            assert any(match), field
            seen.append((field, match.index(True)))
    assert sorted(seen) == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0)]


def test_a_field_larger_than_its_chip_is_named(season: tuple[list[MemorySeries], list[np.ndarray], FieldSet]) -> None:
    tiles, _, fields = season
    chips = cut_chips(imagery(*tiles), fields, preset="cv4a")
    assert len(chips.info.warnings) == 1
    assert "(6...)" in chips.info.warnings[0] or "(6)" in chips.info.warnings[0]


def test_the_15_features_equal_the_plain_implementation(
    season: tuple[list[MemorySeries], list[np.ndarray], FieldSet],
) -> None:
    torch = pytest.importorskip("torch")
    from cropdetect import models

    tiles, ids, fields = season
    chips = cut_chips(imagery(*tiles), fields, preset="cv4a")
    network = models.create("conv-gru")
    network.set_statistics(models.channel_statistics(network, chips.batches(3), "test", as_2020=True))
    whole = next(chips.batches(len(chips)))
    plain = np.stack(
        [
            next(
                image
                for t, i in zip(tiles, ids, strict=True)
                if (i == chips.fields["field_id"].iloc[field]).any()
                for image, mask in [plain_chip(t.image, i, chips.fields["field_id"].iloc[field])]
                if np.array_equal(mask, whole.mask[chip]) and np.array_equal(image, whole.image[chip])
            )
            for chip, field in enumerate(whole.field)
        ]
    )
    features = network.features(torch.from_numpy(whole.image.astype(np.float32))).numpy()
    assert features.shape == (11, 4, 15, 32, 32)
    np.testing.assert_allclose(features, plain_features(plain), atol=1e-4)
