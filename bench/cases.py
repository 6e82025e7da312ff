"""Known bugs in real code: what a case says, and when it counts as reported."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

#: How far one has to look to see the bug, nearest first.
SCOPES = ("same-function", "same-file", "cross-file", "not-determinable")


class Verdict(enum.Enum):
    """What became of a case."""

    REPORTED = "reported"
    MISSED = "missed"
    NOT_FETCHED = "not fetched"
    FAILED = "failed"


@dataclass(frozen=True)
class Case:
    """One known bug, or one look-alike that is none (then `category` and `scope` are empty)."""

    id: str
    repo: str
    path: str
    line: int
    category: str
    scope: str
    why: str
    also_flaggable_lines: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Case:
        """Read one entry of a case list; the README documents the format."""
        return cls(
            id=entry["id"],
            repo=entry["repo"],
            path=entry["path"],
            line=entry["line"],
            category=entry.get("category", ""),
            scope=entry.get("evidence_scope", ""),
            why=entry.get("why", entry.get("why_not_a_bug", "")),
            also_flaggable_lines=tuple(entry.get("also_flaggable_lines") or ()),
        )

    def file_in(self, folder: Path) -> Path:
        """Where the case's file lies below the folder of fetched files."""
        return folder / self.id / self.path

    def is_hit_by(self, finding_lines: Iterable[int]) -> bool:
        """Whether a finding starts on the bug line or on another line that shows the same bug."""
        return not {self.line, *self.also_flaggable_lines}.isdisjoint(finding_lines)

    def judge(self, finding_lines: Iterable[int]) -> Verdict:
        """The verdict for a file that was linted."""
        return Verdict.REPORTED if self.is_hit_by(finding_lines) else Verdict.MISSED


def load_cases(path: Path) -> list[Case]:
    """The cases of one JSON list."""
    return [Case.from_json(entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def selected(cases: Iterable[Case], scopes: Sequence[str], categories: Sequence[str]) -> list[Case]:
    """The cases within `scopes` whose category matches one of the patterns; an empty list selects everything."""
    return [
        case
        for case in cases
        if (not scopes or case.scope in scopes)
        and (not categories or any(fnmatchcase(case.category, pattern) for pattern in categories))
    ]


@dataclass
class Tally:
    """Counts of verdicts."""

    reported: int = 0
    missed: int = 0
    not_fetched: int = 0
    failed: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one more."""
        name = verdict.name.lower()
        setattr(self, name, getattr(self, name) + 1)

    @property
    def recall(self) -> float | None:
        """The share reported of the cases whose file was there; a file that failed to lint is a miss."""
        present = self.reported + self.missed + self.failed
        return self.reported / present if present else None


def tally(verdicts: Iterable[tuple[Case, Verdict]]) -> dict[tuple[str, str], Tally]:
    """Counts by category and scope, sorted by category, then by nearness of the evidence."""
    counts: dict[tuple[str, str], Tally] = {}
    for case, verdict in verdicts:
        counts.setdefault((case.category, case.scope), Tally()).add(verdict)
    return dict(sorted(counts.items(), key=lambda row: (row[0][0], _scope_rank(row[0][1]))))


def _scope_rank(scope: str) -> int:
    return SCOPES.index(scope) if scope in SCOPES else len(SCOPES)
