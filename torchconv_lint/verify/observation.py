"""What running one function showed: plain data that travels from the process that ran it as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

RETURNED = "returned"
RAISED = "raised"
BROKEN = "broken"  # The file itself could not be loaded.
DIED = "died"
TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Write:
    """A line changed memory that is held under several names. `silent`: autograd's version counters stood still."""

    line: int
    names: tuple[str, ...]
    outer: tuple[str, ...]
    together: bool
    silent: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one function.

    `lines`: the fixture's lines in the traceback, outermost first. `warnings`: category, text and the fixture's
    line (or 0). `drifted`: marked lines whose named value changed later. `waits`: transfers and reads that wait for the
    device. `value`: a description of what was returned, in which equal values are equal; `shared`: which of the tensors
    and arrays in it, counted in order, lie on common memory.
    """

    outcome: str
    type: str = ""
    text: str = ""
    lines: tuple[int, ...] = ()
    warnings: tuple[tuple[str, str, int], ...] = ()
    writes: tuple[Write, ...] = ()
    drifted: tuple[int, ...] = ()
    waits: tuple[str, ...] = ()
    value: Any = None
    shared: tuple[tuple[int, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Observation:
        """Inverse of `to_json`."""
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        known["writes"] = tuple(
            Write(w["line"], tuple(w["names"]), tuple(w["outer"]), w["together"], w["silent"])
            for w in data.get("writes", ())
        )
        known["warnings"] = tuple((c, t, n) for c, t, n in data.get("warnings", ()))
        for name in ("lines", "drifted", "waits"):
            known[name] = tuple(data.get(name, ()))
        known["shared"] = tuple((one, other) for one, other in data.get("shared", ()))
        return cls(**known)
