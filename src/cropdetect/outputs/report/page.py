"""The page itself: one HTML file that needs nothing else."""

import base64
import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from cropdetect.errors import OptionError
from cropdetect.outputs.report.content import ReportContent
from cropdetect.outputs.report.summary import summarize
from cropdetect.outputs.report.training import TrainingContent, summarize_training
from cropdetect.outputs.report.words import amount, amounts, hectares, number, percent, plural
from cropdetect.spare_memory import give_back

GENERATOR = '<meta name="generator" content="cropdetect">'  # tells a page of the tool from other files
# Each comes after those whose values it needs when it is read.
SCRIPTS = (
    *("format", "dom", "data", "crops", "fields", "filters", "map", "charts", "season", "layers", "tiles", "names", "paint"),
    *("pointer", "detail", "table", "clear", "visit", "scores", "start"),
)
TRAINING_SCRIPTS = ("format", "dom", "data", "crops", "fields", "charts", "scores", "learning", "start_training")
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?")
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def render(content: ReportContent | TrainingContent) -> str:
    """Return the page as HTML; the same content gives the same text.

    The template escapes every text of the user's, and the script puts it on screen as text, never as HTML. A content security
    policy in the page allows its own script and style and no request.

    Raises:
        UnreadableFileError: a preview picture is damaged.
        OptionError: the address of map tiles cannot be used.
    """
    if isinstance(content, TrainingContent):
        return _filled("training.html.jinja", TRAINING_SCRIPTS, summary=summarize_training(content), arrays={}, tile_server="")
    summary, arrays, still = summarize(content)
    give_back()  # what it was made from; the page takes as much
    tiles = tile_server(content.tiles)
    return _filled("page.html.jinja", SCRIPTS, summary=summary, arrays=arrays, still=still, tile_server=tiles)


def _filled(template: str, scripts: Sequence[str], **values: Any) -> str:
    style, script = _asset("page.css"), _script(scripts)
    page = (
        _environment()
        .get_template(template)
        .render(
            generator=GENERATOR,
            style=style,
            style_hash=_hash(style),
            script=script,
            script_hash=_hash(script),
            **values,
        )
    )
    return page.encode("utf-8", "replace").decode()  # a lone surrogate is no text


def tile_server(tiles: str) -> str:
    """Return the server of an address of map tiles, as a content security policy names it; "" for "".

    Raises:
        OptionError: the address cannot be used.
    """
    if not tiles:
        return ""
    address = urlsplit(tiles)
    places = all(tiles.count(part) == 1 for part in ("{z}", "{x}", "{y}"))
    if address.scheme not in ("https", "http") or not _HOST.fullmatch(address.netloc) or not places:
        fix = "Give an address such as https://tile.openstreetmap.org/{z}/{x}/{y}.png."
        raise OptionError(f"{tiles!r} is no address of map tiles", where="--map-tiles", fix=fix)
    return f"{address.scheme}://{address.netloc}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cropdetect.outputs.report", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": percent, "hectares": hectares, "amount": amount, "plural": plural}
    environment.globals["amounts_text"] = amounts
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
    return environment


def _script(names: Sequence[str]) -> str:
    """Return scripts as one module: what they import from each other, they find in it."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _asset(f"{name}.js"))).strip() for name in names)


def _asset(name: str) -> str:
    return (files("cropdetect.outputs.report") / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
