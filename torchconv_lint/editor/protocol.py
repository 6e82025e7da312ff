"""Findings and fixes as the language server protocol has them: lines from 0, columns in UTF-16 code units."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torchconv_lint.model import Confidence, Safety, Span
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchconv_lint.model import Because, Edit, Finding, Fix, Problem

SOURCE = "torchconv-lint"

# The kinds of our code actions. The second is what an editor can be told to do on saving.
QUICK_FIX = "quickfix"
FIX_ALL = "source.fixAll.torchconv-lint"

_ERROR, _WARNING, _INFORMATION = 1, 2, 3
_SEVERITIES = {Confidence.CERTAIN: _ERROR, Confidence.LIKELY: _WARNING, Confidence.POSSIBLE: _INFORMATION}


class Document:
    """An open file: its address in the editor, its path in findings, and its lines as the editor has them."""

    def __init__(self, uri: str, source: Source) -> None:
        self._uri = uri
        self._path = source.path
        self._lines = source.lines

    def diagnostic(self, finding: Finding) -> dict[str, Any]:
        """A finding with its because-lines as related information."""
        return {
            "source": SOURCE,
            "code": finding.code,
            "severity": _SEVERITIES[finding.confidence],
            "message": finding.message,
            "range": _range(self._lines, finding.span),
            "relatedInformation": [self._related(because) for because in finding.because],
        }

    def trouble(self, problem: Problem) -> dict[str, Any]:
        """Something that kept (part of) the file from being linted."""
        place = _position(self._lines, problem.line, problem.column)
        return {
            "source": SOURCE,
            "severity": _INFORMATION,
            "message": problem.message,
            "range": {"start": place, "end": place},
        }

    def action(self, finding: Finding, fix: Fix) -> dict[str, Any]:
        """A quick fix for a finding. The editor's light bulb prefers the safe ones."""
        safe = fix.safety is Safety.SAFE
        title = f"{finding.code}: {fix.message}{'' if safe else ' (changes more than the hazard)'}"
        return {**self._quick_fix(finding, title, fix.edits), "isPreferred": safe}

    def silencing(self, finding: Finding, edit: Edit) -> dict[str, Any]:
        """A quick fix for the user who knows better."""
        return self._quick_fix(finding, f"{finding.code}: false alarm, hide it by a comment", [edit])

    def replacement(self, title: str, text: str) -> dict[str, Any]:
        """An action that puts `text` in place of the whole file."""
        count, last = len(self._lines), self._lines[-1]
        # Behind a final line ending is the beginning of one more line, as far as editors are concerned.
        end = Span(1, 1, count + 1, 1) if last.endswith(("\n", "\r")) else Span(1, 1, count, len(last) + 1)
        edit = {"range": _range(self._lines, end), "newText": text}
        return {"title": title, "kind": FIX_ALL, "edit": {"changes": {self._uri: [edit]}}}

    def touches(self, finding: Finding, range_: dict[str, Any]) -> bool:
        """True if `range_`, a selection or the cursor, reaches into the finding."""
        own = _range(self._lines, finding.span)
        return _order(own["start"]) <= _order(range_["end"]) and _order(range_["start"]) <= _order(own["end"])

    def _quick_fix(self, finding: Finding, title: str, edits: Iterable[Edit]) -> dict[str, Any]:
        changes = [{"range": _range(self._lines, edit.span), "newText": edit.replacement} for edit in edits]
        return {
            "title": title,
            "kind": QUICK_FIX,
            "diagnostics": [self.diagnostic(finding)],
            "edit": {"changes": {self._uri: changes}},
        }

    def _related(self, because: Because) -> dict[str, Any]:
        if because.path == self._path:
            location = {"uri": self._uri, "range": _range(self._lines, because.span)}
        else:
            uri = Path(os.path.abspath(because.path)).as_uri()
            location = {"uri": uri, "range": _range(_lines_of(because.path), because.span)}
        return {"location": location, "message": because.message}


def _range(lines: Sequence[str], span: Span) -> dict[str, Any]:
    return {
        "start": _position(lines, span.line, span.column),
        "end": _position(lines, span.end_line, span.end_column),
    }


def _position(lines: Sequence[str], line: int, column: int) -> dict[str, int]:
    text = lines[line - 1] if line <= len(lines) else ""
    before = text[: column - 1]
    # An emoji, say, takes two units: it lies outside of Unicode's first 65,536 characters.
    return {"line": line - 1, "character": len(before) + sum(character > "\uffff" for character in before)}


def _order(position: dict[str, int]) -> tuple[int, int]:
    return position["line"], position["character"]


def _lines_of(path: str) -> Sequence[str]:
    try:
        return Source.from_bytes(path, Path(path).read_bytes()).lines
    except (OSError, ValueError, UnreadableSource):
        return ()
