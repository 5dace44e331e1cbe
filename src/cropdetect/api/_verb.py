"""What all verbs have in common: arguments are checked as the signatures declare them, and so is what lies at the inputs."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, create_model

from cropdetect import door
from cropdetect.options import Options
from cropdetect.runs import paths_in

_Function = TypeVar("_Function", bound=Callable[..., Any])
_OUTPUTS = frozenset({"out", "log_dir"})  # paths that are written


@functools.cache
def parameters_of(function: Callable[..., Any]) -> type[Options]:
    """Return the parameters of a verb as a model; one with `**` takes other names, too."""
    parameters = inspect.signature(function).parameters.values()
    named = [one for one in parameters if one.kind is not one.VAR_KEYWORD]
    base = Options if len(named) == len(parameters) else _OpenOptions
    fields: dict[str, Any] = {one.name: (one.annotation, ... if one.default is one.empty else one.default) for one in named}
    return create_model(function.__name__, __base__=base, **fields)


def verb(function: _Function) -> _Function:
    """Check the arguments of each call: texts become paths and dates, values lie in their ranges, names are known.

    All that lies at the paths of its inputs comes through `cropdetect.door`.

    Raises:
        OptionError: an argument cannot be used, is missing, or has a name that is not known.
        UnsafePathError: an input would lead elsewhere.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = kwargs | signature.bind_partial(*args).arguments
        arguments = dict(parameters_of(function)(**given))
        with door.links_followed(_follows_links(arguments)):
            for path in paths_in({name: value for name, value in arguments.items() if name not in _OUTPUTS}):
                door.checked(path)
            return function(**arguments)

    return call  # type: ignore[return-value]


def _follows_links(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("follow_links") or getattr(arguments.get("options"), "follow_links", False))


class _OpenOptions(Options):
    model_config = ConfigDict(extra="allow")
