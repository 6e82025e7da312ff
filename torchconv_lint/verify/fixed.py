"""Check 4: after its fix a hazard is silent, harmless, and gives the same values.

A hazard is looked at when the fixes change its code and leave no finding in it. It must then show nothing. If safe
fixes alone did that, it must also give what it gave before, wherever it gave anything: a safe fix changes no result.
If the fixture declares that the hazard gives something else than its twin, it must now give what the twin does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from torchconv_lint.fixing.settle import MOST_PASSES, Settled, Unsettled, settle
from torchconv_lint.model import Safety
from torchconv_lint.verify.expectations import parse_expectations
from torchconv_lint.verify.fingerprint import fingerprint, lines_of
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.observation import RETURNED, Observation
from torchconv_lint.verify.proof import CHANGES, GIVES_OTHER, NOTHING, REWRITES, WRITES_THROUGH, Phenomenon
from torchconv_lint.verify.rows import FAILED, NOT_RUN, PROVEN, Row

_WRONG_RESULT = frozenset({CHANGES, GIVES_OTHER, REWRITES, WRITES_THROUGH})
"""Phenomena of hazards that give something, but not the right thing."""
_SAFE = frozenset({Safety.SAFE})
_ALL = frozenset({Safety.SAFE, Safety.UNSAFE})


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixture after its fixes. `cured`: the hazards in which nothing is found any more, and whether safe fixes alone
    did that."""

    fixture: Fixture
    cured: dict[str, bool]


def fixed_fixture(fixture: Fixture) -> Fixed:
    """Apply all fixes that may be applied. Raises `Unsettled`."""
    settled, safely = _settled(fixture, _ALL), _settled(fixture, _SAFE)
    tree, safe_tree = ast.parse(settled.text), ast.parse(safely.text)
    left = {finding.span.line for finding in fixture.linted(settled.text).findings}
    cured = {}
    for function in fixture.functions:
        now = fingerprint(tree, function.name)
        if function.kind == "hazard" and now != function.fingerprint and not left & lines_of(tree, function.name):
            cured[function.name] = now == fingerprint(safe_tree, function.name)
    return Fixed(replace(fixture, text=settled.text, expectations=parse_expectations(settled.text)), cured)


def _settled(fixture: Fixture, safeties: frozenset[Safety]) -> Settled:
    return settle(fixture.text, lambda text: fixture.linted(text).findings, safeties)


@dataclass(frozen=True, slots=True)
class Cure:
    """What to run for check 4, beside what was seen before."""

    before: Row
    after: Row
    safe: bool

    @property
    def twin(self) -> str:
        """The function that gives the right result: the one declared, or the one with the same name but `safe_`."""
        declared = self.before.declared.twin if self.before.declared else ""
        return declared or self.before.function.name.replace("hazard_", "safe_", 1)


def fix_all(fixtures: Iterable[Fixture]) -> tuple[dict[str, Fixed], dict[str, str]]:
    """The fixtures after their fixes, by key. And what is wrong with the fixes, by key as well."""
    known, wrong = {}, {}
    for fixture in fixtures:
        try:
            known[fixture.key] = fixed_fixture(fixture)
        except Unsettled:
            wrong[fixture.key] = f"the fixes do not settle within {MOST_PASSES} passes"
    return known, wrong


def cures(rows: Iterable[Row], known: Mapping[str, Fixed]) -> list[Cure]:
    """The proven hazards that fixes cure."""
    found = []
    for row in rows:
        fixed = known.get(row.fixture.key)
        if fixed is not None and row.status == PROVEN and row.function.name in fixed.cured:
            after = replace(row, fixture=fixed.fixture, declared=Phenomenon(NOTHING), status=NOT_RUN, observation=None)
            found.append(Cure(row, after, fixed.cured[row.function.name]))
    return found


def compared(cure: Cure, after: Row, twin: Observation | None) -> Row:
    """The row after the fix, failed if its result is not the right one. `twin`: what the declared twin gave."""
    old, new = cure.before.observation, after.observation
    if after.status != PROVEN or old is None or new is None:
        return after
    if cure.safe and old.outcome == RETURNED and (old.value, old.shared) != (new.value, new.shared):
        return replace(after, status=FAILED, reason="the fix is called safe, but the hazard returns something else")
    declared = cure.before.declared
    if declared is not None and declared.word in _WRONG_RESULT and twin is not None and twin.value != new.value:
        return replace(after, status=FAILED, reason="the fixed hazard does not give what its twin gives")
    return after
