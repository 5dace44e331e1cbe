"""Makes a command of each function of `cropdetect.api`: its signature and its docstring are what the command line shows.

Parameters that may be given by position are arguments, the others options. The fields of an `Options` model that a function takes
are options, too: those of its parameter as they are, those of `**training` only where they are given.
"""

import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import docstring_parser
import typer
from pydantic.fields import FieldInfo
from typer.core import TyperCommand

from cropdetect import api
from cropdetect.api import parameters_of
from cropdetect.cli.app import app
from cropdetect.in_memory import InMemory
from cropdetect.options import Mark, Metavar, Options, Without, flag

_AS_THEY_ARE = (Path, str, int, float, bool)  # types that the command line knows; it takes the others as text


@dataclass(frozen=True)
class Call:
    """A verb with the arguments that were typed."""

    verb: str
    arguments: dict[str, Any]

    def __call__(self) -> Any:
        """Call the verb."""
        return getattr(api, self.verb)(**self.arguments)

    def like(self, other: Callable[..., Any]) -> Any:
        """Call another function with the arguments that it shares with the verb."""
        return other(**{name: self.arguments[name] for name in inspect.signature(other).parameters})


def command(verb: str, example: str, cls: type[TyperCommand] | None = None) -> Callable[[Callable[..., None]], None]:
    """Register a verb; the decorated function calls it and prints what came of it.

    Args:
        verb: name of a function of `cropdetect.api`.
        example: arguments to show in the help.
        cls: how the arguments are parsed, where that is special.

    Returns:
        A decorator of a function of a `Call`. Its other parameters are options that only the command line has: annotated with
        their help, False where they are not given.
    """
    function = getattr(api, verb)
    name = verb.replace("_", "-")

    def register(run: Callable[..., None]) -> None:
        own = list(inspect.signature(run).parameters.values())[1:]

        def typed(**given: Any) -> None:
            call = Call(verb, _arguments(function, given))
            run(call, **{one.name: given[one.name] for one in own})

        options = [*_declared(function), *(_parameter(one.name, _flag_field(one)) for one in own)]
        options.sort(key=lambda one: one.name == "overwrite")
        typed.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]
        summary = docstring_parser.parse(function.__doc__ or "").short_description
        app.command(name, cls=cls, help=f"{summary}\n\nExample: cropdetect {name} {example}".rstrip())(typed)

    return register


def option_models(function: Callable[..., Any]) -> Iterator[tuple[str, type[Options], dict[str, FieldInfo]]]:
    """Yield each parameter of a verb that holds options: its name, their model, and the fields that are on the command line."""
    for parameter in inspect.signature(function).parameters.values():
        kind, marks = _unwrapped(parameter.annotation)
        model = next((mark for mark in marks if _is_options(mark)), kind)
        if _is_options(model):
            left_out = [name for mark in marks if isinstance(mark, Without) for name in mark.names]
            yield parameter.name, model, {n: field for n, field in model.on_command_line().items() if n not in left_out}


def _declared(function: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    """Yield what the command line takes for a function, in the order of its signature."""
    fields, models = parameters_of(function).model_fields, {name: shown for name, _, shown in option_models(function)}
    texts = {one.arg_name: one.description for one in docstring_parser.parse(function.__doc__ or "").params}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in models:
            sometimes = parameter.kind is parameter.VAR_KEYWORD
            yield from (_parameter(one, field, only_given=sometimes) for one, field in models[name].items())
        elif Mark.PYTHON_ONLY not in fields[name].metadata:
            by_position = parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            yield _parameter(name, fields[name], texts.get(name), argument=by_position)


def _arguments(function: Callable[..., Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return what was typed as the arguments of a function."""
    arguments = {name: value for name, value in given.items() if name in inspect.signature(function).parameters}
    for name, model, shown in option_models(function):
        values = {one: given[one] for one in shown}
        if name in parameters_of(function).model_fields:
            arguments[name] = model(**values)
        else:
            arguments |= {one: value for one, value in values.items() if value is not None}
    return arguments


def _parameter(
    name: str, field: FieldInfo, text: str | None = None, *, argument: bool = False, only_given: bool = False
) -> inspect.Parameter:
    """Return a declared option as typer takes it.

    Args:
        name: of the option.
        field: its type, default, range and marks.
        text: its help; left out: the field's description.
        argument: whether it is given by position.
        only_given: whether its default is decided elsewhere.
    """
    kind, marks = _unwrapped(field.annotation)
    several = get_origin(kind) is tuple and argument
    marks = (*field.metadata, *marks)
    required = field.is_required() or Mark.TYPED in marks
    shown: dict[str, Any] = {
        "help": _sentence(text or field.description or ""),
        "min": next((mark.ge for mark in marks if hasattr(mark, "ge")), None),
        "max": next((mark.le for mark in marks if hasattr(mark, "le")), None),
        "metavar": next((mark.text for mark in marks if isinstance(mark, Metavar)), None),
        "show_default": not required,
        **({"path_type": str, "callback": _as_typed} if kind is Path or several else {}),
    }
    default = inspect.Parameter.empty if required else field.default
    if only_given:
        shown["show_default"], default = str(default) if default is not None else False, None
    taken: Any = kind if kind in _AS_THEY_ARE or get_origin(kind) is Literal else str
    taken = list[Path] if several else taken
    info = typer.Argument(**shown) if argument else typer.Option(flag(name), **shown)
    taken = taken | None if default is None else taken
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[taken, info])


def _as_typed(path: Any) -> Any:
    """Return a path that was typed, or several. An empty one stays text: the verb can tell it from the working folder."""
    if isinstance(path, list | tuple):
        return [_as_typed(one) for one in path]
    return Path(path) if isinstance(path, str) and path else path


def _flag_field(parameter: inspect.Parameter) -> FieldInfo:
    _, (text,) = _unwrapped(parameter.annotation)
    return FieldInfo(annotation=bool, default=False, description=text)


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the type inside `Annotated` and `| None`, and the marks on the way."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        kind, more = _unwrapped(inner)
        return kind, (*marks, *more)
    if get_origin(annotation) in (Union, types.UnionType):
        inner = [one for one in get_args(annotation) if one not in (types.NoneType, InMemory)]
        if len(inner) == 1:
            return _unwrapped(inner[0])
    return annotation, ()


def _is_options(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Options)


def _sentence(text: str) -> str:
    text = " ".join(text.replace("`", "").split())
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}." if text else ""
