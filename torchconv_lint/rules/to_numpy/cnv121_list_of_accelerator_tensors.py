"""CNV121: A list of tensors that may live on an accelerator is converted to an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToNumpy
from torchconv_lint.analysis.values import ACCELERATOR, weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ListOfAcceleratorTensors(Rule[ToNumpy]):
    """A list of tensors that may live on an accelerator is converted to an array."""

    code = "CNV121"
    name = "list-of-accelerator-tensors"
    hears = (ToNumpy,)
    needs_accelerator = True

    def judge(self, event: ToNumpy) -> Iterator[Verdict]:
        """A list of tensors that may live on an accelerator is converted to an array."""
        fact = event.tensor.device
        if fact is None or event.forced or fact.value != ACCELERATOR or not event.held:
            return
        message = f"`{event.subject}` holds tensors that may be on an accelerator: {event.via} converts them, which raises TypeError there"
        yield Verdict(event.site, message, min(event.sure, weakest([fact])), steps(fact))
