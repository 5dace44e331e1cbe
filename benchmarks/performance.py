"""Run the measuring scripts and write their table and figure into docs/performance.md.

    python benchmarks/performance.py [--season SEASON] [--weights cv4a.pt] [--work FOLDER] [--minutes 25] [--rivals PYTHON]
    python benchmarks/performance.py --only startup.py scale.py
    python benchmarks/performance.py --quick

Each script runs several times in fresh processes and prints its rows as JSON; what is compared is measured in the same run. Runs
that are finished stay in FOLDER/performance.json, so the same command goes on where it was stopped; --again forgets them, and
--only forgets those of some scripts and measures these anew. Each table says the day and the commit of its runs. No run begins
after --minutes. `--quick` runs the scripts of cutting and prediction once on a tiny season and writes nothing.
"""

import argparse
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.performance_figure import draw
from benchmarks.performance_table import country_of, page_with, table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
FIGURE = ROOT / "docs" / "images" / "performance.svg"
WEIGHTS = ROOT.parent / "shared" / "reference" / "cv4a_crop_classification_checkpoint.pt"
LONGEST = 3600  # seconds of one run
TINY = {"tiles": 1, "height": 160, "width": 160, "fields": 24}

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Job:
    """A script that measures.

    Attributes:
        title: of its part of the table.
        script: file in benchmarks/.
        arguments: "SEASON" and "WEIGHTS" stand for these paths.
        runs: how often it runs.
        rival: whether it needs the Python of the rivals.
    """

    title: str
    script: str
    arguments: tuple[str, ...] = ()
    runs: int = 5
    rival: bool = False

    @property
    def command(self) -> str:
        """As a reader types it."""
        return " ".join(["PYTHON" if self.rival else "python", f"benchmarks/{self.script}", *self.arguments])


JOBS = (
    Job("Floors", "floors.py"),
    Job("Cutting", "cutting.py", ("SEASON",)),
    Job("Networks", "network_speed.py"),
    Job("Start", "startup.py"),
    Job("Training", "training_speed.py"),
    Job("A small training", "small_training.py", runs=1),
    Job("Cutting compressed images", "formats.py", ("SEASON",)),
    Job("A catalogue on loopback", "stac_bytes.py"),
    Job("The whole season, network of 2020", "whole_season.py", ("SEASON", "--weights", "WEIGHTS")),
    Job("The whole season, season-cnn of five members", "whole_season.py", ("SEASON",)),
    Job("Many fields", "scale.py", ("SEASON", "--table", "0")),
    Job("A table of a million fields", "scale.py", ("SEASON", "--fields", "--planned", "0"), runs=1),
    Job("The report", "report_size.py", ("--fields", "100000", "--runs", "1")),
    Job("A random forest", "rivals/forest_on_means.py", ("SEASON",), runs=1),
    Job("torchgeo", "rivals/torchgeo_cv4a.py", ("SEASON",), runs=1, rival=True),
    Job("BreizhCrops", "rivals/breizhcrops_tempcnn.py", ("SEASON",), rival=True),
)
QUICK = (
    Job("Floors", "floors.py", ("--size", "256")),
    Job("Cutting", "cutting.py", ("SEASON", "--plain", "1")),
    Job("The whole season", "whole_season.py", ("SEASON",)),
    Job("Many fields", "scale.py", ("SEASON", "--fields", "20", "40", "--planned", "100", "--table", "50")),
)


@dataclass
class Results:
    """Rows of the runs that are finished, kept in a file.

    Attributes:
        file: where they are kept.
        runs: command of a job -> the rows of each of its runs.
        measured: command of a job -> day and commit of each of its runs.
        failures: command of a job -> why it did not run.
    """

    file: Path
    runs: dict[str, list[Rows]]
    measured: dict[str, list[str]]
    failures: dict[str, str]

    @classmethod
    def of(cls, file: Path) -> "Results":
        """Read what is finished."""
        kept = json.loads(file.read_text("utf-8")) if file.exists() else {"runs": {}, "measured": {}}
        return cls(file, kept["runs"], kept["measured"], {})

    def forget(self, scripts: Sequence[str]) -> None:
        """Forget the runs of some scripts, in the file when the next run is kept."""
        for command in [command for command in self.runs if any(f"/{script}" in command for script in scripts)]:
            del self.runs[command], self.measured[command]

    def add(self, job: Job, rows: Rows) -> None:
        """Keep one more run."""
        self.runs.setdefault(job.command, []).append(rows)
        self.measured.setdefault(job.command, []).append(f"{dt.date.today()}, commit {commit()}")
        partial = self.file.with_suffix(".partial")
        partial.write_text(json.dumps({"runs": self.runs, "measured": self.measured}, indent=1), "utf-8")
        partial.replace(self.file)


