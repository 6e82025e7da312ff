"""The rows of the proof: one per function and device, and how its status comes about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torchconv_lint.verify.fixture import Fixture, Function
from torchconv_lint.verify.observation import Observation
from torchconv_lint.verify.proof import MAPPING, RACES, Phenomenon

PROVEN = "proven"
FAILED = "failed"
NOT_RUN = "not run"
NOT_SHOWN = "not reproduced"  # A race that did not happen, or more than the device can do: no proof, and no failure.
_BEYOND = "it asks for values, or for an operation that the meta device lacks"


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one function on one device. `reason` explains anything but `PROVEN`; `source` says where the
    outcome comes from: "" for this run, otherwise the evidence that recorded it."""

    fixture: Fixture
    function: Function
    device: str
    declared: Phenomenon | None
    status: str = NOT_RUN
    reason: str = ""
    observation: Observation | None = None
    source: str = ""

    @property
    def key(self) -> str:
        """How evidence names the function."""
        return f"{self.fixture.key}::{self.function.name}"

    def judged(self, reason: str, observation: Observation) -> Row:
        """The row after it was run: proven unless there is a `reason` against it."""
        race = self.declared is not None and self.declared.word == RACES and observation.race is not None
        if reason and self.device == MAPPING and observation.type == "NotImplementedError":
            return replace(self, status=NOT_SHOWN, reason=_BEYOND, observation=observation)
        against = NOT_SHOWN if race else FAILED
        return replace(self, status=against if reason else PROVEN, reason=reason, observation=observation)

    def to_json(self) -> dict[str, Any]:
        """A JSON object for machines that read the report."""
        seen = self.observation
        return {
            "rule": self.fixture.rule,
            "fixture": self.fixture.key,
            "function": self.function.name,
            "kind": self.function.kind,
            "device": self.device,
            "declared": str(self.declared) if self.declared else None,
            "status": self.status,
            "reason": self.reason,
            "observed": observed(seen) if seen else None,
            "evidence": self.source or None,
        }


def observed(seen: Observation) -> str:
    """One line about what happened, in the words of the exception or warning where there is one."""
    parts = [f"{seen.type}: {seen.text}" if seen.type else seen.outcome]
    parts += [f"{kind}: {text}" for kind, text, _ in seen.warnings[:3]]
    together = [write for write in seen.writes if write.together]
    if together:
        unseen = ", autograd's version counter unmoved" if any(write.silent for write in together) else ""
        parts.append(f"line {together[0].line} changes {', '.join(together[0].names + together[0].outer)}{unseen}")
    outer = next((write for write in seen.writes if write.outer), None)
    if outer is not None and not together:
        parts.append(f"line {outer.line} changes the caller's {', '.join(outer.outer)}")
    if seen.drifted:
        parts.append(f"what line {seen.drifted[0]} kept changes afterwards")
    if seen.waits:
        parts.append(f"waits {len(seen.waits)} times ({seen.waits[0].what})")
    for growth in seen.growing[:1]:
        grows = f"from {growth.first} to {growth.last} nodes in {growth.executions} executions"
        parts.append(f"the living graph grows {grows} of line {growth.line}")
    if seen.unstable:
        parts.append("the result depends on what fresh memory held")
    if seen.race is not None:
        parts.append(f"another value in run {seen.race.runs}" if seen.race.shown else f"{seen.race.runs} runs alike")
    if seen.ratio is not None:
        parts.append(f"{seen.ratio:.1f} times as long")
    return "; ".join(part.partition("\n")[0] for part in parts)
