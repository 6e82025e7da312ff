"""Results of files as text, and back. JSON, not pickle: what lies in a folder of someone's project is not to be run."""

from __future__ import annotations

import json
from typing import Any

from torchconv_lint.analysis.elsewhere.locate import Consulted, Lookup
from torchconv_lint.model import Because, Confidence, Edit, Finding, Fix, Safety, Span
from torchconv_lint.shell.checked import Checked


def packed(checked: Checked) -> str:
    """The result of a file without problems; lists instead of objects, for it is read far more often than written."""
    consulted = checked.consulted or Consulted()
    document = [
        [_finding(finding) for finding in checked.findings],
        list(checked.lines.items()),
        list(checked.rows.items()),
        sorted(consulted.lookups, key=repr),
        list(consulted.contents.items()),
    ]
    return json.dumps(document, separators=(",", ":"))


def unpacked(path: str, digest: str, text: str) -> Checked:
    """The result again. Raises `ValueError`, `TypeError` or `LookupError` if the text is none of ours."""
    findings, lines, rows, lookups, contents = json.loads(text)
    return Checked(
        path,
        tuple(_read_finding(*finding) for finding in findings),
        lines={(cell, number): line for (cell, number), line in lines},
        rows={(cell, number): row for (cell, number), row in rows},
        digest=digest,
        consulted=Consulted({Lookup(*lookup) for lookup in lookups}, dict(contents)),
    )


def _finding(finding: Finding) -> list[Any]:
    because = [[one.path, _span(one.span), one.message] for one in finding.because]
    fix = finding.fix and [
        finding.fix.message,
        finding.fix.safety.value,
        [[_span(edit.span), edit.replacement] for edit in finding.fix.edits],
    ]
    place = [finding.path, _span(finding.span), finding.confidence.value]
    return [finding.code, finding.name, finding.message, *place, because, fix]


def _read_finding(
    code: str, name: str, message: str, path: str, span: list[int], confidence: int, because: Any, fix: Any
) -> Finding:
    steps = tuple(Because(where, Span(*at), why) for where, at, why in because)
    mended = fix and Fix(fix[0], Safety(fix[1]), tuple(Edit(Span(*at), new) for at, new in fix[2]))
    return Finding(code, name, message, path, Span(*span), Confidence(confidence), steps, mended)


def _span(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column, span.cell]
