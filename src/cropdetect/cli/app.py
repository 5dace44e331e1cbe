"""The typer application that the verbs join."""

from typing import Any

import typer
from typer.core import TyperGroup

DEBUG = "--debug"  # anywhere on the command line: show the trace of an error


class StoppedError(Exception):
    """Ctrl-C, or another signal that stops a command; typer would end without a word."""


class _Group(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            raise StoppedError(str(stop) or "Stopped.") from stop


app = typer.Typer(
    name="cropdetect",
    cls=_Group,
    help="A calibrated crop for every field, from any imagery and any field boundaries.\n\n"
    "Example: cropdetect predict season/ out/ --fields fields.gpkg --checkpoint checkpoint/\n\n"
    "With --debug, an error shows its trace; docs/errors.md lists all errors.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
