"""What QGIS itself makes of the outputs, where it is installed (Debian: python3-qgis)."""

import json
import subprocess
from pathlib import Path

import pytest
import rasterio

from cropdetect.outputs import class_colours, write_outputs

PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parents[2] / "scripts" / "render_qgis.py"


def has_qgis() -> bool:
    try:
        return subprocess.run([PYTHON, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def hexadecimal(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


@pytest.mark.slow
def test_qgis_shows_crops_by_their_names_and_colours(predictions, run, grid, tmp_path):
    if not has_qgis():
        pytest.skip("there is no QGIS here")
    write_outputs(predictions, tmp_path / "out", run=run, imagery=grid(), fields=None)
    command = [PYTHON, str(SCRIPT), str(tmp_path / "out"), str(tmp_path / "pictures")]
    said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    crops = [[name, hexadecimal(colour)] for name, colour in zip(predictions.legend, class_colours(3), strict=True)]
    assert said["fields"] == {"valid": True, "renderer": "categorizedSymbol", "legend": [*crops, ["no crop", "#ffffff"]]}
    assert said["crop_map"] == {"valid": True, "renderer": "paletted", "legend": crops}
    assert [label for label, _ in said["confidence"]["legend"]][-2:] == ["90% to 100%", "no answer"]
    for name in ("fields", "crop_map"):
        with rasterio.open(tmp_path / "pictures" / f"{name}.png") as picture:
            seen = {tuple(pixel) for pixel in picture.read((1, 2, 3)).reshape(3, -1).T.tolist()}
        assert {class_colours(3)[0], class_colours(3)[2]} <= seen, name  # maize and oats lie in the map, not in the legend only
