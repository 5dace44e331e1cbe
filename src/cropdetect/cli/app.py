"""The typer application that the verbs join."""

import typer

app = typer.Typer(
    name="cropdetect",
    help="A calibrated crop for every field, from any imagery and any field boundaries.\n\n"
    "Example: cropdetect predict season/ out/ --fields fields.gpkg --checkpoint checkpoint/",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)


def say(message: str) -> None:
    """Tell the user what came of it."""
    print(message)
