"""Findings in notebooks, for programs that know of files and their lines only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.model import Because, Span

if TYPE_CHECKING:
    from torchconv_lint.model import Finding, Problem
    from torchconv_lint.report.run import Run
    from torchconv_lint.shell.checked import Checked


def by_rows(run: Run) -> Run:
    """The run with all places as lines of files. What stands in a cell names it in its message; its columns and fixes
    are those of the cell's code, which the file holds in another form, so they are left out."""
    rows = {one.path: one.rows for one in run.checked if one.rows}
    if not rows:
        return run
    checked = tuple(_checked(one) if one.path in rows else one for one in run.checked)
    problems = tuple(_problem(one, rows[one.path]) if one.path in rows else one for one in run.problems)
    return replace(run, checked=checked, problems=problems)


def _checked(one: Checked) -> Checked:
    findings = tuple(_finding(finding, one) for finding in one.findings)
    lines = {(0, one.rows.get(place, 1)): line for place, line in one.lines.items()}
    return replace(one, findings=findings, lines=lines)


def _finding(finding: Finding, checked: Checked) -> Finding:
    because = tuple(_because(one, checked) if one.path == checked.path else one for one in finding.because)
    message = _named(finding.message, finding.span.cell, finding.span.line)
    return replace(finding, span=_row(finding.span, checked), message=message, because=because, fix=None)


def _because(because: Because, checked: Checked) -> Because:
    message = _named(because.message, because.span.cell, because.span.line)
    return Because(because.path, _row(because.span, checked), message)


def _problem(problem: Problem, rows: dict[tuple[int, int], int]) -> Problem:
    message = _named(problem.message, problem.cell, problem.line)
    return replace(problem, line=rows.get((problem.cell, problem.line), 1), column=1, cell=0, message=message)


def _row(span: Span, checked: Checked) -> Span:
    row = checked.rows.get((span.cell, span.line), 1)
    return Span(row, 1, row, 1)


def _named(message: str, cell: int, line: int) -> str:
    return f"{message} [cell {cell}, line {line}]"
