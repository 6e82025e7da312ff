"""Every line of the cheat sheet is executed, and linted."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from typing import Any

import pytest
from doc_pages import blocks

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

IMPORTS, *SNIPPETS = [block.text for block in blocks("cheat-sheet.md") if block.language == "python"]
_RAISES = re.compile(r"# raises (\w+)")
_GIVES = re.compile(r"# -> (.*)")
_CODE = re.compile(r"\((CNV\d{3})\)$")


def names() -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(IMPORTS, namespace)
    return namespace


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_line_does_what_it_says(snippet: str) -> None:
    namespace = names()
    lines = snippet.splitlines()
    for statement in ast.parse(snippet).body:
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        raises, gives = _RAISES.search(text), _GIVES.search(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if raises else "error")
            if raises is not None:
                with pytest.raises(getattr(builtins, raises[1])):
                    exec(text, namespace)
            elif gives is not None:
                assert repr(eval(text, namespace)) == gives[1], text
            else:
                exec(text, namespace)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_rules_agree_with_the_page(snippet: str) -> None:
    outcome = lint_source(
        Source("page.py", IMPORTS + snippet), Settings(opt_in=("CNV102", "CNV122", "CNV305", "CNV306"))
    )
    assert outcome.problems == ()
    found = [(finding.span.line, finding.code) for finding in outcome.findings]
    lines = enumerate((IMPORTS + snippet).splitlines(), start=1)
    assert found == [(number, code[1]) for number, line in lines if (code := _CODE.search(line))]


def test_every_promise_is_read() -> None:
    promises = sum(len(re.findall(r"# (?:->|raises) ", snippet)) for snippet in SNIPPETS)
    assert promises >= 30
