"""Fixes that copy once. All are unsafe: they change what the program computes, which is what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.fixing.proposal import Proposal, after, around
from torchconv_lint.model import Safety

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.telling.events import ForeignWrite, StaleRead

_COPIES = {"tensor": ".clone()", "array": ".copy()"}


def copy_between(event: StaleRead) -> Proposal | None:
    """Copy at the last conversion that lies between the two handles; the written one's, where both have been converted,
    so that all others are spared."""
    write, memory = event.write, event.memory
    written = [step for step in write.side if step not in memory.side]
    read = [step for step in memory.side if step not in write.side]
    return _copy_at(written, write.how) or _copy_at(read, memory.how)


def copy_before(event: ForeignWrite) -> Proposal | None:
    """Copy at the last conversion before the write."""
    return _copy_at(event.write.side, event.write.how)


def copy_kept(site: Site, form: str, *, container: bool = False) -> Proposal | None:
    """Copy what is kept at `site`. `container`: it holds tensors that can all be copied (a state dict)."""
    if form in _COPIES:
        return _proposal(site, _COPIES[form])
    if container:
        change = around(site, "copy.deepcopy(", ")")
        return Proposal("copy it with `copy.deepcopy`", Safety.UNSAFE, (change,), names=("copy.deepcopy",))
    return None


def _copy_at(side: Iterable[Any], how: Iterable[tuple[Site, str]]) -> Proposal | None:
    conversions = [(node, into) for node, into in side if into is not None]
    if not conversions:
        return None
    last, into = conversions[-1]
    sites = [site for site, _ in how if site.node is last]
    return _proposal(sites[0], _COPIES[into or "tensor"]) if sites else None


def _proposal(site: Site, call: str) -> Proposal:
    return Proposal(f"copy it with `{call}`", Safety.UNSAFE, (after(site, call),))
