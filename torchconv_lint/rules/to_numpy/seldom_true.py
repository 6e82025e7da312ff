"""Evidence of an accelerator that was seldom true in code that nobody had looked at before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.doubts import Doubt
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
    `torch.zeros(3, device=scores.device)` goes along with whatever there is. So it is with where a module is
    (`x.to(self.model.device)`): in the sample in which it was counted, none of 8.
    """
    elsewhere = device.confidence < Confidence.CERTAIN and not device.begins_in(site.path)
    return elsewhere or not device.doubts() <= {Doubt.UNPLACED}


def is_far_fetched(device: Fact, site: Site) -> bool:
    """Whether a value has been put on the device in another function than the site's, or has gone through a module that
    nobody is seen to have moved there.

    What a whole program does has been run on an accelerator as a rule, or an earlier line refuses to: of the findings
    of CNV101 and CNV111 in sixteen samples (docs/precision.md) 3 of 65 were true. In the repositories of all samples 40
    were still reported, 35 of them true, as most of the others were understood by then: 9 are left, 8 of them true.
    """
    return Doubt.UNPLACED in device.doubts() or not device.is_put_beside(site)
