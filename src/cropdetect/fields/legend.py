"""From the codes in a file to class names."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from cropdetect.documents import read_yaml
from cropdetect.errors import InputNotFoundError, LegendError
from cropdetect.fields.columns import as_text, written_differently

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

_NO_LABEL = frozenset(
    [
        "",
        "-",
        "?",
        "n/a",
        "na",
        "nan",
        "nd",
        "nil",
        "none",
        "null",
        "no data",
        "nodata",
        "no label",
        "unlabelled",
        "unlabeled",
        "unknown",
        "unclassified",
        "undefined",
        "missing",
        "not available",
        "tbd",
        "#n/a",
        "<null>",
        "(null)",
        "(blank)",
        "not known",
        "desconhecido",
        "desconocido",
        "inconnu",
        "onbekend",
        "sconosciuto",
        "unbekannt",
        "-1",
        "-99",
        "-999",
        "-9999",
    ]
)

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
        class name or None per field (dtype object), and warnings. A code that the legend lacks gives None and a warning.
        Without a legend, warnings tell of classes that are written in several ways, and of those that sound like no crop.

    Raises:
        LegendError: the legend has none of the codes.
    """
    text, file = as_text(codes), Path(str(where)).name
    if legend is None:
        return text, _doubtful_classes(text, file)
    known = text.isin(list(legend))
    unknown = text[~known & text.notna()]
    warnings: tuple[str, ...] = ()
    if len(unknown):
        alike = written_differently(unknown, legend)
        listed = ", ".join(sorted(set(unknown))[:10])
        if not known.any():
            raise LegendError(
                f"the legend has none of the label codes; the codes are {listed}",
                where=where,
                fix=f"{alike} Add these codes to the legend, or name another label column.".strip(),
            )
        lost = f"{file}: the legend lacks label codes of {len(unknown)} fields ({listed}); these count as unlabelled"
        warnings = (f"{lost}. {alike}" if alike else lost,)
    names = pd.Series([legend[code] if here else None for code, here in zip(text, known, strict=True)], codes.index, dtype=object)
    return names, warnings


def _doubtful_classes(labels: "pd.Series[Any]", file: str) -> tuple[str, ...]:
    """Return warnings about classes that differ only in how they are written, and about those that sound like no label."""
    classes = pd.Series(labels.dropna().unique(), dtype=object)
    plain = classes.map(lambda name: " ".join(unicodedata.normalize("NFKC", name).casefold().split()))
    alike = sorted(classes[plain.duplicated(keep=False)], key=str.casefold)
    codes = len(plain) > 2 and all(re.fullmatch(r"-?\d+", name) for name in plain)  # beside one other, 0 may mean "no"
    nothing = classes[plain.isin([*_NO_LABEL, "0"] if codes else list(_NO_LABEL))]
    warnings = []
    if alike:
        warnings.append(
            f"{file}: these classes differ only in capitals or blanks, and each counts as a class of its own: "
            f"{', '.join(map(repr, alike[:6]))}. --legend gives them one name"
        )
    if len(nothing):
        warnings.append(
            f"{file}: these classes sound like no label, but count as crops: {', '.join(map(repr, nothing))}. Empty these "
            "labels, or give a --legend of the crops"
        )
    return tuple(warnings)


def ordered_legend(labels: Iterable[str | None], legend: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the class names in the order that gives them their `crop_id` (1-based).

    With a legend: all of its classes, labelled or not, in the order in which its file names them first.
    Without: the classes that occur, sorted by name.
    """
    if legend is not None:
        return tuple(dict.fromkeys(legend.values()))
    return tuple(sorted({label for label in labels if isinstance(label, str)}))
