"""What an image states twice: in its name, and in its layers' descriptions, its tags or the sidecar of its name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cropdetect.errors import AmbiguousNameError
from cropdetect.imagery.bands import are_other_bands, parse_band
from cropdetect.imagery.dates import Period
from cropdetect.imagery.metadata_dates import stated_day
from cropdetect.imagery.names import ParsedName


def refuse_two_dates(file: Path, named: Period | None, stated: Period | None, what: str) -> None:
    """Refuse an image whose name has another date than something else of it.

    Args:
        file: the image.
        named: the days of its name.
        stated: the other days.
        what: what states them.

    Raises:
        AmbiguousNameError: they share no day.
    """
    if named is None or stated is None or (named.first <= stated.last and stated.first <= named.last):
        return
    raise AmbiguousNameError(
        f"the name of the file says {named}, and {what} says {stated}",
        where=file,
        fix="Correct one of them, or let a --pattern with the group date find the day in the name.",
    )


def refuse_another_day(file: Path, named: Period | None, tags: Mapping[str, str]) -> None:
    """Refuse an image whose name has another day than its own metadata say, by more than one.

    Raises:
        AmbiguousNameError: it has.
        UnreadableFileError: the sidecar is not JSON.
    """
    if named is None:
        return
    day, what = stated_day(file, tags)
    if day is not None and not -1 <= (day - named.first).days <= (named.last - named.first).days + 1:
        refuse_two_dates(file, named, Period(day, day), what)


def refuse_two_bands(file: Path, name: ParsedName, descriptions: Sequence[str]) -> None:
    """Refuse an image whose name has another band than the description of a layer that is nothing but the name of a band.

    Args:
        file: the image.
        name: what its path tells.
        descriptions: of its layers, "" where they say nothing.

    Raises:
        AmbiguousNameError: it has.
    """
    one_for_all = (name.band,) if len(descriptions) == 1 and name.is_sure else ()
    listed = name.bands if len(name.bands) == len(descriptions) else one_for_all
    for band, text in zip(listed, descriptions, strict=False):
        named, described = (parse_band(word, name.sensor) for word in (band, text.strip()))
        if are_other_bands(named, described):
            raise AmbiguousNameError(
                f"the name of the file says {band}, and the description of its layer says {text.strip()}",
                where=file,
                fix="Correct the description (gdal_edit.py), or let a --pattern with the group band find the band in the name.",
            )
