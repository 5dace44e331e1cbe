"""The corpus is read, and so is, or is refused by name, what fuzzing found once (`scripts/fuzz.py`)."""

from pathlib import Path

import pytest

from tests.fuzz.readers import CORPUS, READERS, outcome

FINDS = sorted((Path(__file__).parent / "finds").glob("*/*"))


@pytest.mark.parametrize("reader", READERS)
def test_the_corpus_is_read(reader: str, tmp_path: Path) -> None:
    good = CORPUS / READERS[reader].good
    file = tmp_path / good.name
    file.write_bytes(good.read_bytes())
    assert outcome(reader, file) == "read"


@pytest.mark.parametrize("find", FINDS, ids=lambda find: f"{find.parent.name}-{find.name}")
def test_a_find_is_read_or_refused_by_name(find: Path, tmp_path: Path) -> None:
    reader = find.parent.name
    file = tmp_path / Path(READERS[reader].good).name
    file.write_bytes(find.read_bytes())
    outcome(reader, file)


def test_what_is_cut_off_is_refused_by_name(tmp_path: Path) -> None:
    for reader in ("raster", "netcdf", "parquet", "geopackage", "record", "network"):
        good = CORPUS / READERS[reader].good
        file = tmp_path / good.name
        file.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
        assert outcome(reader, file).endswith("Error"), reader
