"""The `# /// proof` block of a fixture: what running its functions must show, per device.

A block is a run of comment lines, each `# WHO: WHERE -> WHAT` or `# needs: THINGS`:

    # /// proof
    # needs:  matplotlib
    # hazard: cuda, stand-in -> raises TypeError "device type tensor to numpy"
    # hazard: cpu            -> nothing
    # safe:   every device   -> nothing
    # safe_filled: cpu       -> shares on purpose
    # ///

WHO is `hazard`, `safe` (all functions whose name begins so) or one function, which then wins over its group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEVICES = ("cpu", "stand-in", "cuda")
MAPPING = "meta"
"""What takes the stand-in's place on a torch that is too old for it. Nothing is declared for it of its own."""
ACCELERATOR = "an accelerator"

# What can be declared. A word per phenomenon; some take arguments.
NOTHING = "nothing"
RAISES = "raises"
WARNS = "warns"
WRITES_THROUGH = "writes through"
SHARES = "shares on purpose"
REWRITES = "rewrites the caller's data"
CHANGES = "changes afterwards"
WAITS = "waits for the device"
WAITS_ONCE = "waits once"
WAITS_EACH = "waits in every step"
KEEPS_GRAPH = "keeps the graph"
KEEPS_ON_PURPOSE = "keeps the graph on purpose"
UNINITIALISED = "shows uninitialised memory"
RACES = "races with"
TAKES = "takes"
LOSES_GRADIENT = "loses the gradient"
GIVES_OTHER = "gives other"
MEMORY = frozenset({WRITES_THROUGH, SHARES, REWRITES, CHANGES})
GRAPH = frozenset({KEEPS_GRAPH, KEEPS_ON_PURPOSE})
WAITING = frozenset({WAITS, WAITS_ONCE, WAITS_EACH})

_PLAIN = (
    NOTHING,
    WRITES_THROUGH,
    SHARES,
    REWRITES,
    CHANGES,
    WAITS,
    WAITS_ONCE,
    WAITS_EACH,
    LOSES_GRADIENT,
    KEEPS_GRAPH,
    KEEPS_ON_PURPOSE,
    UNINITIALISED,
)
_BLOCK = re.compile(r"^# /// proof\n(?P<body>(?:^#(?:[^\n]*)\n)*?)^# ///$", re.MULTILINE)
_TYPED = re.compile(r'(?P<word>raises|warns) (?P<type>\w+)(?: "(?P<text>[^"]*)")?')
_OTHER = re.compile(r"gives other (?P<what>values|dtype|shape) than (?P<twin>\w+)")
_RACES = re.compile(r"races with (?P<twin>\w+)")
_TAKES = re.compile(r"takes (?P<factor>\d+(?:\.\d+)?) times as long as (?P<twin>\w+)")


class ProofError(Exception):
    """A proof block, or an expectation, that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Phenomenon:
    """One thing that running a function shows.

    `type` and `text` belong to exceptions and warnings; for "gives other", `text` is what differs ("values", "dtype",
    "shape"), for "takes" how many times as long it takes. `twin` is the function that does it right.
    """

    word: str
    type: str = ""
    text: str = ""
    twin: str = ""

    @classmethod
    def parse(cls, text: str) -> Phenomenon:
        """Read what stands behind the arrow."""
        if text in _PLAIN:
            return cls(text)
        if match := _TYPED.fullmatch(text):
            return cls(match["word"], match["type"], match["text"] or "")
        if match := _OTHER.fullmatch(text):
            return cls(GIVES_OTHER, text=match["what"], twin=match["twin"])
        if match := _RACES.fullmatch(text):
            return cls(RACES, twin=match["twin"])
        if match := _TAKES.fullmatch(text):
            return cls(TAKES, text=match["factor"], twin=match["twin"])
        raise ProofError(f"unknown phenomenon {text!r} (choose from {', '.join(_PLAIN)}, raises TYPE, warns TYPE, ...)")

    def __str__(self) -> str:
        if self.word == GIVES_OTHER:
            return f"{self.word} {self.text} than {self.twin}"
        if self.word == TAKES:
            return f"{self.word} {self.text} times as long as {self.twin}"
        if self.word == RACES:
            return f"{self.word} {self.twin}"
        return " ".join(filter(None, (self.word, self.type, f'"{self.text}"' if self.text else "")))


@dataclass(frozen=True, slots=True)
class Proof:
    """A parsed block: `needs` names distributions (and "an accelerator"), `declared` is (who, device) to phenomenon."""

    needs: tuple[str, ...]
    declared: dict[tuple[str, str], Phenomenon]

    def of(self, function: str, device: str) -> Phenomenon | None:
        """What `function` must show on `device`; None if nothing is declared about it there."""
        if device == MAPPING:
            return self._of_mapping(function)
        group = function.partition("_")[0]
        return self.declared.get((function, device)) or self.declared.get((group, device))

    def _of_mapping(self, function: str) -> Phenomenon | None:
        """Errors that the stand-in shows and the CPU does not, and in files with such errors their absence: the mapping
        knows no values."""
        only_there = [
            what
            for (who, where), what in self.declared.items()
            if where == "stand-in" and what.word == RAISES and self.of(who, "cpu") != what
        ]
        declared = self.of(function, "stand-in")
        return declared if only_there and (declared in only_there or declared == Phenomenon(NOTHING)) else None

    def words(self, device: str = "") -> frozenset[str]:
        """The phenomena that the block speaks of at all (or: on one device), with the types of warnings."""
        spoken_of = [what for (_, where), what in self.declared.items() if device in ("", where)]
        return frozenset({what.word for what in spoken_of} | {what.type for what in spoken_of if what.word == WARNS})

    @property
    def libraries(self) -> tuple[str, ...]:
        """The distributions that must be installed to run the fixture."""
        return tuple(need for need in self.needs if need != ACCELERATOR)


def parse_proof(text: str) -> Proof:
    """The proof block of a fixture's source. Raises `ProofError` if there is none, or it is not understood."""
    found = _BLOCK.search(text)
    if found is None:
        raise ProofError("no `# /// proof` block")
    needs: list[str] = []
    declared: dict[tuple[str, str], Phenomenon] = {}
    for line in found["body"].splitlines():
        who, colon, rest = line.removeprefix("#").strip().partition(":")
        if not colon:
            raise ProofError(f"not `who: where -> what`: {line!r}")
        if who == "needs":
            needs += [need.strip() for need in rest.split(",")]
            continue
        where, arrow, what = rest.partition("->")
        if not arrow:
            raise ProofError(f"no `->` in {line!r}")
        devices = [name.strip() for name in where.split(",")]
        for device in DEVICES if devices == ["every device"] else devices:
            if device not in DEVICES:
                raise ProofError(f"unknown device {device!r} (choose from {', '.join(DEVICES)})")
            declared[who, device] = Phenomenon.parse(what.strip())
    return Proof(tuple(needs), declared)
