"""`cropdetect` and `python -m cropdetect` are the command line."""

from cropdetect import signals


def main() -> None:
    """Load the command line, and run it."""
    signals.end_at_once()
    from cropdetect.cli import main as run

    run()


if __name__ == "__main__":
    main()
