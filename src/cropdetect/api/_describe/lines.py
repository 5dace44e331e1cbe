"""A description as aligned lines for people."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_WIDTH = 110
_IN_TABLES = ("mask_bands",)  # that stand in a table, too
_ONLY_WHERE_ANY = (
    *("masks", "days_without_a_clear_pixel", "not_used", "columns_that_may_be_ids", "columns_that_may_be_labels"),
    *("fields_without_a_label", "missing_share"),
)
_DAYS = 12  # that are listed; of more the first and the last


def worth_telling(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts without those that stand in a table, too, and without empty lists that matter only where something is."""
    return {name: value for name, value in facts.items() if name not in _IN_TABLES and (value or name not in _ONLY_WHERE_ANY)}


def as_lines(facts: Mapping[str, Any]) -> list[str]:
    """Return the facts, one or more lines each: names on the left, values aligned on the right."""
    told = worth_telling(facts)
    width = max((len(_named(name)) for name in told), default=0)
    lines = []
    for name, value in told.items():
        shown = _table(value) if is_table(value) else _wrapped(in_words(name, value))
        lines.append(f"  {_named(name):{width}}  {shown[0]}")
        lines += [f"  {'':{width}}  {line}" for line in shown[1:]]
    return lines


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False) or ["none"]


def _named(name: str) -> str:
    return name.removesuffix("_m2").replace("_", " ") + (", m2" if name.endswith("_m2") else "")


def in_words(name: str, value: Any) -> str:
    """Return a fact as text of one line."""
    if name in _SAID and isinstance(value, Mapping):
        return _SAID[name](value)
    if name == "unlike_training" and isinstance(value, Sequence):
        return " ".join(value)
    if name == "missing_share":
        value = {band: share for band, share in value.items() if share}
    if name == "days" and len(value) > _DAYS:
        value = [*value[: _DAYS // 2], "...", *value[-_DAYS // 2 :]]
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        if {"quantile_05", "median", "quantile_95"} == value.keys():
            low, middle, high = (_number(value[name]) for name in ("quantile_05", "median", "quantile_95"))
            return f"median {middle}, 90 % between {low} and {high}"
        return ", ".join(f"{name} ({_shown(item)})" for name, item in value.items()) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_shown(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "unknown" if value is None else _number(value) if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _of_all(value: Mapping[str, int]) -> str:
    """Show what holds for all tiles alone, else with the number of tiles."""
    return (
        next(iter(value))
        if len(value) == 1
        else ", ".join(f"{name} ({count} tile{'s' if count > 1 else ''})" for name, count in value.items())
    )


def _period(value: Mapping[str, Any]) -> str:
    return f"{value['count']}, from {value['first']} to {value['last']}" if value["count"] else "none"


def _clear_share(value: Mapping[str, float]) -> str:
    if value["quartile_1"] == value["quartile_3"]:
        return f"{value['median']:.0%} of the pixels on most dates"
    return (
        f"{value['median']:.0%} of the pixels on the middle date; between {value['quartile_1']:.0%} and "
        f"{value['quartile_3']:.0%} on half of the dates"
    )


def _chips(value: Mapping[str, Any]) -> str:
    size, resolution = value["size"], value["resolution"]
    if size == 1:
        return "means of fields"
    return f"{size} x {size} pixels{f' of {resolution:g} m' if resolution else ''}, preset {value['preset']}"


def _season(value: Mapping[str, Any]) -> str:
    years = ", ".join(map(str, value["years"]))
    return f"{years}, days {value['first_day']} to {value['last_day']} of the season year, {value['median_dates']} dates a field"


def _region(value: Mapping[str, float]) -> str:
    return f"{value['west']:.2f} to {value['east']:.2f} E, {value['south']:.2f} to {value['north']:.2f} N"


def _metrics(value: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {number:.4g}" for name, number in value.items())


def _steps(value: Mapping[str, float]) -> str:
    return f"{value['min']} to {value['max']}, mostly {value['median']:g}" if value else "none"


_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "size": lambda value: f"{_of_all(value)} pixels" if len(value) == 1 else _of_all(value),
    "crs": _of_all,
    "dates": _period,
    "clear_share": _clear_share,
    "chips": _chips,
    "season": _season,
    "region": _region,
    "metrics": _metrics,
    "steps_per_chip": _steps,
    "dates_per_field": _steps,
}


def is_table(value: Any) -> bool:
    """Tell whether a fact is a table: rows by name, each with entries by name."""
    return isinstance(value, Mapping) and bool(value) and all(isinstance(row, Mapping) for row in value.values())


def _table(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Show rows with the same entries as aligned lines, the names of the entries first; an entry that all lack is left out."""
    names = [name for name in next(iter(rows.values())) if any(row[name] not in (None, [], "") for row in rows.values())]
    heads = ["", *(name.replace("_", " ").replace("quantile 0", "quantile ") for name in names)]
    cells = [heads] + [[name, *(_cell(row[one]) for one in names)] for name, row in rows.items()]
    widths = [max(len(line[place]) for line in cells) for place in range(len(heads))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f"{one:g}" if isinstance(one, float) else str(one) for one in value)
    return "" if value is None else "yes" if value is True else "no" if value is False else str(value)
