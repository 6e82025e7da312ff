"""The copies between host and accelerator that may be under way at a point of the program."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from torchconv_lint.record import record

if TYPE_CHECKING:
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.model import Confidence


@record
class Copy:
    """One copy. `key` is the call that makes it, for a download; the path of what it reads, for an upload."""

    key: Any
    upload: bool
    site: Site = field(compare=False)
    sure: Confidence = field(compare=False)


@record
class Underway:
    """The copies that may be under way, and the places at which copies have been waited for."""

    copies: frozenset[Copy] = frozenset()
    waits: frozenset[Any] = frozenset()


NOTHING_UNDERWAY = Underway()


def join_underway(one: Underway, other: Underway) -> Underway:
    """What is under way after two paths meet. Where one path has waited and the other has not, the code asks first
    whether there is anything to wait for: the path that waits counts."""
    if one == other:
        return one
    if one.waits == other.waits:
        return Underway(one.copies | other.copies, one.waits)
    longer = one if one.waits > other.waits else other if other.waits > one.waits else None
    copies = longer.copies if longer is not None else one.copies & other.copies
    return Underway(copies, one.waits | other.waits)


def begun_anew(underway: Underway, entered: Underway) -> Underway:
    """At the beginning of a round of a loop: what earlier rounds have waited at tells nothing of this one's copies."""
    return underway if underway.waits == entered.waits else Underway(underway.copies, entered.waits)
