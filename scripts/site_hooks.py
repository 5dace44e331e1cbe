"""What mkdocs does beside mkdocs.yml: the first page of the site, and links that leave docs/.

`docs/index.md` is the model card, as the model repository wants it; the site begins with `docs/start.md`.
"""

import re
from pathlib import PurePosixPath
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)\s]+)\)")


def on_files(files: Any, config: Any) -> Any:
    """Make start.md the first page, and give the model card an address of its own."""
    for source, address in (("index.md", "model-card.html"), ("start.md", "index.html")):
        file = files.get_file_from_path(source)
        file.dest_uri = address
        file.abs_dest_path = str(PurePosixPath(config.site_dir) / address)
        file.url = file._get_url(config.use_directory_urls)
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Leave the words of links to files that are in the repository but not on the site."""
    return _LINK.sub(lambda found: found[1] if found[2].startswith("../") else found[0], markdown)
