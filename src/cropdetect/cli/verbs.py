"""The commands, in the order of the work. What each takes is declared in `cropdetect.api`; here is what each prints."""

import shlex
import warnings
from typing import Annotated, Any

from typer.core import TyperCommand

from cropdetect import api
from cropdetect.cli.app import Shown
from cropdetect.cli.commands import Call, command, option_models
from cropdetect.errors import OptionError
from cropdetect.formats import MetricsRecord
from cropdetect.options import DataOptions, flag

_AsJson = Annotated[bool, "print JSON"]


class _LabelsWereAFile(TyperCommand):
    """Takes the old `--labels FILE [--label-column COLUMN]` for `--reference FILE [--labels COLUMN]`, with a warning."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        names = [argument.partition("=")[0] for argument in args]
        if "--labels" in names and "--reference" not in names:
            new = {"--labels": "--reference", "--label-column": "--labels"}
            args = [new.get(name, name) + argument[len(name) :] for name, argument in zip(names, args, strict=True)]
            warnings.warn("--labels names a column now: write --reference FILE [--labels COLUMN]", stacklevel=2)
        return super().parse_args(ctx, args)


class _CheckpointSays(TyperCommand):
    """Refuses the options of `train` that a checkpoint has decided; typer would propose others that sound alike."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        for name in ("labels", "legend", "bands", "chip_size"):
            if any(argument.partition("=")[0] == flag(name) for argument in args):
                fix = "Leave it out. evaluate and report compare predictions with known crops."
                raise OptionError(
                    f"predict takes no {flag(name)}: classes, bands and chip size are those of the checkpoint", fix=fix
                )
        return super().parse_args(ctx, args)


@command("demo", "")
def _demo(call: Call) -> None:
    metrics, out = call(), call.arguments["out"]
    print(f"{metrics.n_fields} fields with hidden labels: accuracy {metrics.accuracy:.2f}, log loss {metrics.log_loss:.2f}.")
    print(f"Open {out}/predictions/report.html in a browser, fields.gpkg or crop_map.tif in QGIS.")


@command("map", "season/ map/ --fields fields.gpkg --labels crop")
def _map(call: Call, json: _AsJson = False) -> None:
    found = call()
    if json:
        print(found.model_dump_json(indent=1))
        return
    from cropdetect.outputs import map_summary

    print(map_summary(found, call.arguments["out"]))


@command("info", "season/")
def _info(
    call: Call, json: _AsJson = False, layouts: Annotated[bool, "show how folders of imagery may look, and end"] = False
) -> None:
    if layouts:
        from cropdetect.imagery import accepted_layouts

        print(accepted_layouts())
        return
    description = call()
    if json:
        print(description.model_dump_json(indent=1))
        return
    print(description.text())
    if description.kind in ("imagery", "table") and isinstance(description.facts.get("fields"), int):
        _show_what_follows(call.arguments, description.facts)


@command("chips", "season/ chips.zarr --fields fields.gpkg")
def _chips(call: Call) -> None:
    chips = call()
    print(f"{len(chips)} chips of {len(chips.fields)} fields lie in {call.arguments['out']}.")


@command("train", "season/ checkpoint/ --fields fields.gpkg --labels crop")
def _train(call: Call, json: _AsJson = False) -> None:
    scores = call().record.out_of_fold
    if scores is not None:  # checkpoints of earlier versions have none
        _show_scores(call, as_json=json, scores=scores)
    if not json:
        print(f"Next: cropdetect predict DATA OUT --checkpoint {call.arguments['out']}")


@command("crossval", "table/ out/ --folds blocked --model random-forest")
def _crossval(call: Call, json: _AsJson = False) -> None:
    _show_scores(call, as_json=json)


@command("predict", "season/ out/ --fields fields.gpkg --checkpoint checkpoint/", _CheckpointSays)
def _predict(call: Call, dry_run: Annotated[bool, "show what would be done, and end"] = False) -> None:
    if dry_run:
        print(call.like(api.plan).text())
        return
    run = call()
    from cropdetect.outputs import prediction_summary, read_prediction_table

    out, unlike = call.arguments["out"], [one for one in run.unlike_training if one not in Shown.warnings]
    print(prediction_summary(*read_prediction_table(out), out, unlike=unlike))


@command("evaluate", "out/ scores/ --reference surveyed.gpkg --labels crop", _LabelsWereAFile)
def _evaluate(call: Call, json: _AsJson = False) -> None:
    _show_scores(call, as_json=json)


@command("report", "out/ --reference known.gpkg", _LabelsWereAFile)
def _report(call: Call) -> None:
    print(f"The report is in {call()}.")


@command("compare", "first/ second/ out/")
def _compare(call: Call, json: _AsJson = False) -> None:
    comparison, out = call(), call.arguments["out"]
    if json:
        print(comparison.model_dump_json(indent=1))
        return
    from cropdetect.outputs import comparison_summary

    print(comparison_summary(comparison))
    print(f"The files are in {out}: {', '.join(sorted(file.name for file in out.iterdir()))}.")


@command("simulate", "season/ --tiles 1 --height 600 --width 600 --fields 200")
def _simulate(call: Call) -> None:
    out = call()
    print(f"A simulated season is in {out}. Try: cropdetect info {out}")


@command("import_cv4a", "weights.pt checkpoint/ --chips chips.zarr")
def _import_cv4a(call: Call) -> None:
    call()
    print(f"The checkpoint is in {call.arguments['out']}.")


@command("recipe", "earth-engine export/ --fields fields.gpkg --from 2024-03-01 --to 2024-10-31 --checkpoint s2-parcels-france")
def _recipe(call: Call) -> None:
    print(f"The script lies in {call()}; its first lines say what to do.")


@command("doctor", "")
def _doctor(call: Call, json: _AsJson = False) -> None:
    found = call()
    print(found.model_dump_json(indent=1) if json else found.text())


def _show_scores(call: Call, *, as_json: bool, scores: MetricsRecord | None = None) -> None:
    from cropdetect.outputs import scores_summary, where_to_look

    scores, out = call() if scores is None else scores, call.arguments["out"]
    if as_json:
        print(scores.model_dump_json(indent=1))
        return
    print(scores_summary(scores))
    print(where_to_look(out))


def _show_what_follows(arguments: dict[str, Any], facts: dict[str, Any]) -> None:
    """Print the commands that come after `info`, with the options that it was given."""
    data, options = shlex.quote(str(arguments["path"])), arguments["options"]
    labels = "" if "labels" in facts else " --labels COLUMN"
    print("Next: learn from the fields whose crop is known, and map all:")
    print(f"  cropdetect map {data} map/{_as_typed(options, 'map')}{labels}")
    print("or use a checkpoint that is there already:")
    print(f"  cropdetect predict {data} out/ --checkpoint NAME{_as_typed(options, 'predict')}")


def _as_typed(options: DataOptions, verb: str) -> str:
    """Return the options that a verb takes as they are typed, each after a blank; those with their default are left out."""
    taken = next(fields for _, model, fields in option_models(getattr(api, verb)) if model is DataOptions)
    typed = ""
    for name, field in taken.items():
        value = getattr(options, name)
        if value != field.default:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            typed += f" {flag(name)}" if value is True else f" {flag(name)} {shlex.quote(text)}"
    return typed
