"""Every verb of the command line, in a fork of a process that has imported all of them, and what they read and write."""

from collections.abc import Callable, Iterator

import pytest

from tests.hostile.command import Command
from tests.hostile.verbs import IMPORTED, Given, Whole, make_given, make_whole


@pytest.fixture(scope="session")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with Command(tmp_path_factory.mktemp("verbs"), IMPORTED) as running:
        yield running


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory, verbs: Command) -> Given:
    return make_given(tmp_path_factory.mktemp("given"), verbs)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, verbs: Command, given: Given) -> Callable[[str], Whole]:
    """Return what a verb writes, and empty the place where it does."""
    place, known = tmp_path_factory.mktemp("places"), dict[str, Whole]()

    def found(verb: str) -> Whole:
        if verb in known:
            known[verb].clear()
        else:
            (place / verb).mkdir()
            known[verb] = make_whole(verb, place / verb, verbs, given)
        return known[verb]

    return found
