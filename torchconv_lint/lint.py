"""The single pipeline: source, sieve, analysis, rules. flake8, the command line and the hook all call `lint_source`."""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.mentions import may_be_given_tensors, mentions_tensors, told_by
from torchconv_lint.model import Because, Confidence, Finding, Outcome, Problem
from torchconv_lint.rules.index import is_asked_for, is_before, is_enabled, shows_all, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.elsewhere.project import Project
    from torchconv_lint.analysis.syntax.outline import FileOutline
    from torchconv_lint.analysis.telling.events import Event
    from torchconv_lint.fixing.resolve import Patcher
    from torchconv_lint.model import Span
    from torchconv_lint.rules.base import Rule, Verdict
    from torchconv_lint.settings import Settings
    from torchconv_lint.sieve import Sifted
    from torchconv_lint.source import Source
from torchconv_lint.testfiles import is_test_file


def lint_source(source: Source, settings: Settings, tree: ast.Module | None = None, *, fixes: bool = True) -> Outcome:
    """Lint one file. `tree` is flake8's own tree, when there is one. Never raises for anything in the source.

    `fixes`: False where nobody would see them, which saves the time to work them out.

    "# noqa" and the selection of codes are the host's business: they are not applied here.
    """
    every, speaks = "ALL" in settings.opt_in, mentions_tensors(source.text)
    if not speaks and not (every and may_be_given_tensors(source.text)):
        return Outcome()
    if tree is None:
        try:
            tree = ast.parse(source.text)
        except SyntaxError as error:
            line, column = error.lineno or 1, error.offset or 1
            return Outcome(problems=(Problem(source.path, line, column, f"syntax error: {error.msg}"),))
        except (ValueError, RecursionError, MemoryError) as error:
            return Outcome(problems=(Problem(source.path, 1, 1, f"cannot be parsed: {error}"),))
    with _no_collection():
        # Only a file that can meet torch needs it.
        from torchconv_lint.sieve import sift

        thorough = settings.confidence < Confidence.LIKELY
        project = _project(source, settings)
        converters = functools.partial(project.converters, source.path) if project is not None else None
        told = functools.partial(told_by, source.text)
        sifted = sift(
            tree, told, everything=not settings.sieve, thorough=thorough, wanted=wanted(settings), converters=converters
        )
        if every:  # who asks for all rules wants all functions
            sifted = sift(tree, everything=True) if sifted is None else sifted.with_all()
        if sifted is None or (not speaks and not _is_given_tensors(source, sifted, project)):
            return Outcome(consulted=None if project is None else project.consulted)
        return _analyse(source, settings, sifted, tree if fixes else None, project, speaks=speaks)


def _is_given_tensors(source: Source, sifted: Sifted, project: Project | None) -> bool:
    """Whether a file imports anything from one of the project's files that can meet torch."""
    names = sifted.outline.imports.values()
    others = project.imported(source.path, names) if project is not None else ()
    return any(mentions_tensors(other.text) for _, other in others)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Put the garbage collector off: the trees of one file live as long as its analysis, and walking them again and
    again in search of garbage took a seventh of the time (measured)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_ALLOCATIONS = 20_000
"""As many objects are made before the garbage collector starts; Python's own figure is 700, in later releases 2,000.
More than this saves no more time and takes memory (measured)."""


@functools.cache
def _settle() -> None:
    """Once, after the imports: tell the garbage collector that what is loaded now stays, and to look for garbage less
    often. Each of its full passes, the host's own included, would look through all of libcst's classes again, and a
    host that makes syntax trees makes it start many thousand times (together a sixth of flake8's time, measured)."""
    gc.freeze()
    youngest, *older = gc.get_threshold()
    if 0 < youngest < _ALLOCATIONS:
        gc.set_threshold(_ALLOCATIONS, *older)


def _analyse(
    source: Source,
    settings: Settings,
    sifted: Sifted,
    tree: ast.Module | None,
    project: Project | None,
    *,
    speaks: bool,
) -> Outcome:
    """`speaks`: the file speaks of torch itself; of any other one only what it converts is told."""
    # Only now: a file without a possible conversion costs no import of libcst.
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.telling.events import ToNumpy
    from torchconv_lint.fixing.resolve import Patcher
    from torchconv_lint.rules import all_rules

    rules = [rule for rule in all_rules() if is_enabled(rule, settings) and (speaks or ToNumpy in rule.hears)]
    _settle()
    heard = frozenset(type_ for rule in rules for type_ in rule.hears)
    asked = project if sifted.imported != frozenset() else None
    interpreter = Interpreter(source, sifted, heard, asked)
    asked_for = [rule for rule in rules if is_asked_for(rule, settings)]
    interpreter.shared.eager, interpreter.shared.anywhere = bool(asked_for), any(rule.anywhere for rule in asked_for)
    if asked is not None:
        asked.thorough = bool(asked_for)
    interpreter.shared.of_helpers = any(rule.of_helpers for rule in asked_for)
    interpreter.numpy_numbers_widen = not is_before(settings.target_numpy, (2, 0))
    events = interpreter.run()
    patcher = Patcher(source, tree) if tree is not None else None
    tests = is_test_file(source.path, sifted.outline)
    findings, problems = judged(rules, events, source.path, settings, patcher, tests=tests, outline=sifted.outline)
    for name, line in interpreter.given_up:
        problems.append(Problem(source.path, line, 1, f"`{name}` is too large to be analysed within the budget"))
    interpreter.release()
    return Outcome(tuple(findings), tuple(problems), None if project is None else project.consulted)


