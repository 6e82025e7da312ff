"""Recall on known bugs: `python -m bench.realbugs FOLDER --bugs FILE.json ... [--lookalikes FILE.json]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench import terminal
from bench.cases import SCOPES, Case, Tally, Verdict, load_cases, selected, tally
from bench.lint_runner import FileResult, lint_files
from bench.options import add_lint_options, lint_settings
from bench.repaired import repaired_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULT_FILE = Path(__file__).parent / "results" / "realbugs.json"


@dataclass(frozen=True)
class Judged:
    """A case, its verdict, and what the linter said on the lines that count."""

    case: Case
    verdict: Verdict
    codes: tuple[str, ...] = ()
    failure: str | None = None
    still: tuple[int, ...] | None = None
    """The lines that the same rules report where the file was repaired; None if the repaired file is not at hand."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: the run went through, no look-alike was reported and no repaired line; 1 otherwise."""
    arguments = _parse(argv)
    bugs = [case for path in arguments.bugs for case in load_cases(path)]
    bugs = selected(bugs, arguments.scopes, arguments.categories)
    lookalikes = load_cases(arguments.lookalikes) if arguments.lookalikes else []
    results = _lint([*bugs, *lookalikes], arguments)
    judged_bugs = [_judge(case, results.get(case.file_in(arguments.folder))) for case in bugs]
    if arguments.repaired is not None:
        judged_bugs = _with_repairs(judged_bugs, arguments)
    judged_lookalikes = [_judge(case, results.get(case.file_in(arguments.folder))) for case in lookalikes]
    if arguments.format == "json":
        print(json.dumps(_as_json(judged_bugs, judged_lookalikes), indent=2))
    else:
        _print_text(judged_bugs, judged_lookalikes, arguments.folder)
    if arguments.save:
        RESULT_FILE.parent.mkdir(exist_ok=True)
        RESULT_FILE.write_text(json.dumps(_as_json(judged_bugs, judged_lookalikes), indent=1) + "\n", encoding="utf-8")
        terminal.say(f"written: {RESULT_FILE}")
    bad = any(item.verdict is Verdict.REPORTED for item in judged_lookalikes) or any(item.still for item in judged_bugs)
    return int(bad or any(item.verdict is Verdict.FAILED for item in [*judged_bugs, *judged_lookalikes]))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.realbugs", description=__doc__)
    parser.add_argument("folder", type=Path, help="the fetched files, laid out as FOLDER/<id>/<path in its repository>")
    parser.add_argument("--bugs", type=Path, nargs="+", default=[], metavar="FILE.json", help="lists of known bugs")
    parser.add_argument("--lookalikes", type=Path, metavar="FILE.json", help="a list of lines that must stay silent")
    parser.add_argument(
        "--repaired", type=Path, metavar="FOLDER", help="the files as they were repaired, laid out in the same way"
    )
    parser.add_argument("--scopes", nargs="+", default=[], choices=SCOPES, help="only cases with this evidence scope")
    parser.add_argument(
        "--categories", nargs="+", default=[], metavar="PATTERN", help="only categories that match, e.g. '*alias*'"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--save", action="store_true", help="record ids and verdicts in bench/results/realbugs.json")
    add_lint_options(parser)
    arguments = parser.parse_args(argv)
    if not arguments.bugs and not arguments.lookalikes:
        parser.error("give --bugs or --lookalikes")
    return arguments


def _lint(cases: Sequence[Case], arguments: argparse.Namespace) -> dict[Path, FileResult]:
    files = sorted({case.file_in(arguments.folder) for case in cases})
    files = [path for path in files if path.is_file()]
    results = lint_files(files, lint_settings(arguments), arguments.jobs)
    return {result.path: result for result in terminal.progress(results, len(files), "linting")}


def _judge(case: Case, result: FileResult | None) -> Judged:
    if result is None:
        return Judged(case, Verdict.NOT_FETCHED)
    if result.failure is not None:
        return Judged(case, Verdict.FAILED, failure=result.failure)
    hits = [finding for finding in result.findings if case.is_hit_by([finding.span.line])]
    codes = tuple(sorted({finding.code for finding in hits}))
    return Judged(case, case.judge(finding.span.line for finding in result.findings), codes)


def _with_repairs(items: Sequence[Judged], arguments: argparse.Namespace) -> list[Judged]:
    """What the rules that reported a bug say of the same file where it was repaired."""
    cases = [item.case for item in items if item.verdict is Verdict.REPORTED]
    results = _lint(cases, argparse.Namespace(**{**vars(arguments), "folder": arguments.repaired}))
    return [_with_repair(item, results.get(item.case.file_in(arguments.repaired)), arguments.folder) for item in items]


def _with_repair(item: Judged, result: FileResult | None, folder: Path) -> Judged:
    if item.verdict is not Verdict.REPORTED or result is None:
        return item
    before, after = (path.read_text("utf-8", "replace") for path in (item.case.file_in(folder), result.path))
    places = repaired_lines(item.case, before.splitlines(), after.splitlines())
    still = {finding.span.line for finding in result.findings if finding.code in item.codes} & places
    return replace(item, still=tuple(sorted(still)))


def _as_json(bugs: Sequence[Judged], lookalikes: Sequence[Judged]) -> Mapping[str, object]:
    def rows(items: Sequence[Judged]) -> list[dict[str, object]]:
        return [
            {"id": item.case.id, "verdict": item.verdict.value, "codes": list(item.codes)}
            | ({} if item.still is None else {"reported_where_repaired": list(item.still)})
            for item in items
        ]

    return {"bugs": rows(bugs), "lookalikes": rows(lookalikes)}


def _print_text(bugs: Sequence[Judged], lookalikes: Sequence[Judged], folder: Path) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    if bugs:
        console.print(_table(bugs))
    by_verdict: dict[Verdict, list[Judged]] = defaultdict(list)
    for item in bugs:
        by_verdict[item.verdict].append(item)
    for verdict in (Verdict.FAILED, Verdict.MISSED, Verdict.NOT_FETCHED):
        if not by_verdict[verdict]:
            continue
        print(f"\n{verdict.value}:")
        for item in by_verdict[verdict]:
            print(f"  {item.case.file_in(folder)}:{item.case.line} [{item.case.category}, {item.case.scope}]")
            print(f"    {item.failure or item.case.why}")
    _print_repairs(bugs)
    _print_lookalikes(lookalikes, folder)


def _print_repairs(bugs: Sequence[Judged]) -> None:
    checked = [item for item in bugs if item.still is not None]
    if checked:
        still = [item for item in checked if item.still]
        print(f"\nrepaired files: {len(still)} of {len(checked)} reported where they were repaired (none should be)")
        for item in still:
            print(f"  {item.case.id} {item.case.path}: lines {', '.join(map(str, item.still or ()))}")


def _print_lookalikes(lookalikes: Sequence[Judged], folder: Path) -> None:
    if not lookalikes:
        return
    reported = [item for item in lookalikes if item.verdict is Verdict.REPORTED]
    fetched = [item for item in lookalikes if item.verdict is not Verdict.NOT_FETCHED]
    print(f"\nlook-alikes: {len(reported)} of {len(fetched)} reported (none should be)")
    for item in lookalikes:
        if item.verdict is not Verdict.MISSED:
            place = f"{item.case.file_in(folder)}:{item.case.line}"
            print(f"  {item.verdict.value}: {place} {' '.join(item.codes)} - {item.failure or item.case.why}")


def _table(items: Sequence[Judged]) -> Table:
    table = Table(title="known bugs")
    for heading in ("category", "evidence", "reported", "missed", "failed", "not fetched", "recall"):
        table.add_column(heading, justify="left" if heading in ("category", "evidence") else "right")
    verdicts = [(item.case, item.verdict) for item in items]
    for (category, scope), count in tally(verdicts).items():
        table.add_row(category, scope, *_cells(count))
    table.add_section()
    for scope in SCOPES:
        rows = [(case, verdict) for case, verdict in verdicts if case.scope == scope]
        if rows:
            table.add_row("all", scope, *_cells(_total(rows)))
    table.add_row("all", "all", *_cells(_total(verdicts)), style="bold")
    return table


def _total(rows: Sequence[tuple[Case, Verdict]]) -> Tally:
    total = Tally()
    for _, verdict in rows:
        total.add(verdict)
    return total


def _cells(count: Tally) -> tuple[str, ...]:
    recall = "-" if count.recall is None else f"{count.recall:.0%}"
    return str(count.reported), str(count.missed), str(count.failed), str(count.not_fetched), recall


if __name__ == "__main__":
    terminal.run(main)
