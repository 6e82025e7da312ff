"""Functions that are handed to `torch.compile`, `vmap`, `jit.trace` and their like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.analysis.site import Site


@dataclass(frozen=True, slots=True)
class Transform:
    """What a function is handed to. `kind` is one of the constants here; `text` names it for messages, and `site` is
    where that happens."""

    kind: str
    text: str = field(compare=False)
    site: Site = field(compare=False)
