"""The project's own fixtures, verified once, as `torchconv-lint verify --device cpu --device stand-in` does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from torchconv_lint.rules import all_rules
from torchconv_lint.verify.machine import this_machine
from torchconv_lint.verify.result import Result
from torchconv_lint.verify.rows import NOT_RUN, PROVEN
from torchconv_lint.verify.session import Request, verify

pytest.importorskip("torch")

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture(scope="module")
def result() -> Result:
    """All checks of all fixtures on the devices that any machine has or can simulate."""
    if lacking := this_machine().lacks("stand-in"):
        pytest.skip(lacking)
    devices = ("cpu", "stand-in")
    return verify(Request((FIXTURES,), devices, FIXTURES / "evidence", os.cpu_count() or 1, complete=True))


def test_nothing_fails(result: Result) -> None:
    assert result.failures() == ()


def test_every_rule_is_proven(result: Result) -> None:
    proven = {(row.fixture.rule, row.function.kind) for row in result.rows if row.status == PROVEN and not row.source}
    rules = [rule for rule in all_rules() if not rule.cuda_only]
    assert {(rule.code, kind) for rule in rules for kind in ("hazard", "safe")} <= proven


def test_every_claim_is_judged(result: Result) -> None:
    judged = result.claims()
    assert list(judged) == [f"C{number:02}" for number in range(1, 44)]
    assert {verdict for _, verdict in judged.values()} == {"true", "refuted", "depends"}
    assert {rule for claim, _ in judged.values() for rule in claim.rules} <= {rule.code for rule in all_rules()}


def test_a_rule_or_claim_without_its_proof_is_a_failure(result: Result) -> None:
    """What `verify` says if nothing of CNV102 and C01 had been run."""

    def idle(key: str) -> bool:
        return key.startswith(("cnv102/", "claims/c01_"))

    rows = tuple(replace(row, status=NOT_RUN) if idle(row.key) else row for row in result.rows)
    without = replace(result, rows=rows)
    assert without.failures() == (
        "CNV102: no executed proof (a hazard and a safe twin)",
        "C01: the claim is not judged",
    )
    assert replace(without, registered=()).failures() == ()
