"""Precision on released packages: `python -m bench.packages`. Lints the pinned wheels and compares with the ledger."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench import applications, corpus, ledger, page, terminal
from bench.excerpt import excerpt
from bench.lint_runner import TIME_LIMIT, FileResult
from bench.options import add_lint_options, lint_settings
from bench.precision import Precision, per_rule, stale, total, unjudged
from bench.scan import Located, Scan, scan, shown
from bench.stats import per_ten_thousand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONTEXT_LINES = 12


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: no failure and every finding judged; 1 otherwise."""
    arguments = _parse(argv)
    packages = _chosen(arguments)
    result = scan(packages, lint_settings(arguments), arguments.jobs, arguments.time_limit)
    entries = ledger.load()
    places = [item.place for item in result.found]
    missing = {place.key for place in unjudged(places, entries)}
    if arguments.export:
        _export(result.found, entries, arguments.export)
    if arguments.show_unjudged:
        _show([item for item in result.found if item.place.key in missing], arguments.context)
    gone = stale(places, entries, [package.name for package in packages])
    _print_run(result, [f"{package.name} {package.version}" for package in packages])
    rules = per_rule(places, entries)
    _print_precision(rules, result)
    _print_stale(gone)
    if arguments.page:
        text = page.replaced(arguments.page.read_text(encoding="utf-8"), rules, result.torch_lines)
        arguments.page.write_text(text, encoding="utf-8")
        terminal.say(f"written: {arguments.page}")
    if missing:
        print(f"\n{len(missing)} unjudged findings: read them with --show-unjudged, record them with bench.judge")
    if arguments.prune_stale:
        dead = {entry.place.key for entry in gone}
        ledger.save(entry for key, entry in entries.items() if key not in dead)
        print(f"removed {len(dead)} stale entries from {ledger.LEDGER_FILE.name}")
    return int(bool(missing or result.failures))


def _chosen(arguments: argparse.Namespace) -> list[corpus.Package]:
    """Packages, or applications where a folder of clones is given, or both."""
    if arguments.applications is None:
        return corpus.packages(arguments.only)
    chosen = applications.applications(arguments.applications, arguments.only)
    return [*corpus.packages(), *chosen] if arguments.with_packages else chosen


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.packages", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="PACKAGE", help="only these of the pinned ones")
    parser.add_argument("--applications", type=Path, metavar="CLONES", help="lint the pinned applications instead")
    parser.add_argument("--with-packages", action="store_true", help="with --applications: the packages too")
    parser.add_argument("--time-limit", type=float, default=TIME_LIMIT, metavar="S", help="seconds per file")
    parser.add_argument("--show-unjudged", action="store_true", help="print each unjudged finding with its context")
    parser.add_argument("--context", type=int, default=CONTEXT_LINES, metavar="N", help="lines around a shown finding")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write all findings as JSON")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the table of precision into this page")
    parser.add_argument("--prune-stale", action="store_true", help="drop ledger entries that no finding answers to")
    add_lint_options(parser)
    return parser.parse_args(argv)


def _print_run(result: Scan, names: Sequence[str]) -> None:
    print(textwrap.fill(", ".join(names), 118))
    torch_part = f"{result.torch_files} import torch ({result.torch_lines:,} lines)"
    print(f"{result.files} files, {result.lines:,} lines; {torch_part}")
    print("slowest: " + ", ".join(f"{item.path.name} {item.seconds:.1f} s" for item in result.slowest))
    print(f"crashes, hangs, broken rules: {len(result.failures)}")
    for files in _alike(result.failures):
        others = f" and {len(files) - 1} more files with the same end" if len(files) > 1 else ""
        print(f"  {shown(files[0].path)}{others}\n{textwrap.indent(files[0].failure or '', '    ')}")
    for path, note in result.notes:
        print(f"  note: {shown(path)}: {note}")


def _alike(failures: Sequence[FileResult]) -> list[list[FileResult]]:
    """Failures that end alike, together: one fault in the linter may hit every file."""
    groups: dict[str, list[FileResult]] = {}
    for item in failures:
        groups.setdefault((item.failure or "").rpartition("\n")[2], []).append(item)
    return sorted(groups.values(), key=len, reverse=True)


def _print_precision(rules: Mapping[str, Precision], result: Scan) -> None:
    title = "findings per rule (per 10k: per 10,000 lines of torch-importing files)"
    table = Table(title=title)
    headings = ("rule", "findings", "true", "false", "unclear", "unjudged", "precision", "at least (95 %)")
    for heading in (*headings, "true per 10k", "false per 10k"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for code, rule in rules.items():
        table.add_row(code, *_cells(rule, result.torch_lines))
    table.add_section()
    table.add_row("all", *_cells(total(rules), result.torch_lines), style="bold")
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _cells(rule: Precision, lines: int) -> tuple[str, ...]:
    share = "-" if rule.share is None else f"{rule.share:.1%}"
    bound = "-" if rule.share is None else f"{rule.lower_bound:.1%}"
    counts = (rule.findings, rule.true_alarms, rule.false_alarms, rule.unclear, rule.unjudged)
    rates = (per_ten_thousand(rule.true_alarms, lines), per_ten_thousand(rule.false_alarms, lines))
    return (*(str(count) for count in counts), share, bound, *(f"{rate:.2f}" for rate in rates))


def _print_stale(entries: Sequence[ledger.Entry]) -> None:
    if not entries:
        return
    print(f"\n{len(entries)} stale ledger entries (nothing is reported there any more):")
    for entry in sorted(entries, key=lambda item: (item.judgement.value, item.place)):
        place = entry.place
        print(
            f"  {place.key} {entry.judgement.value}: {place.package}/{place.path}:{entry.line} {place.code} {entry.why}"
        )


def _show(items: Sequence[Located], context: int) -> None:
    for item in items:
        finding, place = item.finding, item.place
        print("=" * 118)
        print(f"{place.key}  {shown(item.file)}:{finding.span.line}:{finding.span.column}")
        print(f"{finding.code} {finding.message} [{finding.confidence.label}] in {place.function or 'the module'}")
        for step in finding.because:
            where = "" if step.path == finding.path else f"{step.path}:"
            print(f"  because {where}{step.span.line}: {step.message}")
        marked = [step.span.line for step in finding.because if step.path == finding.path]
        print(excerpt(item.file, finding.span.line, context, marked))


def _export(found: Sequence[Located], entries: Mapping[str, ledger.Entry], path: Path) -> None:
    rows = []
    for item in found:
        finding, entry = item.finding, entries.get(item.place.key)
        row: dict[str, object] = {"key": item.place.key, **asdict(item.place)}
        row["file"] = finding.path
        row["span"] = asdict(finding.span)
        row["message"] = finding.message
        row["confidence"] = finding.confidence.label
        row["because"] = [asdict(step) for step in finding.because]
        row["verdict"] = entry.judgement.value if entry else None
        row["why"] = entry.why if entry else None
        rows.append(row)
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    terminal.say(f"written: {path}")


if __name__ == "__main__":
    terminal.run(main)
