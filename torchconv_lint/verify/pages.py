"""The pages that are made from evidence: the matrix of proofs, and what people say about conversions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from torchconv_lint.rules.base import Rule
from torchconv_lint.verify.claim import Claim
from torchconv_lint.verify.evidence import Evidence
from torchconv_lint.verify.fixture import Fixture
from torchconv_lint.verify.recorded import MISSING, STALE, Record, differences, place, quoted, records
from torchconv_lint.verify.rows import FAILED, PROVEN

_PROOF = """# Proof by execution

Every rule has programs in `fixtures/`: hazards, and safe twins that do it right. `torchconv-lint verify` executes them
and compares what happens with what they declare. This page is made from the evidence that such runs have left in
`fixtures/evidence/`. A cell says how many hazards and twins showed exactly what they declare. Once a program has
changed, what was recorded of it is stale and counts as unproven.

The stand-in is an accelerator simulated on the CPU, so that the rules about devices are executed where there is no GPU.
It proves nothing about CUDA. On *meta*, which takes its place where torch is older than 2.9, there are no values: only
what an accelerator refuses is seen there, and what it does not.
"""

_CLAIMS = """# What people say about conversions, executed

Tutorials, answers and documentation make claims about conversions between PyTorch, NumPy and numbers. Each is a program
in `fixtures/claims/`, with cases in which the claim holds or fails. A claim is *true* if it always held, *refuted* if
it never did, and *depends* if there are both. This page is made from the evidence of the runs.
"""


def proof_page(rules: Iterable[Rule[Any]], fixtures: Sequence[Fixture], evidences: Sequence[Evidence]) -> str:
    """The matrix rule × device × version, and what is different where."""
    by_rule: dict[str, list[Fixture]] = defaultdict(list)
    for fixture in fixtures:
        by_rule[fixture.rule].append(fixture)
    cuda = not any(one.device == "cuda" for one in evidences)
    heads = ["rule", *map(place, evidences), *(["CUDA"] if cuda else [])]
    lines = [_PROOF, f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for rule in rules:
        cells = [_cell(list(records(one, by_rule[rule.code]))) for one in evidences]
        lines.append(f"| {' | '.join([f'[{rule.code}](rules/{rule.code}.md)', *cells, *_cuda(rule, cuda)])} |")
    for one in evidences:
        own = (fixture for fixture in fixtures if fixture.claim is None)
        if different := list(differences(records(one, own))):
            lines += ["", f"## Different on {place(one)}", "", *(f"- {line}" for line in different)]
    return "\n".join(lines) + "\n"


def _cuda(rule: Rule[Any], unseen: bool) -> list[str]:
    only = " (nothing else can show it)" if rule.cuda_only else ""
    return [f"not yet run on CUDA{only}"] if unseen else []


def _cell(found: list[Record]) -> str:
    """How many hazards and twins are proven, and what is not."""
    if all(record.status == MISSING for record in found):
        return "not run" if found else "–"
    proven = Counter(record.function.kind for record in found if record.status == PROVEN)
    left = Counter(record.status for record in found if record.status != PROVEN)
    words = {STALE: "stale", MISSING: "not run", FAILED: "different"}
    parts = [f"{proven['hazard']} hazards, {proven['safe']} twins"]
    return "; ".join(parts + [f"{number} {words.get(status, status)}" for status, number in sorted(left.items())])


def claims_page(fixtures: Sequence[Fixture], evidences: Sequence[Evidence]) -> str:
    """A table of verdicts, then every claim with what its cases showed and where."""
    found: dict[str, list[Record]] = defaultdict(list)
    claims: dict[str, Claim] = {}
    for fixture in fixtures:
        if fixture.claim is not None:
            claims[fixture.claim.id] = fixture.claim
            for one in evidences:
                found[fixture.claim.id] += records(one, [fixture])
    lines = [_CLAIMS, "| | claim | verdict |", "|---|---|---|"]
    for key, claim in sorted(claims.items()):
        lines.append(f"| [{key}](#{key.lower()}) | {claim.says} | {_verdict(claim, found[key])} |")
    for key, claim in sorted(claims.items()):
        lines += ["", f"## {key}", "", f"> {claim.says}", ""]
        lines += [f"**{_verdict(claim, found[key])}**{f': {claim.because}' if claim.because else ''}", ""]
        lines += _cases(found[key])
        if claim.rules:
            links = ", ".join(f"[{code}](rules/{code}.md)" for code in claim.rules)
            lines += ["", f"Rests on it: {links}"]
    return "\n".join(lines) + "\n"


def _verdict(claim: Claim, found: list[Record]) -> str:
    """What follows from the cases, unless the evidence of one is missing or stale everywhere."""
    cases = {record.function.name for record in found}
    proven = {record.function.name for record in found if record.status == PROVEN}
    return claim.verdict if cases and cases == proven else "not judged: the evidence is stale or missing"


def _cases(found: list[Record]) -> list[str]:
    """A line per case and different observation, with all places where it was made."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in found:
        if record.status in (STALE, MISSING):
            continue
        text = quoted(record.observed)
        if record.status != PROVEN:
            text = f"{quoted(record.reason)} (declared: {quoted(str(record.declared))})"
        places[record.function.name, text].append(place(record.evidence))
    return [f"- `{name}`: {text}. Seen on {'; '.join(where)}" for (name, text), where in places.items()]
