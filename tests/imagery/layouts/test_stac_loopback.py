"""A prediction from a real STAC API on loopback, against the same pixels as files; requests and bytes are counted."""

import pytest
from benchmarks.stac_bytes import Measured, measure

from cropdetect import api

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    pytest.importorskip("rustac")
    folder = tmp_path_factory.mktemp("stac")
    api.simulate(folder / "season", tiles=1, height=768, width=768, fields=150, layout="geotiff")
    return measure(folder / "season", folder / "work", block=256, share=0.6)


def test_predictions_are_those_of_the_same_pixels_as_files(measured: Measured) -> None:
    assert measured.fields > 20
    assert measured.identical


def test_little_more_than_the_blocks_under_the_fields_is_fetched(measured: Measured) -> None:
    assert measured.ratio <= 1.3
    assert measured.dry_run + measured.fetched < 0.7 * measured.all_files


def test_a_dry_run_tells_what_will_be_fetched_and_fetches_headers_alone(measured: Measured) -> None:
    assert measured.estimated == pytest.approx(measured.fetched, abs=0.1e6)
    assert measured.dry_run < 0.2 * measured.fetched


def test_a_second_run_fetches_nothing(measured: Measured) -> None:
    assert measured.second == 0
