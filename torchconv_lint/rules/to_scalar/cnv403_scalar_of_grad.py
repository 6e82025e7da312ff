"""CNV403: `float()` and relatives on a tensor that requires grad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToScalar
from torchconv_lint.analysis.values import MANY, weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

_SILENT = frozenset({"item", "int", "bool"})


class ScalarOfGrad(Rule[ToScalar]):
    """`float()` and relatives on a tensor that requires grad."""

    code = "CNV403"
    name = "scalar-of-grad"
    hears = (ToScalar,)

    def judge(self, event: ToScalar) -> Iterator[Verdict]:
        """Requires grad, and goes through something that warns."""
        grad, count = event.tensor.grad, event.tensor.count
        if grad is None or not grad.value or event.grad_mode is False or event.via in _SILENT or (count is not None and count.value == MANY):
            return
        message = f"`{event.subject}` requires grad: `{event.via}()` warns since torch 2.8 (use `.item()` or `.detach()`)"
        yield Verdict(event.site, message, min(event.sure, weakest([grad])), steps(grad))
