"""Answers of Sentinel Hub's Statistical API, JSON.

Source: docs.sentinel-hub.com, Statistical API and Batch Statistical API: `data` holds an interval each with `outputs` -> output
-> `bands` -> band -> `stats`; a batch writes one object a feature, with `identifier` and `response`. Bands that the evalscript
does not name are called B0, B1, ... by their place in the output, which are no bands of Sentinel-2.
"""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from cropdetect.chips.tables.bands import is_known_band
from cropdetect.chips.tables.form import Form, Observations, ReadOptions
from cropdetect.chips.tables.source import Source, damaged
from cropdetect.errors import TableError

_MASKS = ("datamask",)
_PLACE = re.compile(r"B\d+")


class SentinelHub(Form):
    """One answer, a list of them, or one a field: {identifier, response}, or field -> answer."""

    name: ClassVar[str] = "sentinel-hub"
    description: ClassVar[str] = "Sentinel Hub Statistical API (JSON): one answer, or one a field with its identifier"

    def recognises(self, source: Source, options: ReadOptions) -> bool:
        """See `Form`."""
        return any(True for _ in _answers(source))

    def read(self, source: Source, options: ReadOptions) -> Observations:
        """See `Form`."""
        ids: list[str] = []
        dates: list[dt.date] = []
        rows: list[dict[str, float]] = []
        warnings: list[str] = []
        failed, spans = 0, 0
        for id, answer in _answers(source):
            if str(answer.get("status", "OK")).upper() not in ("OK", "PARTIAL"):
                failed += 1
            for entry in answer["data"]:
                if "outputs" not in entry:
                    failed += 1
                    continue
                try:
                    day, is_span = _day(entry["interval"])
                except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                    raise damaged(source.path, "an interval has no days") from error
                try:
                    means = dict(_means(entry["outputs"]))
                except (TypeError, ValueError, AttributeError, OverflowError) as error:
                    raise damaged(source.path, "the statistics of an interval have another form, or are no numbers") from error
                spans += is_span
                ids.append(id)
                dates.append(day)
                rows.append(means)
        if failed:
            warnings.append(f"{failed} intervals or fields failed at Sentinel Hub and hold no values")
        if spans:
            warnings.append(f"{spans} intervals are longer than a day: the middle day is taken")
        try:
            table = pd.DataFrame(rows)
        except UnicodeEncodeError as error:
            raise damaged(source.path, "the name of a band is half a character") from error
        return Observations(
            ids=pd.Series(ids, dtype=object),
            dates=pd.Series(np.array(dates, "datetime64[D]")),
            table=table,
            bands=_bands(list(table.columns), options, source),
            has_attributes=False,
            warnings=tuple(warnings),
        )


def _answers(source: Source) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the id of a field and its answer."""
    content = source.document
    if isinstance(content, dict) and not _is_answer(content) and "response" not in content:
        entries = list(content.items())
    else:
        several = isinstance(content, list)
        entries = [("", entry) for entry in (content if isinstance(content, list) else [content])]
        entries = [(str(number) if several else source.path.stem, entry) for number, (_, entry) in enumerate(entries)]
    for id, entry in entries:
        if not isinstance(entry, dict):
            continue
        answer = entry.get("response", entry)
        if isinstance(answer, dict) and _is_answer(answer):
            names = (entry.get(key) for key in ("identifier", "field_id", "id"))
            yield str(next((name for name in names if name is not None), id)), answer


def _is_answer(content: Mapping[str, Any]) -> bool:
    data = content.get("data")
    return isinstance(data, list) and all(isinstance(entry, dict) and "interval" in entry for entry in data)


def _day(interval: Mapping[str, str]) -> tuple[dt.date, bool]:
    """Return the day of an interval, whose end is not part of it, and whether it is longer than a day."""
    first, end = (dt.datetime.fromisoformat(interval[key].replace("Z", "+00:00")).astimezone(dt.UTC) for key in ("from", "to"))
    if end - first <= dt.timedelta(days=1):
        return first.date(), False
    return (first + (end - first - dt.timedelta(days=1)) / 2).date(), True


def _means(outputs: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for output, content in outputs.items():
        if output.lower() in _MASKS:
            continue
        bands = content.get("bands", {})
        places = all(_PLACE.fullmatch(band) for band in bands) and "B0" in bands
        for band, entry in bands.items():
            stats = entry.get("stats", {})
            empty = stats.get("sampleCount") is not None and stats.get("sampleCount") == stats.get("noDataCount")
            value = stats.get("mean")
            name = band if not places else output if len(bands) == 1 else f"{output}.{band}"
            yield name, math.nan if empty or value is None else float(value)


def _bands(columns: list[str], options: ReadOptions, source: Source) -> Mapping[str, str] | None:
    given = options.columns.bands
    if given:
        places = {name: name.rpartition(".B")[2] for name in columns}
        found = {name: given.get(name) or given.get(places[name]) for name in columns}
        return {name: band for name, band in found.items() if band} or None
    if any(is_known_band(name) for name in columns) or not columns:
        return None
    named = {name: name.rpartition("_")[2] for name in columns if is_known_band(name.rpartition("_")[2])}
    if named:
        return named
    lines = "\n".join(f"  {name}: ...   # e.g. B04" for name in columns)
    raise TableError(
        f"Sentinel Hub has numbered the bands ({', '.join(columns)}), so that their names are not known",
        where=source.path,
        fix=f"Name them as the evalscript returns them, in a YAML file that --columns gives:\nbands:\n{lines}",
    )
