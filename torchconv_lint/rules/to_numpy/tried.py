"""What whoever wrote the code must have seen on the first run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.analysis.site import Site
    from torchconv_lint.analysis.values import Fact


def tried_before(device: Fact, site: Site) -> bool:
    """Whether the code names the accelerator itself, elsewhere than in the function that converts.

    A program that says `.cuda()` runs on an accelerator whenever it runs, so an error that is raised there at once has
    been seen and mended; one that says `.to(device)` may have met the CPU only. Of the findings of four samples of
    public repositories (docs/precision.md) that came from a `.cuda()` in another function, none was true: what
    had been missed was a conversion on the way.
    """
    named = device.named_at()
    return named is not None and named.segment is not site.segment
