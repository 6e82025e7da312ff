"""What is shown for one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchconv_lint.model import Finding, Problem

if TYPE_CHECKING:
    from torchconv_lint.analysis.locate import Consulted


@dataclass(frozen=True, slots=True)
class Checked:
    """What is shown for one file; `lines` are the source lines that a report may want to quote, by number.

    `fixed` tells how many findings fixes have removed (or would remove), and `diff` shows how. `digest` is that of the
    bytes that were checked ("": they are gone, or cannot be told), `consulted` what else the result depends on.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    lines: dict[int, str] = field(default_factory=dict)
    fixed: int = 0
    diff: str = ""
    digest: str = ""
    consulted: Consulted | None = None


def failed(path: str, message: str) -> Checked:
    """A file of which nothing else is known than this problem."""
    return Checked(path, problems=(Problem(path, 1, 1, message),))
