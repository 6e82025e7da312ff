"""What the rules about waits on every training step have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.rules.base import Verdict, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.telling.events import Wait


def per_step(event: Wait, message: str) -> Iterator[Verdict]:
    """A verdict if this happens on every step of training."""
    loop = event.training
    if loop is None or loop.trained is None:
        return
    device = event.tensor.device
    because = steps(device) if device is not None else ()
    sure = min(event.sure, device.confidence) if device is not None else event.sure
    # Where only the device is unsure, what somebody has asked for is told.
    unsure = sure is Confidence.POSSIBLE and event.sure > sure
    told = (*because, (loop.trained, "a training step is taken on every round"))
    yield Verdict(event.site, message, Confidence.LIKELY if unsure else sure, told, on_request=unsure)
