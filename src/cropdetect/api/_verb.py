"""What all verbs have in common: their arguments are checked as their signatures declare them."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ConfigDict, create_model

from cropdetect.options import Options

_Function = TypeVar("_Function", bound=Callable[..., Any])


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

    Raises:
        OptionError: an argument cannot be used, is missing, or has a name that is not known.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = kwargs | signature.bind_partial(*args).arguments
        return function(**dict(parameters_of(function)(**given)))

    return call  # type: ignore[return-value]


class _OpenOptions(Options):
    model_config = ConfigDict(extra="allow")
