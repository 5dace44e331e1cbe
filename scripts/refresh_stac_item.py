"""Write a checkpoint's stac-item.json and compose file again, as the code makes them now. Nothing else changes.

Usage: python scripts/refresh_stac_item.py [CHECKPOINT ...]      default: all shipped ones
"""

import sys
from pathlib import Path

from cropdetect.checkpoint import read_checkpoint, shipped_names, shipped_path
from cropdetect.checkpoint.folder import write_description

if __name__ == "__main__":
    for folder in [Path(name) for name in sys.argv[1:]] or [shipped_path(name) for name in shipped_names()]:
        write_description(folder, read_checkpoint(folder).record)
