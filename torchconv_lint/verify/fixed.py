"""Check 4: after its fix a hazard is silent, harmless, and gives the same values.

A hazard is looked at when the fixes change its code and leave no finding in it. If all of these fixes are safe, it must
give what it gave before, wherever it gave anything; if the fixture declares that it gives something else than its
twin, it must now give what the twin does.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from torchconv_lint.fixing.settle import Settled, Unsettled, settle
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Finding, Safety
from torchconv_lint.settings import Settings
from torchconv_lint.source import Source
from torchconv_lint.verify.fingerprint import fingerprint, lines_of
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.observation import RETURNED
from torchconv_lint.verify.proof import GIVES_OTHER, NOTHING, Phenomenon
from torchconv_lint.verify.rows import FAILED, NOT_RUN, PROVEN, Row

_APPLIED = frozenset({Safety.SAFE, Safety.UNSAFE})


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixture after its fixes: the hazards that they cure, and whether by safe fixes alone."""

    fixture: Fixture
    cured: dict[str, bool]


def fixed_fixture(fixture: Fixture) -> Fixed:
    """Apply all fixes that may be applied. Raises `Unsettled`."""

    def lint(text: str) -> tuple[Finding, ...]:
        return lint_source(Source(str(fixture.path), text), Settings()).findings

    settled = settle(fixture.text, lint, _APPLIED)
    tree = ast.parse(settled.text)
    left = {finding.span.line for finding in lint(settled.text)}
    cured = {}
    for function in fixture.functions:
        if function.kind != "hazard" or fingerprint(settled.text, tree, function.name) == function.fingerprint:
            continue
        lines = lines_of(settled.text, tree, function.name)
        if not left & lines:
            cured[function.name] = _is_safe(fixture, settled, function.name)
    return Fixed(replace(fixture, text=settled.text), cured)


def _is_safe(fixture: Fixture, settled: Settled, function: str) -> bool:
    """Whether safe fixes alone make the same of the function."""

    def lint(text: str) -> tuple[Finding, ...]:
        return lint_source(Source(str(fixture.path), text), Settings()).findings

    safely = settle(fixture.text, lint, frozenset({Safety.SAFE})).text
    prints = [fingerprint(text, ast.parse(text), function) for text in (safely, settled.text)]
    return prints[0] == prints[1]
