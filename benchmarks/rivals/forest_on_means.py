"""A random forest on the means that exactextract makes of polygons: what one writes with geopandas and scikit-learn.

    PYTHON benchmarks/rivals/forest_on_means.py SEASON --json        PYTHON has geopandas, exactextract, rasterio, scikit-learn

The fields of the first tile, all its dates and bands. The forest (500 trees) learns made-up labels beforehand, which is not
counted: means and predictions are.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio.features
import shapely.geometry
from exactextract import exact_extract
from sklearn.ensemble import RandomForestClassifier

N_TREES, N_LEARNT, N_CLASSES = 500, 3000, 7


def outlines(path: Path) -> gpd.GeoDataFrame:
    with rasterio.open(path) as file:
        ids = file.read(1).astype(np.int32)
        shapes = list(rasterio.features.shapes(ids, mask=ids > 0, transform=file.transform))
        parts = gpd.GeoDataFrame(
            {"field_id": [int(value) for _, value in shapes]},
            geometry=[shapely.geometry.shape(one) for one, _ in shapes],
            crs=file.crs,
        )
    return parts.dissolve("field_id").reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("season", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tile = options.season / "00"
    fields = outlines(next(tile.glob("*_field_id.tif")))
    images = sorted(tile.glob("*/*.tif"))
    rng = np.random.default_rng(0)
    forest = RandomForestClassifier(N_TREES, random_state=0, n_jobs=1)
    forest.fit(rng.random((N_LEARNT, len(images))), rng.integers(0, N_CLASSES, N_LEARNT))
    start = time.process_time()
    means = [exact_extract(str(image), fields, ["mean"], output="pandas")["mean"].to_numpy() for image in images]
    forest.predict_proba(np.nan_to_num(np.stack(means, axis=1)))
    cpu = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"work": "rival: random forest on exactextract means", "ours": len(fields) / cpu, "unit": "fields/CPU s"}
    print(json.dumps(row | {"beside": "", "theirs": None, "peak_memory_mb": peak}))


if __name__ == "__main__":
    main()
