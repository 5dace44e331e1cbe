"""What a folder or file is: one file a layout. The first layout of `LAYOUTS` that recognises a path takes it."""

from cropdetect.imagery.layouts.chips import ChipFolders, ImagesAndFields
from cropdetect.imagery.layouts.cubes import Cubes
from cropdetect.imagery.layouts.cv4a import CompetitionFolders
from cropdetect.imagery.layouts.layout import SEE_LAYOUTS, Layout, OpenOptions, Search
from cropdetect.imagery.layouts.rasters import Rasters
from cropdetect.imagery.layouts.stac import StacItems

__all__ = ["LAYOUTS", "SEE_LAYOUTS", "Layout", "OpenOptions", "Search", "accepted_layouts"]

#: In the order in which they are asked, and in which the documentation shows them.
LAYOUTS: tuple[Layout, ...] = (CompetitionFolders(), ChipFolders(), ImagesAndFields(), Cubes(), StacItems(), Rasters())


def accepted_layouts() -> str:
    """Return all layouts as text of several lines."""
    return "\n".join(f"{one.description}:\n" + "\n".join(f"    {line}" for line in one.tree.splitlines()) for one in LAYOUTS)
