"""CNV201: Memory shared by a tensor and an array is written while the other side relies on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import ForeignWrite, StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import crosses_border, hurts, made, story

if TYPE_CHECKING:
    from collections.abc import Iterator


class SharedMemoryWrite(Rule[StaleRead | ForeignWrite]):
    """Memory shared by a tensor and an array is written while the other side relies on it."""

    code = "CNV201"
    name = "shared-memory-write"
    hears = (StaleRead, ForeignWrite)

    def judge(self, event: StaleRead | ForeignWrite) -> Iterator[Verdict]:
        """The written side and the side that is relied on lie on different sides of the border to NumPy."""
        write, memory = event.write, event.memory
        if isinstance(event, StaleRead):
            if crosses_border(write, memory) and not write.by_step:
                message = f"this write to `{write.target}` also changes `{event.reader}`, which shares its memory"
                yield Verdict(event.site, message, hurts(event), story(event))
        elif memory.origin == "attribute" and event.returned and any(crosses for _, crosses in write.side):
            message = f"this write to `{write.target}` also changes `{memory.name}`, whose memory it shares"
            confidence = Confidence.POSSIBLE if write.fills else Confidence.LIKELY
            yield Verdict(event.site, message, min(confidence, memory.sure), made(event))
