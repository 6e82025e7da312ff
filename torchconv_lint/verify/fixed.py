"""Check 4: after its fix a hazard is silent, harmless, and gives the same values."""

from __future__ import annotations

from dataclasses import replace

from torchconv_lint.fixing.edits import apply_edits
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Edit, Safety
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.observation import RETURNED
from torchconv_lint.verify.proof import NOTHING, Phenomenon
from torchconv_lint.verify.rows import FAILED, NOT_RUN, PROVEN, Row

_PASSES = 10


def fixed_text(fixture: Fixture) -> tuple[str, str]:
    """The source after all fixes that may be applied, until nothing changes; and what is wrong with it ("" if fine)."""
    text = fixture.text
    for _ in range(_PASSES):
        edits: list[Edit] = []
        for finding in lint_source(Source(str(fixture.path), text), Settings()).findings:
            if finding.fix is None or finding.fix.safety is Safety.SHOWN:
                continue
            more = [edit for edit in finding.fix.edits if edit not in edits]
            try:
                apply_edits(text, edits + more)
            except ValueError:
                continue  # Overlaps with another fix: the next pass applies it.
            edits += more
        if not edits:
            return text, ""
        text = apply_edits(text, edits)
        try:
            compile(text, str(fixture.path), "exec")
        except SyntaxError as error:
            return text, f"the fixed file does not parse: line {error.lineno}: {error.msg}"
    return text, f"the fixes do not settle within {_PASSES} passes"


def fixed_rows(rows: list[Row]) -> tuple[list[Row], dict[str, str]]:
    """What to run for check 4: the proven hazards of files that have fixes. And fixture → why its fixes are wrong."""
    fixtures = {row.fixture.key: row.fixture for row in rows}
    fixed, wrong = {}, {}
    for key, fixture in fixtures.items():
        text, problem = fixed_text(fixture)
        if problem:
            wrong[key] = problem
        elif text != fixture.text:
            fixed[key] = replace(fixture, text=text)
    return [
        replace(row, fixture=fixed[row.fixture.key], declared=Phenomenon(NOTHING), status=NOT_RUN, observation=None)
        for row in rows
        if row.fixture.key in fixed and row.function.kind == "hazard" and row.status == PROVEN
    ], wrong


def compared(before: Row, after: Row) -> Row:
    """The fixed row, failed if it no longer returns what the hazard returned (where the hazard returned anything)."""
    old, new = before.observation, after.observation
    if after.status == PROVEN and old and new and old.outcome == RETURNED and old.value != new.value:
        return replace(after, status=FAILED, reason="the fixed hazard returns another value")
    return after
