"""CNV111: A function that converts to NumPy by itself gets a tensor that may live on an accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy
from torchconv_lint.analysis.values import ACCELERATOR, weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ImplicitArrayOnAccelerator(Rule[ToNumpy]):
    """A function that converts to NumPy by itself gets a tensor that may live on an accelerator."""

    code = "CNV111"
    name = "implicit-array-on-accelerator"
    hears = (ToNumpy,)
    needs_accelerator = True

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A function that converts to NumPy by itself gets a tensor that may live on an accelerator."""
        fact = event.tensor.device
        if fact is None or event.forced or fact.value != ACCELERATOR or event.via == "" or event.held:
            return
        message = f"`{event.subject}` may be on an accelerator: {event.via} converts it to an array, which raises TypeError there"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact))
