"""The notebooks of the documentation run from the first cell to the last."""

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXPECTED: dict[str, Callable[[dict[str, Any]], bool]] = {  # what a notebook must come to
    "from_dataset_to_map": lambda space: space["answer"].n_fields == len(space["fields"]) and space["right"].mean() > 0.6,
    "how_many_fields": lambda space: (
        space["curve"]["mean"].iloc[-1] > space["curve"]["mean"].iloc[0]
        and space["areas"]["give or take, ha"].is_monotonic_decreasing
    ),
    "as_the_season_grows": lambda space: (
        space["by_date"]["accuracy"].iloc[-1] > space["by_date"]["accuracy"].iloc[0]
        and list(space["summary"].loc["same crop as at the end"]) == sorted(space["summary"].loc["same crop as at the end"])
    ),
}
NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))


def run(cell: str, space: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does, and return what its last line shows."""
    tree = ast.parse(cell)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), space) if isinstance(last, ast.Expr) else None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_kept(path: Path) -> None:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells if cell["cell_type"] == "code")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MPLBACKEND", "agg")
    space: dict[str, Any] = {}
    shown = [
        run("".join(cell["source"]), space)
        for cell in json.loads(path.read_text("utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    rich = [value._repr_html_() for value in shown if hasattr(value, "_repr_html_")]
    assert len(rich) >= 3
    assert all("<table" in html for html in rich)
    assert EXPECTED[path.stem](space)


def test_every_notebook_has_something_to_come_to() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(EXPECTED)
