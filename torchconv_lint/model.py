"""What a linter run says: spans, findings, the lines behind them, and fixes. Plain immutable data, no behaviour."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from torchconv_lint.record import plain

if TYPE_CHECKING:
    from torchconv_lint.analysis.elsewhere.locate import Consulted


class Confidence(enum.IntEnum):
    """How sure a finding is. `certain` and `likely` are shown by default, `possible` only when asked for."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3

    @property
    def label(self) -> str:
        """The name as users write it: "possible", "likely", "certain"."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> Confidence:
        """Inverse of `label`. Raises `ValueError` naming the choices on anything else."""
        try:
            return cls[label.upper()]
        except KeyError:
            choices = ", ".join(member.label for member in cls)
            raise ValueError(f"unknown confidence {label!r} (choose from {choices})") from None


@plain
class Span:
    """A stretch of source: lines and columns are 1-based, columns count code points, the end is exclusive.

    In a notebook, `cell` is the number of the cell, which its lines are counted in; 0: the file is no notebook.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    cell: int = 0


@plain
class Because:
    """One line of the explanation of a finding: what the code at `span` contributes to it."""

    path: str
    span: Span
    message: str


class Safety(enum.Enum):
    """How far a fix can be trusted; `safe` means: executed, values, dtype and shape kept, the hazard gone."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    SHOWN = "shown"


@plain
class Edit:
    """Replace the text at `span` by `replacement` (an empty span inserts)."""

    span: Span
    replacement: str


@plain
class Fix:
    """Text edits that remove the hazard; `message` says what they do."""

    message: str
    safety: Safety
    edits: tuple[Edit, ...]


@plain
class Finding:
    """One hazard at one place. `because` lists the lines that make it one, in the order the data flows."""

    code: str
    name: str
    message: str
    path: str
    span: Span
    confidence: Confidence
    because: tuple[Because, ...] = ()
    fix: Fix | None = None


@plain
class Problem:
    """Something that kept (part of) a file from being linted: unreadable, broken syntax, a rule that crashed."""

    path: str
    line: int
    column: int
    message: str
    cell: int = 0


@plain
class Outcome:
    """What linting one file gave: findings sorted by place and code, and what went wrong on the way. `consulted`: what
    else it depends on."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    consulted: Consulted | None = None
