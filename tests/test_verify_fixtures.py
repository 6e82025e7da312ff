"""The project's own fixtures: the linter says what they expect, and running them shows what they declare."""

import os
from pathlib import Path

import pytest

from torchconv_lint.rules import all_rules
from torchconv_lint.verify.fixture import find_fixtures, read_fixture
from torchconv_lint.verify.machine import this_machine
from torchconv_lint.verify.prove import prove, rows_of
from torchconv_lint.verify.rows import FAILED, PROVEN

FIXTURES = [read_fixture(path) for path in find_fixtures([Path(__file__).parent.parent / "fixtures"])]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.key)
def test_linter(fixture):
    assert fixture.lint() == ()


@pytest.mark.parametrize("device", ["cpu", "stand-in"])
def test_execution(device):
    machine = this_machine()
    if lacking := machine.lacks(device):
        pytest.skip(lacking)
    rows = prove(rows_of(FIXTURES, device, machine), os.cpu_count() or 1, 60)
    assert [f"{row.key}: declared {row.declared}, but {row.reason}" for row in rows if row.status == FAILED] == []
    proven = {(row.fixture.rule, row.function.kind) for row in rows if row.status == PROVEN}
    assert {(rule.code, kind) for rule in all_rules() for kind in ("hazard", "safe")} <= proven
