"""What is shown for one file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from torchconv_lint.model import Finding, Problem

if TYPE_CHECKING:
    from torchconv_lint.analysis.elsewhere.locate import Consulted
    from torchconv_lint.model import Span


@dataclass(frozen=True, slots=True)
class Checked:
    """What is shown for one file; `lines` are the source lines that a report may want to quote, by number
    (behind that of the cell, 0 where there are no cells).

    `fixed` tells how many findings fixes have removed (or would remove), and `diff` shows how. `digest` is that of the
    bytes that were checked ("": they are gone, or cannot be told), `consulted` what else the result depends on. `rows`
    are the lines of a notebook's file in which lines of its cells stand.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    lines: dict[tuple[int, int], str] = field(default_factory=dict)
    fixed: int = 0
    diff: str = ""
    digest: str = ""
    consulted: Consulted | None = None
    rows: dict[tuple[int, int], int] = field(default_factory=dict)

    def line(self, span: Span) -> str | None:
        """The source line on which a span begins."""
        return self.lines.get((span.cell, span.line))


def failed(path: str, message: str) -> Checked:
    """A file of which nothing else is known than this problem."""
    return Checked(path, problems=(Problem(path, 1, 1, message),))
