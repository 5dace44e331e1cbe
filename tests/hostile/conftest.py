"""Every verb of the command line, in a fork of a process that has imported all of them, and what they read."""

from collections.abc import Iterator

import pytest

from tests.hostile.command import Command
from tests.hostile.verbs import IMPORTED, Given, make_given


@pytest.fixture(scope="session")
def verbs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    with Command(tmp_path_factory.mktemp("verbs"), IMPORTED) as running:
        yield running


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory, verbs: Command) -> Given:
    return make_given(tmp_path_factory.mktemp("given"), verbs)
