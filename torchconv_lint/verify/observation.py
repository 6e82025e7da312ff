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
class Wait:
    """The host waits for the device; `lines` of the fixture, innermost first (none on a thread of autograd's)."""

    what: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """Autograd's graph has more living nodes at every execution of a line: `first` at the first, `last` at the last."""

    line: int
    executions: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Race:
    """`runs` of the same function; `shown`: the last of them gave another value."""

    runs: int
    shown: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one function.

    `lines`: the fixture's lines in the traceback, outermost first. `warnings`: category, text and the fixture's
    line (or 0). `drifted`: marked lines whose named value changed later. `waits`: transfers and reads that wait for the
    device. `growing`: where the graph is kept. `unstable`: the value depends on what fresh memory held. `race` and
    `ratio` (to the twin's time): None if not asked for. `value`: a description of what was returned, in which equal
    values are equal; `shared`: which of the tensors and arrays in it, counted in order, lie on common memory.
    """

    outcome: str
    type: str = ""
    text: str = ""
    lines: tuple[int, ...] = ()
    warnings: tuple[tuple[str, str, int], ...] = ()
    writes: tuple[Write, ...] = ()
    drifted: tuple[int, ...] = ()
    waits: tuple[Wait, ...] = ()
    growing: tuple[Growth, ...] = ()
    unstable: bool = False
    race: Race | None = None
    ratio: float | None = None
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
        known["waits"] = tuple(Wait(w["what"], tuple(w["lines"])) for w in data.get("waits", ()))
        known["growing"] = tuple(Growth(**growth) for growth in data.get("growing", ()))
        known["race"] = Race(**data["race"]) if data.get("race") else None
        for name in ("lines", "drifted"):
            known[name] = tuple(data.get(name, ()))
        known["shared"] = tuple((one, other) for one, other in data.get("shared", ()))
        return cls(**known)
