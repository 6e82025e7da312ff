"""Files that are fixed before they are checked: what is shown is what is left."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torchconv_lint.fixing.settle import MOST_PASSES, Unsettled, settle
from torchconv_lint.model import Problem, Safety
from torchconv_lint.shell.check import Checker, decoded, read
from torchconv_lint.shell.checked import Checked
from torchconv_lint.shell.writing import write_atomically

if TYPE_CHECKING:
    from torchconv_lint.source import Source

SAFE = frozenset({Safety.SAFE})
ALL = frozenset({Safety.SAFE, Safety.UNSAFE})


@dataclass(frozen=True, slots=True)
class Fixer:
    """A checker that first applies the fixes of these safeties to what the user wants to see, and with `write` also
    to the file. Travels to worker processes, as a checker does."""

    checker: Checker
    safeties: frozenset[Safety]
    write: bool

    def check_file(self, path: str) -> Checked:
        """Fix and check the file at `path`. Never raises for anything about the file."""
        data = read(path)
        if isinstance(data, Checked):
            return data
        checked, after = self.fix_bytes(path, data)
        if after is None or not self.write:
            return checked
        if problem := _written(path, data, after):
            # As it was: the problem, and the findings that are still in the file.
            before = self.checker.check_bytes(path, data)
            return replace(before, problems=(*before.problems, Problem(path, 1, 1, problem)))
        return checked

    def keeps(self, checked: Checked) -> bool:
        """Whether an earlier result is all there is to do about a file: it has nothing to fix."""
        return not any(finding.fix and finding.fix.safety in self.safeties for finding in checked.findings)

    def fix_bytes(self, path: str, data: bytes) -> tuple[Checked, bytes | None]:
        """What is left to say about a file with this content once it is fixed, and its new content (None: no fix)."""
        checked = self.checker.check_bytes(path, data)
        source = decoded(path, data)
        if isinstance(source, Checked) or self.keeps(checked):
            return checked, None
        try:
            settled = settle(
                source.text,
                lambda text: self.checker.check_source(replace(source, text=text)).findings,
                self.safeties,
            )
            after = _encoded(source, data, settled.text)
        except (Unsettled, ValueError) as error:
            why = f"the fixes do not settle within {MOST_PASSES} passes" if isinstance(error, Unsettled) else str(error)
            problem = Problem(path, 1, 1, f"is not fixed: {why}; please report this")
            return replace(checked, problems=(*checked.problems, problem)), None
        if after == data:
            return checked, None
        left = self.checker.check_bytes(path, after)
        return replace(left, fixed=len(settled.applied), diff=_difference(source, settled.text)), after


def _encoded(source: Source, data: bytes, text: str) -> bytes:
    if source.notebook is not None:
        return source.notebook.rewritten(text)
    if source.encode(source.text) != data:
        raise UnicodeError(f"its bytes are not what Python makes of its text in {source.encoding}")
    return source.encode(text)


def _written(path: str, before: bytes, after: bytes) -> str:
    """Write the file, unless it has changed since it was read; why it was not written, or ""."""
    if read(path) != before:
        return "is not fixed: it has changed meanwhile"
    if not os.access(path, os.W_OK):
        return "is not fixed: it is write-protected"
    try:
        write_atomically(path, after)
    except OSError as error:
        return f"is not fixed: it cannot be written: {error.strerror}"
    return ""


def _difference(source: Source, text: str) -> str:
    """What changes, in a notebook cell by cell."""
    if source.notebook is None:
        return unified(source.path, source.text, text)
    before = {cell.number: cell.source for cell in source.notebook.cells}
    after = source.notebook.sources(text)
    return "".join(unified(f"{source.path}:cell {number}", before[number], after[number]) for number in sorted(after))


def unified(path: str, before: str, after: str) -> str:
    """The difference as `patch` and people read it; "" if there is none. Line endings are kept."""
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines as `patch` counts them; a form feed or a lone CR ends none."""
    return [line + "\n" for line in text.split("\n")[:-1]] + ([text.rpartition("\n")[2]] if text[-1:] != "\n" else [])
