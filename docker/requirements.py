"""Print what the package needs to predict, for pip; run beside pyproject.toml.

The ONNX Runtime wheel is $RUNTIME; of the extra [fast], what $FAST names is taken along.
"""

import os
import re
import tomllib
from pathlib import Path


def requirements(runtime: str, fast: str) -> list[str]:
    """Return the lines of a requirements file."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    needed = [re.sub(r"^onnxruntime\b", runtime, line) for line in project["dependencies"]]
    extra = [line for line in project["optional-dependencies"]["fast"] if re.split(r"[\s<>=!~\[]", line)[0] in fast.split()]
    return needed + extra


if __name__ == "__main__":
    print("\n".join(requirements(os.environ.get("RUNTIME") or "onnxruntime", os.environ.get("FAST", ""))))
