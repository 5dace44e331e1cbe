"""The table of performance holds medians, ratios within a run, and whether targets are met."""

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.performance import ROOT, Job, Results, run_all
from benchmarks.performance_table import BEGIN, END, page_with, table


def row(work: str, ours: float, beside: str = "", theirs: float | None = None) -> dict[str, object]:
    return {"work": work, "ours": ours, "unit": "CPU s", "beside": beside, "theirs": theirs, "peak_memory_mb": 500.0}


def test_a_row_shows_the_median_the_spread_and_the_median_of_the_ratios_of_each_run() -> None:
    job = Job("Cutting", "cutting.py", ("SEASON",))
    beside = "reading each of 7 blocks once"
    runs = {job.command: [[row("cutting 3 chips, streamed", mine, beside, other)] for mine, other in ((2, 2), (3, 2), (5, 2))]}
    line = table([job], runs, {}).splitlines()[-1]
    assert "3 (2 to 5) CPU s" in line
    assert "| 1.5 (1 to 2.5) |" in line
    assert "500 MB" in line
    assert "at most 1.5: met" in line


def test_a_target_that_is_missed_says_so_and_a_job_that_did_not_run_says_why() -> None:
    cut, other = Job("Cutting", "cutting.py"), Job("torchgeo", "rivals/torchgeo_cv4a.py", rival=True)
    runs = {cut.command: [[row("cutting 3 chips into a store", 2.0, "the plain way", 8.0)]]}
    written = table([cut, other], runs, {other.command: "not measured: it is not installed here"})
    assert "| 1/4 |" in written
    assert "at most 1/8: **missed**" in written
    assert "not measured: it is not installed here" in written


def test_only_what_lies_between_the_markers_is_replaced() -> None:
    assert page_with(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    with pytest.raises(ValueError, match="lacks"):
        page_with("a page without markers", "new")


def test_finished_runs_are_not_run_again(tmp_path: Path) -> None:
    job = Job("no script", "there_is_none.py", runs=2)
    results = Results.of(tmp_path / "performance.json")
    results.add(job, [row("work", 1.0)])
    again = Results.of(tmp_path / "performance.json")
    assert again.runs == {job.command: [[row("work", 1.0)]]}
    run_all([job], again, {}, None, minutes=1)
    assert again.failures == {job.command: "the script is not there"}
    assert len(again.runs[job.command]) == 1


def test_the_runs_of_one_script_are_forgotten_and_each_table_says_when_it_was_measured(tmp_path: Path) -> None:
    one, other = Job("Start", "startup.py"), Job("Cutting", "cutting.py", ("SEASON",))
    results = Results.of(tmp_path / "performance.json")
    for job in (one, other):
        results.add(job, [row("work", 1.0)])
    results.forget(["startup.py"])
    assert list(results.runs) == [other.command]
    written = table([one, other], results.runs, {}, {other.command: ["2026-11-26, commit abc", "2026-11-26, commit abc"]})
    assert "`python benchmarks/cutting.py SEASON`, one run, 2026-11-26, commit abc" in written


@pytest.mark.slow
def test_the_smoke_form_measures_cutting_and_prediction() -> None:
    command = [sys.executable, "-W", "ignore", str(ROOT / "benchmarks" / "performance.py"), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "streamed" in done.stdout
    assert "the whole command" in done.stdout
    assert "peak memory of predict, 40 fields" in done.stdout
