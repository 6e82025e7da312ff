"""What committed evidence says about the fixtures as they are now, and how pages phrase it. torch is not needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torchconv_lint.verify.evidence import Evidence
from torchconv_lint.verify.fixture import Fixture, Function
from torchconv_lint.verify.proof import ACCELERATOR, NOTHING, Phenomenon
from torchconv_lint.verify.rows import PROVEN

STALE = "stale"
MISSING = "not recorded"

_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Record:
    """One function under one piece of evidence. `status`: one of a row's, `STALE` (it was another function then) or
    `MISSING`; `declared` is what it must show."""

    evidence: Evidence
    fixture: Fixture
    function: Function
    declared: Phenomenon
    status: str
    observed: str = ""
    reason: str = ""

    @property
    def shows(self) -> bool:
        """Whether something is declared to happen (a hazard may be harmless on this device)."""
        return self.declared.word != NOTHING


def records(evidence: Evidence, fixtures: Iterable[Fixture]) -> Iterator[Record]:
    """What `evidence` says about each function for which something is declared on its device."""
    for fixture in fixtures:
        if evidence.device == "cpu" and ACCELERATOR in fixture.proof.needs:
            continue
        for function in fixture.functions:
            declared = fixture.proof.of(function.name, evidence.device)
            if declared is None:
                continue
            row = evidence.rows.get(f"{fixture.key}::{function.name}")
            if row is None:
                yield Record(evidence, fixture, function, declared, MISSING)
            elif (row["fingerprint"], row["declared"]) != (function.fingerprint, str(declared)):
                yield Record(evidence, fixture, function, declared, STALE)
            else:
                yield Record(evidence, fixture, function, declared, row["status"], row["observed"], row["reason"])


def stale(evidences: Iterable[Evidence], fixtures: tuple[Fixture, ...]) -> dict[str, int]:
    """Title of the evidence → how many functions have changed since."""
    numbers = {one.title: sum(record.status == STALE for record in records(one, fixtures)) for one in evidences}
    return {title: number for title, number in numbers.items() if number}


def place(evidence: Evidence) -> str:
    """Where it was recorded, in a few words."""
    where = {"cpu": "CPU", "cuda": evidence.machine["gpu"]}.get(evidence.device, evidence.device)
    return f"{where}, torch {evidence.machine['torch']}, NumPy {evidence.machine['numpy']}"


def quoted(text: str) -> str:
    """`text` as code in a Markdown document, on one line and not too long."""
    text = re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "¦").strip()
    return f"`{text if len(text) <= _LONGEST else text[:_LONGEST] + ' …'}`"


def differences(found: Iterable[Record]) -> Iterator[str]:
    """A line per function that did not show what is declared."""
    for record in found:
        if record.status not in (PROVEN, STALE, MISSING):
            name = f"`{record.function.name}` ({record.fixture.key})"
            yield f"{name}: declared {quoted(str(record.declared))}, but {quoted(record.reason)}"
