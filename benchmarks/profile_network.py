"""Where the time of a network goes in ONNX Runtime, in float32 on one thread: the share of each kind of operator.

Usage: python benchmarks/profile_network.py [CHECKPOINT ...] [--dates 13] [--chips 64] [--side 32]

Default: a member of the shipped kenya-simulated checkpoint (season-cnn). Chips are random numbers, with a field in the middle.
"""

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime

from cropdetect.checkpoint import checkpoint_path, read_checkpoint, with_quick_elu


def shares(network: Path, inputs: dict[str, np.ndarray], chips_a_call: int) -> Counter[str]:
    """Return the microseconds of each kind of operator in one call; of each operator the fastest of all calls counts."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_profiling = True
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(with_quick_elu(network.read_bytes()), options, providers=["CPUExecutionProvider"])
        names = [node.name for node in session.get_inputs()]
        for start in range(0, len(inputs["mask"]), chips_a_call):
            session.run(None, {name: inputs[name][start : start + chips_a_call] for name in names})
        events = json.loads(Path(session.end_profiling()).read_text("utf-8"))
    fastest: dict[tuple[str, str], int] = {}
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            operator = event["args"]["op_name"], event["name"]
            fastest[operator] = min(event["dur"], fastest.get(operator, event["dur"]))
    spent: Counter[str] = Counter()
    for (kind, _), microseconds in fastest.items():
        spent[kind] += microseconds
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="*", default=[Path("kenya-simulated")])
    parser.add_argument("--dates", type=int, default=13)
    parser.add_argument("--chips", type=int, default=64)
    parser.add_argument("--side", type=int, default=32, help="of a chip, pixels")
    options = parser.parse_args()
    random, n, side = np.random.default_rng(0), options.chips, options.side
    mask = np.zeros((n, side, side), np.float32)
    mask[:, side // 2 - 3 : side // 2 + 3, side // 2 - 3 : side // 2 + 3] = 1
    for path in options.checkpoints:
        checkpoint = read_checkpoint(checkpoint_path(path))
        shape = n, options.dates, len(checkpoint.record.bands), side, side
        inputs = {
            "image": random.uniform(200, 4000, shape).astype(np.float32),
            "mask": mask,
            "clear": np.ones((n, options.dates, side, side), bool),
            "day": np.tile(np.linspace(150, 310, options.dates, dtype=np.float32), (n, 1)),
        }
        spent = shares(checkpoint.member_paths()[0], inputs, 1)
        whole = sum(spent.values())
        print(f"{path}, {checkpoint.record.model.name}: {whole / 1000:.2f} ms a chip of {options.dates} dates")
        for kind, time in spent.most_common(12):
            print(f"  {kind:24} {time / whole:6.1%}")


if __name__ == "__main__":
    main()
