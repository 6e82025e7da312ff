"""Counting what is evaluated."""

from __future__ import annotations

from bench.effort import Effort
from torchconv_lint.analysis.domain.frame import Frame
from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source

CODE = "import torch\n\ndef f():\n    x = torch.ones(3, device='cuda')\n    return x.numpy()\n\n"


def test_every_function_and_expression_counts_while_it_is_asked_for() -> None:
    effort, evaluate = Effort(), Frame.evaluate
    with effort.counting():
        assert lint_source(Source("a.py", CODE), Settings()).findings
        once = effort.expressions
        lint_source(Source("b.py", CODE + CODE.replace("f()", "g()")), Settings())
    assert effort.expressions == 3 * once > 0
    assert sorted(effort.functions) == ["a.py:3 f", "b.py:3 f", "b.py:9 g"]
    assert Frame.evaluate is evaluate
