"""What lies between two handles of the same memory, and how sure it is that writing one hurts the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.domain.terms import THERE_ALREADY
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.state import Write
    from torchconv_lint.analysis.domain.values import Memory
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.telling.events import ForeignWrite, StaleRead


def crosses_border(write: Write, memory: Memory) -> bool:
    """Whether the conversions that separate the two handles cross from torch to NumPy or back."""
    return any(crosses for _, crosses in set(write.side) ^ set(memory.side))


def crosses(side: tuple[Any, ...]) -> bool:
    """Whether one of the conversions between the allocation and a handle leads from torch to NumPy or back."""
    return any(border for _, border in side)


def kept_in_container(memory: Memory, write: Write) -> bool:
    """Whether the handle that is read was put into a list, dict or attribute, and is written from outside of it."""
    if memory.kept is None or not memory.side or memory.side[-1] != (memory.kept[0].node, None):
        return False
    return write.side == memory.side[:-1]


def is_part(target: str, reader: str) -> bool:
    """Whether what is written (`delta.data`, `delta[0]`) is by its name a part of what is read (`delta`)."""
    return target == reader or target.startswith((f"{reader}.", f"{reader}["))


def is_item(target: str, reader: str) -> bool:
    """Whether what is written is by its name an item of what is read: `slots[i]` of `slots`."""
    return target.startswith(f"{reader}[")


def story(event: StaleRead) -> tuple[tuple[Site, str], ...]:
    """The conversions that made the two handles, then the use of the other one."""
    how = [*event.memory.how, *(step for step in event.write.how if step not in event.memory.how)]
    told = [(site, message) for site, message in how if message]
    return (*told, (event.read, f"`{event.reader}` is used here"))


def is_weight(memory: Memory) -> bool:
    """Whether it is the weight of a module that a caller has passed: who trains writes that."""
    key = memory.key
    return isinstance(key, tuple) and key[-1] in ("weight", "bias", "grad")  # the last is a name of parts only


def made(event: ForeignWrite) -> tuple[tuple[Site, str], ...]:
    """The conversions between somebody else's data and the handle that is written."""
    return tuple((site, message) for site, message in event.write.how if message)


def is_copied_elsewhere(event: StaleRead) -> bool:
    """Whether one of the handles is a copy wherever there is an accelerator: who has one has not seen it hurt."""
    how = (*event.memory.how, *event.write.how)
    return any(message.endswith(THERE_ALREADY) for _, message in how)


def hurts(event: StaleRead) -> Confidence:
    """How sure it is that the write was not meant for the other side.

    Certain when both sides are used afterwards. A write through a handle that is no older, and not used again, was made
    for the other one when that is a placeholder (`torch.empty`, `np.empty`) waiting to be filled; and filling a
    placeholder that a younger handle looks at is a staging buffer. What is made anew before it is read again, unless
    something says that it is the end, has served.
    """
    if event.renewed:
        return Confidence.POSSIBLE
    if _fills_by_another_name(event):
        return Confidence.POSSIBLE
    shared = min(event.memory.sure, event.write.sure)
    if event.both_used and event.memory.origin != "blank":
        return shared
    if event.memory.origin == "blank" and (event.write.fills or len(event.write.side) >= len(event.memory.side)):
        return min(Confidence.LIKELY if event.both_used and not event.write.fills else Confidence.POSSIBLE, shared)
    return min(Confidence.LIKELY, shared)


_FORMS = frozenset(
    {"np", "numpy", "arr", "array", "cpu", "host", "tensor", "torch", "th", "pt", "t", "view", "buf", "buffer"}
)
"""What names have at their end, or before, to say in which form they have the same thing."""


def _fills_by_another_name(event: StaleRead) -> bool:
    """Whether `lengths_np` is filled for the sake of `lengths`, of which it was made: that held one number everywhere,
    and there was nothing that a copy could have kept."""
    write, memory = event.write, event.memory
    through = len(write.side) > len(memory.side)
    if not (memory.uniform and write.fills and through):
        return False
    stem = _stem(write.target)
    return bool(stem) and stem == _stem(event.reader)


def _stem(text: str) -> tuple[str, ...]:
    name = text.partition("[")[0].lower()
    return tuple(word for word in name.split("_") if word not in _FORMS)
