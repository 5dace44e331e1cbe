"""What this machine can do at best: a large matrix product on one thread, in f32 and bf16.

    python benchmarks/floors.py [--size 2048] [--json]

The floor of cutting, reading every input block once, is measured beside the cutting: `benchmarks/cutting.py`.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measured import Row, emit

REPEATS = 3


def gigaflops(size: int, dtype: torch.dtype) -> float:
    """Return the billions of operations a CPU second of the fastest of a few products of two square matrices."""
    left, right = (torch.ones(size, size, dtype=dtype) for _ in range(2))
    left @ right
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        left @ right
        seconds.append(time.process_time() - start)
    return 2 * size**3 / min(seconds) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    f32, bf16 = (gigaflops(options.size, dtype) for dtype in (torch.float32, torch.bfloat16))
    unit = "GFLOP/CPU s"
    rows = [
        Row(f"floor: matrix product of {options.size} x {options.size}, f32", f32, unit),
        Row(f"floor: matrix product of {options.size} x {options.size}, bf16", bf16, unit, "the same in f32", f32),
    ]
    emit(rows, as_json=options.json)


if __name__ == "__main__":
    main()
