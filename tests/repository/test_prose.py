"""The check of the English finds what it should, and the pages and messages pass it."""

import importlib

import pytest

prose = importlib.import_module("check_prose")


def test_pages_and_messages_are_plain() -> None:
    assert prose.main() == 0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("The color of the map.", "colour"),
        ("Never does it guess.", "subject first"),
        ("It is not sure, nor is it right.", "subject first"),
        ("Of a field that several trainings left out, the first.", "begin with the subject"),
        ("Missing bands are told.", "'are told': write who says it"),
        ("Press it in order to go on.", "'in order to': write to"),
        (" ".join(["word"] * 33) + ".", "a sentence of 33 words"),
    ],
)
def test_a_stumbling_block_is_named(text: str, part: str) -> None:
    assert part in " ".join(prose.problems(text))


@pytest.mark.parametrize(
    "text", ["The colour of the map.", "It never guesses.", "`color` is an option.", " ".join(["word"] * 30) + ". Next."]
)
def test_plain_prose_passes(text: str) -> None:
    assert list(prose.problems(text)) == []


def test_paragraphs_are_prose_with_its_line_and_no_code() -> None:
    page = "# A title\n\nFirst line\nof one [paragraph](a.md).\n\n```\ncode()\n```\n\n* an item\n\n| cell | other |\n"
    assert list(prose.paragraphs(page)) == [
        (1, "A title"),
        (3, "First line of one paragraph."),
        (10, "an item"),
        (12, "cell"),
        (12, "other"),
    ]


def test_messages_are_those_of_errors_warnings_and_options() -> None:
    said = {text.text for text in prose.messages()}
    assert any("there is no series.parquet" in text for text in said)
    assert "bands to use, separated by commas (default: all)" in said
    assert "Give every field its crop, with probabilities, as tables and maps." in said
