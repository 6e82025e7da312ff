from __future__ import annotations

import ast

from bench.mutants import mutants

SOURCE = '''
"""A module."""
from __future__ import annotations
if TYPE_CHECKING:
    limit = 1

def judge(event: Event = None) -> bool:
    """Whether 3 is enough."""
    if event.sure and event.count > 1:
        return True
    return any(part for part in event.parts if part.open)
'''


def changed() -> dict[tuple[str, str], str]:
    return {(mutant.what, mutant.text): ast.unparse(mutant.tree) for mutant in mutants("m", SOURCE)}


def test_each_mutant_changes_one_thing() -> None:
    original = ast.unparse(ast.parse(SOURCE)).splitlines()
    for text in changed().values():
        lines = text.splitlines()
        assert len(lines) == len(original)
        assert sum(one != other for one, other in zip(lines, original, strict=True)) == 1


def test_conditions_operators_and_constants_are_changed() -> None:
    texts = changed()
    assert "if not (event.sure and event.count > 1):" in texts["negate", next(t for w, t in texts if w == "negate")]
    assert "if False:" in texts["drop", next(t for w, t in texts if w == "drop")]
    assert "if event.sure or event.count > 1:" in texts["and/or", "event.sure and event.count > 1"]
    assert "event.count >= 1" in texts["compare", "event.count > 1"]
    assert "event.count > 2" in texts["constant", "1"]
    assert "return False" in texts["constant", "True"]
    assert "for part in event.parts)" in texts["drop filter", next(t for w, t in texts if w == "drop filter")]


def test_what_does_not_run_is_left_alone() -> None:
    assert {mutant.where for mutant in mutants("m", SOURCE)} == {"judge"}
