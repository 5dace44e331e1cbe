"""Too little memory or too few files end every verb by name, also in its processes, and leave nothing half-written."""

import random
from pathlib import Path

import pytest

from tests.hostile.command import Command
from tests.hostile.verbs import CALLS, WRITING, Given

TIMES = 3

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "least", "most", "error"), [
    ("RLIMIT_AS", 2**24, 2**28, "MemoryLimitError"), ("RLIMIT_NOFILE", 16, 64, "TooManyFilesError"),
], ids=["memory", "files"])  # fmt: skip
@pytest.mark.parametrize("verb", CALLS)
def test_every_verb_names_what_it_lacks(
    verb: str, name: str, least: int, most: int, error: str, verbs: Command, given: Given, tmp_path: Path
) -> None:
    draw = random.Random(f"{verb} {name}")
    for number in range(1 if verb == "demo" else TIMES):
        out = tmp_path / str(number) / "out"
        limit = int(least * (most / least) ** draw.random())
        ended = verbs.run(*given.call(verb, out), limits={name: limit})
        assert "Traceback" not in ended.err, ended.err
        assert (ended.code, ended.error) in ((0, None), (2, error)), (limit, ended.err)
        assert not ended.left
        if ended.code and verb in WRITING:
            assert not (out / "run.json").exists()
            assert not out.is_file()
