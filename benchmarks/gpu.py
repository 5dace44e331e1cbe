"""Prediction and training on an NVIDIA GPU and on the CPU of the same machine: how fast, and whether the answers agree.

Usage: python benchmarks/gpu.py [--fields 2000] [--epochs 20] [--work FOLDER] [--page docs/gpu.md]

Needs onnxruntime-gpu in place of onnxruntime, and a CUDA build of PyTorch. A season is simulated, its chips are cut once and kept
in memory. Every measurement runs in a process of its own; prediction is measured three times, the median counts. Training is
timed from the end of the first epoch, since the first loads libraries.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from cropdetect import api
from cropdetect.checkpoint import read_checkpoint, shipped_path
from cropdetect.chips import open_chips
from cropdetect.formats import TrainOptions
from cropdetect.inference import predict_chips

REPEATS = 3
NETWORKS = {"season-cnn": "chips.zarr", "conv-gru": "chips-2020.zarr"}
DEVICES = ("cpu", "cuda")


def prepare(work: Path, fields: int) -> None:
    """Simulate a season and cut its chips in both ways, once."""
    side = 64 * round((fields * 900) ** 0.5 / 64) + 64
    api.simulate(work / "season", tiles=1, height=side, width=side, fields=fields, seed=11)
    api.chips(work / "season", work / NETWORKS["season-cnn"])
    api.chips(work / "season", work / NETWORKS["conv-gru"], preset="cv4a")


def train(work: Path, network: str, device: str, epochs: int) -> dict[str, Any]:
    """Train one member on one device; return samples per second and the log loss of the fields that it left out."""
    from cropdetect.training import train as train_checkpoint
    from cropdetect.training.recipes import recipe_settings

    chips, ends = open_chips(work / NETWORKS[network]), []
    recipe = recipe_settings("cv4a" if network == "conv-gru" else "default")
    settings = {"model": network, "epochs": epochs, "members": 1, "snapshots": 1, "block_size": 2000.0}
    options = TrainOptions.model_validate(recipe | settings)
    out = work / f"{network}-{device}"
    out.mkdir(exist_ok=True)
    made = train_checkpoint(chips, out, options, on_epoch=lambda _: ends.append(time.monotonic()))
    shown = made.record.training.n_fields * (1 - options.validation_share)
    return {"samples_per_second": shown * (len(ends) - 1) / (ends[-1] - ends[0]), "log_loss": made.record.metrics["log_loss"]}


def predict(work: Path, network: str, device: str, checkpoint: Path) -> dict[str, Any]:
    """Predict all fields on one device; return fields per second, and keep the probabilities."""
    chips = open_chips(work / NETWORKS[network]).cached()
    trained, seconds = read_checkpoint(checkpoint), []
    for _ in range(REPEATS + 1):  # the first warms up
        start = time.monotonic()
        predictions, _ = predict_chips(chips, trained, device=device)
        seconds.append(time.monotonic() - start)
    np.save(work / f"{checkpoint.name}-{device}.npy", predictions.probabilities)
    return {"fields_per_second": len(chips.fields) / float(np.median(seconds[1:])), "members": len(trained.record.members)}


def measured(work: Path, device: str, *arguments: str) -> dict[str, Any]:
    """Run one measurement in a process that sees the GPU, or does not."""
    hidden = {} if device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-W", "ignore", __file__, "--work", str(work), "--measure", *arguments]
    done = subprocess.run(command, env={**os.environ, **hidden}, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(arguments, found, flush=True)
    return found


def machine() -> str:
    import onnxruntime
    import torch

    return (
        f"one {torch.cuda.get_device_name()}, {len(os.sched_getaffinity(0))} CPU cores ({platform.machine()}), Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}, ONNX Runtime {onnxruntime.__version__}"
    )


def page(results: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    lines = [
        "# Prediction and training on a GPU",
        "",
        f"Made by `python benchmarks/gpu.py` on {results['machine']}: {results['fields']} simulated fields of 13 dates.",
        "All figures of this page are of one run on one machine. The CPU figures use all its cores.",
        "",
        "| prediction (f32) | fields a second, CPU | fields a second, GPU | GPU / CPU | largest difference of a probability |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in results["prediction"]:
        cpu, gpu = row["cpu"], row["cuda"]
        lines.append(f"| {row['name']} | {cpu:,.0f} | {gpu:,.0f} | {gpu / cpu:.1f} | {row['difference']:.1e} |")
    lines += [
        "",
        "| training, one member | samples a second, CPU (f32) | samples a second, GPU (bf16 autocast) | GPU / CPU | log loss, CPU | log loss, GPU |",  # noqa: E501
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["training"]:
        cpu, gpu = row["cpu"], row["cuda"]
        rates = f"{cpu['samples_per_second']:,.0f} | {gpu['samples_per_second']:,.0f}"
        ratio = gpu["samples_per_second"] / cpu["samples_per_second"]
        lines.append(f"| {row['name']} | {rates} | {ratio:.1f} | {cpu['log_loss']:.3f} | {gpu['log_loss']:.3f} |")
    lines += ["", "Log loss is that of the fields that the member left out. Several GPUs were not tried.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fields", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--work", type=Path, default=Path("gpu-benchmark"))
    parser.add_argument("--page", type=Path)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    work = arguments.work
    if arguments.measure:
        kind, network, device, *more = arguments.measure
        found = train(work, network, device, int(more[0])) if kind == "train" else predict(work, network, device, Path(more[0]))
        print(json.dumps(found))
        return
    prepare(work, arguments.fields)
    results: dict[str, Any] = {"machine": machine(), "fields": arguments.fields, "training": [], "prediction": []}
    for network in NETWORKS:
        rows = {device: measured(work, device, "train", network, device, str(arguments.epochs)) for device in DEVICES}
        results["training"].append({"name": network, **rows})
    checkpoints = {
        "season-cnn, 5 members": ("season-cnn", shipped_path("kenya-simulated")),
        "conv-gru (2020), 1 member": ("conv-gru", work / "conv-gru-cuda"),
    }
    for name, (network, checkpoint) in checkpoints.items():
        rates = {d: measured(work, d, "predict", network, d, str(checkpoint))["fields_per_second"] for d in DEVICES}
        cpu, gpu = (np.load(work / f"{checkpoint.name}-{device}.npy") for device in DEVICES)
        results["prediction"].append({"name": name, **rates, "difference": float(np.nanmax(np.abs(cpu - gpu)))})
    (work / "gpu.json").write_text(json.dumps(results, indent=1), "utf-8")
    text = page(results)
    print(text)
    if arguments.page:
        arguments.page.write_text(text, "utf-8")
    worst = max(row["difference"] for row in results["prediction"])
    assert worst < 1e-3, f"probabilities differ by {worst}"


if __name__ == "__main__":
    main()
