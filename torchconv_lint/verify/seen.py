"""The part of a rule's page that is made from evidence: where its hazards and twins were executed, what they showed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torchconv_lint.rules.base import Rule
from torchconv_lint.verify.evidence import Evidence
from torchconv_lint.verify.fixed import fixed_fixture
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.recorded import MISSING, STALE, Record, differences, place, quoted, records
from torchconv_lint.verify.rows import PROVEN

_TEXTS = 4
_DIFFERENCES = 6


def seen(rule: Rule[Any], fixtures: Iterable[Fixture], evidences: Sequence[Evidence]) -> str:
    """A section of Markdown."""
    own = [fixture for fixture in fixtures if fixture.rule == rule.code]
    known = {place(one): list(records(one, own)) for one in evidences}
    known = {where: found for where, found in known.items() if any(record.status != MISSING for record in found)}
    lines = [
        "## Seen",
        "",
        "| where | hazards that showed it | hazards, harmless there | safe twins | |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| {where} | {_counts(found)} | {_remarks(found)} |" for where, found in known.items()]
    if not any(one.device == "cuda" for one in evidences):
        lines.append("| CUDA | – | – | – | not yet run on CUDA |")
    if any("stand-in" in where for where in known):
        lines += ["", "The stand-in is an accelerator simulated on the CPU. It proves nothing about CUDA."]
    if cured := _cured(own):
        lines += ["", cured]
    if texts := list(_texts(known)):
        lines += ["", "What was observed:", "", *texts]
    for where, found in known.items():
        if different := list(differences(found)):
            lines += ["", f"Different on {where}:", "", *(f"- {line}" for line in different[:_DIFFERENCES])]
            if left := len(different) - _DIFFERENCES:
                lines += [f"- and {left} more"] if left > 0 else []
    return "\n".join(lines) + "\n"


def _cured(fixtures: Iterable[Fixture]) -> str:
    """What fixes do to the hazards; `verify` executes what is left after them."""
    cured = [safely for fixture in fixtures for safely in fixed_fixture(fixture).cured.values()]
    if not cured:
        return ""
    number = f"{len(cured)} hazard" + ("s are" if len(cured) > 1 else " is")
    return f"After their fixes {number} free of findings, {sum(cured)} of them by safe fixes alone."


def _counts(found: list[Record]) -> str:
    hazards = [record for record in found if record.function.kind == "hazard"]
    groups = (
        [record for record in hazards if record.shows],
        [record for record in hazards if not record.shows],
        [record for record in found if record.function.kind == "safe"],
    )
    return " | ".join(
        f"{sum(record.status == PROVEN for record in group)} of {len(group)}" if group else "–" for group in groups
    )


def _remarks(found: list[Record]) -> str:
    numbers = {status: sum(record.status == status for record in found) for status in (STALE, MISSING)}
    words = {STALE: "changed since: stale", MISSING: "not run"}
    return ", ".join(f"{number} {words[status]}" for status, number in numbers.items() if number)


def _texts(known: dict[str, list[Record]]) -> Iterable[str]:
    """Different texts, each with the first place and function that showed it."""
    told: set[str] = set()
    for where, found in known.items():
        fresh: dict[str, Record] = {}
        for record in found:
            if record.status == PROVEN and record.shows and record.function.kind == "hazard":
                fresh.setdefault(record.observed, record)
        new = [(text, record) for text, record in fresh.items() if text not in told]
        told |= set(fresh)
        yield from (
            f"- {where}, `{record.function.name}` ({record.fixture.key}): {quoted(text)}"
            for text, record in new[:_TEXTS]
        )
