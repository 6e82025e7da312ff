"""What a finding shows where no event has told where its values come from."""

from __future__ import annotations

import ast
import textwrap

import pytest

from torchconv_lint.analysis.syntax.outline import outline
from torchconv_lint.lint import lint_source
from torchconv_lint.origins import origins
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

CASES = {
    "a parameter, by its annotation": (
        """
        def f(mask: torch.Tensor | None = None):
            if mask:
                return 1
        """,
        ["1 `mask` is given, and annotated as `torch.Tensor | None` (None by default)"],
    ),
    "a parameter that is replaced on one way only": (
        """
        def f(mask: torch.Tensor | None, n):
            if n:
                mask = torch.ones(n)
            if mask:
                return 1
        """,
        [
            "1 `mask` is given, and annotated as `torch.Tensor | None`",
            "3 `mask` comes from `torch.ones(n)` here",
        ],
    ),
    "two bindings, one of them under a condition": (
        """
        def f(n):
            mask = None
            if n:
                mask = torch.ones(3)
            if mask:
                return 1
        """,
        ["2 `mask` is None here", "4 `mask` comes from `torch.ones(3)` here"],
    ),
    "the newer of two": (
        """
        def f():
            mask = None
            mask = torch.ones(3)
            return not mask
        """,
        ["3 `mask` comes from `torch.ones(3)` here"],
    ),
    "a part of a tuple": (
        """
        def f():
            a, b = torch.ones(3), torch.zeros(3)
            return bool(b)
        """,
        ["2 `b` comes from `torch.zeros(3)` here"],
    ),
    "a view of what was given": (
        """
        def f(points: torch.Tensor, far, limit) -> torch.Tensor:
            \"""Returns the points, none too far.\"""
            near = points[0]
            near[far] = limit
            return near
        """,
        ["1 `points` is given, and annotated as `torch.Tensor`", "3 `near` comes from `points[0]` here"],
    ),
    "the way on which it is what was given": (
        """
        def f(data: torch.Tensor, n, limit) -> torch.Tensor:
            \"""Returns the data, not too large.\"""
            if n:
                image = data.squeeze(0)
            else:
                image = data + 1
            if n > 1:
                image = image[:3]
            image[n] = limit
            return image
        """,
        [
            "1 `data` is given, and annotated as `torch.Tensor`",
            "4 `image` comes from `data.squeeze(0)` here",
            "8 `image` comes from `image[:3]` here",
        ],
    ),
    "what another branch binds": (
        """
        def f(n):
            mask = torch.ones(3)
            if n:
                mask = torch.zeros(3)
            else:
                return not mask
        """,
        ["2 `mask` comes from `torch.ones(3)` here"],
    ),
    "an attribute": (
        """
        class Net(torch.nn.Module):
            def __init__(self, size):
                self.bias = None
                if size:
                    self.bias = torch.nn.Parameter(torch.zeros(size))
            def forward(self, x):
                return x + self.bias if self.bias else x
        """,
        [
            "3 `__init__` stores None in `self.bias`",
            "5 `__init__` stores `torch.nn.Parameter(torch.zeros(size))` in `self.bias`",
        ],
    ),
    "the variable of a comprehension": (
        """
        def f():
            rows = [torch.ones(3), torch.zeros(3)]
            return [1 for row in rows if row]
        """,
        ["3 `row` is taken from `rows` here"],
    ),
    "of the module's own statements": (
        """
        mask = torch.ones(3)
        if mask:
            print(mask)
        """,
        ["1 `mask` comes from `torch.ones(3)` here"],
    ),
    "nothing has a name": (
        """
        def f():
            return bool(torch.ones(3))
        """,
        [],
    ),
}


@pytest.mark.parametrize(("code", "because"), CASES.values(), ids=CASES.keys())
def test_the_lines_of(code: str, because: list[str]) -> None:
    source = Source("x.py", "import torch\n" + textwrap.dedent(code).lstrip())
    findings = lint_source(source, Settings(opt_in=("CNV204", "CNV402"))).findings
    assert [finding.code for finding in findings][:1] in (["CNV402"], ["CNV401"], ["CNV204"])
    assert [f"{step.span.line - 1} {step.message}" for step in findings[0].because] == because


def test_a_name_that_is_bound_a_thousand_times() -> None:
    again = "".join(f"    x = {'np.clip(x, 0, 1)' if n % 2 else 'x + y'}\n" for n in range(1000))
    function = ast.parse(f"def f(data, y):\n    x = y\n{again}    x[0] = 1\n    return x\n")
    file = outline(function)
    (written,) = (node for node in ast.walk(function) if isinstance(node, ast.Subscript))
    assert origins(file, written, ast.unparse, "data") == []


def test_a_story_of_its_own_stays_alone() -> None:
    text = "import torch\n\ndef f():\n    x = torch.ones(3, device='cuda')\n    return x.numpy()\n"
    (finding,) = lint_source(Source("x.py", text), Settings()).findings
    assert all("comes from" not in step.message for step in finding.because)
    assert finding.because
