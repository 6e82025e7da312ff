"""GitLab's code quality report, shown in merge requests."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from torchconv_lint.model import Confidence
from torchconv_lint.report.identity import fingerprints
from torchconv_lint.report.run import from_root

if TYPE_CHECKING:
    from torchconv_lint.model import Finding, Problem
    from torchconv_lint.report.run import Run

_SEVERITIES = {Confidence.CERTAIN: "major", Confidence.LIKELY: "minor", Confidence.POSSIBLE: "info"}


def render_gitlab(run: Run) -> str:
    """A JSON array, one object a finding; a problem is an issue as well: the file was not linted."""
    issues = []
    for checked in run.checked:
        for finding, fingerprint in fingerprints(checked, from_root(checked.path)):
            issues.append(_finding(finding, fingerprint))
    return json.dumps([*issues, *map(_problem, run.problems)], indent=2)


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "description": f"{finding.code}: {finding.message}",
        "check_name": finding.name,
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.confidence],
        "location": _location(finding.path, finding.span.line, finding.span.end_line),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    path = from_root(problem.path)
    return {
        "description": problem.message,
        "check_name": "not-linted",
        "fingerprint": hashlib.sha256(f"{path}\0{problem.message}".encode("utf-8", "surrogateescape")).hexdigest()[:32],
        "severity": "critical",
        "location": _location(problem.path, problem.line, problem.line),
    }


def _location(path: str, begin: int, end: int) -> dict[str, Any]:
    return {"path": from_root(path), "lines": {"begin": begin, "end": end}}
