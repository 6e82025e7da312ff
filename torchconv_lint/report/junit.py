"""JUnit XML, which nearly every CI server shows: a suite is a file, a failure a finding, an error a problem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from torchconv_lint.report.printable import printable
from torchconv_lint.report.run import from_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchconv_lint.model import Finding, Problem
    from torchconv_lint.report.run import Run

# `printable` leaves what a terminal can carry; XML 1.0 cannot carry these at all.
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def render_junit(run: Run) -> str:
    """One suite a file; a file without findings is one test that passed."""
    suites = ElementTree.Element("testsuites", name="torchconv-lint")
    problems: dict[str, list[Problem]] = {}
    for problem in run.problems:
        problems.setdefault(problem.path, []).append(problem)
    findings = {one.path: one.findings for one in run.checked}
    paths = dict.fromkeys([*findings, *problems])
    counts = [_add_suite(suites, path, findings.get(path, ()), problems.get(path, ())) for path in paths]
    for index, name in enumerate(("tests", "failures", "errors")):
        suites.set(name, str(sum(count[index] for count in counts)))
    ElementTree.indent(suites)
    # ASCII with character references: it says the same in whatever encoding it is written.
    data: bytes = ElementTree.tostring(suites, encoding="us-ascii", xml_declaration=True)
    return data.decode("ascii")


def _add_suite(
    suites: ElementTree.Element, path: str, findings: Sequence[Finding], problems: Sequence[Problem]
) -> tuple[int, int, int]:
    tests = max(len(findings) + len(problems), 1)
    name = _text(from_root(path))
    counts = {"tests": str(tests), "failures": str(len(findings)), "errors": str(len(problems))}
    suite = ElementTree.SubElement(suites, "testsuite", {"name": name, **counts})
    for finding in findings:
        place = f"{finding.span.line}:{finding.span.column}"
        case = _add_case(suite, name, f"{finding.code} {finding.name} ({place})", finding.span.line)
        failure = ElementTree.SubElement(case, "failure", {"type": finding.code, "message": _text(finding.message)})
        reasons = (f"because {one.path}:{one.span.line}:{one.span.column}: {one.message}" for one in finding.because)
        failure.text = "\n".join(_text(line) for line in (f"{finding.path}:{place}: {finding.message}", *reasons))
    for problem in problems:
        case = _add_case(suite, name, f"not linted ({problem.line}:{problem.column})", problem.line)
        ElementTree.SubElement(case, "error", {"type": "not-linted", "message": _text(problem.message)})
    if not findings and not problems:
        _add_case(suite, name, "no findings", None)
    return tests, len(findings), len(problems)


def _add_case(suite: ElementTree.Element, file: str, name: str, line: int | None) -> ElementTree.Element:
    place = {} if line is None else {"line": str(line)}
    return ElementTree.SubElement(suite, "testcase", {"classname": file, "name": name, "file": file, **place})


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", printable(text))
