"""`python -m cropdetect` is the command line."""

from cropdetect.cli import main

main()
