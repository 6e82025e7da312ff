from __future__ import annotations

import ast
import contextlib
import importlib
import os
import signal
from pathlib import Path

import pytest

from bench import noticing
from bench.graft import graft
from bench.mutants import mutants
from bench.noticing import in_child

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


MODULE = "torchconv_lint.rules.to_scalar.cnv403_scalar_of_grad"


def grafted(what: str, in_function: bool) -> object:
    """In a process of its own: whether the module's code differs once a mutant is in its place."""
    module = importlib.import_module(MODULE)
    source = Path(module.__file__ or "").read_text(encoding="utf-8")
    mutant = next(one for one in mutants(MODULE, source) if (one.what, one.in_function) == (what, in_function))
    name = mutant.where.partition(".")[0]

    def work() -> bool:
        before = getattr(module, name)
        graft(mutant, ())
        return getattr(importlib.import_module(MODULE), name) is before

    return in_child(work)


def test_a_function_gets_its_new_code_where_it_is() -> None:
    assert grafted("negate", in_function=True) is True


def test_for_anything_else_the_package_is_imported_again() -> None:
    assert grafted("constant", in_function=False) is False


def test_a_mutant_that_goes_on_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "SECONDS", 0.1)

    def endless() -> bool:
        while True:
            with contextlib.suppress(Exception):
                sum(range(1000))

    assert in_child(lambda: noticing.timed(endless)) == "time limit"


def test_a_process_that_dies_answers_nothing() -> None:
    assert in_child(lambda: os.kill(os.getpid(), signal.SIGKILL)) == "died"
    assert in_child(lambda: 1 // 0) == "raises ZeroDivisionError"


def test_the_tests_of_the_analysis_can_notice_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noticing, "TESTS", ("awaited",))
    names = in_child(lambda: [check.name for check in noticing._tests()])
    assert names, "none can be called: they want more than their parameters"
