"""Write a checkpoint's stac-item.json and compose file again, as the code makes them now; nothing else is touched.

Usage: python scripts/refresh_stac_item.py [CHECKPOINT]      default: the shipped one
"""

import sys
from pathlib import Path

from cropdetect.checkpoint import read_checkpoint
from cropdetect.checkpoint.folder import write_description

SHIPPED = Path(__file__).parents[1] / "src" / "cropdetect" / "checkpoint" / "shipped" / "kenya-simulated"

if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    write_description(folder, read_checkpoint(folder).record)
