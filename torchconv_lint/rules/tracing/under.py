"""What the rules about functions under a transform have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Verdict, steps

if TYPE_CHECKING:
    from torchconv_lint.analysis.telling.events import TracedRead


def verdict(event: TracedRead, message: str, at_most: Confidence = Confidence.CERTAIN) -> Verdict:
    """A verdict with the place where the function is handed to the transform as its because-line."""
    traced = event.tensor.traced
    because = steps(traced) if traced is not None else ()
    if not because:
        because = ((event.how.site, f"`{event.how.text}` is given the function"),)
    return Verdict(event.site, message, min(event.sure, at_most), because)
