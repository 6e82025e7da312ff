"""CNV402: The truth value of a tensor with several elements is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import Tested
from torchconv_lint.analysis.values import MANY, ONE, weakest
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class TruthOfManyElements(Rule[Tested]):
    """The truth value of a tensor with several elements is asked for."""

    code = "CNV402"
    name = "truth-of-many-elements"
    hears = (Tested,)

    def judge(self, event: Tested) -> Iterator[Verdict]:
        """Several elements surely, or a tensor that may also be None, where `is not None` was meant."""
        count = event.tensor.count
        if count is not None and count.value == MANY:
            message = f"`{event.subject}` has more than one element: its truth value is ambiguous and raises RuntimeError"
            yield Verdict(event.site, message, min(event.sure, weakest([count])), steps(count))
        elif event.or_none and (count is None or count.value != ONE):
            message = f"`{event.subject}` is a tensor or None: its truth value raises for more than one element"
            message += " and is False for a zero (use `is not None`)"
            yield Verdict(event.site, message, min(event.sure, Confidence.LIKELY))
