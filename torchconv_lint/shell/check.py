"""One file on the command line: read, parse, lint, and keep what the user wants to see."""

from __future__ import annotations

import ast
import threading
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from torchconv_lint.digest import digest
from torchconv_lint.failure import describe_failure
from torchconv_lint.lint import lint_source
from torchconv_lint.model import Problem
from torchconv_lint.noqa import Noqa
from torchconv_lint.shell.checked import Checked, failed
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.model import Finding
    from torchconv_lint.settings import Settings
    from torchconv_lint.shell.selection import Selection


NOTEBOOK = ".ipynb"
# What is known of a project's modules is shared by all files, and so are Python's warning filters and its collector.
_ONE_THREAD = threading.RLock()


@dataclass(frozen=True, slots=True)
class Checker:
    """How files are checked. Small and picklable: it travels to worker processes, and to other machines."""

    settings: Settings
    selection: Selection

    def check_file(self, path: str) -> Checked:
        """Check the file at `path`. Never raises for anything about the file."""
        data = read(path)
        return data if isinstance(data, Checked) else self.check_bytes(path, data)

    def keeps(self, checked: Checked) -> bool:
        """Whether an earlier result is all there is to do about a file."""
        return True

    def check_bytes(self, path: str, data: bytes) -> Checked:
        """Check the bytes of a file that is called `path`."""
        source = decoded(path, data)
        checked = source if isinstance(source, Checked) else self.check_source(source)
        if isinstance(source, Source) and source.notebook is not None:
            checked = source.notebook.in_cells(checked)
        return replace(checked, digest=digest(data))

    def fix_bytes(self, path: str, data: bytes) -> tuple[Checked, bytes | None]:
        """As `check_bytes`; a checker that does not fix has no new content to give."""
        return self.check_bytes(path, data), None

    def check_source(self, source: Source) -> Checked:
        """Check a file that has been read already. In one thread at a time."""
        with _ONE_THREAD:
            return self._check_source(source)

    def _check_source(self, source: Source) -> Checked:
        path = source.path
        noqa = Noqa(source.text)
        if noqa.whole_file:
            return Checked(path)
        tree = parsed(source)
        if isinstance(tree, Problem):
            return Checked(path, problems=(tree,))
        try:
            outcome = lint_source(source, self.settings, tree)
        except Exception as error:  # one file that we fail on must not end the run
            return failed(path, describe_failure(error))
        findings = tuple(
            finding
            for finding in outcome.findings
            if self.selection.shows(finding.code) and not noqa.hides(finding.code, finding.span.line)
        )
        return Checked(path, findings, outcome.problems, _quoted(source, findings), consulted=outcome.consulted)


def read(path: str) -> bytes | Checked:
    """The content of the file, or what is to be said if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        return failed(path, f"cannot be read: {error.strerror}")
    except ValueError as error:  # a null character in the name
        return failed(path, f"cannot be read: {error}")


def decoded(path: str, data: bytes) -> Source | Checked:
    """The text of a file, or what is to be said if it cannot be decoded."""
    if path.endswith(NOTEBOOK):
        return _notebook(path, data)
    try:
        return Source.from_bytes(path, data)
    except UnreadableSource as error:
        return failed(path, f"cannot be decoded: {error}")


def _notebook(path: str, data: bytes) -> Source | Checked:
    """The code of a notebook; there is nothing to say about one of another language."""
    from torchconv_lint.notebooks.document import NoNotebook
    from torchconv_lint.notebooks.module import Module

    try:
        module = Module.from_bytes(data)
    except NoNotebook as error:
        message = f"is not a notebook that can be read: {error}"
        return Checked(path, problems=(Problem(path, error.line, error.column, message),))
    return Checked(path) if module is None else Source(path, module.text, notebook=module)


def parsed(source: Source) -> ast.Module | Problem:
    """The syntax tree, also of files that never meet torch: a file that cannot be parsed must be heard of."""
    try:
        with warnings.catch_warnings():
            # An invalid escape in someone's file is not ours to warn about.
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as error:
        return Problem(source.path, error.lineno or 1, max(error.offset or 1, 1), f"syntax error: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(source.path, 1, 1, f"cannot be parsed: {_named(error)}")


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _quoted(source: Source, findings: Iterable[Finding]) -> dict[tuple[int, int], str]:
    numbers = {finding.span.line for finding in findings}
    return {(0, number): source.lines[number - 1] for number in sorted(numbers) if number <= len(source.lines)}
