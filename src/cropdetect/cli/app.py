"""The typer application that the verbs join."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from cropdetect.cli.log_file import LoggedStream
from cropdetect.errors import OptionError
from cropdetect.progress import be_quiet

DEBUG = "--debug"  # anywhere on the command line: show the trace of an error
TASKS = {
    "From some labels to a map": ("map", "crossval", "train", "predict", "evaluate", "report", "compare"),
    "Look at what you have": ("info", "chips"),
    "Get the right export": ("recipe",),
    "Try it without data of your own": ("demo", "simulate"),
    "More": (),  # all others
    "The network of 2020": ("import-cv4a",),
}
"""The verbs by what people want to do, in the order of the help."""

_UsageError: Any = typer.BadParameter.__base__  # of click, which typer brings under a name that is its own
_GAP = 2  # spaces between a verb and its description


class StoppedError(Exception):
    """Ctrl-C, or another signal that stops a command; typer would end without a word."""


class PipeClosedError(Exception):
    """What reads the output has ended; typer would end as after an error of ours."""


class _Group(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        with _ends_named():
            return super().invoke(ctx)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        with _ends_named():
            return super().make_context(*args, **kwargs)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs by task, each with its whole first sentence."""
        width = max(map(len, self.commands))
        for task, verbs in self._by_task().items():
            with formatter.section(task):
                formatter.write_dl([(name.ljust(width), self._summary(ctx, name)) for name in verbs], col_spacing=_GAP)

    def _by_task(self) -> dict[str, list[str]]:
        named = [name for verbs in TASKS.values() for name in verbs]
        others = [name for name in self.commands if name not in named]
        found = {task: [name for name in verbs or others if name in self.commands] for task, verbs in TASKS.items()}
        return {task: verbs for task, verbs in found.items() if verbs}

    def _summary(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        text = (command.help or "") if command is not None else ""
        return " ".join(text.partition("\n\n")[0].split())


@contextmanager
def _ends_named() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as stop:
        raise StoppedError(str(stop) or "Stopped.") from stop
    except BrokenPipeError as error:
        raise PipeClosedError from error
    except _UsageError as error:  # typer would say it without a name
        if type(error).__name__ == "NoArgsIsHelpError":
            raise
        command = error.ctx.command_path if error.ctx is not None else "cropdetect"
        message = error.format_message().rstrip(".")
        raise OptionError(f"{message[:1].lower()}{message[1:]}", fix=f"{command} -h shows how to write it.") from error


app = typer.Typer(
    name="cropdetect",
    cls=_Group,
    help="A calibrated crop for every field, from any imagery and any field outlines.\n\n"
    "Example: cropdetect map season/ map/ --fields fields.gpkg --labels crop"
    "\n\nWith --debug, an error shows its trace.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"cropdetect {version('cropdetect')}")
        raise typer.Exit


class Shown:
    """What is shown beside the results, as it was asked for."""

    tracebacks = False  # of named errors
    warnings: ClassVar[list[str]] = []  # that were shown


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no notes.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show where in the program an error was found.")] = False,
    log_file: Annotated[Path | None, typer.Option("--log-file", help="Also write the messages (stderr) to a file.")] = None,
) -> None:
    Shown.tracebacks = verbose
    if log_file is not None:
        sys.stderr = LoggedStream(sys.stderr, log_file)
    if quiet:
        be_quiet()
