"""Out-of-fold accuracy of every network and baseline on real series and on a simulated season; writes docs/accuracy.json.

Usage: python benchmarks/accuracy.py DATA [--cache FOLDER] [--sets ...] [--models ...] [--seeds N] [--simulated] [--quick]

DATA holds a folder a set, each with series.parquet, fields.parquet (columns fold_random and fold_blocked) and baselines.json, the
numbers to beat. Every cross-validation is kept in the cache, so the script continues where it was stopped. docs/accuracy.json
holds what is in the cache (an empty --models trains nothing), and `make docs` writes docs/accuracy.md from it.
--quick: small, to see that it works; it writes nothing.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import recipes_compared
from cropdetect import api
from cropdetect.evaluation import bootstrap_differences, score
from cropdetect.formats import MetricsRecord

SETS = ("france_s2", "central_asia_landsat", "mato_grosso_modis")
FOLDS = ("fold_random", "fold_blocked")
NETWORKS = ("season-cnn", "tempcnn", "pse-ltae")
BASELINES = ("random-forest", "svm", "gradient-boosting")
FIGURES = Path(__file__).parents[1] / "docs" / "accuracy.json"
SCORES = ("log_loss", "accuracy", "macro_f1", "ece")


def crossval(data: Path, out: Path, folds: str, settings: dict[str, Any]) -> None:
    """Cross-validate once; what is in the cache already is not computed again."""
    if (out / "cpu.json").is_file():
        return
    start = time.process_time()
    api.crossval(data, out, folds=folds, overwrite=(out / "metrics.json").is_file(), **settings)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (out / "cpu.json").write_text(json.dumps({"seconds": time.process_time() - start, "memory_mb": memory}), "utf-8")
    print(out.name, read(out).log_loss, flush=True)


def read(out: Path) -> MetricsRecord:
    return MetricsRecord.model_validate_json((out / "metrics.json").read_bytes())


def answers(out: Path) -> tuple[pd.Series, pd.DataFrame]:
    """Return labels and probabilities, a column a class, both by field_id."""
    table = pd.read_csv(out / "predictions.csv", dtype={"field_id": str}).set_index("field_id").sort_index()
    return table["label"], table.filter(regex="^prob_").rename(columns=lambda name: name.removeprefix("prob_"))


def cached(cache: Path, name: str, folds: str, model: str) -> list[Path]:
    """Return the finished cross-validations, a seed each."""
    return sorted(file.parent for file in cache.glob(f"{name}-{folds}-{model}-[0-9]/cpu.json"))


def figures_of(outs: Sequence[Path]) -> dict[str, Any]:
    """Return the means over seeds, and the interval of the first seed's log loss."""
    records = [read(out) for out in outs]
    seconds = [json.loads((out / "cpu.json").read_text("utf-8"))["seconds"] for out in outs]
    return {
        "seeds": len(outs),
        **means(records),
        "interval": rounded((records[0].intervals or {})["log_loss"], 3),
        "cpu_seconds": round(float(np.mean(seconds))),
    }


def means(records: Sequence[MetricsRecord]) -> dict[str, float]:
    return {name: round(float(np.mean([getattr(record, name) for record in records])), 4) for name in SCORES}


def rounded(numbers: Sequence[float], digits: int = 4) -> list[float]:
    return [round(float(number), digits) for number in numbers]


def cpu_hours(cache: Path) -> float:
    seconds = [json.loads(file.read_text("utf-8"))["seconds"] for file in cache.glob("*/cpu.json")]
    seconds += [float(np.load(file)["seconds"]) for file in cache.glob("season-*.npz")]
    return sum(seconds) / 3600


def difference(first: Path, second: Path, groups: pd.Series) -> dict[str, list[float]]:
    """Return by how much the first answers differ from the second, paired by field: difference and its interval over groups."""
    labels, ours = answers(first)
    _, theirs = answers(second)
    legend = sorted(labels.unique())
    classes = pd.Index(legend).get_indexer(labels)
    groups_of = groups.loc[labels.index].to_numpy()
    found = bootstrap_differences(ours[legend].to_numpy(), theirs[legend].to_numpy(), classes, legend, groups_of)
    return {name: rounded((found[name].difference, found[name].lower, found[name].upper)) for name in SCORES}


