"""What goes wrong in a function of another file with what it is given is told where that function is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.computing.tensors import operands_in
from torchconv_lint.analysis.domain.values import Fact, Mapping, Sequence, Step, Tensor
from torchconv_lint.analysis.telling.conversions import REFUSALS
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Argument, Frame
    from torchconv_lint.analysis.domain.values import Value
    from torchconv_lint.analysis.telling.events import Event

_FACTS = ("device", "grad", "dtype", "form")
"""What may keep a tensor from becoming an array."""


@record
class Told:
    """A conversion in a function of another file, the parameter that what is converted comes from, and what is as it
    was handed over: "device", "grad", …"""

    event: ToNumpy
    parameter: str
    facts: tuple[str, ...]


def told(events: Iterable[Event], given: dict[str, Value]) -> tuple[Told, ...]:
    """The conversions of what a function was given (`given`: its parameters). What it has made itself is reported when
    its own file is linted."""
    found: dict[tuple[object, str], Told] = {}
    for event in events:
        if isinstance(event, ToNumpy) and not event.forced:
            for name, value in given.items():
                for tensor in operands_in([value]):
                    facts = tuple(fact for fact in _FACTS if _kept(event.tensor, tensor, fact))
                    if facts:
                        found.setdefault((event.site.node, name), Told(event, name, facts))
    return tuple(found.values())


def relay(frame: Frame, one: Told, argument: Argument, callee: str, node: cst.CSTNode) -> None:
    """Tell a conversion in `callee` of what this call hands to it: here, if it is in another file, and else where it
    is."""
    event = one.event
    if event.site.path != frame.segment.path:
        via = event.via if " in `" in event.via else f"{event.via or '`.numpy()`'} in `{callee}`"
        # A list that the callee has made itself may hold other things, by what else it was told.
        own = event.held and not any(isinstance(kind, Sequence | Mapping) for kind, _ in argument.value)
        sure = Confidence.POSSIBLE if own or frame.caught & REFUSALS else event.sure
        site, subject = frame.site(node), frame.text(argument.node)
        event = replace(event, site=site, subject=subject, via=via, operand=None, sure=sure, relayed=True)
    for tensor in operands_in([argument.value]):
        facts = {name: getattr(tensor, name) for name in one.facts if _same(tensor, event.tensor, name)}
        if facts and event.site is not one.event.site:
            facts = {name: _told_by(fact, one.event, callee) for name, fact in facts.items()}
        if facts:
            frame.emit(replace(event, tensor=Tensor(**facts)))


def _told_by(fact: Fact, event: ToNumpy, callee: str) -> Fact:
    """The fact with the place of the conversion at the end of its story, however long that is."""
    message = f"`{callee}` calls `.numpy()` on it" if event.via == "" else f"{event.via} converts it"
    return replace(fact, step=Step(event.site, message, fact.step, fact.step.length + 1 if fact.step else 1))


def _kept(tensor: Tensor, given: Tensor, name: str) -> bool:
    """Whether a fact about a tensor is one about another that was given, or has come from it."""
    later: Fact | None = getattr(tensor, name)
    earlier: Fact | None = getattr(given, name)
    if later is None or earlier is None or later != earlier:
        return False
    return later is earlier or (earlier.step is not None and any(step is earlier.step for step in _steps(later)))


def _steps(fact: Fact) -> Iterator[Step]:
    step = fact.step
    while step is not None:
        yield step
        step = step.before


def _same(one: Tensor, other: Tensor, name: str) -> bool:
    fact: Fact | None = getattr(one, name)
    return fact is not None and fact == getattr(other, name)
