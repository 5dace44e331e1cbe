"""How fast the networks predict: fields per CPU second, beside eager PyTorch at its best of threads and batch sizes.

Usage: python benchmarks/network_speed.py [--quick] [--json] [--work FOLDER]

Everything that is compared is measured by turns in one run: the 2020 network in float32 and, with OpenVINO, in bfloat16; one
member of season-cnn and ten; the command on a table of field means with five members; and how busy the cores are while imagery
is cut and predicted. A season is simulated, and the weights are random, which changes no time. --json prints one object a line.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import busy_cores
from cropdetect import api, models
from cropdetect.checkpoint import MemberFiles, read_checkpoint, shipped_path, write_checkpoint
from cropdetect.chips import ChipBatch, open_chips
from cropdetect.inference.ensemble import Ensemble
from cropdetect.models.weights import load_network

LAST = torch.channels_last
CORES = len(os.sched_getaffinity(0))
DATES = pd.date_range("2018-03-01", periods=20, freq="12D")


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        side: of both seasons, pixels.
        fields: of the season of which the networks see some chips.
        many: fields of the season that is predicted whole.
        chips: of a round of the 2020 network.
        rounds: by turns.
        batches: sizes of PyTorch's batches.
        table: fields of the table.
    """

    side: int
    fields: int
    many: int
    chips: int
    rounds: int
    batches: Sequence[int]
    table: int


QUICK = Size(192, 16, 32, 4, 2, (1, 2), 200)
FULL = Size(480, 120, 480, 32, 5, (1, 2, 4, 8), 10_000)


def rates(n_fields: int, works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run all works by turns, after a first time; return the median fields per CPU second of each."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if turn:
                spent[name].append(time.process_time() - start)
    return {name: n_fields / float(np.median(seconds)) for name, seconds in spent.items()}


def row(work: str, ours: float, unit: str, beside: str = "", theirs: float | None = None) -> dict[str, object]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"work": work, "ours": ours, "unit": unit, "beside": beside, "theirs": theirs, "peak_memory_mb": round(peak, 1)}


def eager(network: models.Network, batch: ChipBatch, threads: int, size: int) -> Callable[[], object]:
    """Return what shows the chips to a network in eager PyTorch, `size` at once."""
    parts = [torch.from_numpy(part) for part in (batch.image.astype(np.float32), batch.mask, batch.clear, batch.day())]

    def work() -> None:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            for start in range(0, len(batch), size):
                network(*(part[start : start + size] for part in parts))

    return work


def convolutions(network: models.Network, chips: int, steps: int, side: int, dtype: torch.dtype) -> Callable[[], object]:
    """Return what computes nothing but the two 3x3 convolutions of the 2020 network, chip by chip."""
    weights = [
        network.get_parameter(f"conv{number}.weight").detach().to(dtype).contiguous(memory_format=LAST) for number in (1, 2)
    ]
    images = [torch.rand(steps, weight.shape[1], side, side).to(dtype).contiguous(memory_format=LAST) for weight in weights]

    def work() -> None:
        torch.set_num_threads(1)
        with torch.inference_mode():
            for _ in range(chips):
                for image, weight in zip(images, weights, strict=True):
                    torch.nn.functional.conv2d(image, weight, padding=1)

    return work


