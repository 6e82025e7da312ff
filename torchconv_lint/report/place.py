"""Places as people read them: `file.py:3:5`, and in a notebook `file.ipynb:cell 2:3:5`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchconv_lint.model import Problem, Span


def place_of(path: str, at: Span | Problem) -> str:
    """Where a span begins, or a problem is."""
    cell = f"cell {at.cell}:" if at.cell else ""
    return f"{path}:{cell}{at.line}:{at.column}"
