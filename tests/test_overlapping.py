"""What CNV208 says of each way in which the elements that are written share memory."""

from __future__ import annotations

import pytest

from torchconv_lint.lint import lint_source
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source


@pytest.mark.parametrize(
    ("write", "advice"),
    [
        (
            "rows = x.expand(3, 4)\n    rows += 1",
            "`rows` is expanded: many of its elements are one in memory (use `.clone()` first)",
        ),
        ("order[order] = x", "`order` is written at places that it names itself (use `order[order.clone()]`)"),
        ("x[1:] = x[:-1]", "one part of `x` is written with another that overlaps it (use `.clone()`)"),
    ],
)
def test_the_message_says_which_memory_is_shared(write: str, advice: str) -> None:
    text = f"import torch\n\ndef f(x: torch.Tensor, order: torch.Tensor):\n    {write}\n    return x, order\n"
    (finding,) = lint_source(Source("x.py", text), Settings(opt_in=("CNV208",))).findings
    assert (finding.code, finding.message) == ("CNV208", advice)