def of_2020(work: Path, size: Size) -> tuple[list[dict[str, object]], float]:
    """Measure the 2020 network; return the rows, and its fields per CPU second in float32."""
    torch.manual_seed(0)
    torch.save(models.create("conv-gru", n_classes=7).state_dict(), work / "2020.pt")
    api.chips(work / "season", work / "2020.zarr", preset="cv4a")
    api.import_cv4a(work / "2020.pt", work / "2020", chips=work / "2020.zarr")
    chips, checkpoint = open_chips(work / "2020.zarr").cached(), read_checkpoint(work / "2020")
    batch = next(iter(chips.batches(size.chips)))
    network = load_network(checkpoint.record, next((work / "2020" / "members").glob("*.safetensors")))
    ways = {
        f"eager PyTorch f32, {threads} thread(s), {at_once} chip(s) at once": eager(network, batch, threads, at_once)
        for threads in {1, CORES}
        for at_once in size.batches
    }
    first = rates(len(batch), ways, size.rounds // 2)
    quickest = sorted(ways, key=first.__getitem__)[-2:]  # which of two that are near is told by the rounds beside ours
    works: dict[str, Callable[[], object]] = {way: ways[way] for way in quickest}
    precisions = ("f32", "bf16") if find_spec("openvino") else ("f32",)
    for precision in precisions:
        ensemble = Ensemble(checkpoint, chips.info, precision=precision, workers=1)
        works[precision] = lambda ensemble=ensemble: ensemble.run(batch)  # type: ignore[misc]
    for precision, dtype in (("f32", torch.float32), ("bf16", torch.bfloat16)):
        works[f"floor {precision}"] = convolutions(network, len(batch), batch.image.shape[1], batch.image.shape[4], dtype)
    found = rates(len(batch), works, size.rounds)
    theirs, beside = max(found[way] for way in quickest), "eager PyTorch f32, at its best of threads and batches"
    unit = "fields per CPU s"
    names = {one: f"2020 network, {one}" for one in precisions}
    names |= {f"floor {one}": f"floor: the 3x3 convolutions of the 2020 network alone, {one}" for one in ("f32", "bf16")}
    return [row(name, found[one], unit, beside, theirs) for one, name in names.items()], found["f32"]


def of_season_cnn(work: Path, size: Size, speed_of_2020: float) -> list[dict[str, object]]:
    """Measure one member and ten members of season-cnn."""
    shipped = read_checkpoint(shipped_path("kenya-simulated")).record
    members = []
    for seed in range(10):
        torch.manual_seed(seed)
        network = models.create(shipped.model.name, **shipped.model.arguments).eval()
        network.set_statistics(shipped.statistics)
        members.append(MemberFiles(onnx=models.export_onnx(network), safetensors=b""))
    api.chips(work / "season", work / "season.zarr", chip_size=shipped.chips.size)
    chips = open_chips(work / "season.zarr").cached()
    batch = next(iter(chips.batches(4 * size.chips)))
    works: dict[str, Callable[[], object]] = {}
    for count in (1, 10):
        checkpoint = write_checkpoint(work / f"season-cnn-{count}", shipped, members[:count])
        for precision in ("f32", "bf16") if find_spec("openvino") else ("f32",):
            ensemble = Ensemble(checkpoint, chips.info, precision=precision, workers=1)
            works[f"{count} {precision}"] = lambda ensemble=ensemble: ensemble.run(batch)  # type: ignore[misc]
    found = rates(len(batch), works, size.rounds)
    unit = "fields per CPU s"
    precisions = [one for one in ("f32", "bf16") if f"1 {one}" in found]
    rows = [row(f"season-cnn, {one}", found[f"1 {one}"], unit, "2020 network, f32", speed_of_2020) for one in precisions]
    return [*rows, row("season-cnn, ten members, f32", found["10 f32"], unit, "one member", found["1 f32"])]


def write_table(folder: Path, n_fields: int) -> None:
    """Write a made-up table of field means."""
    bands = read_checkpoint(shipped_path("s2-parcels-france")).record.bands
    random, folder = np.random.default_rng(0), folder / "table"
    folder.mkdir()
    ids = [f"f{number}" for number in range(n_fields)]
    series = pd.DataFrame({"field_id": np.repeat(ids, len(DATES)), "date": np.tile(DATES.strftime("%Y-%m-%d"), n_fields)})
    for band in bands:
        series[band] = random.uniform(200, 4000, len(series)).round(1)
    series.to_parquet(folder / "series.parquet")
    place = {"lon": random.uniform(1, 2, n_fields), "lat": random.uniform(47, 48, n_fields)}
    pd.DataFrame({"field_id": ids, **place}).to_parquet(folder / "fields.parquet")


def command(*arguments: str) -> tuple[float, dict[str, dict[str, float]]]:
    """Run a prediction as a command; return its CPU seconds, and what run.json says."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "cropdetect", "predict", *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return spent, json.loads((Path(arguments[1]) / "run.json").read_text("utf-8"))


def of_commands(work: Path, size: Size) -> list[dict[str, object]]:
    """Measure whole commands: a table of field means, and imagery with the 2020 network."""
    write_table(work, size.table)
    spent, run = command(str(work / "table"), str(work / "of-table"), "--checkpoint", "s2-parcels-france")
    predicting = size.table / run["cpu_seconds"]["predicting"]
    rows = [row("table of field means, five members, predicting", predicting, "fields per CPU s")]
    rows.append(row("table of field means, five members, whole command", size.table / spent, "fields per CPU s"))
    api.simulate(work / "many", tiles=1, height=size.side, width=size.side, fields=size.many, seed=6)
    busy = busy_cores.measure(work / "many", work / "2020")
    return [*rows, asdict(busy)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run, whose figures say little")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", type=Path, help="an empty folder (default: a temporary one)")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        api.simulate(work / "season", tiles=1, height=size.side, width=size.side, fields=size.fields, seed=5)
        rows, speed = of_2020(work, size)
        rows += of_season_cnn(work, size, speed)
        rows += of_commands(work, size)
    for one in rows:
        theirs = f"; {one['beside']}: {one['theirs']:,.0f}" if one["theirs"] else ""
        print(json.dumps(one) if arguments.json else f"{one['work']}: {one['ours']:,.0f} {one['unit']}{theirs}")


if __name__ == "__main__":
    main()
