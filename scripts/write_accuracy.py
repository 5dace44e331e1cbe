"""Write docs/accuracy.md from docs/accuracy.json, the figures of benchmarks/accuracy.py.

Usage: python scripts/write_accuracy.py
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
FIGURES, PAGE = DOCS / "accuracy.json", DOCS / "accuracy.md"

OURS = "season-cnn"
NETWORKS, SIMPLE = ("tempcnn", "pse-ltae"), ("random-forest", "svm", "gradient-boosting")
PLACES = {
    "france_s2": "France, Sentinel-2",
    "central_asia_landsat": "Central Asia, Landsat",
    "mato_grosso_modis": "Mato Grosso, MODIS",
}
ABOUT = {
    "france_s2": "Sentinel-2 L2A at points inside parcels, one value in ten days, September 2022 to January 2024. Half of the "
    "values are missing, mostly because of clouds. Source: WorldCereal, MIT, (c) ESA WorldCereal; labels: French LPIS.",
    "central_asia_landsat": "NDVI of Landsat every 16 days, Uzbekistan and Tajikistan, 2008 to 2018. A group is a region and a "
    "survey date. The first date counts as 1 January. Source: CAWa crop type samples in CropHarvest, CC BY 4.0.",
    "mato_grosso_modis": "NDVI, EVI and two infrared bands of MODIS every 16 days, Brazil, 2000 to 2016. A group is a square of "
    "0.5 degree. Two classes occur in one group only: the blocked folds leave their 218 fields out. Source: sits, "
    "`samples_mt_4bands`, GPL-3.",
}
LISTED = {
    "svm_rbf": "SVM",
    "tempcnn_x3": "TempCNN, three networks",
    "minirocket_lr": "MiniRocket, logistic regression",
    "presto_embedding_rf": "Presto, random forest",
    "presto_embedding_and_series_rf": "Presto and series, random forest",
    "presto_default_finetuned_x1": "Presto, fine-tuned",
    "presto_wc_finetuned_x1": "Presto of WorldCereal, fine-tuned",
    "presto_wc_ft_lr": "Presto of WorldCereal, logistic regression",
    "presto_wc_ft_and_series_rf": "Presto of WorldCereal and series, random forest",
    "galileo_nano_and_series_rf": "Galileo and series, random forest",
    "mean_rf_svm_lr": "mean of random forest, SVM and logistic regression",
}
SHORT = {  # in the narrow table of the comparison
    "tempcnn_x3": "TempCNN",
    "presto_wc_finetuned_x1": "Presto",
    "mean_rf_svm_lr": "mean of three",
}
FOLDS = {"fold_blocked": "New places", "fold_random": "Between labelled fields"}
SCORES = {"log_loss": "log loss", "accuracy": "accuracy", "macro_f1": "macro F1", "ece": "ECE"}
Figures = dict[str, Any]

_HEAD = """# Accuracy

**The default network finds the right crop of {blocked} of the fields in places that it has not seen.** Between labelled
fields it finds {random}. These are three data sets of real fields
in Europe, Asia and South America. Each was trained and tested by itself.
"""
_MEANING = """
* **New places**: whole groups of fields are kept aside, such as all fields of a region. Expect these numbers if your map
  goes beyond the parts with labels.
* **Between labelled fields**: single fields are kept aside. Their neighbours are in the training. Expect these numbers if
  labelled fields lie all over your map. [Blocked folds](blocked-folds.md) explains the difference.

## What this means for you

* **Your own number will differ.** It depends most on your crops, your labels and your clouds. `cropdetect crossval`
  measures it on your fields: [How good is it?](scores.md)
* **Rare crops are found less often than frequent ones.** *Macro F1* counts every class equally. In France, in new places,
  it is {macro_f1:.2f}, while {accuracy} of the fields are right.
* **You can use the probabilities.** The stated confidence differs from the share of right answers by {low_ece} to
  {high_ece} percentage points on average (ECE times 100).