def unanswered(outs: Sequence[Path], fields: pd.DataFrame) -> dict[str, Any]:
    """Return how many fields have no value at all, and what the scores were if class frequencies stood for their answers."""
    labels, _ = answers(outs[0])
    empty = fields.loc[fields.index.difference(labels.index), "label"]
    if empty.empty:
        return {"fields": 0}
    records = []
    for out in outs:
        labels, ours = answers(out)
        frequencies = labels.value_counts(normalize=True).reindex(ours.columns, fill_value=0)
        every = np.vstack([ours, np.tile(frequencies, (len(empty), 1))])
        records.append(score(every, ours.columns.get_indexer([*labels, *empty]), list(ours.columns)))
    return {"fields": len(empty), **means(records)}


def figures_of_folds(cache: Path, name: str, folds: str, fields: pd.DataFrame, listed: dict[str, Any]) -> dict[str, Any]:
    """Return all figures of one data set and one kind of folds; empty where nothing was trained."""
    outs = {model: cached(cache, name, folds, model) for model in (*NETWORKS, *BASELINES)}
    ours = outs[NETWORKS[0]]
    if not ours:
        return {}
    scored = fields[fields[folds] >= 0]
    others = [model for model in outs if model != NETWORKS[0] and outs[model]]
    baselines = {key.split("/")[1]: scores for key, scores in listed.items() if key.startswith(folds)}
    return {
        "fields": len(scored),
        "classes": int(scored["label"].nunique()),
        "models": {model: figures_of(found) for model, found in outs.items() if found},
        "listed": {key: {one: scores[one] for one in SCORES if one in scores} for key, scores in baselines.items()},
        "differences": {model: difference(ours[0], outs[model][0], fields["group"]) for model in others},
        "unanswered": unanswered(ours, scored),
    }


def figures_of_set(data: Path, cache: Path, name: str) -> dict[str, Any]:
    """Return what the set is, and its figures by kind of folds."""
    listed = json.loads((data / name / "baselines.json").read_text("utf-8"))
    fields = pd.read_parquet(data / name / "fields.parquet").assign(field_id=lambda t: t["field_id"].astype(str))
    fields = fields.set_index("field_id")
    folds = {kind: figures_of_folds(cache, name, kind, fields, listed["baselines"]) for kind in FOLDS}
    return {
        "fields": len(fields),
        "groups": int(fields["group"].nunique()),
        "classes": listed["n_classes"],
        "folds": {kind: found for kind, found in folds.items() if found},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("accuracy-cache"))
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--folds", nargs="*", default=list(FOLDS))
    parser.add_argument("--models", nargs="*", default=[*NETWORKS, *BASELINES])
    parser.add_argument("--seeds", type=int, default=3, help=f"of {NETWORKS[0]}; all others have one")
    parser.add_argument("--simulated", action="store_true")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    if arguments.quick:
        with tempfile.TemporaryDirectory() as folder:
            few = {"members": 2, "epochs": 1}
            crossval(arguments.data / "france_s2", Path(folder) / "france", "fold_blocked", few)
            crossval(arguments.data / "france_s2", Path(folder) / "forest", "fold_blocked", {"model": "random-forest"})
            small = {"tiles": 1, "height": 200, "width": 200, "fields": 60, "seed": 11}
            recipes_compared.compare(Path(folder), small, 200.0, {**few, "snapshots": 1})
            print(json.dumps(recipes_compared.figures(Path(folder)), indent=1))
        return
    for name in arguments.sets:
        for model in arguments.models:
            for folds in arguments.folds:
                for seed in range(arguments.seeds if model == NETWORKS[0] else 1):
                    out = arguments.cache / f"{name}-{folds}-{model}-{seed}"
                    crossval(arguments.data / name, out, folds, {"model": model, "seed": seed})
    if arguments.simulated:
        recipes_compared.compare(arguments.cache)
    sets = {name: figures_of_set(arguments.data, arguments.cache, name) for name in SETS}
    figures = {
        "measured": date.today().isoformat(),
        "cpu_hours": round(cpu_hours(arguments.cache), 1),
        "sets": {name: found for name, found in sets.items() if found["folds"]},
        "season": recipes_compared.figures(arguments.cache),
    }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
