"""SARIF 2.1.0, the format that code scanning services and viewers read."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from torchconv_lint import __version__
from torchconv_lint.model import Confidence
from torchconv_lint.report.identity import fingerprints
from torchconv_lint.report.run import from_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.model import Because, Finding, Fix, Problem, Span
    from torchconv_lint.report.run import Run

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# A new way of making fingerprints gets a new number, so that old ones are never compared with new ones.
_FINGERPRINT = "torchconvLint/v1"
_LEVELS = {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "note"}
# What a viewer would take for a link: `losses[0](x)`.
_LINK = re.compile(r"\[([^\[\]]*)\](?=\()")


def render_sarif(run: Run) -> str:
    """The run as one SARIF log."""
    results = []
    for checked in run.checked:
        for finding, fingerprint in fingerprints(checked, from_root(checked.path)):
            results.append(_result(finding, fingerprint))
    codes = {finding.code for finding in run.findings()}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "torchconv-lint",
                        "version": __version__,
                        "rules": _rules(codes),
                    }
                },
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": not run.problems,
                        "toolExecutionNotifications": [_notification(problem) for problem in run.problems],
                    }
                ],
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2)


def _rules(codes: Iterable[str]) -> list[dict[str, Any]]:
    from torchconv_lint.rules import all_rules
    from torchconv_lint.rules.pages import markdown, summary

    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": summary(rule)},
            "fullDescription": {"text": summary(rule)},
            "help": {"text": markdown(rule), "markdown": markdown(rule)},
        }
        for rule in all_rules()
        if rule.code in codes
    ]


def _result(finding: Finding, fingerprint: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.confidence],
        "message": _message(finding.message),
        "locations": [_location(finding.path, finding.span)],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
        "properties": {"confidence": finding.confidence.label},
    }
    if finding.because:
        result["codeFlows"] = [_code_flow(finding)]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.path, finding.fix)]
    return result


def _code_flow(finding: Finding) -> dict[str, Any]:
    """The because-lines in their order, and where they lead."""
    steps: list[Because | Finding] = [*finding.because, finding]
    locations = [{"location": _location(step.path, step.span, step.message)} for step in steps]
    return {"threadFlows": [{"locations": locations}]}


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}} for edit in fix.edits
    ]
    return {
        "description": _message(fix.message),
        "artifactChanges": [{"artifactLocation": _artifact(path), "replacements": replacements}],
        "properties": {"safety": fix.safety.value},
    }


def _notification(problem: Problem) -> dict[str, Any]:
    region = {"startLine": problem.line, "startColumn": problem.column}
    location = {"physicalLocation": {"artifactLocation": _artifact(problem.path), "region": region}}
    return {"level": "error", "message": _message(problem.message), "locations": [location]}


def _location(path: str, span: Span, message: str | None = None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(path), "region": _region(span)},
    }
    return location if message is None else {**location, "message": _message(message)}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _artifact(path: str) -> dict[str, str]:
    shown = from_root(path)
    if os.path.isabs(shown):
        return {"uri": "file://" + quote(os.fsencode(shown if shown.startswith("/") else "/" + shown))}
    return {"uri": quote(os.fsencode(shown)), "uriBaseId": "%SRCROOT%"}


def _message(text: str) -> dict[str, str]:
    """Plain text: braces would be placeholders and brackets before a parenthesis a link."""
    return {"text": _LINK.sub(r"\\[\1\\]", text).replace("{", "{{").replace("}", "}}")}
