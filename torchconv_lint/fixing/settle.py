"""Applying the fixes of many findings to one text, in passes, until there is nothing left to fix."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchconv_lint.fixing.edits import Text
from torchconv_lint.model import Safety

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from torchconv_lint.model import Edit, Finding

MOST_PASSES = 25
"""A file that needs more is left as it was: some fix does not remove what it is for."""


class Unsettled(Exception):
    """The fixes do not come to an end."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The text after all passes, and whose fixes were applied, in order."""

    text: str
    applied: tuple[Finding, ...] = ()


def settle(text: str, lint: Callable[[str], Iterable[Finding]], safeties: frozenset[Safety]) -> Settled:
    """Fix what `lint` finds in the text, as far as fixes of these safeties do. Raises `Unsettled`.

    Fixes that overlap wait for the next pass, in which the text is linted anew. A fix after which it does not parse
    is left out.
    """
    applied: list[Finding] = []
    for _ in range(MOST_PASSES):
        fixed, changed = _one_pass(text, [one for one in lint(text) if one.fix and one.fix.safety in safeties])
        if not changed:
            return Settled(text, tuple(applied))
        text = fixed
        applied += changed
    raise Unsettled


def _one_pass(text: str, findings: Sequence[Finding]) -> tuple[str, list[Finding]]:
    source = Text(text)
    result = text
    edits: list[Edit] = []
    changed: list[Finding] = []
    for finding in findings:
        more = [edit for edit in finding.fix.edits if edit not in edits] if finding.fix else []
        attempt = _edited(source, [*edits, *more])
        if attempt is not None:
            result, edits = attempt, [*edits, *more]
            changed.append(finding)
    return result, changed


def _edited(source: Text, edits: list[Edit]) -> str | None:
    """The text after the edits, None if they overlap or break it."""
    try:
        text = source.edited(edits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return text
