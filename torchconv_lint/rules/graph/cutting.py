"""When values that have left the graph are missed in a backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.telling.events import GraphCut
    from torchconv_lint.fixing.proposal import Proposal

RAISES = "nothing that requires grad is left: backward raises RuntimeError"
RESTARTED = "backward ends there and trains nothing"
SILENT = "what it is made of gets no gradient"


def effect(event: GraphCut) -> str:
    """What comes of it."""
    if event.cut.restarted:
        return RESTARTED
    return RAISES if event.dead and not event.returned else SILENT


def missed(event: GraphCut, message: str, fix: Proposal | None = None) -> Iterator[Verdict]:
    """A verdict at the conversion, told up to the backward pass or the result that is named a loss."""
    sure = event.cut.grad.confidence
    end = "the loss is returned here" if event.returned else "and reaches backward here"
    because = (*steps(event.cut.grad), (event.reached, end))
    sure = min(sure, Confidence.LIKELY) if event.returned else sure
    yield Verdict(event.site, message, sure, because, fix, on_request=event.cut.grad.is_doubted)
