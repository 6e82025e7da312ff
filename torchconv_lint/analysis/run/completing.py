"""What an event can only be told of when all code has been looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.telling.events import (
    Event,
    ForeignWrite,
    GraphCut,
    GraphKept,
    LeafBackward,
    OwnUse,
    StaleRead,
    ToNumpy,
    ToScalar,
)

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.telling.kept_graphs import KeptGraphs


def completed(events: list[Event], mixed: set[cst.CSTNode], graphs: KeptGraphs) -> list[Event]:
    """The events of a file, completed; without those that later code has made void. `mixed`: what is converted, and not
    a tensor in every evaluation."""
    own = {event.site for event in events if isinstance(event, OwnUse)}
    read = own | {event.site for event in events if isinstance(event, StaleRead)}
    found: list[Event] = []
    for event in events:
        if isinstance(event, StaleRead) and event.site in own:
            found.append(replace(event, both_used=True))
        elif isinstance(event, ToNumpy | ToScalar):
            sole = event.operand is not None and event.operand.node not in mixed
            found.append(replace(event, sole=sole))
        elif isinstance(event, LeafBackward):
            if event.reached.node not in graphs.rooted:
                found.append(event)
        elif isinstance(event, GraphCut):
            leaf = event.leaf and event.reached.node not in graphs.rooted
            found.append(event if leaf == event.leaf else replace(event, leaf=leaf))
        elif isinstance(event, GraphKept):
            if event.tag not in graphs.differentiated and (event.tag not in graphs.refused or event.evaluating):
                found.append(replace(event, escapes=event.tag in graphs.escaped | graphs.refused))
        elif isinstance(event, ForeignWrite):
            found.append(event if event.given or event.site in read else replace(event, unread=True))
        elif not isinstance(event, OwnUse):
            found.append(event)
    return found