def commit() -> str:
    """Return the commit of the working tree, "unknown" where there is none."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT)
    return done.stdout.strip() or "unknown"


def run(job: Job, places: dict[str, Path], rivals: Path | None) -> Rows:
    """Run a script once.

    Raises:
        RuntimeError: it did not run; says why.
    """
    script = ROOT / "benchmarks" / job.script
    if not script.exists():
        raise RuntimeError("the script is not there")
    if job.rival and rivals is None:
        raise RuntimeError("not measured: it is not installed here")
    missing = [name for name in job.arguments if name in places and not places[name].exists()]
    if missing:
        raise RuntimeError(f"not measured: {missing[0]} is not there")
    arguments = [str(places.get(argument, argument)) for argument in job.arguments]
    command = [str(rivals) if job.rival else sys.executable, "-W", "ignore", str(script), *arguments, "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"} if job.rival or "rivals" in job.script else dict(os.environ)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, env=environment)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"stopped after {LONGEST} s") from None
    if done.returncode:
        raise RuntimeError((done.stderr.strip() or "it failed").splitlines()[-1])
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def run_all(jobs: Sequence[Job], results: Results, places: dict[str, Path], rivals: Path | None, minutes: float) -> None:
    """Run every job once, then again those that want more runs, until all are done or the time is over."""
    end = time.monotonic() + 60 * minutes
    for number in range(max(job.runs for job in jobs)):
        for job in jobs:
            if job.command in results.failures or number < len(results.runs.get(job.command, [])) or number >= job.runs:
                continue
            if time.monotonic() > end:
                results.failures.setdefault(job.command, "not measured: no time was left") if number == 0 else None
                continue
            start = time.monotonic()
            try:
                results.add(job, run(job, places, rivals))
                said = "done"
            except RuntimeError as error:
                results.failures[job.command] = said = str(error)
            print(f"{job.title}, run {number + 1} of {job.runs}: {said} ({time.monotonic() - start:.0f} s)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--season", type=Path, help="of full size (default: simulated into FOLDER, 8 GB)")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="of the 2020 network")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "cropdetect-bench", metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--rivals", type=Path, metavar="PYTHON", help="Python that has torchgeo and breizhcrops")
    parser.add_argument("--again", action="store_true", help="forget the runs that are finished")
    parser.add_argument("--only", nargs="+", default=[], metavar="SCRIPT", help="measure these anew, e.g. startup.py")
    parser.add_argument("--quick", action="store_true", help="a smoke run on tiny data")
    options = parser.parse_args()
    from cropdetect import api

    if options.quick:
        with tempfile.TemporaryDirectory() as scratch:
            season = Path(scratch) / "season"
            api.simulate(season, **TINY)
            results = Results.of(Path(scratch) / "performance.json")
            quick = [Job(job.title, job.script, job.arguments, runs=1) for job in QUICK]
            run_all(quick, results, {"SEASON": season}, None, options.minutes)
        print(table(quick, results.runs, results.failures, results.measured))
        sys.exit(1 if results.failures else 0)
    options.work.mkdir(parents=True, exist_ok=True)
    file = options.work / "performance.json"
    if options.again:
        file.unlink(missing_ok=True)
    season = options.season or options.work / "season"
    if not season.exists():
        api.simulate(season)
    results = Results.of(file)
    results.forget(options.only)
    jobs = [job for job in JOBS if job.script in options.only or not options.only]
    run_all(jobs, results, {"SEASON": season, "WEIGHTS": options.weights}, options.rivals, options.minutes)
    draw(results.runs, FIGURE)
    picture = f"![Fields a CPU second against memory, cropdetect beside others]({FIGURE.relative_to(PAGE.parent).as_posix()})"
    parts = [
        table(JOBS, results.runs, results.failures, results.measured),
        picture if FIGURE.exists() else "",
        country_of(results.runs),
    ]
    PAGE.write_text(page_with(PAGE.read_text("utf-8"), "\n\n".join(filter(None, parts))), "utf-8")


if __name__ == "__main__":
    main()
