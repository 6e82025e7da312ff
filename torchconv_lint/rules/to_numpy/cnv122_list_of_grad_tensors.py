"""CNV122: A list of tensors that require grad is converted to an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy
from torchconv_lint.analysis.values import weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfGradTensors(Rule[ToNumpy]):
    """A list of tensors that require grad is converted to an array."""

    code = "CNV122"
    name = "list-of-grad-tensors"
    hears = (ToNumpy,)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A list of tensors that require grad is converted to an array."""
        fact = event.tensor.grad
        if fact is None or event.forced or not fact.value or event.grad_mode is not True or not event.held:
            return
        message = f"`{event.subject}` holds tensors that require grad: {event.via} converts them, which raises RuntimeError"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact))
