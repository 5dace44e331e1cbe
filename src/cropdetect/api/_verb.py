"""What all verbs have in common: arguments are checked as the signatures declare them, and so is what lies at the inputs."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import ConfigDict, create_model

from cropdetect import door
from cropdetect.errors import UnsafePathError
from cropdetect.options import DataOptions, Options, unknown_option
from cropdetect.runs import paths_in

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OUTPUTS = frozenset({"out", "log_dir"})  # paths that are written
_DATA = frozenset({"data", "path", "imagery"})  # paths in whose place a STAC catalogue may stand

Reading = Annotated[Any, DataOptions]
"""Type of a `**` parameter that tells type checkers that a verb takes the options of `DataOptions` one by one; at run time all
verbs do that have a parameter `options`."""


@functools.cache
def parameters_of(function: Callable[..., Any]) -> type[Options]:
    """Return the parameters of a verb as a model; one with `**` of its own options takes other names, too."""
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind is not one.VAR_KEYWORD]
    is_open = any(one.kind is one.VAR_KEYWORD and one.annotation != Reading for one in parameters)
    fields: dict[str, Any] = {one.name: (one.annotation, ... if one.default is one.empty else one.default) for one in named}
    return create_model(function.__name__, __base__=_OpenOptions if is_open else Options, **fields)


def verb(function: _Function) -> _Function:
    """Check the arguments of each call: texts become paths and dates, values lie in their ranges, names are known.

    All that lies at the paths of its inputs comes through `cropdetect.door`.
    A verb with a parameter `options` takes each of these options as an argument of its own, too, which wins.

    Raises:
        OptionError: an argument cannot be used, is missing, or has a name that is not known.
        UnsafePathError: an input would lead elsewhere.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = kwargs | signature.bind_partial(*args).arguments
        if "options" in signature.parameters:
            given = _joined(given, own=set(signature.parameters))
            _refuse_unknown(given, function)
        arguments = dict(parameters_of(function)(**given))
        with door.links_followed(_follows_links(arguments)):
            for name, value in arguments.items():
                for path in () if name in _OUTPUTS else paths_in({name: value}):
                    _check(path, is_data=name in _DATA)
            return function(**arguments)

    seen = [one for one in signature.parameters.values() if one.annotation != Reading]
    call.__signature__ = signature.replace(parameters=seen)  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


def _check(path: Path, *, is_data: bool) -> None:
    """Let a path in that leads nowhere else, and a STAC catalogue in the place of data."""
    if is_data and door.is_catalogue(path):
        return
    try:
        door.checked(path)
    except UnsafePathError:
        from cropdetect.imagery import address_without_prefix, is_address

        if is_data and is_address(path):
            raise address_without_prefix(path) from None
        raise


def _follows_links(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("follow_links") or getattr(arguments.get("options"), "follow_links", False))


def _joined(given: dict[str, Any], own: set[str]) -> dict[str, Any]:
    """Return arguments with the options that were given one by one inside `options`."""
    single = {name: value for name, value in given.items() if name in DataOptions.model_fields and name not in own}
    options = given.get("options", DataOptions())
    if not single or not isinstance(options, DataOptions):
        return given
    others = {name: value for name, value in given.items() if name not in single}
    return others | {"options": DataOptions(**{**dict(options), **single})}


def _refuse_unknown(given: dict[str, Any], function: Callable[..., Any]) -> None:
    model = parameters_of(function)
    unknown = [name for name in given if name not in model.model_fields]
    if unknown and not issubclass(model, _OpenOptions):
        raise unknown_option(unknown[:1], [*model.model_fields, *DataOptions.model_fields])


class _OpenOptions(Options):
    model_config = ConfigDict(extra="allow")
