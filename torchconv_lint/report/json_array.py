"""Findings as a JSON array: lines and columns are 1-based, columns count code points, the end is exclusive.

In a notebook, lines are those of a cell, which is named by its number; elsewhere there is no "cell".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.model import Because, Finding, Fix, Span


def render_json(findings: Iterable[Finding]) -> str:
    """All findings, one object each. Plain ASCII, so that every terminal and pipe can carry it."""
    return json.dumps([_finding(finding) for finding in findings], indent=2)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.path,
        **_span(finding.span),
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "confidence": finding.confidence.label,
        "because": [_because(because) for because in finding.because],
        "fix": None if finding.fix is None else _fix(finding.fix),
    }


def _span(span: Span) -> dict[str, int]:
    place = {"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column}
    return {"cell": span.cell, **place} if span.cell else place


def _because(because: Because) -> dict[str, Any]:
    return {
        "path": because.path,
        **({"cell": because.span.cell} if because.span.cell else {}),
        "line": because.span.line,
        "column": because.span.column,
        "message": because.message,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "message": fix.message,
        "safety": fix.safety.value,
        "edits": [{**_span(edit.span), "replacement": edit.replacement} for edit in fix.edits],
    }
