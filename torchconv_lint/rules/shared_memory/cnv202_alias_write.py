"""CNV202: A tensor is written through `.detach()`, `.data` or a conversion that copied nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.events import StaleRead
from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Rule, Verdict
from torchconv_lint.rules.shared_memory.between import crosses_border, hurts, kept_in_container, story

if TYPE_CHECKING:
    from collections.abc import Iterator


class AliasWrite(Rule[StaleRead]):
    """A tensor is written through `.detach()`, `.data` or a conversion that copied nothing."""

    code = "CNV202"
    name = "alias-write"
    hears = (StaleRead,)

    def judge(self, event: StaleRead) -> Iterator[Verdict]:
        """Both handles are tensors (or both arrays), and both are used after the write."""
        write, memory = event.write, event.memory
        if crosses_border(write, memory) or write.by_step or kept_in_container(memory, write):
            return
        if len(write.side) > len(memory.side) and memory.origin != "fresh":
            return  # a parameter or an argument is written through `.data` or `.detach()`: that is what they are for
        confidence = hurts(event) if event.both_used else Confidence.POSSIBLE
        message = f"this write to `{write.target}` also changes `{event.reader}`, which shares its memory"
        yield Verdict(event.site, message, min(confidence, memory.sure), story(event))
