"""What libcst is given of a file: the code, at the right places, and nothing else."""

from __future__ import annotations

import ast
import textwrap

import pytest

from torchconv_lint.analysis.excerpt import function_lines, module_lines
from torchconv_lint.analysis.outline import outline
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


def kept_of_function(code: str) -> list[int]:
    """The numbers of the kept lines of the first function."""
    source = Source("x.py", textwrap.dedent(code).lstrip("\n"))
    function = next(outline(ast.parse(source.text)).all_functions())
    return function_lines(function, source.lines)


def kept_of_module(code: str) -> list[int]:
    """The numbers of the kept lines of the module's own statements."""
    source = Source("x.py", textwrap.dedent(code).lstrip("\n"))
    return module_lines(ast.parse(source.text), source.lines)


def test_blank_lines_and_comments_of_a_function_stay_out():
    assert kept_of_function("@deco\n\ndef f(\n    # first\n    a,\n):\n\n    # why\n    return a  # here\n") == [
        1,
        3,
        5,
        6,
        9,
    ]


@pytest.mark.parametrize("quote", ['"""', "f'''"])
def test_lines_inside_a_string_are_no_gaps(quote: str):
    end = quote[-3:]
    assert kept_of_function(f"def f():\n    a = {quote}\n\n    # text\n    {end}\n\n    return a\n") == [
        1,
        2,
        3,
        4,
        5,
        7,
    ]


def test_definitions_and_imports_of_a_module_stay_out():
    code = "import os\n\ndef f():\n    pass\n\n@deco\nclass A:\n    x = 1\n\nx = 1\nif x:\n    import sys\n"
    assert kept_of_module(code) == [10, 11, 12]


def test_statements_that_share_a_line_stay_together():
    assert kept_of_module("from os import (\n    path,\n); x = 1; y = (\n  2)\nimport os; import sys\n") == [1, 2, 3, 4]


def test_findings_stand_where_the_code_does():
    code = """
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"


        # a gap

        def f():

            # another

            scores = torch.ones(
                2,

                # and one inside
                device=device,
            )

            return scores.numpy()


        class A:
            # x

            def g(self):

                return torch.ones(2, device=device

                ).numpy(

                )


        y = torch.ones(2,

            device=device).numpy()
    """
    text = textwrap.dedent(code)
    found = lint_source(Source("x.py", text), Settings()).findings
    lines = text.split("\n")
    places = [
        (lines[f.span.line - 1][f.span.column - 1 :], lines[f.span.end_line - 1][: f.span.end_column - 1])
        for f in found
    ]
    assert [start for start, _ in places] == ["scores.numpy()", "torch.ones(2, device=device", "torch.ones(2,"]
    assert [end.strip() for _, end in places] == ["return scores.numpy()", ")", "device=device).numpy()"]
