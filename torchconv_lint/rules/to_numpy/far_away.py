"""Evidence of an accelerator that has turned out to be too far away from what it is evidence for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.site import Site
    from torchconv_lint.analysis.values import Fact


def told_far_away(device: Fact, site: Site) -> bool:
    """Whether what may put the value on an accelerator stands in another file than the conversion, or is a `.cuda()` in
    another function.

    A program that says `.cuda()` runs on an accelerator whenever it runs, so an error that is raised there at once has
    been seen and mended; one that says `.to(device)` may have met the CPU only. What another file says of a device is
    often chosen by those who call it from here. In samples of public repositories and packages (docs/precision.md) 3 of
    26 such findings were true: what had been missed was a conversion on the way, or that the device is the CPU.
    """
    begins, named = device.begins_at(), device.named_at()
    if begins is not None and begins.path != site.path and device.confidence < Confidence.CERTAIN:
        return True
    return named is not None and named.segment is not site.segment
