"""The check of the English finds what it should, and the pages and messages pass it."""

import ast
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


BAD = "Never does the program say what is wrong."


@pytest.mark.parametrize(
    "code",
    [
        f"warnings.append('{BAD}')",
        f"def f():\n    yield '{BAD}'",
        f"NAME = {{'ok': '{BAD}'}}",
        f"raise InputError('a file', fix='{BAD}')",
        f"print(f'{{x}} fields. {BAD}')",
        f"option = Field(description='{BAD}')",
    ],
)
def test_a_message_is_read_wherever_it_stands_in_a_module(code: str) -> None:
    said = [text for _, text in prose._said(ast.parse(code), helps=False)]
    assert any("subject first" in problem for text in said for problem in prose.problems(text))


@pytest.mark.parametrize(
    "code", [f'def f():\n    """{BAD}"""', "NAME = 'create table a (b text, c text, d text)'", "NAME = 'B02 B03 B04'"]
)
def test_docstrings_of_other_rooms_and_code_are_no_messages(code: str) -> None:
    assert list(prose._said(ast.parse(code), helps=False)) == []


def test_help_is_the_docstrings_of_public_functions_of_the_api() -> None:
    code = f'def predict():\n    """{BAD}"""\n\n\ndef _inner():\n    """{BAD}"""\n'
    assert list(prose._said(ast.parse(code), helps=True)) == [(1, BAD)]


def test_the_texts_of_the_report_are_read() -> None:
    assert list(prose._of_template(f"<p class='x'>{{% if a %}}{BAD} {{{{ name }}}}{{% endif %}}</p>")) == [f"{BAD} CODE"]
    script = f'// {BAD}\nconst a = "{BAD}";\nconst b = `${{n}} fields. {BAD}`;'
    assert list(prose._of_script(script)) == [BAD, f"CODE fields. {BAD}"]
    assert any("report/assets" in text.where for text in prose.messages())
