"""From the codes in a file to class names."""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from cropdetect.documents import read_yaml
from cropdetect.errors import InputNotFoundError, LegendError
from cropdetect.fields.columns import as_text

CV4A_LEGEND: Mapping[str, str] = {
    "1": "Maize",
    "2": "Cassava",
    "3": "Common Bean",
    "4": "Maize & Common Bean",
    "5": "Maize & Cassava",
    "6": "Maize & Soybean",
    "7": "Cassava & Common Bean",
}
"""The classes of the CV4A competition by `crop_id`."""

HCAT = "hcat"
"""What stands for `hcat_legend` in the place of a legend's file."""


@cache
def hcat_legend() -> dict[str, str]:
    """Return the Hierarchical Crop and Agriculture Taxonomy, version 3: code of ten digits -> name.

    Source: EuroCrops (Schneider et al.), hcat_core/HCAT3.csv, licence CC BY 4.0; the file beside this one is unchanged.
    """
    with (files("cropdetect.fields") / "hcat3.csv").open(encoding="utf-8") as file:
        return {row["HCAT3_code"]: row["HCAT3_name"] for row in csv.DictReader(file)}


def read_legend(path: Path) -> dict[str, str]:
    """Read a legend: a YAML mapping from label code to class name. Several codes may share a name.

    Args:
        path: the file; `hcat`, where there is no such file, is `hcat_legend`.

    Returns:
        code -> class name, both as they are written, in the order of the file.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is not YAML.
        LegendError: it is not a mapping of codes to names.
    """
    if not path.is_file():
        if str(path) == HCAT:
            return dict(hcat_legend())
        raise InputNotFoundError("there is no such legend file", where=path, fix=f"Check --legend. {HCAT} is a ready-made one.")
    content = read_yaml(path, as_text=True)
    fix = "Write one line a code, for example `1200: maize`."
    if not isinstance(content, dict) or not content:
        raise LegendError("the legend is not a mapping of label codes to class names", where=path, fix=fix)
    for code, name in content.items():
        if not isinstance(code, str) or not isinstance(name, str) or not name.strip():
            raise LegendError(f"code {code!r} has no class name, but {name!r}", where=path, fix=fix)
    return content


def class_names(
    codes: "pd.Series[Any]", legend: Mapping[str, str] | None, *, where: object
) -> tuple["pd.Series[Any]", tuple[str, ...]]:
    """Turn label codes into class names.

    Args:
        codes: one code a field, of any dtype.
        legend: code -> class name; None: the code's text is the class.
        where: the file, for messages.

    Returns:
        class name or None per field (dtype object), and warnings. A code that the legend lacks gives None and a warning;
        so do classes that differ only in blanks around them.

    Raises:
        LegendError: the legend has none of the codes.
    """
    text = as_text(codes)
    if legend is None:
        return text, _differ_in_blanks(text, where)
    known = text.isin(list(legend))
    unknown = text[~known & text.notna()]
    warnings: tuple[str, ...] = ()
    if len(unknown):
        listed = ", ".join(sorted(set(unknown))[:10])
        if not known.any():
            raise LegendError(
                f"the legend has none of the label codes; the codes are {listed}",
                where=where,
                fix="Add these codes to the legend, or name another label column.",
            )
        warnings = (f"{where}: the legend lacks label codes of {len(unknown)} fields ({listed}); these count as unlabelled",)
    names = pd.Series([legend[code] if here else None for code, here in zip(text, known, strict=True)], codes.index, dtype=object)
    return names, warnings


def _differ_in_blanks(labels: "pd.Series[Any]", where: object) -> tuple[str, ...]:
    classes = pd.Series(labels.dropna().unique(), dtype=object)
    alike = classes[classes.str.strip().duplicated(keep=False)]
    if alike.empty:
        return ()
    return (f"{where}: these classes differ only in blanks around them: {', '.join(map(repr, alike[:4]))}",)


def ordered_legend(labels: Iterable[str | None], legend: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the class names in the order that gives them their `crop_id` (1-based).

    With a legend: all of its classes, labelled or not, in the order in which its file names them first.
    Without: the classes that occur, sorted by name.
    """
    if legend is not None:
        return tuple(dict.fromkeys(legend.values()))
    return tuple(sorted({label for label in labels if isinstance(label, str)}))
