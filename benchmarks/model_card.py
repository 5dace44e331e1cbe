"""Score the shipped checkpoint on a simulated season that it never saw, by class and by field size; for the model card.

Usage: python benchmarks/model_card.py [--out FILE]

Writes docs/model_card.json, which scripts/write_checkpoints.py prints into docs/index.md. The season: 1,000 fields, seed 4242.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint
from cropdetect.evaluation import score, scores_by_size
from cropdetect.formats import ModelCardRecord

ROOT = Path(__file__).parents[1]
CHECKPOINT = ROOT / "src" / "cropdetect" / "checkpoint" / "shipped" / "kenya-simulated"
OUT = ROOT / "docs" / "model_card.json"
SEASON = {"tiles": 1, "height": 1200, "width": 1200, "fields": 1000, "seed": 4242}


def main(out: Path = OUT) -> None:
    record = read_checkpoint(CHECKPOINT).record
    legend = record.legend
    with tempfile.TemporaryDirectory() as folder:
        season, predictions = Path(folder) / "season", Path(folder) / "predictions"
        api.simulate(season, **SEASON)
        api.predict(season, predictions, checkpoint=CHECKPOINT)
        table = (
            pd.read_csv(predictions / "predictions.csv")
            .drop(columns="label", errors="ignore")
            .merge(pd.read_csv(season / "truth.csv")[["field_id", "label"]], on="field_id")
        )
    table = table[table["crop"].notna()]
    probabilities = table[[f"prob_{name}" for name in legend]].to_numpy(np.float64)
    labels = table["label"].map(legend.index).to_numpy()
    metrics = score(probabilities, labels, legend)
    sizes = scores_by_size(probabilities, labels, table["n_pixels"].to_numpy())
    card = ModelCardRecord(
        members=[member.onnx_sha256 for member in record.members],
        season=SEASON,
        metrics=metrics.model_copy(update={"by_size": sizes}),
    )
    out.write_text(card.model_dump_json(indent=1) + "\n", "utf-8")
    print(f"{metrics.n_fields} fields: accuracy {metrics.accuracy:.3f}, log loss {metrics.log_loss:.3f}; in {out}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    main(parser.parse_args().out)
