"""CNV201: Memory shared by a tensor and an array is written while the other side relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import border, story

if TYPE_CHECKING:
    from collections.abc import Iterator


class SharedMemoryWrite(Rule[StaleRead]):
    """Memory shared by a tensor and an array is written while the other side relies on it."""

    code = "CNV201"
    name = "shared-memory-write"
    hears = StaleRead

    def judge(self, event: StaleRead) -> Iterator[Verdict]:
        """The written side and the side that is read lie on different sides of the border to NumPy."""
        if not border(event):
            return
        write, memory = event.write, event.memory
        confidence = min(Confidence.CERTAIN if event.both_used else Confidence.LIKELY, memory.sure)
        through_view = len(write.side) > len(memory.side)
        if not event.both_used and (memory.origin == "blank" or through_view) and (write.fills or through_view):
            # Filling a buffer through a view, or a staging buffer that a tensor looks at: what zero-copy is for.
            confidence = Confidence.POSSIBLE
        message = f"this write to `{write.target}` also changes `{event.reader}`, which shares its memory"
        yield Verdict(event.site, message, confidence, story(event))