* **A model does not travel well.** A network trained in France finds 3 of 4 maize and 7 of 8 grass parcels in Flanders, in
  another year ([From France to Flanders](performance.md#from-france-to-flanders)). Train on labels of your region and
  season.

## Compared with other methods

*Log loss* says how well the probabilities fit the true crops. Lower is better; 0 is perfect. All methods have the same
folds. The lowest number of each row is bold. *Mean of three* is that of random forest, SVM and logistic regression.
"""
_COMPARED = """
* **Numbers that came with the data** (simple methods, TempCNN, and the pre-trained encoders Presto and Galileo):
  `season-cnn` has a lower log loss than all of them in {listed_won} of {listed_all} tests. In France, in new places, Presto
  with the weights of WorldCereal, fine-tuned, is about as good: {france_listed:.4f}. `season-cnn` has {france_ours:.4f}
  there, counted on the same {france_fields} fields. French labels may have been in the training of this Presto.
* **The two other networks of cropdetect**, `tempcnn` and `pse-ltae`, are as good in new places: {places_chance} of
  {places_all} differences are no larger than chance. Between labelled fields, {random_sure} of {random_all} differences are
  larger than chance, all for `season-cnn`. The two networks need {least:.1f} to {most:.1f} times the computing time.
* **Random forest, SVM and gradient boosting** have a higher log loss in {simple_won} of {simple_all} tests; {simple_sure}
  of these differences are larger than chance. `season-cnn` gives {fewest:.1f} to {points:.1f} percentage points more fields
  the right crop. But these methods are much quicker: in France a random forest takes {forest} seconds and `season-cnn`
  {ours} seconds.

*Larger than chance* means: the 95 % interval of the difference does not contain 0.

## What you should doubt

* **The scores of `season-cnn` are a little too good.** Its design and its settings were chosen among dozens of variants by
  their scores on these same folds, mostly with seed 0. The other methods were not tuned so. The intervals do not cover
  this. No data set was kept aside.
* **No label of a fold reaches the network that predicts the fold.** This holds for all methods.
* **Computing times are too long in part.** Other programs ran on the machine. The same work can then take twice as long.
* **Measured on {measured}.** The code has changed since. One seed in France, measured again a day later, differed by 0.002
  (between labelled fields) and 0.010 (new places) in log loss.

## How to read the tables

| column | meaning |
|---|---|
| model | [Models](models.md) describes them. Lines in italics came with the data, in its file `baselines.json` |
| seeds | how many times the cross-validation was run; the scores are means |
| log loss | in nats, probabilities clipped at 1e-4; in brackets the 95 % interval of the first seed (bootstrap over groups) |
| accuracy | share of fields with the right crop |
| macro F1 | mean of the F1 of all classes |
| ECE | calibration error: mean distance between confidence and accuracy |
| CPU s | one whole cross-validation on one thread |

All scores are of fields that the network had not seen. The settings of `season-cnn` are the same for all data sets. `python
benchmarks/accuracy.py DATA --simulated` measures everything on this page, in {cpu_hours:.0f} hours on one core. `make docs`
writes the page from its figures, [accuracy.json](accuracy.json).
"""
_SEASON = """## A simulated season

**The default recipe is better than a shortened recipe of 2020. The recipe of 2020 is better when its faults are
corrected.** The season is [simulated](simulation.md): {fields:,} fields, 13 dates, and labels for the fields of the
training set. All recipes have the same {folds} blocked folds.

The recipe of 2020 was shortened to {shortened}. Its three corrected rows come from the same trainings: all snapshots, the
last snapshots alone (2020 averaged only these), and one network.

Two choices were made on these same folds. All snapshots together were worse than the last ones alone with 3 cycles, so
there are 6. The default recipe has ten trainings here, because the fields are few and have several pixels.
"""


def pages() -> dict[Path, str]:
    """Return the page by its path."""
    return {PAGE: page(json.loads(FIGURES.read_text("utf-8")))}


def page(figures: Figures) -> str:
    """Return the page: the answer, what it means, the comparison, the doubts, then all figures."""
    sets = {name: figures["sets"][name] for name in PLACES}
    blocked, every = [one["folds"]["fold_blocked"] for one in sets.values()], list(_tests(sets))
    ece = [100 * test["models"][OURS]["ece"] for test in every]
    france = sets["france_s2"]["folds"]["fold_blocked"]["models"]
    parts = [
        _HEAD.format(**{kind.removeprefix("fold_"): _span(sets, kind) for kind in FOLDS}),
        table(
            ["data", "fields", "classes", *(f"right crop, {title.lower()}" for title in FOLDS.values())],
            map(_overview, sets.items()),
        ),
        _MEANING.format(
            macro_f1=france[OURS]["macro_f1"],
            accuracy=percent(france[OURS]["accuracy"]),
            low_ece=f"{min(ece):.0f}",
            high_ece=f"{max(ece):.0f}",
        ),
        _comparison(sets),
        _COMPARED.format(
            measured=f"{date.fromisoformat(figures['measured']):%-d %B %Y}",
            cpu_hours=figures["cpu_hours"],
            listed_won=sum(test["models"][OURS]["log_loss"] < _best_listed(test)[1] for test in every),
            listed_all=len(every),
            france_listed=_best_listed(sets["france_s2"]["folds"]["fold_blocked"])[1],
            france_ours=sets["france_s2"]["folds"]["fold_blocked"]["unanswered"]["log_loss"],
            france_fields=sets["france_s2"]["fields"],
            **_counted(blocked, [one["folds"]["fold_random"] for one in sets.values()]),
            forest=france["random-forest"]["cpu_seconds"],
            ours=france[OURS]["cpu_seconds"],
        ),
        *(_set(name, one) for name, one in sets.items()),
        _season(figures["season"]),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _tests(sets: dict[str, Figures]) -> Iterable[Figures]:
    return (one["folds"][kind] for one in sets.values() for kind in FOLDS)


def _span(sets: dict[str, Figures], kind: str) -> str:
    found = [100 * one["folds"][kind]["models"][OURS]["accuracy"] for one in sets.values()]
    return f"{min(found):.0f} % to {max(found):.0f} %"


def _overview(entry: tuple[str, Figures]) -> list[str]:
    name, one = entry
    blocked, random = (one["folds"][kind] for kind in FOLDS)
    few = f" ({blocked['fields']:,} fields, {blocked['classes']} classes)" if blocked["fields"] < one["fields"] else ""
    right = [percent(test["models"][OURS]["accuracy"]) for test in (blocked, random)]
    return [f"[{PLACES[name]}](#{_anchor(name)})", f"{one['fields']:,}", f"{one['classes']}", right[0] + few, right[1]]


def _comparison(sets: dict[str, Figures]) -> str:
    head = ["test", OURS, "lowest that came with the data", *NETWORKS, *SIMPLE]
    rows = []
    for kind, title in FOLDS.items():
        for name, one in sets.items():
            test = one["folds"][kind]
            best, value = _best_listed(test)
            losses = [
                test["models"][OURS]["log_loss"],
                value,
                *(test["models"][model]["log_loss"] for model in (*NETWORKS, *SIMPLE)),
            ]
            cells = [f"**{loss:.4f}**" if loss == min(losses) else f"{loss:.4f}" for loss in losses]
            cells[1] += f" ({SHORT.get(best, _words(best))})"
            rows.append([f"{PLACES[name].partition(',')[0]}, {title.lower()}", *cells])
    return table(head, rows)


def _best_listed(test: Figures) -> tuple[str, float]:
    return min(((name, scores["log_loss"]) for name, scores in test["listed"].items()), key=lambda one: one[1])


def _counted(blocked: Sequence[Figures], random: Sequence[Figures]) -> dict[str, float]:
    """Return how many differences are larger than chance, for the sentences of the comparison."""

    def losses(tests: Sequence[Figures], models: Sequence[str]) -> list[list[float]]:
        return [test["differences"][model]["log_loss"] for test in tests for model in models]

    def sure(found: list[list[float]]) -> int:
        return sum(high < 0 for _, _, high in found)

    every = [*blocked, *random]
    places, between, simple = losses(blocked, NETWORKS), losses(random, NETWORKS), losses(every, SIMPLE)
    times = [test["models"][model]["cpu_seconds"] / test["models"][OURS]["cpu_seconds"] for test in every for model in NETWORKS]
    return {
        "places_chance": sum(low <= 0 <= high for _, low, high in places),
        "places_all": len(places),
        "random_sure": sure(between),
        "random_all": len(between),
        "simple_won": sum(difference < 0 for difference, _, _ in simple),
        "simple_sure": sure(simple),
        "simple_all": len(simple),
        "least": min(times),
        "most": max(times),
        "fewest": 100 * min(test["differences"][model]["accuracy"][0] for test in every for model in SIMPLE),
        "points": 100 * max(test["differences"][model]["accuracy"][0] for test in every for model in SIMPLE),
    }


def _set(name: str, one: Figures) -> str:
    parts = [
        f"## {PLACES[name]}\n",
        f"{ABOUT[name]} {one['fields']:,} fields, {one['classes']} classes, {one['groups']} groups.\n",
    ]
    for kind, title in FOLDS.items():
        test = one["folds"][kind]
        parts += [
            f"### {title}: {PLACES[name]}\n",
            f"Column `{kind}`: {test['fields']:,} fields, {test['classes']} classes.\n",
            table(["model", "seeds", *SCORES.values(), "CPU s"], [*_measured(test), *_listed(test)]),
            *_unanswered(test),
            f"`{OURS}` less the others, paired by field, with the 95 % interval (first seeds):\n",
            table(["less", *SCORES.values()], _differences(test["differences"].items(), SCORES)),
        ]
    return "\n".join(parts)


def _measured(test: Figures) -> Iterable[list[str]]:
    for model, found in test["models"].items():
        yield [model, f"{found['seeds']}", *_scores(found), f"{found['cpu_seconds']}"]


def _listed(test: Figures) -> Iterable[list[str]]:
    for name, found in test["listed"].items():
        yield [f"*{_words(name)}*", "", *(f"{found[score]:.4f}" if score in found else "" for score in SCORES), ""]


def _scores(found: Figures) -> list[str]:
    low, high = found["interval"]
    return [f"{found['log_loss']:.4f} ({low:.3f} to {high:.3f})", *(f"{found[name]:.4f}" for name in list(SCORES)[1:])]


def _unanswered(test: Figures) -> list[str]:
    missing = test["unanswered"]
    if not missing["fields"]:
        return []
    scores = ", ".join(f"{title} {missing[name]:.4f}" for name, title in SCORES.items())
    return [
        f"Fields without a value on any date: {missing['fields']}. Our rows leave them out; the rows in italics count them. "
        f"If the class frequencies were their answer, `{OURS}` would have {scores}.\n"
    ]


def _differences(found: Iterable[tuple[str, Figures]], names: Iterable[str]) -> Iterable[list[str]]:
    names = list(names)
    for title, scores in found:
        yield [title, *("{:+.4f} ({:+.4f} to {:+.4f})".format(*scores[name]) for name in names)]


def _season(season: Figures) -> str:
    shortened = ", ".join(
        f"{value} {key.replace('_', ' ')}" for key, value in season["shortened"].items() if key != "learning_rate"
    )
    shortened += f", learning rate {season['shortened']['learning_rate']}"
    head = ["recipe", *SCORES.values(), "recall of intercrops (mean)", "CPU s"]
    rows = [
        [name, *_scores(found), f"{found['recall_of_intercrops']:.3f}", f"{found['cpu_seconds']}"]
        for name, found in sorted(season["models"].items(), key=lambda one: one[1]["log_loss"])
    ]
    names = list(SCORES)[:3]
    differences = [[one["of"], one["less"], *next(iter(_differences([("", one)], names)))[1:]] for one in season["differences"]]
    parts = [
        _SEASON.format(**{**season, "shortened": shortened}),
        table(head, rows),
        "Differences, paired by field, with the 95 % interval:\n",
        table(["recipe", "less", *(SCORES[name] for name in names)], differences),
    ]
    return "\n".join(parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |".replace("|  ", "| ")

    return "\n".join([line(head), "|" + "---|" * len(head), *map(line, rows)]) + "\n"


def percent(share: float) -> str:
    """Return a share of 1 in percent, three digits."""
    return f"{100 * share:.1f} %"


def _words(name: str) -> str:
    return LISTED.get(name, name.replace("_", " "))


def _anchor(name: str) -> str:
    return PLACES[name].lower().replace(",", "").replace(" ", "-")


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
