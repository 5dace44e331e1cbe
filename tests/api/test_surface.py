"""What `import cropdetect` offers: the names, their signatures, and what the import costs."""

import ast
import doctest
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import cropdetect as cd
from cropdetect import api
from cropdetect.errors import CropDetectError

SURFACE = {
    "CropClassifier": "model * recipe dates bands epochs members random_state settings",
    "DataOptions": "* fields layer id_column labels legend columns buffer chip_size pattern date bands band_names resolution "
    "clear offset until bbox limit memory",
    "crossval": "data out * folds options n_folds fold_buffer by_date recipe config log_dir workers scheduler overwrite "
    "**training",
    "evaluate": "predictions out * reference labels id_column legend group_column pixel_size probability_sample seed overwrite",
    "info": "path * options",
    "open_data": "data * options preset",
    "open_imagery": "path * pattern date resolution clear offset bands band_names",
    "predict": "data out * checkpoint options device precision workers scheduler min_confidence submission season_year "
    "with_labels title subtitle overwrite",
    "report": "predictions out * reference labels id_column title subtitle pdf map_tiles overwrite",
    "simulate": "out * tiles height width fields seed layout region year dates workers overwrite",
    "train": "data out * options recipe config licence forget_fields log_dir out_of_fold workers scheduler on_epoch "
    "overwrite **training",
}


def shown(function: object) -> str:
    """Return the parameters of a function in one line."""
    words: list[str] = []
    for one in inspect.signature(function).parameters.values():  # type: ignore[arg-type]
        if one.kind is one.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        words.append(f"**{one.name}" if one.kind is one.VAR_KEYWORD else one.name)
    return " ".join(words)


def test_the_names_are_these() -> None:
    assert set(cd.__all__) == {*SURFACE, "CropDetectError", "__version__"}
    assert dir(cd) == sorted(cd.__all__)
    assert cd.CropDetectError is CropDetectError
    with pytest.raises(AttributeError, match="no attribute 'predct'"):
        _ = cd.predct


@pytest.mark.parametrize("name", SURFACE)
def test_no_argument_is_lost_or_moved_and_new_ones_are_optional_keywords(name: str) -> None:
    now, promised = shown(getattr(cd, name)).split(), SURFACE[name].split()
    assert [one for one in now if one in promised] == promised
    added = [one for one in inspect.signature(getattr(cd, name)).parameters.values() if one.name not in SURFACE[name]]
    assert all(one.kind is one.KEYWORD_ONLY and one.default is not one.empty for one in added)


@pytest.mark.parametrize("name", SURFACE)
def test_every_name_has_a_docstring(name: str) -> None:
    said = inspect.getdoc(getattr(cd, name)) or ""
    assert len(said.splitlines()[0]) > 20


def test_type_checkers_are_told_the_same_names() -> None:
    stub = Path(inspect.getfile(cd)).with_suffix(".pyi")
    told = {
        name.asname for node in ast.parse(stub.read_text("utf-8")).body if isinstance(node, ast.ImportFrom) for name in node.names
    }
    assert told == set(cd.__all__) - {"__version__"}
    assert (stub.parent / "py.typed").is_file()


def test_verbs_are_those_of_the_command_line() -> None:
    assert all(getattr(cd, name) is getattr(api, name) for name in SURFACE if name in api.__all__ and name != "DataOptions")


def test_the_import_loads_nothing_heavy() -> None:
    heavy = "torch sklearn xarray pandas geopandas rasterio numpy pydantic onnxruntime"
    code = f"import sys, cropdetect; print([name for name in {heavy.split()} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_examples_run() -> None:
    pytest.importorskip("torch")
    from cropdetect.api import _open
    from cropdetect.training import classifier

    for module in (classifier, _open):
        found = doctest.testmod(module)
        assert (found.failed, found.attempted > 4) == (0, True)
