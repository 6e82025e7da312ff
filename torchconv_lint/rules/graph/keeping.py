"""When it is surely needless that a graph is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.fixing.proposal import Proposal, after
from torchconv_lint.model import Confidence, Safety
from torchconv_lint.rules.base import Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.telling.events import GraphKept


def kept(event: GraphKept, message: str) -> Iterator[Verdict]:
    """A verdict if the graph has served already, or if it is plain that nothing will ever need it. Where somebody else
    may, of what a function gives that evaluates or an object looks at when an epoch has ended, it is told on request,
    and so is what is kept for the few rounds of one step."""
    grad = event.tensor.grad
    unseen = event.escapes and not event.spent
    if grad is None or (unseen and not (event.evaluating or event.looked_at)):
        return
    told = min(event.sure, grad.confidence)
    sure = told if event.spent else min(told, Confidence.LIKELY)
    supposed = (
        not (event.spent or event.trains) and told < Confidence.CERTAIN
    )  # that something here requires grad at all
    rarely = unseen or event.for_a_while or grad.is_doubted or supposed
    yield Verdict(event.site, message, sure, steps(grad), detached(event), on_request=rarely)


def detached(event: GraphKept) -> Proposal | None:
    """`.detach()` leaves a tensor a tensor, which `.item()` would not: later uses still find what they expect."""
    if event.operand is None:
        return None
    return Proposal("leave the graph with `.detach()`", Safety.UNSAFE, (after(event.operand, ".detach()"),))
