"""The project's own fixtures: the linter says what they expect, and running them shows what they declare."""

import os
from pathlib import Path

import pytest

from torchconv_lint.rules import all_rules
from torchconv_lint.verify.fixture import find_fixtures, read_fixture
from torchconv_lint.verify.machine import this_machine
from torchconv_lint.verify.prove import prove, rows_of
from torchconv_lint.verify.result import Result
from torchconv_lint.verify.rows import FAILED, PROVEN

FIXTURES = [read_fixture(path) for path in find_fixtures([Path(__file__).parent.parent / "fixtures"])]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.key)
def test_linter(fixture):
    assert fixture.lint() == ()


@pytest.fixture(scope="module")
def rows():
    """All fixtures, executed on every device that this machine has or can simulate."""
    machine = this_machine()
    devices = [device for device in ("cpu", "stand-in") if not machine.lacks(device)]
    return [row for device in devices for row in prove(rows_of(FIXTURES, device, machine), os.cpu_count() or 1, 60)]


def test_execution(rows):
    assert [f"{row.key}: declared {row.declared}, but {row.reason}" for row in rows if row.status == FAILED] == []


def test_every_rule_is_proven_somewhere(rows):
    if this_machine().lacks("stand-in"):
        pytest.skip("some rules need an accelerator")
    proven = {(row.fixture.rule, row.function.kind) for row in rows if row.status == PROVEN}
    rules = [rule for rule in all_rules() if not rule.cuda_only]
    assert {(rule.code, kind) for rule in rules for kind in ("hazard", "safe")} <= proven


def test_every_claim_is_judged(rows):
    if lacking := this_machine().lacks("stand-in"):
        pytest.skip(lacking)
    judged = Result(tuple(rows), {}).claims()
    assert list(judged) == [f"C{number:02}" for number in range(1, 44)]
    assert {key: verdict for key, (_, verdict) in judged.items() if verdict in ("wrong", "not judged")} == {}
    assert {rule for claim, _ in judged.values() for rule in claim.rules} <= {rule.code for rule in all_rules()}
