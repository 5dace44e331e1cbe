"""What the site changes of the pages: its first page, and links to files that it does not hold."""

import importlib
from types import SimpleNamespace

import pytest

hooks = importlib.import_module("site_hooks")


class File:
    """What the hook uses of a file of mkdocs."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.dest_uri = source.replace(".md", ".html")

    def _get_url(self, use_directory_urls: bool) -> str:
        return self.dest_uri


def test_the_site_begins_with_the_start_and_the_model_card_has_its_own_address() -> None:
    files = {name: File(name) for name in ("index.md", "start.md")}
    found = SimpleNamespace(get_file_from_path=files.get)
    hooks.on_files(found, SimpleNamespace(site_dir="site", use_directory_urls=False))
    assert (files["start.md"].url, files["index.md"].url) == ("index.html", "model-card.html")
    assert files["start.md"].abs_dest_path == "site/index.html"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see [the README](../README.md#benchmarks).", "see the README."),
        ("see [tables](tables.md#dates).", "see [tables](tables.md#dates)."),
        ("[a](https://example.org) [b](#c)", "[a](https://example.org) [b](#c)"),
        ("![one](../picture.png)", "![one](../picture.png)"),
    ],
)
def test_links_out_of_the_pages_are_left_as_words(text: str, shown: str) -> None:
    assert hooks.on_page_markdown(text, None, None, None) == shown
