"""Our "# noqa" against flake8's: a flake8 plugin reports every line, and what flake8 hides we must hide."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from conftest import run_module

from torchconv_lint.noqa import Noqa

COMMENTS = [
    "",
    "# noqa",
    "#noqa",
    "#  noqa",
    "# NOQA",
    "# NoQa",
    "# noqa ",
    "# noqa:",
    "# noqa: ALL",
    "# noqa:EVL101",
    "# noqa: EVL101",
    "# noqa:  EVL101",
    "# noqa:\tEVL101",
    "# noqa : EVL101",
    "# noqa: evl101",
    "# noqa: EVL1",
    "# noqa: EVL",
    "# noqa: E1",
    "# noqa: EVL102",
    "# noqa: E501,EVL101",
    "# noqa: E501, EVL101",
    "# noqa: E501 EVL101",
    "# noqa: E501EVL101",
    "# noqa: E501,,EVL101",
    "# noqa: E501;EVL101",
    "# noqa: E501,EVL101 because it is so",
    "# noqa EVL101",
    "# noqa: E501  # noqa: EVL101",
    "# noqa: E501  # noqa",
    "# why  # noqa: EVL101",
    "# noqa-EVL101",
    "# noqabc",
    "# flake8: noqa",
    "# flake8:noqa",
    "# flake8=noqa",
    "# FLAKE8: NOQA",
    "# flake8: noqa: EVL101",
    "# flake8: noqa: E501",
    "#flake8: noqa",
]

LAYOUTS = {
    "statement": "x = 1  {}\ny = 2\n",
    "alone": "x = 1\n{}\ny = 2\n",
    "indented": "if True:\n    {}\n    x = 1\ny = 2\n",
    "string_end": 'x = """\na\nb\n"""  {}\ny = 2\n',
    "string_inside": 'x = """\na {}\nb\n"""\ny = 2\n',
    "string_begin_of_line": 'x = """\n{}\n"""\ny = 2\n',
    "bracket_first": "x = [  {}\n    1,\n    2,\n]\ny = 2\n",
    "bracket_last": "x = [\n    1,\n    2,\n]  {}\ny = 2\n",
    "bracket_with_string": 'x = [\n    1,\n    """\n    """,  {}\n    2,\n]\ny = 2\n',
    "backslash": "x = 1 + \\\n    2 + \\\n    3  {}\ny = 2\n",
    "definition": "def f(\n    a,\n):  {}\n    return a\n",
    "no_end_of_line": "y = 2\nx = 1  {}",
    "form_feed": "x = 1\n\x0cy = 2  {}\n",
    "line_separator": "x = '\u2028'  {}\ny = 2\n",
    "f_string": 'x = f"""\n{{1}}\n"""  {}\ny = 2\n',
    "crlf": 'x = """\r\na\r\n"""  {}\r\ny = 2\r\n',
    "mac": "x = 1  {}\ry = 2\r",
    "nested": "class A:\n    def f(self):\n        x = 1  {}\n\n    def g(self):\n        pass\n",
    "blank_lines": "x = 1\n\n\n{}\n\n\ny = 2\n",
}

EVERY_LINE = """
class EveryLine:
    name = version = "1"

    def __init__(self, tree, lines):
        self.lines = lines

    def run(self):
        for number, _ in enumerate(self.lines, 1):
            yield number, 0, "EVL101 here", type(self)
"""


@pytest.fixture(scope="module")
def shown_by_flake8(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    folder = tmp_path_factory.mktemp("noqa")
    (folder / "every_line.py").write_text(EVERY_LINE)
    (folder / ".flake8").write_text("[flake8:local-plugins]\nextension =\n  EVL = every_line:EveryLine\npaths = .\n")
    for name, text in _cases().items():
        (folder / name).write_bytes(text.encode())
    result = run_module("flake8", "--select=EVL,E9", "--format=%(path)s %(row)d %(code)s", ".", cwd=folder)
    rows = [line.split() for line in result.stdout.splitlines()]
    assert {code for _, _, code in rows} == {"EVL101"}, result.stdout + result.stderr
    return {(Path(path).name, int(row)) for path, row, _ in rows}


def _cases() -> dict[str, str]:
    return {
        f"{layout}_{number}.py": template.format(comment)
        for (layout, template), (number, comment) in itertools.product(LAYOUTS.items(), enumerate(COMMENTS))
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_equals_flake8(layout: str, shown_by_flake8: set[tuple[str, int]]) -> None:
    for number, comment in enumerate(COMMENTS):
        name, text = f"{layout}_{number}.py", LAYOUTS[layout].format(comment)
        noqa = Noqa(text)
        last = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").count("\n") + 1
        shown = {line for line in range(1, last + 1) if not noqa.whole_file and not noqa.hides("EVL101", line)}
        assert shown == {line for file, line in shown_by_flake8 if file == name}, text


def test_lines_outside_of_the_file_are_not_hidden() -> None:
    assert not Noqa("x = 1  # noqa\n").hides("CNV101", 99)


def test_text_that_is_no_python_is_read_line_by_line() -> None:
    noqa = Noqa('x = """ # noqa\n(  # noqa: CNV1\n')
    assert noqa.hides("CNV101", 1)
    assert noqa.hides("CNV101", 2)
    assert not noqa.hides("CNV201", 2)
