"""The scripts themselves: a template a service, filled with bands, masks and period."""

import datetime as dt
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import geopandas as gpd
from jinja2 import Environment, PackageLoader, StrictUndefined

from cropdetect.errors import MissingBandError, OptionError
from cropdetect.exports.services import FINE_BANDS, SERVICES, Collection, Service
from cropdetect.imagery.identity import identify

_TEMPLATES: dict[Service, str] = {"earth-engine": "earth_engine.js.jinja", "openeo": "openeo_export.py.jinja"}
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Export:
    """What is asked for.

    Attributes:
        service: where the images are.
        first: first day.
        last: last day, which is part of the period.
        bands: bands in the checkpoint's words, or None: `FINE_BANDS`.
        sensor: of the checkpoint, where it is known.

    Raises:
        OptionError: the period ends before it begins.
        MissingBandError: no collection of the service has all bands.
    """

    service: Service
    first: dt.date
    last: dt.date
    bands: Sequence[str] | None = None
    sensor: str | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise OptionError(f"--to {self.last} lies before --from {self.first}", fix="Exchange the two days.")
        self.collection  # noqa: B018  a band that is missing is told before anything is written

    @property
    def name(self) -> str:
        """What the table is called."""
        return f"cropdetect_{self.first}_{self.last}"

    @cached_property
    def names(self) -> list[str]:
        """Our names of the bands."""
        found = [identify(band, self.sensor) for band in self.bands or FINE_BANDS]
        return [one.name + (f"_{one.variant}" if one.variant else "") for one in found]

    @cached_property
    def collection(self) -> Collection:
        """The collection that has all bands."""
        known = SERVICES[self.service]
        sensors = {identify(band, self.sensor).sensor for band in self.bands or FINE_BANDS}
        collection = known.get(sensors.pop() or "") if len(sensors) == 1 else None
        lacking = [name for name in self.names if collection is None or name not in collection.bands]
        if collection is None or lacking:
            there = "; ".join(f"{sensor}: {', '.join(one.bands)}" for sensor, one in known.items())
            raise MissingBandError(
                f"there is no recipe of {self.service} for the checkpoint's band(s) {', '.join(lacking)}",
                fix=f"There are recipes for {there}. docs/tables.md says what other tables must hold.",
            )
        return collection


def render(export: Export, *, sent: gpd.GeoDataFrame, next_command: Sequence[str]) -> str:
    """Return the script.

    Args:
        export: what is asked for.
        sent: the fields that go to the service.
        next_command: what to run when the table is there.
    """
    collection = export.collection
    return (
        _environment()
        .get_template(_TEMPLATES[export.service])
        .render(
            collection=collection,
            bands=export.names,
            own_bands=[collection.bands[name] for name in export.names],
            first=export.first.isoformat(),
            after=(export.last + dt.timedelta(days=1)).isoformat(),
            name=export.name,
            n_fields=len(sent),
            next_command=_BREAKS.sub(" ", shlex.join(next_command)),
        )
    )


def _javascript(value: Any) -> str:
    """Return text, or a list of texts, as a literal of JavaScript in single quotes."""
    if isinstance(value, str):
        quoted = json.dumps(value)[1:-1].replace('\\"', '"').replace("'", "\\'")
        return f"'{quoted}'"
    return f"[{', '.join(map(_javascript, value))}]"


def _python(value: Any) -> str:
    """Return text, or a list of texts, as a literal of Python in double quotes."""
    return json.dumps(value)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cropdetect.exports", "templates"),
        autoescape=False,  # each value passes the filter of its language
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"js": _javascript, "py": _python}
    return environment
