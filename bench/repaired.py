"""The files of known bugs as they were repaired: what was reported must fall silent where the repair was made."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.cases import Case


def repaired_lines(case: Case, before: Sequence[str], after: Sequence[str]) -> set[int]:
    """The lines, from 1, that have taken the place of the bug's lines. What the repair left as it was does not count:
    nobody has repaired it."""
    wanted = {case.line, *case.also_flaggable_lines}
    places: set[int] = set()
    for tag, first, last, new_first, new_last in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if tag != "equal" and any(first < line <= last for line in wanted):
            places.update(range(new_first + 1, new_last + 1))
    return places
