from __future__ import annotations

import pytest

from bench.ledger import Entry, Judgement, Place
from bench.precision import Precision, per_rule, stale, total, unjudged


def place(ordinal: int, code: str = "CNV101", package: str = "pkg") -> Place:
    return Place(package, "m.py", code, "f", "0" * 16, ordinal)


def book(*judged: tuple[Place, Judgement]) -> dict[str, Entry]:
    return {where.key: Entry(where, 1, judgement, "why") for where, judgement in judged}


def test_findings_are_counted_by_rule_and_verdict() -> None:
    ledger = book(
        (place(0), Judgement.TRUE_ALARM),
        (place(1), Judgement.FALSE_ALARM),
        (place(2), Judgement.UNCLEAR),
        (place(0, "CNV201"), Judgement.TRUE_ALARM),
    )
    rules = per_rule([place(0, "CNV201"), *(place(number) for number in range(4))], ledger)
    assert rules == {"CNV101": Precision(1, 1, 1, 1), "CNV201": Precision(1, 0, 0, 0)}
    assert total(rules) == Precision(2, 1, 1, 1)
    assert total(rules).findings == 5


def test_precision_leaves_unjudged_out_and_counts_unclear_as_not_true() -> None:
    precision = Precision(true_alarms=8, false_alarms=1, unclear=1, unjudged=5)
    assert precision.share == pytest.approx(0.8)
    assert 0.4 < precision.lower_bound < 0.8
    assert Precision(unjudged=3).share is None


def test_new_findings_are_unjudged_and_lost_ones_stale() -> None:
    ledger = book((place(0), Judgement.TRUE_ALARM), (place(7), Judgement.FALSE_ALARM))
    found = [place(0), place(1)]
    assert unjudged(found, ledger) == [place(1)]
    assert [entry.place for entry in stale(found, ledger, ["pkg"])] == [place(7)]


def test_packages_that_were_not_scanned_make_nothing_stale() -> None:
    ledger = book((place(7, package="other"), Judgement.TRUE_ALARM))
    assert stale([], ledger, ["pkg"]) == []