def _project(source: Source, settings: Settings) -> Project | None:
    """The project around a file; None if nothing in it is to be asked for, or the text comes from nowhere."""
    if not settings.follow_imports or not os.path.isfile(source.path):
        return None
    from torchconv_lint.analysis.elsewhere.project import Project

    return Project(source.path)


def _shown(rule: Rule[Event], verdict: Verdict, settings: Settings) -> bool:
    """Whether a finding is shown. What has turned out to be false too often, a rule's likely findings or those that
    rest on something, is shown to those only who ask for the rule, or for whatever is possible."""
    if shows_all(rule, settings):
        return verdict.confidence >= settings.confidence
    return not verdict.on_request and verdict.confidence >= max(settings.confidence, rule.default_from)


def judged(
    rules: Iterable[Rule[Event]],
    events: Iterable[Event],
    path: str,
    settings: Settings,
    patcher: Patcher | None = None,
    *,
    tests: bool = False,
    outline: FileOutline | None = None,
) -> tuple[list[Finding], list[Problem]]:
    """What the rules say of the events: one finding per code and place, the surest. A crash of a rule is a problem. In
    `tests`, which are run all the time, what is likely elsewhere is only possible, and what grows slowly too. What a
    function of another file does with what is handed to it is told on request: in samples of public code none of 3
    was true (docs/precision.md). A finding without a story says where its names come from, by the file's `outline`."""
    from torchconv_lint.analysis.telling.events import ToNumpy

    hearing: dict[type, list[Rule[Event]]] = {}
    for rule in rules:
        for type_ in rule.hears:
            hearing.setdefault(type_, []).append(rule)
    best: dict[tuple[str, object], tuple[Rule[Event], Verdict]] = {}
    problems: dict[str, Problem] = {}
    for event in events:
        for rule in hearing.get(type(event), ()):
            try:
                for verdict in rule.judge(event):
                    if isinstance(event, ToNumpy) and event.relayed:
                        verdict = replace(verdict, on_request=True)
                    if tests and (verdict.confidence is Confidence.LIKELY or not rule.matters_in_tests):
                        verdict = replace(verdict, confidence=Confidence.POSSIBLE)
                    key = (rule.code, verdict.site.node)
                    known = best.get(key)
                    if known is None:
                        best[key] = (rule, verdict)
                    else:  # the surest; what one of them knows as a fix is one for the place
                        surer = max(known[1], verdict, key=lambda one: one.confidence)
                        proposal = surer.fix or known[1].fix or verdict.fix
                        on_request = known[1].on_request and verdict.on_request
                        best[key] = (rule, replace(surer, fix=proposal, on_request=on_request))
            except Exception as error:
                line = event.site.segment.first_line
                message = f"rule {rule.code} crashed ({type(error).__name__}: {error}); please report this"
                problems.setdefault(rule.code, Problem(path, line, 1, message))
    findings: dict[tuple[str, Span], Finding] = {}
    for rule, verdict in best.values():
        if _shown(rule, verdict, settings):
            line = verdict.site.segment.first_line
            finding = _finding(rule, verdict, outline)
            try:
                fix = patcher.fix(verdict.fix) if patcher is not None and verdict.fix is not None else None
            except Exception as error:
                message = f"the fix of {rule.code} crashed ({type(error).__name__}: {error}); please report this"
                problems.setdefault(f"fix {rule.code}", Problem(path, line, 1, message))
                fix = None
            findings[finding.code, finding.span] = replace(finding, fix=fix)
    return sorted(findings.values(), key=lambda finding: (finding.span, finding.code)), list(problems.values())


def _finding(rule: Rule[Event], verdict: Verdict, outline: FileOutline | None) -> Finding:
    site = verdict.site
    because = tuple(Because(named_as(site.path, step.path), step.span, message) for step, message in verdict.because)
    origin = site.segment.origin(site.node)
    if not because and origin is not None and outline is not None:
        from torchconv_lint.analysis.nodes.site import shortened
        from torchconv_lint.origins import origins

        told = origins(outline, origin, lambda node: shortened(site.segment.text_of(node)), verdict.parameter)
        because = tuple(Because(site.path, site.segment.span_of(node), message) for node, message in told)
    return Finding(rule.code, rule.name, verdict.message, site.path, site.span, verdict.confidence, because)


def named_as(linted: str, path: str) -> str:
    """The path of another file, relative if the linted file's is: a report is to name all files in one way."""
    if path == linted or os.path.isabs(linted):
        return path
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return path
