"""The table of measured precision in the documentation, written by the run that measured it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.precision import Precision, total
from bench.stats import per_ten_thousand

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BEGIN, END = "<!-- table: python -m bench.packages --page -->", "<!-- end of table -->"
_HEADINGS = (
    "rule",
    "findings",
    "true",
    "false",
    "unclear",
    "precision",
    "at least (Wilson, 95 %)",
    "true alarms per 10,000 lines",
    "false alarms per 10,000 lines",
)


def table(rules: Mapping[str, Precision], lines: int) -> str:
    """Rows by rule and one for all. A false alarm per so many lines may also be an unclear one."""
    rows = [_row(code, rule, lines) for code, rule in rules.items()]
    rows.append(_row("all", total(rules), lines))
    return "\n".join([_line(_HEADINGS), _line("---" for _ in _HEADINGS), *rows])


def replaced(page: str, rules: Mapping[str, Precision], lines: int) -> str:
    """The page with its table made anew; everything around it stays."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{table(rules, lines)}\n{END}{after}"


def _row(code: str, rule: Precision, lines: int) -> str:
    share = "-" if rule.share is None else f"{rule.share:.0%}".replace("%", " %")
    bound = f"{rule.lower_bound:.1%}".replace("%", " %")
    wrong = rule.false_alarms + rule.unclear
    rates = (per_ten_thousand(rule.true_alarms, lines), per_ten_thousand(wrong, lines))
    counts = (rule.findings, rule.true_alarms, rule.false_alarms, rule.unclear)
    return _line((code, *(str(count) for count in counts), share, bound, *(f"{rate:.3f}" for rate in rates)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
