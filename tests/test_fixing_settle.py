"""Many fixes of one text: together if they can be, one after the other if they overlap."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from torchconv_lint.fixing import settle as module
from torchconv_lint.fixing.settle import Unsettled, settle
from torchconv_lint.model import Confidence, Edit, Finding, Fix, Safety, Span
from torchconv_lint.parsing import parses

SAFE = frozenset({Safety.SAFE})


def finding(line: int, column: int, width: int, new: str) -> Finding:
    span = Span(line, column, line, column + width)
    fix = Fix("do it", Safety.SAFE, (Edit(span, new),))
    return Finding("CNV101", "x", "x", "x.py", span, Confidence.CERTAIN, (), fix)


def on_each_line(text: str, old: str, new: str) -> Iterable[Finding]:
    """A finding for the first `old` of each line."""
    for number, line in enumerate(text.split("\n"), 1):
        if old in line:
            yield finding(number, line.index(old) + 1, len(old), new)


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed."""
    found: list[str] = []

    def counted(text: str) -> bool:
        found.append(text)
        return parses(text)

    monkeypatch.setattr(module, "parses", counted)
    return found


def test_what_can_be_applied_together_is_parsed_once(attempts: list[str]) -> None:
    settled = settle("a\n" * 100, lambda text: on_each_line(text, "a", "b"), SAFE)
    assert settled.text == "b\n" * 100
    assert len(settled.applied) == 100
    assert len(attempts) == 1


def test_the_one_that_breaks_the_text_is_left_out_alone(attempts: list[str]) -> None:
    def lint(text: str) -> Iterable[Finding]:
        for one in on_each_line(text, "a", "b"):
            yield finding(70, 1, 1, "b)") if one.span.line == 70 else one

    settled = settle("a\n" * 100, lint, SAFE)
    assert settled.text == "b\n" * 69 + "a\n" + "b\n" * 30
    assert len(attempts) < 20


OVERLAPPING = {
    "one within the other": [(1, 1, 5, "b + b"), (1, 5, 1, "c")],
    "begin together": [(1, 1, 0, "-"), (1, 1, 1, "b")],
    "inserted at one place": [(1, 1, 0, "-"), (1, 1, 0, "+")],
    "the later one first": [(1, 5, 1, "c"), (1, 1, 5, "b + b")],
}


@pytest.mark.parametrize("edits", OVERLAPPING.values(), ids=OVERLAPPING)
def test_of_those_that_overlap_the_first_is_applied(edits: list[tuple[int, int, int, str]]) -> None:
    first, second = (finding(*edit) for edit in edits)
    settled = settle("a + a", lambda text: [first, second] if text == "a + a" else [], SAFE)
    assert settled.applied == (first,)


def test_edits_side_by_side_do_not_overlap() -> None:
    both = [finding(1, 1, 1, "b"), finding(1, 2, 2, "- "), finding(1, 4, 1, "c")]
    settled = settle("a + a", lambda text: both if text == "a + a" else [], SAFE)
    assert settled.text == "b- ca"


def test_the_same_edit_of_two_findings_is_made_once() -> None:
    both = [finding(1, 1, 0, "import a\n"), finding(1, 1, 0, "import a\n")]
    settled = settle("b", lambda text: both if text == "b" else [], SAFE)
    assert settled.text == "import a\nb"
    assert len(settled.applied) == 2


def test_what_never_ends_is_told() -> None:
    with pytest.raises(Unsettled):
        settle("a", lambda text: [finding(1, 1, 1, "a")], SAFE)
