"""The reports, given findings that no rule of today makes."""

from __future__ import annotations

import json

import click
import pytest

from torchconv_lint.model import Because, Confidence, Edit, Finding, Fix, Safety, Span
from torchconv_lint.report.json_array import render_json
from torchconv_lint.report.printable import printable
from torchconv_lint.report.text import render_text
from torchconv_lint.shell.checked import Checked


def finding(span: Span, fix: Fix | None = None) -> Finding:
    because = (Because("b.py", Span(3, 1, 3, 2), "first"), Because("a.py", Span(2, 1, 2, 2), "then"))
    return Finding("CNV101", "a-name", "is wrong", "a.py", span, Confidence.LIKELY, because, fix)


def excerpt(line: str, column: int, end_column: int, end_line: int = 1) -> list[str]:
    checked = Checked("a.py", (finding(Span(1, column, end_line, end_column)),), (), {(0, 1): line})
    return click.unstyle(render_text(checked)).splitlines()[1:3]


def test_reasons_in_their_order() -> None:
    text = click.unstyle(render_text(Checked("a.py", (finding(Span(1, 1, 1, 2)),))))
    assert text.splitlines() == [
        "a.py:1:1: CNV101 is wrong",
        "    because b.py:3:1: first",
        "    because a.py:2:1: then",
    ]


@pytest.mark.parametrize(
    ("line", "column", "end_column", "carets"),
    [
        ("x = y.numpy()\r\n", 5, 14, "    ^^^^^^^^^"),
        ("\tx = 1", 2, 3, "\t^"),
        ("数 = 数.numpy()", 5, 6, "     ^^"),
        ("x", 2, 2, " ^"),
    ],
)
def test_carets(line: str, column: int, end_column: int, carets: str) -> None:
    assert excerpt(line, column, end_column)[1] == f"      | {carets}"


def test_a_span_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    assert excerpt("x = f(\n", 5, 2, end_line=3)[1] == "      |     ^^"


@pytest.mark.parametrize("column", [1, 500, 995])
def test_a_long_line_is_cut_around_the_finding(column: int) -> None:
    line = ".".join(f"{number:04}" for number in range(200))
    shown, carets = excerpt(line, column, column + 4)
    assert len(shown) < 180
    assert carets.index("^") + 4 <= len(shown)
    assert shown[carets.index("^") :][:4] == line[column - 1 : column + 3]
    assert ("…" in shown[:10]) == (column > 1)
    assert shown.endswith("…") == (column < 900)


def test_printable() -> None:
    assert printable("a\tb\nc\x1b\x7f\x9b\u2028ö") == "a\tb␊c␛␡\ufffd\ufffdö"


def test_a_fix_in_json() -> None:
    fix = Fix("insert `.cpu()`", Safety.UNSAFE, (Edit(Span(1, 2, 1, 2), ".cpu()"),))
    (row,) = json.loads(render_json([finding(Span(1, 2, 3, 4), fix)]))
    edit = {"line": 1, "column": 2, "end_line": 1, "end_column": 2, "replacement": ".cpu()"}
    assert row["fix"] == {"message": "insert `.cpu()`", "safety": "unsafe", "edits": [edit]}
    assert row["because"][0] == {"path": "b.py", "line": 3, "column": 1, "message": "first"}
