"""What lies between two handles of the same memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.analysis.events import StaleRead
    from torchconv_lint.analysis.site import Site


def border(event: StaleRead) -> bool:
    """Whether the conversions that separate the two handles cross from torch to NumPy or back."""
    return any(crosses for _, crosses in set(event.write.side) ^ set(event.memory.side))


def story(event: StaleRead) -> tuple[tuple[Site, str], ...]:
    """The conversions that made the two handles, then the use of the other one."""
    how = [*event.memory.how, *(step for step in event.write.how if step not in event.memory.how)]
    told = [(site, message) for site, message in how if message]
    return (*told, (event.read, f"`{event.reader}` is used here"))
