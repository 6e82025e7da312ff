"""The result on a terminal: a matrix rule × device, then what is wrong and what could not be run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table

from torchconv_lint.verify.proof import MAPPING
from torchconv_lint.verify.rows import NOT_RUN, NOT_SHOWN, PROVEN

if TYPE_CHECKING:
    from rich.console import Console

    from torchconv_lint.verify.result import Cell, Result


def _text(cell: Cell | None) -> str:
    if cell is None or not (cell.hazards or cell.twins or cell.failed or cell.not_run):
        return "[dim]–[/]"
    if not (cell.hazards or cell.twins or cell.failed):
        return f"[yellow]{cell.reasons[0] if len(cell.reasons) == 1 else 'not run'}[/]"
    parts = [f"[green]{cell.hazards} hazards, {cell.twins} twins[/]"]
    if cell.failed:
        parts.append(f"[bold red]{cell.failed} failed[/]")
    if cell.not_run:
        parts.append(f"[yellow]{cell.not_run} not run[/]")
    if cell.sources:
        parts.append("[dim](recorded)[/]")
    return ", ".join(parts)


def show(result: Result, devices: tuple[str, ...], console: Console) -> None:
    """Print the report."""
    table = Table("rule", *devices, title="Proof by execution", title_justify="left")
    for rule, cells in result.matrix().items():
        table.add_row(rule, *(_text(cells.get(device)) for device in devices))
    console.print(table)
    if "stand-in" in devices:
        console.print("stand-in: an accelerator simulated on the CPU; it proves nothing about CUDA itself", style="dim")
    if MAPPING in devices:
        console.print("meta: no values, only what an accelerator refuses; used where torch is too old", style="dim")
    for source in sorted({row.source for row in result.rows if row.source}):
        console.print(f"recorded: {source}", style="dim", markup=False)
    for title, number in result.stale.items():
        console.print(f"evidence is stale: {number} functions have changed since {title}", style="yellow", markup=False)
    for device in devices:
        proven = [row for row in result.fixes if row.device == device and row.status == PROVEN]
        cured = Counter(row.fixture.rule or "(none)" for row in proven)
        if cured:
            rules = ", ".join(f"{rule} {number}" for rule, number in sorted(cured.items()))
            console.print(f"hazards cured by their fixes on {device}: {rules}", style="dim", markup=False)
    idle = Counter((row.device, row.reason) for row in result.rows if row.status in (NOT_RUN, NOT_SHOWN))
    for (device, reason), number in sorted(idle.items()):
        console.print(f"not proven on {device}: {number} functions: {reason}", style="yellow", markup=False)
    claims = Counter(verdict for _, verdict in result.claims().values())
    if claims:
        console.print("claims: " + ", ".join(f"{number} {verdict}" for verdict, number in sorted(claims.items())))
    failures = result.failures()
    for line in failures:
        console.print(line, style="red", markup=False, soft_wrap=True)
    verdict = f"{len(failures)} failures" if failures else "every fixture shows what it declares"
    console.print(verdict, style="bold red" if failures else "bold green")
