"""Everything one run of `verify` found out, and whether it is good enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from torchconv_lint.verify.claim import Claim
from torchconv_lint.verify.proof import ACCELERATOR
from torchconv_lint.verify.rows import FAILED, NOT_RUN, NOT_SHOWN, PROVEN, Row


@dataclass(frozen=True, slots=True)
class Cell:
    """One rule on one device: how many hazards and twins are proven, failed and not run."""

    hazards: int = 0
    twins: int = 0
    failed: int = 0
    not_run: int = 0
    reasons: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Cell:
        """Count `rows`. That a program cannot run without an accelerator is its nature and no gap."""
        rows = [row for row in rows if not (row.device == "cpu" and ACCELERATOR in row.fixture.proof.needs)]
        proven = [row for row in rows if row.status == PROVEN]
        idle = [row for row in rows if row.status in (NOT_RUN, NOT_SHOWN)]
        return cls(
            sum(row.function.kind == "hazard" for row in proven),
            sum(row.function.kind == "safe" for row in proven),
            sum(row.status == FAILED for row in rows),
            len(idle),
            tuple(sorted({row.reason for row in idle})),
            tuple(sorted({row.source for row in rows if row.source})),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """`rows`: checks 2 and 3; `static`: check 1, fixture → disagreements; `fixes`: check 4; `broken`: files that are no
    fixtures; `registered`: the rules that must be proven (empty when only some fixtures were asked for); `stale`: title
    of committed evidence → how many functions have changed since it was recorded."""

    rows: tuple[Row, ...]
    static: dict[str, tuple[str, ...]]
    fixes: tuple[Row, ...] = ()
    fix_problems: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    registered: tuple[str, ...] = ()
    stale: dict[str, int] = field(default_factory=dict)

    @property
    def devices(self) -> set[str]:
        """Where something was to be run."""
        return {row.device for row in self.rows}

    def matrix(self) -> dict[str, dict[str, Cell]]:
        """Rule → device → cell; registered rules without a fixture have a row too."""
        groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows:
            if row.fixture.claim is not None:
                continue
            groups[row.fixture.rule or "(none)"][row.device].append(row)
        table = {rule: {device: Cell.of(rows) for device, rows in cells.items()} for rule, cells in groups.items()}
        return {rule: table.get(rule, {}) for rule in sorted({*table, *self.registered})}

    def claims(self) -> dict[str, tuple[Claim, str]]:
        """Claim's id → the claim, and what its cases say: its verdict once all are proven somewhere, else why not."""
        cases: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            if row.fixture.claim is not None:
                cases[row.fixture.claim.id].append(row)
        return {key: (rows[0].fixture.claim, _judged(rows)) for key, rows in sorted(cases.items())}  # type: ignore[misc]

    def unproven(self) -> tuple[str, ...]:
        """Registered rules that lack an executed hazard or an executed twin on every device but evidence's."""
        bad = []
        for rule in self.registered:
            here = [row for row in self.rows if row.fixture.rule == rule and row.status == PROVEN and not row.source]
            if {"hazard", "safe"} - {row.function.kind for row in here}:
                bad.append(rule)
        return tuple(bad)

    def failures(self) -> tuple[str, ...]:
        """One line per thing that is wrong. Empty: the proof holds."""
        lines = [f"{key}: {reason}" for key, reason in self.broken.items()]
        if all(row.status == NOT_RUN for row in self.rows):
            reasons = sorted({row.reason for row in self.rows})
            lines.append(f"nothing was executed: {'; '.join(reasons) or 'there are no fixtures'}")
        lines += [f"{key}: {message}" for key, messages in self.static.items() for message in messages]
        failed = [row for row in self.rows if row.status == FAILED]
        lines += [f"{row.key} on {row.device}: declared {row.declared}, but {row.reason}" for row in failed]
        lines += [f"{key}: {problem}" for key, problem in self.fix_problems.items()]
        unfixed = [row for row in self.fixes if row.status == FAILED]
        lines += [f"{row.key} on {row.device}, after its fix: {row.reason}" for row in unfixed]
        lines += [f"{rule}: no executed proof (a hazard and a safe twin)" for rule in self.unproven()]
        unjudged = [key for key, (_, verdict) in self.claims().items() if verdict == "not judged"]
        return (*lines, *(f"{key}: the claim is not judged" for key in (unjudged if self.registered else ())))

    def to_json(self) -> dict[str, Any]:
        """The whole report for machines."""
        return {
            "matrix": {
                rule: {
                    device: {
                        "hazards_proven": cell.hazards,
                        "twins_proven": cell.twins,
                        "failed": cell.failed,
                        "not_run": cell.not_run,
                        "reasons": list(cell.reasons),
                        "evidence": list(cell.sources),
                    }
                    for device, cell in cells.items()
                }
                for rule, cells in self.matrix().items()
            },
            "claims": {
                key: {"says": claim.says, "verdict": verdict, "because": claim.because, "rules": list(claim.rules)}
                for key, (claim, verdict) in self.claims().items()
            },
            "failures": list(self.failures()),
            "stale": self.stale,
            "linter": {key: list(messages) for key, messages in self.static.items() if messages},
            "rows": [row.to_json() for row in self.rows],
            "fixes": [row.to_json() for row in self.fixes],
        }


def _judged(rows: list[Row]) -> str:
    claim = rows[0].fixture.claim
    if claim is None or any(row.status == FAILED for row in rows):
        return "wrong"
    left = {row.function.name for row in rows} - {row.function.name for row in rows if row.status == PROVEN}
    return "not judged" if left else claim.verdict
