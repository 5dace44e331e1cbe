"""Fixtures that all rooms share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine, however slow it is. `pytest --hypothesis-profile default` looks for others.
settings.register_profile("cropdetect", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("cropdetect")

SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"no {name} beside the project")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real labelled satellite data; tests are skipped where it is absent."""
    return _folder("data")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """The published 2020 weights and their answers; tests are skipped where they are absent."""
    return _folder("reference")
