"""The code of a notebook as one module, cell after cell, and the places of that module in its cells."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from torchconv_lint.model import Edit, Span
from torchconv_lint.notebooks.document import code_cells, rows, with_sources
from torchconv_lint.notebooks.magics import Magics
from torchconv_lint.source import split_lines

if TYPE_CHECKING:
    from torchconv_lint.model import Because, Finding, Fix, Problem
    from torchconv_lint.notebooks.document import Cell
    from torchconv_lint.shell.checked import Checked


@dataclass(frozen=True, slots=True)
class Module:
    """A notebook's code. Behind each cell stands a line of our own, so that what is added at its end stays in it."""

    data: bytes
    cells: tuple[Cell, ...]
    text: str
    _magics: Magics
    _border: str
    _starts: list[int] = field(default_factory=list)
    """In which line of the module each cell begins."""

    @classmethod
    def from_bytes(cls, data: bytes) -> Module | None:
        """The module of a notebook; None if it is not Python's. Raises `NoNotebook`."""
        cells = code_cells(data)
        if cells is None:
            return None
        sign = "magic "
        while any(sign in cell.source for cell in cells):
            sign = f"_{sign}"
        magics, border = Magics(sign), f"# end of {sign}cell\n"
        text, starts, line = "", [], 1
        for cell in cells:
            code = magics.neutral(cell.source)
            code += "" if not code or code.endswith(("\n", "\r")) else "\n"
            starts.append(line)
            line += len(split_lines(code)) + 1
            text += code + border
        return cls(data, tuple(cells), text, magics, border, starts)

    def sources(self, text: str) -> dict[int, str]:
        """The cells whose code is another one in `text`, this module after fixes. Raises `ValueError`."""
        parts = self._magics.restored(text).split(self._border)
        if len(parts) != len(self.cells) + 1 or parts[-1]:
            raise ValueError("the cells of the notebook are no longer to be told apart")
        changed = {}
        for cell, part in zip(self.cells, parts, strict=False):
            source = part if cell.source.endswith(("\n", "\r")) else part.removesuffix("\n")
            if source != cell.source:
                changed[cell.number] = source
        return changed

    def rewritten(self, text: str) -> bytes:
        """The file with the code of `text`. Raises `ValueError`."""
        return with_sources(self.data, self.sources(text))

    def in_cells(self, checked: Checked) -> Checked:
        """A result for this module as one for the notebook: places are lines of cells."""
        findings = tuple(self._finding(finding, checked.path) for finding in checked.findings)
        problems = tuple(self._problem(problem) for problem in checked.problems)
        lines = {place: self._line(*place) for place in (self._place(line) for _, line in checked.lines)}
        spans = [
            *(finding.span for finding in findings),
            *(one.span for finding in findings for one in finding.because if one.path == checked.path),
        ]
        places = {*((span.cell, span.line) for span in spans), *((one.cell, one.line) for one in problems)}
        rows_ = rows(self.data, sorted(places)) if places else {}
        return replace(checked, findings=findings, problems=problems, lines=lines, rows=rows_)

    def _place(self, line: int) -> tuple[int, int]:
        index = max(bisect.bisect_right(self._starts, line) - 1, 0)
        return self.cells[index].number, line - self._starts[index] + 1

    def _line(self, number: int, line: int) -> str:
        """A line as the notebook has it, magics and all."""
        lines = split_lines(self._source(number))
        return lines[line - 1] if line <= len(lines) else ""

    def _source(self, number: int) -> str:
        return next(cell.source for cell in self.cells if cell.number == number)

    def _span(self, span: Span) -> Span:
        cell, line = self._place(span.line)
        return Span(line, span.column, line + span.end_line - span.line, span.end_column, cell)

    def _finding(self, finding: Finding, path: str) -> Finding:
        because = tuple(self._because(one) if one.path == path else one for one in finding.because)
        fix = finding.fix and self._fix(finding.fix)
        return replace(finding, span=self._span(finding.span), because=because, fix=fix)

    def _because(self, because: Because) -> Because:
        return replace(because, span=self._span(because.span))

    def _problem(self, problem: Problem) -> Problem:
        cell, line = self._place(problem.line)
        return replace(problem, line=line, cell=cell)

    def _fix(self, fix: Fix) -> Fix:
        return replace(fix, edits=tuple(self._edit(edit) for edit in fix.edits))

    def _edit(self, edit: Edit) -> Edit:
        """An edit of a cell; at its end, it must bring the line break that is missing there."""
        span = self._span(edit.span)
        source = self._source(span.cell)
        lines = split_lines(source)
        if span.line > len(lines) and lines and not source.endswith(("\n", "\r")):
            end = Span(len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 1, span.cell)
            return Edit(end, "\n" + edit.replacement.removesuffix("\n"))
        return Edit(span, edit.replacement)
