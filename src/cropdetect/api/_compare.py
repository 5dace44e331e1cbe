"""The verb `compare`: cross-validations side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cropdetect.api._verb import verb
from cropdetect.errors import MissingExtraError, OptionError
from cropdetect.formats import ComparisonRecord
from cropdetect.options import Seed
from cropdetect.runs import OutputFolder, read_run

_NOT_COMPARED = ("data", "config", "log_dir")  # data that differ show in fields and labels; a config is in the options


@verb
def compare(
    runs: tuple[Path, ...],
    out: Path,
    *,
    seed: Seed = 0,
    overwrite: bool = False,
) -> ComparisonRecord:
    """Compare cross-validations: which options differ, and by how much the scores differ.

    All are scored on their shared fields and compared with the first, with intervals of the differences.

    Args:
        runs: output folders of crossval or evaluate, or of map; the others are compared with the first.
        out: output folder; it gets comparison.json, comparison.csv, comparison.html and, with the extra [plots], comparison.png.
        seed: seed of the bootstrap.
        overwrite: replace another output of cropdetect; other files stay.

    Returns:
        What comparison.json holds.

    Raises:
        OptionError: there is only one run, or one is named twice.
        InputNotFoundError, UnreadableFileError: a folder holds no scores, or a file is damaged.
        FieldsError, LegendError, ContradictionError: the runs share no field, know other classes, have other labels, or one put
            fields apart one by one and another whole groups.
        OutputExistsError, OutputPathError: nothing can be written at `out`.
    """
    folders = [_scores_of(run) for run in runs]
    output = OutputFolder("compare", {"runs": folders, "out": out, "seed": seed, "overwrite": overwrite})
    from cropdetect.evaluation import compare_runs
    from cropdetect.outputs.comparison import write_comparison
    from cropdetect.outputs.scores import read_scored_fields

    if len(runs) < 2 or len({folder.resolve() for folder in folders}) < len(folders):
        raise OptionError(
            "a comparison needs two different runs or more", fix="Write: cropdetect compare FIRST SECOND [MORE ...] OUT"
        )
    if output.finished():
        return ComparisonRecord.model_validate_json((output.path / "comparison.json").read_bytes())
    scored = [read_scored_fields(folder, name) for folder, name in zip(folders, _names(folders), strict=True)]
    comparison = compare_runs(scored, seed=seed)
    comparison = comparison.model_copy(update={"options": _differing([_recorded(folder) for folder in folders])})
    with output.writing() as work:
        write_comparison(comparison, work.new)
        _draw(comparison, work.new / "comparison.png")
    return comparison


def _scores_of(run: Path) -> Path:
    """Return the folder of the scores: that of an output of `map` lies inside."""
    inside = run / "crossval"
    return inside if not (run / "metrics.json").is_file() and (inside / "metrics.json").is_file() else run


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the end of each path, as long as it takes to tell them apart."""
    parts = [folder.resolve().parts for folder in folders]
    length = 1
    while length < max(map(len, parts)) and len({one[-length:] for one in parts}) < len(parts):
        length += 1
    return ["/".join(one[-length:]) for one in parts]


def _recorded(folder: Path) -> dict[str, str]:
    """Return the options and versions that a run recorded, as text."""
    run = read_run(folder)
    if run is None:
        return {}
    return _flat(run.arguments) | {f"version of {name}": version for name, version in run.versions.items()}


def _flat(arguments: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in arguments.items():
        if isinstance(value, Mapping):
            found |= _flat(value)
        elif name not in _NOT_COMPARED:
            found[name] = "default" if value is None else str(value)
    return found


def _differing(recorded: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return what is not the same in all runs: the value of each; "-" where a run recorded none."""
    names = dict.fromkeys(name for one in recorded for name in one)
    values = {name: [one.get(name, "-") for one in recorded] for name in names}
    return {name: found for name, found in values.items() if len(set(found)) > 1}


def _draw(comparison: ComparisonRecord, file: Path) -> None:
    try:
        from cropdetect.figures import draw_comparison
    except MissingExtraError:
        return
    draw_comparison(comparison, file)
