"""Evidence of an accelerator that was seldom true in code that nobody had looked at before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.values import Fact
    from torchconv_lint.analysis.nodes.site import Site


def is_seldom_true(device: Fact, site: Site) -> bool:
    """Whether one of its steps is doubted (see doubts.py), or what may put the value there begins in another file.

    A program that says `.cuda()` runs on an accelerator whenever it runs, so an error that is raised there at once has
    been seen and mended; one that says `.to(device)`, or asks `torch.cuda.is_available()` before, may have met the CPU
    only. What another file says of a device is often chosen by those who call it from here. In samples of public
    repositories and packages, judged before anything was done about them (docs/precision.md), 2 of 49 findings that
    rested on a `.cuda()` were true, and 2 of 16 that rested on where other data is:
    `torch.zeros(3, device=scores.device)` goes along with whatever there is.
    """
    elsewhere = device.confidence < Confidence.CERTAIN and not device.begins_in(site.path)
    return elsewhere or device.is_doubted
