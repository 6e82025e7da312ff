"""Applying the fixes of many findings to one text, in passes, until there is nothing left to fix."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torchconv_lint.fixing.edits import Text
from torchconv_lint.model import Safety
from torchconv_lint.parsing import parses

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
    """All that can be applied together is tried at once, for every attempt parses the whole text; if it does not parse
    then, each half alone, down to the fix that is to blame."""
    source = Text(text)
    result = text
    edits: set[Edit] = set()
    changed: list[Finding] = []
    waiting = [_apart(source, findings)] if findings else []
    while waiting:
        group = waiting.pop()
        attempt = _edited(source, edits.union(*(_edits(finding) for finding in group)))
        if attempt is not None:
            result = attempt
            edits.update(*(_edits(finding) for finding in group))
            changed += group
        elif len(group) > 1:
            half = len(group) // 2
            waiting += [group[half:], group[:half]]
    return result, changed


def _edits(finding: Finding) -> tuple[Edit, ...]:
    return finding.fix.edits if finding.fix else ()


def _apart(source: Text, findings: Iterable[Finding]) -> list[Finding]:
    """Those of which no edit overlaps one of an earlier finding; the same edit, an import for one, may be both's."""
    taken: list[tuple[int, int]] = []
    edits: set[Edit] = set()
    found = []
    for finding in findings:
        places = [source.range(edit.span) for edit in _edits(finding) if edit not in edits]
        if not any(_overlaps(taken, place) for place in places):
            for place in places:
                bisect.insort(taken, place)
            edits.update(_edits(finding))
            found.append(finding)
    return found


def _overlaps(taken: list[tuple[int, int]], place: tuple[int, int]) -> bool:
    """Whether an edit there cannot be applied together with those: `Text.edited` says when."""
    index = bisect.bisect_left(taken, place)
    before = index > 0 and (taken[index - 1][1] > place[0] or taken[index - 1][0] == place[0])
    return before or (index < len(taken) and (place[1] > taken[index][0] or taken[index][0] == place[0]))


def _edited(source: Text, edits: Iterable[Edit]) -> str | None:
    """The text after the edits, None if they overlap or break it."""
    try:
        text = source.edited(edits)
    except ValueError:
        return None
    return text if parses(text) else None
