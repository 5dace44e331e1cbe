"""The recipe of 2020, as it was and with its faults corrected, beside ours, on the same blocked folds of one simulated season.

Used by accuracy.py. Every fold's answers are kept in the cache. The corrected recipe's whole ensemble, its last snapshots alone
(which is what was averaged in 2020) and one network answer after the same trainings, so that nothing else differs.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cropdetect import api, models
from cropdetect.chips import open_random_access
from cropdetect.evaluation import bootstrap_differences, evaluate_probabilities
from cropdetect.formats import MetricsRecord
from cropdetect.training.data import read_training_data
from cropdetect.training.ensemble import NetworkEnsemble
from cropdetect.training.folds import make_folds
from cropdetect.training.groups import spatial_groups
from cropdetect.training.recipes import train_options
from faults_of_2020 import SETTINGS_OF_2020, EnsembleOf2020

SEASON = {"tiles": 1, "height": 1100, "width": 1100, "fields": 1500, "seed": 11}
N_FOLDS = 2
BLOCK = 500.0  # metres
SHORTENED = {"members": 2, "snapshots": 6, "epochs": 8, "learning_rate": 0.03}  # of 2020: 10, 6, 10, 0.008
INTERCROPS = ("Maize & Common Bean", "Maize & Cassava", "Maize & Soybean", "Cassava & Common Bean")
Answers = dict[str, npt.NDArray[Any]]
Members = Sequence[Sequence[models.Network]]
Choice = Callable[[Members], Members]


def whole(members: Members) -> Members:
    return members


def last(members: Members) -> Members:
    return [networks[-1:] for networks in members]


def one(members: Members) -> Members:
    return [members[0][-1:]]


TRAININGS: dict[str, tuple[str | None, dict[str, Any], dict[str, Choice]]] = {
    "corrected": (
        "cv4a",
        SHORTENED,
        {
            "2020, shortened, corrected": whole,
            "2020, shortened, corrected, last snapshots": last,
            "2020, shortened, corrected, one network": one,
        },
    ),
    "default": (None, {}, {"default": whole}),
    "as-it-was": ("cv4a", {**SHORTENED, **SETTINGS_OF_2020}, {"2020, shortened, as it was": whole}),
}

PAIRS = (
    ("2020, shortened, corrected", "2020, shortened, corrected, last snapshots"),
    ("2020, shortened, corrected, last snapshots", "2020, shortened, corrected, one network"),
    ("2020, shortened, corrected", "2020, shortened, as it was"),
    ("default", "2020, shortened, corrected"),
)


def compare(
    cache: Path,
    season: dict[str, Any] = SEASON,
    block: float = BLOCK,
    extra: dict[str, Any] | None = None,
    names: Sequence[str] = tuple(TRAININGS),
) -> None:
    """Train every recipe on every fold; what is in the cache already is not computed again."""
    folder = cache / "season"
    if not folder.is_dir():
        api.simulate(folder, **season)
    for name in names:
        recipe, settings, choices = TRAININGS[name]
        options = train_options(recipe, None, {**settings, **(extra or {}), "block_size": block})
        chips = open_random_access(folder, cache / f"season-{options.preset}.zarr", api.DataOptions(), options.preset)
        data = read_training_data(chips, options.legend)
        table = data.chips.fields
        groups = spatial_groups(table, column=None, block_size=block, wanted=2).of_field
        (cache / "season-legend.json").write_text(json.dumps(data.legend), "utf-8")
        folds = make_folds(table, data.classes, "blocked", n_folds=N_FOLDS, block_size=block)
        for fold, training in enumerate(folds.training):
            file = cache / f"season-{name}-{fold}.npz"
            if file.is_file():
                continue
            start, test = time.process_time(), folds.test(fold)
            state = cache / f"season-{name}-{fold}"
            state.mkdir(exist_ok=True)
            title = f"{name}, fold {fold + 1} of {N_FOLDS}"
            if name == "as-it-was":
                ensemble: NetworkEnsemble = EnsembleOf2020(options, state, data, title)
            else:
                ensemble = NetworkEnsemble(options, state, description=title)
            ensemble.fit(data.of_fields(training), groups[training] if options.validation == "blocked" else None)
            answers = {
                choice: ensemble.scaling_.apply(ensemble.member_probabilities(data.of_fields(test), networks(ensemble.members_)))
                for choice, networks in choices.items()
            }
            ids = np.array(table["field_id"].astype(str).tolist())[test]
            seconds = time.process_time() - start
            np.savez(file, ids=ids, group=groups[test], label=data.classes[test], seconds=seconds, **answers)


def read(cache: Path, name: str, choice: str) -> tuple[Answers, float]:
    """Return ids, labels, groups and answers of all folds by field_id, and CPU seconds."""
    parts = [np.load(cache / f"season-{name}-{fold}.npz") for fold in range(N_FOLDS)]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in ("ids", "label", "group", choice)}
    order = np.argsort(joined["ids"])
    return {key: values[order] for key, values in joined.items()}, float(sum(part["seconds"] for part in parts))


def figures(cache: Path) -> dict[str, Any]:
    """Return the scores of each recipe and their differences; what is not trained yet is left out."""
    models, found, legend = {}, {}, []
    for name, (_, _, choices) in TRAININGS.items():
        if not all((cache / f"season-{name}-{fold}.npz").is_file() for fold in range(N_FOLDS)):
            continue
        legend = json.loads((cache / "season-legend.json").read_text("utf-8"))
        for choice in choices:
            answers, seconds = read(cache, name, choice)
            record = evaluate_probabilities(
                answers[choice], answers["label"], legend, answers["ids"].tolist(), groups=answers["group"]
            )
            found[choice] = answers
            models[choice] = {**scores(record), "cpu_seconds": round(seconds)}
    if not models:
        return {}
    pairs = [pair for pair in PAIRS if set(pair) <= set(found)]
    differences = [{"of": one, "less": other, **difference(found, one, other, legend)} for one, other in pairs]
    return {"fields": SEASON["fields"], "folds": N_FOLDS, "shortened": SHORTENED, "models": models, "differences": differences}


def difference(found: Mapping[str, Answers], first: str, second: str, legend: list[str]) -> dict[str, list[float]]:
    """Return by how much the scores of two recipes differ, paired by field: difference and its interval over groups."""
    a, b = found[first], found[second]
    assert (a["ids"] == b["ids"]).all()
    differences = bootstrap_differences(a[first], b[second], a["label"], legend, a["group"])
    shown = {name: differences[name] for name in ("log_loss", "accuracy", "macro_f1")}
    return {name: [round(float(n), 4) for n in (d.difference, d.lower, d.upper)] for name, d in shown.items()}


def scores(record: MetricsRecord) -> dict[str, Any]:
    low, high = (record.intervals or {})["log_loss"]
    recall = np.mean([record.per_class[name].recall or 0 for name in INTERCROPS if name in record.per_class])
    return {
        "log_loss": round(record.log_loss, 4),
        "interval": [round(low, 3), round(high, 3)],
        "accuracy": round(record.accuracy, 4),
        "macro_f1": round(record.macro_f1, 4),
        "ece": round(record.ece, 4),
        "recall_of_intercrops": round(float(recall), 3),
    }
