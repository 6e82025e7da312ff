"""How a rule proposes a fix without knowing trees: what to write around or instead of the places that its event names.

    Proposal("add `.clone()`", Safety.UNSAFE, (after(site, ".clone()"),))
    Proposal("copy it", Safety.UNSAFE, (around(site, "copy.deepcopy(", ")"),), names=("copy.deepcopy",))
    Proposal("use `.item()`", Safety.SAFE, (instead(call, operand, ".item()"),))
    Proposal("name the dtype", Safety.UNSAFE, (keyword(call, "dtype=torch.float32"),), names=("torch.float32",))

Nobody has to think of parentheses, comments or imports here: they are added where they are needed, and a proposal that
would not give code that parses is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.model import Safety


@dataclass(frozen=True, slots=True)
class Instead:
    """The expression at `site` becomes these pieces: text, and places inside of it whose code is kept as it is."""

    site: Site
    pieces: tuple[str | Site, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """The call at `site` gets one more argument, written `text`."""

    site: Site
    text: str


Change: TypeAlias = "Instead | Keyword"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A fix as a rule sees it.

    `message` says what is done, in the imperative. `names` are the qualified names in the new text ("copy.deepcopy"):
    they are written as the file imports them, and imported where it does not.
    """

    message: str
    safety: Safety
    changes: tuple[Change, ...]
    names: tuple[str, ...] = ()


def after(site: Site, text: str) -> Change:
    """Write `text` after the expression: `x` becomes `x.clone()`, `a + b` becomes `(a + b).clone()`."""
    return Instead(site, (site, text))


def around(site: Site, before: str, behind: str) -> Change:
    """Write text on both sides of the expression: `x` becomes `copy.deepcopy(x)`."""
    return Instead(site, (before, site, behind))


def instead(site: Site, *pieces: str | Site) -> Change:
    """Write these pieces instead of the expression: `float(t)` becomes `t.item()`."""
    return Instead(site, pieces)


def keyword(call: Site, text: str) -> Change:
    """Give the call one more keyword argument, such as `dtype=torch.float32`."""
    return Keyword(call, text)
