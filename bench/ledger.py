"""The ledger of judged findings, keyed so that an entry survives edits elsewhere in its file."""

from __future__ import annotations

import ast
import enum
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

LEDGER_FILE = Path(__file__).parent / "ledger.json"

_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(r"\s#.*$")


class Judgement(enum.Enum):
    """What a reader of the code decided."""

    TRUE_ALARM = "true alarm"
    FALSE_ALARM = "false alarm"
    UNCLEAR = "unclear"

    @classmethod
    def from_text(cls, text: str) -> Judgement:
        """Accepts "true alarm" and the short "true"; the same for the others."""
        for member in cls:
            if text in (member.value, member.value.partition(" ")[0]):
                return member
        raise ValueError(f"{text!r} is no verdict (choose true, false or unclear)")


@dataclass(frozen=True, order=True)
class Place:
    """Where a finding is, without line numbers. `text_sha256` stands for the flagged line, spacing and comment aside.

    The ledger holds a digest and not the line: it is other people's code.
    """

    package: str
    path: str
    code: str
    function: str
    text_sha256: str
    ordinal: int

    @property
    def key(self) -> str:
        """A short name for the place."""
        return hashlib.sha256(json.dumps(list(asdict(self).values())).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Entry:
    """One judged finding. `line` is where it was when it was judged: a help for readers, no part of the key."""

    place: Place
    line: int
    judgement: Judgement
    why: str


def places(package: str, path: str, source: str, found: Sequence[tuple[str, int]]) -> list[Place]:
    """The place of each finding, given as (code, first line) in the order they stand in the file."""
    lines = re.split(r"\r\n|\r|\n", source)
    functions = FunctionNames(source)
    seen: Counter[tuple[str, str, str]] = Counter()
    result = []
    for code, line in found:
        text = normalised(lines[line - 1]) if 0 < line <= len(lines) else ""
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        alike = (code, functions.at(line), digest)
        result.append(Place(package, path, *alike, ordinal=seen[alike]))
        seen[alike] += 1
    return result


def normalised(line: str) -> str:
    """A line without its comment and with single spaces. Rough on "#" in strings, which does no harm in a key."""
    return _SPACE.sub(" ", _COMMENT.sub("", line)).strip()


class FunctionNames:
    """Qualified names of the functions and classes of a file, looked up by line."""

    def __init__(self, source: str) -> None:
        self._spans: list[tuple[int, int, str]] = []
        try:
            self._collect(ast.parse(source), "")
        except (SyntaxError, ValueError, RecursionError):
            self._spans.clear()

    def at(self, line: int) -> str:
        """The innermost function or class around `line`, decorators included; "" at module level."""
        name = ""
        for start, end, qualified in self._spans:
            if start <= line <= end:
                name = qualified
        return name

    def _collect(self, node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._collect(child, prefix)
                continue
            name = f"{prefix}.{child.name}" if prefix else child.name
            start = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            self._spans.append((start, child.end_lineno or start, name))
            self._collect(child, name)


def load(path: Path = LEDGER_FILE) -> dict[str, Entry]:
    """The ledger by key; empty when there is none yet."""
    if not path.exists():
        return {}
    entries = (_from_json(item) for item in json.loads(path.read_text(encoding="utf-8")))
    return {entry.place.key: entry for entry in entries}


def save(entries: Iterable[Entry], path: Path = LEDGER_FILE) -> None:
    """Write the ledger sorted by place, one entry a line, so that version control shows single judgements."""
    rows = [json.dumps(_to_json(entry), ensure_ascii=False) for entry in sorted(entries, key=lambda item: item.place)]
    path.write_text("[\n" + ",\n".join(rows) + "\n]\n" if rows else "[]\n", encoding="utf-8")


def _to_json(entry: Entry) -> dict[str, object]:
    place = {"key": entry.place.key, **asdict(entry.place)}
    return {**place, "line": entry.line, "verdict": entry.judgement.value, "why": entry.why}


def _from_json(item: Mapping[str, object]) -> Entry:
    place = Place(
        package=str(item["package"]),
        path=str(item["path"]),
        code=str(item["code"]),
        function=str(item["function"]),
        text_sha256=str(item["text_sha256"]),
        ordinal=int(str(item["ordinal"])),
    )
    return Entry(place, int(str(item["line"])), Judgement.from_text(str(item["verdict"])), str(item["why"]))
