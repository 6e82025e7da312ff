"""GitHub Actions: workflow commands that show each finding as an annotation on its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.model import Confidence
from torchconv_lint.report.run import from_root

if TYPE_CHECKING:
    from torchconv_lint.model import Finding, Problem
    from torchconv_lint.report.run import Run

_LEVELS = {Confidence.CERTAIN: "error", Confidence.LIKELY: "warning", Confidence.POSSIBLE: "notice"}


def render_github(run: Run) -> str:
    """One command a line. A problem is an error too: the file was not linted."""
    return "\n".join([*(_finding(finding) for finding in run.findings()), *map(_problem, run.problems)])


def _finding(finding: Finding) -> str:
    span = finding.span
    place = {"line": span.line, "endLine": span.end_line}
    # GitHub takes columns only where begin and end are on one line.
    if span.line == span.end_line:
        place |= {"col": span.column, "endColumn": span.end_column}
    reasons = [f"because {from_root(one.path)}:{one.span.line}: {one.message}" for one in finding.because]
    title = f"{finding.code} {finding.name}"
    return _command(_LEVELS[finding.confidence], finding.path, place, title, "\n".join([finding.message, *reasons]))


def _problem(problem: Problem) -> str:
    place = {"line": problem.line, "col": problem.column}
    return _command("error", problem.path, place, "torchconv-lint", problem.message)


def _command(level: str, path: str, place: dict[str, int], title: str, message: str) -> str:
    properties = {"file": from_root(path), **place, "title": title}
    written = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{level} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
