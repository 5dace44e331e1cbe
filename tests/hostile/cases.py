"""A hostile input, and what the command must make of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.base import Base

Make = Callable[[Base, Path], Sequence[object]]


@dataclass(frozen=True)
class Case:
    """A command that meets something bad.

    Attributes:
        name: what is bad, e.g. "a link to another folder".
        make: writes the input below a folder, and returns the arguments of the command. Its output is `out` there, if any.
        error: name of the error that it must end with; None where it must succeed.
        says: what must stand in the error, or in the warnings.
        seconds: of CPU time that it may take.
        megabytes: that it may hold.
        environment: variables that it has.
        limits: of the operating system.
    """

    name: str
    make: Make
    error: str | None
    says: str = ""
    seconds: float = 20
    megabytes: float = 400
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)


class Cases:
    """The cases of one kind, in order.

    Args:
        kind: what they have in common.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._all: list[Case] = []

    def __iter__(self) -> Iterator[Case]:
        return iter(self._all)

    def add(self, name: str, error: str | None, make: Make, **more: object) -> None:
        """Add a case."""
        self._all.append(Case(name, make, error, **more))  # type: ignore[arg-type]

    def __call__(self, error: str | None, **more: object) -> Callable[[Make], Make]:
        """Add the decorated function, whose name says what is bad."""

        def register(make: Make) -> Make:
            self.add(make.__name__.strip("_").replace("_", " "), error, make, **more)
            return make

        return register
