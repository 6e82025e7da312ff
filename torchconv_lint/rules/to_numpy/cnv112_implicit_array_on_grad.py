"""CNV112: A function that converts to NumPy by itself gets a tensor that requires grad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy
from torchconv_lint.analysis.values import weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ImplicitArrayOnGrad(Rule[ToNumpy]):
    """A function that converts to NumPy by itself gets a tensor that requires grad."""

    code = "CNV112"
    name = "implicit-array-on-grad"
    hears = (ToNumpy,)

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A function that converts to NumPy by itself gets a tensor that requires grad."""
        fact = event.tensor.grad
        if fact is None or event.forced or not fact.value or event.grad_mode is not True or event.via == "" or event.held:
            return
        message = f"`{event.subject}` requires grad: {event.via} converts it to an array, which raises RuntimeError"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact))
