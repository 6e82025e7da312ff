"""Findings for people: place, message, the line itself with carets, and the lines that make it a hazard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

from torchconv_lint.report.place import place_of
from torchconv_lint.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.model import Finding, Span
    from torchconv_lint.shell.checked import Checked

# An excerpt of a longer line shows the part around the finding.
_WIDEST = 160
_CUT = "…"


def render_text(checked: Checked) -> str:
    """What is said about one file, with colours; the writer drops them where they do not belong."""
    return "\n".join(line for finding in checked.findings for line in _finding(finding, checked.line(finding.span)))


def _finding(finding: Finding, line: str | None) -> Iterator[str]:
    place = click.style(printable(f"{place_of(finding.path, finding.span)}:"), bold=True)
    yield f"{place} {click.style(finding.code, fg='red', bold=True)} {printable(finding.message)}"
    if line is not None:
        yield from _excerpt(finding.span, line)
    for because in finding.because:
        place = printable(f"{place_of(because.path, because.span)}:")
        yield f"    {click.style('because', fg='cyan')} {place} {printable(because.message)}"


def _excerpt(span: Span, line: str) -> Iterator[str]:
    text = line.rstrip("\r\n")
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(text)
    cut = max(0, min(start - _WIDEST // 4, len(text) - _WIDEST))
    shown = text[cut : cut + _WIDEST]
    before, marked = printable(shown[: start - cut]), printable(shown[start - cut : end - cut])
    head, tail = (_CUT if cut else ""), (_CUT if cut + _WIDEST < len(text) else "")
    # A tab is as wide as the terminal makes it: a tab below it is as wide. Wide characters take two columns.
    indent = "".join("\t" if character == "\t" else " " * cell_len(character) for character in head + before)
    number = str(span.line)
    gutter = click.style(f"    {number} | ", fg="bright_black")
    blank = click.style(f"    {' ' * len(number)} | ", fg="bright_black")
    yield f"{gutter}{head}{printable(shown)}{tail}"
    yield f"{blank}{indent}{click.style('^' * max(cell_len(marked), 1), fg='red')}"
