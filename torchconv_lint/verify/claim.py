"""The `# /// claim` block of a fixture that judges what people say about conversions.

    # /// claim
    # id: C18
    # says: `.item()` of a tensor with several elements raises `ValueError`.
    # verdict: refuted
    # because: It is a `RuntimeError`.
    # rules: CNV401
    # ///

The file's functions are cases: `holds_…` where the claim holds, `fails_…` where it does not. The verdict follows from
them: "true" if it always holds, "refuted" if it never does, "depends" if there are both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from torchconv_lint.verify.proof import ProofError

KINDS = ("holds", "fails")
VERDICTS = {("holds",): "true", ("fails",): "refuted", ("fails", "holds"): "depends"}

_BLOCK = re.compile(r"^# /// claim\n(?P<body>(?:^#(?:[^\n]*)\n)*?)^# ///$", re.MULTILINE)
_FIELDS = ("id", "says", "verdict", "because", "rules")


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said, what became of it, and the rules that rest on it."""

    id: str
    says: str
    verdict: str
    because: str = ""
    rules: tuple[str, ...] = ()


def parse_claim(text: str) -> Claim | None:
    """The claim block of a fixture's source, None if it has none. Raises `ProofError` if it is not understood."""
    found = _BLOCK.search(text)
    if found is None:
        return None
    fields: dict[str, str] = {}
    for line in found["body"].splitlines():
        name, colon, value = line.removeprefix("#").strip().partition(":")
        if not colon or name not in _FIELDS:
            raise ProofError(f"not one of {', '.join(_FIELDS)}: {line!r}")
        fields[name] = value.strip()
    if missing := [name for name in ("id", "says", "verdict") if not fields.get(name)]:
        raise ProofError(f"the claim has no {' and no '.join(missing)}")
    rules = tuple(rule.strip() for rule in fields.get("rules", "").split(",") if rule.strip())
    return Claim(fields["id"], fields["says"], fields["verdict"], fields.get("because", ""), rules)


def check_verdict(claim: Claim, kinds: set[str]) -> None:
    """Raise `ProofError` unless the declared verdict is the one that follows from the cases."""
    follows = VERDICTS[tuple(sorted(kinds))]
    if claim.verdict != follows:
        raise ProofError(f"the verdict is {claim.verdict!r}, but from its cases follows {follows!r}")
