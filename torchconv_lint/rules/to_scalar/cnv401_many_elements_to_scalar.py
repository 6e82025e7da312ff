"""CNV401: A tensor with several elements is converted to one Python number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ToScalar
from torchconv_lint.analysis.values import MANY, weakest
from torchconv_lint.rules.base import Rule, Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator


class ManyElementsToScalar(Rule[ToScalar]):
    """A tensor with several elements is converted to one Python number."""

    code = "CNV401"
    name = "many-elements-to-scalar"
    hears = (ToScalar,)

    def judge(self, event: ToScalar) -> Iterator[Verdict]:
        """Several elements surely: the conversion raises."""
        count = event.tensor.count
        if count is None or count.value != MANY:
            return
        call = "`.item()`" if event.via == "item" else f"`{event.via}()`"
        message = f"`{event.subject}` has more than one element: {call} raises"
        yield Verdict(event.site, message, min(event.sure, weakest([count])), steps(count))
