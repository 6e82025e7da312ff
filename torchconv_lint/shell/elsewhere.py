"""Files that are checked wherever an executor of the caller's takes them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.lint import named_as
from torchconv_lint.shell.checked import Checked, failed
from torchconv_lint.shell.lots import check_lot, lots_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor

    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.fix import Fixer

# Nobody can tell how many workers an executor has.
_LOTS = 256


def on_executor(executor: Executor, files: Sequence[str], checker: Checker | Fixer) -> Iterator[tuple[str, Checked]]:
    """Check files on threads, processes, or machines that see the same files. If a worker fails, that is a problem of
    each file that it had; the others are not lost."""
    from concurrent.futures import as_completed

    # A worker has its own working folder.
    names = {os.path.abspath(file): file for file in files}
    futures = {executor.submit(check_lot, checker, lot): lot for lot in lots_of(list(names), _LOTS)}
    try:
        for future in as_completed(futures):
            try:
                results = future.result()
            except Exception as error:
                message = f"the worker that had this file failed ({type(error).__name__}: {error})"
                results = [(path, failed(path, message)) for path in futures[future]]
            for path, checked in results:
                yield names[path], renamed(checked, names[path])
    finally:
        for future in futures:
            future.cancel()


def renamed(checked: Checked, name: str) -> Checked:
    """The result for a file that was checked by its absolute path, as if by its name."""

    def called(path: str) -> str:
        return name if path == checked.path else named_as(name, path)

    findings = tuple(
        replace(
            finding,
            path=called(finding.path),
            because=tuple(replace(one, path=called(one.path)) for one in finding.because),
        )
        for finding in checked.findings
    )
    problems = tuple(replace(problem, path=called(problem.path)) for problem in checked.problems)
    return replace(checked, path=name, findings=findings, problems=problems)
