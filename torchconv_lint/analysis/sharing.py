"""Shared memory: who sees which allocation, which writes reach whom, and who reads what was written behind its back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ForeignWrite, OwnUse, StaleRead
from torchconv_lint.analysis.state import Write
from torchconv_lint.analysis.values import Alt, Array, Mapping, Memory, Opaque, Sequence, Tensor, Value
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from torchconv_lint.analysis.frame import Frame

Holder = Tensor | Array | Opaque
MAX_SIDE = 4


def with_memory(value: Value, node: cst.CSTNode, origin: str = "fresh") -> Value:
    """Values that hold data but no known memory get an allocation of their own, made at `node`."""
    if not any(isinstance(alt.kind, Tensor | Array | Opaque) and alt.kind.memory is None for alt in value):
        return value
    return tuple(
        Alt(replace(alt.kind, memory=Memory((node, index), origin)), alt.when)
        if isinstance(alt.kind, Tensor | Array | Opaque) and alt.kind.memory is None
        else alt
        for index, alt in enumerate(value)
    )


def converted(
    frame: Frame,
    memory: Memory | None,
    node: cst.CSTNode,
    message: str,
    *,
    numpy: bool,
    sure: Confidence = Confidence.CERTAIN,
) -> Memory | None:
    """The memory as seen through one more conversion that shares it. `numpy`: the border to NumPy is crossed."""
    if memory is None:
        return None
    step = (node, numpy)
    if step in memory.side or len(memory.side) >= MAX_SIDE:
        return memory
    side = (*memory.side, step)
    frame.state.stale.pop((memory.key, side), None)  # this handle is new: it has missed no write yet
    return Memory(
        memory.key, memory.origin, memory.name, side, (*memory.how, (frame.site(node), message)), min(memory.sure, sure)
    )


def memories(value: Value, depth: int = 0) -> Iterator[Memory]:
    """Every memory that a value holds, those of container elements included."""
    for kind, _ in value:
        if isinstance(kind, Tensor | Array | Opaque):
            if kind.memory is not None:
                yield kind.memory
        elif depth < 3 and isinstance(kind, Sequence):
            for item in kind.items if kind.items is not None else (kind.element,):
                yield from memories(item, depth + 1)
        elif depth < 3 and isinstance(kind, Mapping):
            for item in (kind.element, *(value for _, value in kind.items)):
                yield from memories(item, depth + 1)


def written(frame: Frame, value: Value, target: cst.CSTNode, node: cst.CSTNode, *, fills: bool) -> None:
    """`value`'s memory is written in place by the code at `node`."""
    for memory in memories_of(value):
        write = Write(frame.site(node), frame.text(target), memory.side, fills, memory.how)
        stale = frame.state.stale
        stale[("own", memory.key, memory.side)] = frozenset({write})
        for other in _live(frame, memory):
            key = (other.key, other.side)
            stale[key] = stale.get(key, frozenset()) | {write}
        if memory.origin in ("parameter", "attribute", "global"):
            frame.emit(ForeignWrite(frame.site(node), write, memory))
            frame.foreign_writes.append((write, memory))


def memories_of(value: Value) -> Iterator[Memory]:
    """The memories of the alternatives themselves."""
    for kind, _ in value:
        if isinstance(kind, Tensor | Array | Opaque) and kind.memory is not None:
            yield kind.memory


def _live(frame: Frame, memory: Memory) -> set[Memory]:
    """Other sides of the same allocation that some name still holds."""
    return {
        other
        for value in frame.state.names.values()
        for other in memories(value)
        if other.key == memory.key and other.side != memory.side
    }


def used(frame: Frame, value: Value, node: cst.CSTNode) -> None:
    """The contents of `value` are looked at: tell of writes that came from another side."""
    stale = frame.state.stale
    if not stale:
        return
    for memory in memories(value):
        for write in stale.get((memory.key, memory.side), ()):
            frame.emit(StaleRead(write.site, write, memory, frame.site(node), frame.text(node)))
        for write in stale.get(("own", memory.key, memory.side), ()):
            frame.emit(OwnUse(write.site))
