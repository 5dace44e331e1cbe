"""What a user types for a STAC catalogue, and the items that a search finds there.

`stac:earth-search/sentinel-2-l2a`, `stac:planetary-computer/sentinel-2-l2a+sentinel-1-rtc`,
`stac:https://host/api/collection`, or `stac:items.json`. This is the only place that asks a catalogue anything.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cropdetect.documents import parse_json
from cropdetect.errors import CatalogueError, InputNotFoundError, OptionError, UnreadableFileError, UnsafePathError
from cropdetect.imagery.antimeridian import bounds_in_degrees, boxes_of
from cropdetect.imagery.layouts.layout import Search
from cropdetect.imagery.layouts.stac_presets import CATALOGUES, Catalogue
from cropdetect.imagery.stores.session import missing_extra
from cropdetect.progress import Progress

if TYPE_CHECKING:
    import pystac_client

PREFIX = "stac:"
_MOST_SCENES = 3000
_OPTIONS = "--fields fields.gpkg --from 2024-03-01 --to 2024-10-31"
_EXAMPLE = f"stac:earth-search/sentinel-2-l2a {_OPTIONS}"
_ENDS = re.compile(r"/(collections|search|items)(/|$)")

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """One collection of a catalogue, or a file of items.

    Attributes:
        catalogue: where it is; None for a file.
        collection: its name, or the path of the file.
    """

    catalogue: Catalogue | None
    collection: str

    @property
    def name(self) -> str:
        """What a user types for it after `stac:`."""
        if self.catalogue is None:
            return self.collection
        known = next((name for name, one in CATALOGUES.items() if one is self.catalogue), self.catalogue.url)
        return f"{known}/{self.collection}"


def is_stac(path: object) -> bool:
    """Whether a path is what a user types for a STAC catalogue."""
    return str(path).startswith(PREFIX)


def is_address(path: object) -> bool:
    """Whether a path is an address of the network, without `stac:`; a path has lost one of the two slashes."""
    return re.match(r"(https?|s3|gs|ftp):/", str(path)) is not None


def address_without_prefix(path: object) -> UnsafePathError:
    """Return the error for an address without `stac:`."""
    url = _with_slashes(str(path))
    known = next((name for name, one in CATALOGUES.items() if url.startswith(one.url)), None)
    if known is not None:
        rest = [part for part in url.removeprefix(CATALOGUES[known].url).split("/") if part and part != "collections"]
        return UnsafePathError(
            "an address is not a local path, and is read only as a STAC catalogue",
            where=url,
            fix=f"Write stac:{known}/{rest[0] if rest else CATALOGUES[known].collections[0]} --fields fields.gpkg "
            "--from 2024-03-01 --to 2024-10-31",
        )
    return UnsafePathError(
        "an address is not a local path, and is read only as a STAC catalogue; other files are not fetched",
        where=url,
        fix=f"If it is the collection of a STAC API, write stac:{url} --fields fields.gpkg --from 2024-03-01 --to 2024-10-31. "
        "Otherwise download it first.",
    )


def parse_sources(path: object) -> list[Source]:
    """Return the sources that a user typed; several are joined by `+` or a comma, and the catalogue need be named once.

    Raises:
        OptionError: it is no catalogue with a collection; the fix names what was likely meant.
    """
    text = _with_slashes(str(path).removeprefix(PREFIX))
    sources: list[Source] = []
    for part in re.split(r"[+,]", text):
        if part.lower().endswith((".json", ".geojson")) and not is_address(part):
            sources.append(Source(None, part))
        elif is_address(part):
            sources.append(_of_url(part))
        elif "/" in part:
            name, _, collection = part.strip("/").partition("/")
            sources.append(Source(_catalogue(name, collection), collection))
        elif sources and sources[-1].catalogue is not None and part not in CATALOGUES:
            sources.append(Source(sources[-1].catalogue, part))
        else:
            raise _incomplete(part)
    return sources


def _of_url(url: str) -> Source:
    root = _ENDS.split(url.rstrip("/"))[0]
    rest = [part for part in url.rstrip("/").removeprefix(root).split("/") if part and part not in ("collections", "items")]
    if not rest:
        root, _, last = root.rpartition("/")
        rest = [last]
    if not re.match(r"https?://[^/]+", root):
        raise OptionError("the address names no collection", where=url, fix="Write stac:https://HOST/API/COLLECTION")
    known = next((one for one in CATALOGUES.values() if one.url == root), None)
    return Source(known or Catalogue(root, root), rest[0])


def _catalogue(name: str, collection: str) -> Catalogue:
    if name in CATALOGUES:
        return CATALOGUES[name]
    near = difflib.get_close_matches(name, CATALOGUES, n=1, cutoff=0.5)
    if collection in CATALOGUES:
        near, collection = [collection], name
    fix = f"Write stac:{near[0]}/{collection}" if near else f"Write e.g. {_EXAMPLE}"
    raise OptionError(
        f"there is no catalogue {name!r}; known are {', '.join(CATALOGUES)}", fix=f"{fix}, or stac:https://HOST/API/COLLECTION"
    )


def _incomplete(text: str) -> OptionError:
    holders = [name for name, one in CATALOGUES.items() if text in one.collections]
    if text in CATALOGUES:
        choices = ", ".join(f"stac:{text}/{name}" for name in CATALOGUES[text].collections)
        return OptionError(f"stac:{text} names a catalogue, but no collection", fix=f"Write one of {choices}")
    if holders:
        choices = " or ".join(f"stac:{name}/{text}" for name in holders)
        return OptionError(f"stac:{text} names a collection, but no catalogue", fix=f"Write {choices}")
    known = [*CATALOGUES, *(name for one in CATALOGUES.values() for name in one.collections)]
    near = difflib.get_close_matches(text, known, n=1, cutoff=0.6)
    if near:
        return _incomplete(near[0])
    return OptionError(f"stac:{text} names no catalogue and collection", fix=f"Write e.g. {_EXAMPLE}")


def as_typed(path: object) -> str:
    """Return a path as the user typed it: an address in it gets back the slash that it lost as a path."""
    text = str(path)
    return _with_slashes(text) if is_stac(text) else text


def _with_slashes(text: str) -> str:
    return re.sub(r"(https?|s3|gs|ftp):/+", r"\1://", text)


def check_search(source: Source, search: Search) -> None:
    """Raise OptionError where a catalogue cannot be searched yet."""
    missing = [
        name for name, value in (("--fields", search.places), ("--from", search.first), ("--to", search.last)) if value is None
    ]
    if missing:
        raise OptionError(
            f"a STAC catalogue is searched for an area and a period, which need {' and '.join(missing)}",
            fix=f"Write stac:{source.name} {_OPTIONS}",
        )
    assert search.first is not None and search.last is not None and search.places is not None
    if search.first > search.last:
        raise OptionError(
            f"--from {search.first} is later than --to {search.last}", fix=f"Write --from {search.last} --to {search.first}"
        )
    if search.places.empty:
        raise OptionError("no field has an outline with a known place", fix="Check --fields, --bbox and --limit.")


def find_items(source: Source, search: Search) -> list[Item]:
    """Return the items of a source, in order of time.

    Raises:
        CatalogueError: the catalogue cannot be reached, has no such collection, or no or too many scenes.
        OptionError: the search is not complete.
        MissingExtraError: the extra [stac] is not installed.
        InputNotFoundError: there is no such file of items.
        UnreadableFileError: the file is no item collection.
    """
    if source.catalogue is None:
        items = list(_of_period(read_items(Path(source.collection)), search))
    else:
        check_search(source, search)
        items = list(_searched(source.catalogue, source.collection, search))
    return sorted(_clear_enough(items, search), key=lambda item: (str(item["properties"].get("datetime")), str(item.get("id"))))


def read_items(path: Path) -> list[Item]:
    """Return the items in a file: an item collection, or one item; see `items_and_others` for the errors."""
    return items_and_others(path)[0]


def items_and_others(path: Path) -> tuple[list[Item], int]:
    """Return the items in a file, and how many entries are none.

    Raises:
        InputNotFoundError: there is no such file.
        UnreadableFileError: it is no item collection.
    """
    if not path.is_file():
        raise InputNotFoundError("there is no such file of STAC items", where=path, fix="Check the path.")
    try:
        content = parse_json(path.read_bytes())
        features = content.get("features", [content] if content.get("type") == "Feature" else [])
        if not isinstance(features, list):
            raise ValueError("its features are no list")
    except (ValueError, AttributeError) as error:
        raise UnreadableFileError(
            "it is no JSON file of STAC items", where=path, fix="Save a search's item collection."
        ) from error
    items: list[Item] = [one for one in features if _is_item(one)]
    if not items:
        raise UnreadableFileError(
            "it holds no STAC item", where=path, fix="Save a search's item collection (pystac: item_collection().save_object)."
        )
    return items, len(features) - len(items)


def _is_item(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and isinstance(one.get("properties"), dict)
        and isinstance(one.get("assets"), dict)
        and all(map(_is_asset, one["assets"].values()))
    )


def _is_asset(one: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(one.get("href"), str) or not isinstance(one.get("type") or "", str):
        return False
    try:
        urlsplit(one["href"])
    except ValueError:  # such as http://[::1
        return False
    roles = one.get("roles") or []
    return isinstance(roles, list) and all(isinstance(role, str) for role in roles)


def _of_period(items: Sequence[Item], search: Search) -> Iterator[Item]:
    for item in items:
        day = moment(item)[:10]
        if (search.first is None or day >= str(search.first)) and (search.last is None or day <= str(search.last)):
            yield item


def moment(item: Item) -> str:
    """Return when an item was taken, as ISO 8601; "" where it does not say."""
    properties = item["properties"]
    return str(properties.get("datetime") or properties.get("start_datetime") or "")


def _clear_enough(items: Sequence[Item], search: Search) -> list[Item]:
    """Leave out scenes with too many clouds; one that does not say how many stays."""
    kept = [
        item for item in items if search.max_cloud is None or (item["properties"].get("eo:cloud_cover") or 0) <= search.max_cloud
    ]
    if items and not kept:
        least = min(item["properties"]["eo:cloud_cover"] for item in items)
        raise CatalogueError(
            f"all {len(items)} scenes have more than {search.max_cloud:g} percent of clouds (the clearest: {least:.0f})",
            fix="Give a higher --max-cloud, or leave it out: cloudy pixels are left out in any case.",
        )
    return kept


def _searched(catalogue: Catalogue, collection: str, search: Search) -> Iterator[Item]:
    try:
        import pystac_client
        import requests
    except ImportError as error:
        raise missing_extra() from error
    assert search.places is not None
    seen: set[object] = set()
    try:
        client = pystac_client.Client.open(catalogue.url, stac_io=_io())
        with Progress(f"searching {collection}", unit="scenes") as progress:
            for box in boxes_of(bounds_in_degrees(search.places)):  # not all catalogues know boxes that go over longitude 180
                found = client.search(
                    collections=[collection],
                    bbox=list(box.bounds),
                    datetime=f"{search.first}T00:00:00Z/{search.last}T23:59:59Z",
                    max_items=_MOST_SCENES + 1,
                    limit=100,
                )
                for item in found.items_as_dicts():
                    if item.get("id") not in seen:
                        seen.add(item.get("id"))
                        progress.advance()
                        yield item
    except (requests.RequestException, pystac_client.exceptions.APIError) as error:
        raise _no_answer(catalogue, collection, error) from error
    if len(seen) > _MOST_SCENES:
        raise CatalogueError(
            f"there are more than {_MOST_SCENES} scenes of {collection}",
            fix="Shorten the period (--from, --to), take fewer fields (--bbox, --limit), or set --max-cloud 60.",
        )
    if not seen:
        raise _nothing(client, catalogue, collection, search)


def _io() -> "pystac_client.stac_api_io.StacApiIO":
    import pystac_client
    from urllib3 import Retry

    retry = Retry(total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None)
    return pystac_client.stac_api_io.StacApiIO(max_retries=retry, timeout=30)


def _no_answer(catalogue: Catalogue, collection: str, error: Exception) -> CatalogueError:
    status = getattr(error, "status_code", None)
    near = difflib.get_close_matches(collection, [name for name in catalogue.collections if name != collection], n=1)
    meant = f"Do you mean {near[0]}? " if near and collection not in catalogue.collections else ""
    if status in (400, 404):
        return CatalogueError(
            "the address is no STAC API, or has no such collection",
            where=f"{catalogue.url}, {collection}",
            fix=f"{meant}Write stac:https://HOST/API/COLLECTION, where https://HOST/API answers as a STAC API.",
        )
    why = f"it answers {status}" if status else f"no answer ({type(error).__name__})"
    return CatalogueError(
        f"the catalogue cannot be searched: {why}",
        where=catalogue.url,
        fix=f"{meant}Check the network and the address, and run the same command again.",
    )


def _nothing(client: "pystac_client.Client", catalogue: Catalogue, collection: str, search: Search) -> CatalogueError:
    """Return the error for a search that finds nothing: because there is no such collection, or no scene there and then."""
    import pystac_client
    import requests

    try:
        names = [one.id for one in client.get_collections()]
    except (requests.RequestException, pystac_client.exceptions.APIError):
        names = []
    name = Source(catalogue, "").name.rstrip("/")
    if names and collection not in names:
        near = difflib.get_close_matches(collection, names, n=3, cutoff=0.4)
        shown = ", ".join(f"stac:{name}/{one}" for one in (near or sorted(names)[:10]))
        return CatalogueError(f"{name} has no collection {collection!r}", fix=f"Write one of {shown}")
    assert search.places is not None
    west, south, east, north = bounds_in_degrees(search.places)
    return CatalogueError(
        f"there is no scene of {collection} from {search.first} to {search.last} in the area of the fields "
        f"({west:.4f},{south:.4f},{east:.4f},{north:.4f})",
        where=name,
        fix="Check the period and the CRS of the fields.",
    )
