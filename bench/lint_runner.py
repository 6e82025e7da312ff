"""Lint many files in parallel processes, so that a crash or a hang costs one row and not the run."""

from __future__ import annotations

import signal
import time
import traceback
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pebble import ProcessExpired, ProcessPool

from torchconv_lint.lint import lint_source
from torchconv_lint.parsing import parses
from torchconv_lint.source import Source, UnreadableSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.model import Finding
    from torchconv_lint.settings import Settings

#: Seconds one file may take. Generous: it is there to turn a hang into a row.
TIME_LIMIT = 120.0


@dataclass(frozen=True)
class FileResult:
    """What linting one file gave. `failure` says what must never happen: a crash, a hang, a rule that died."""

    path: Path
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str | None = None
    seconds: float = 0.0


def lint_file(path: Path, settings: Settings) -> FileResult:
    """Lint one file in this process. Problems of a file that Python cannot read either are mere notes."""
    started = time.perf_counter()
    try:
        source = Source.from_bytes(str(path), path.read_bytes())
    except UnreadableSource as error:
        return FileResult(path, notes=(f"unreadable: {error}",))
    try:
        outcome = lint_source(source, settings)
    except Exception:
        return FileResult(path, failure=traceback.format_exc(limit=-3).strip())
    problems = tuple(f"{problem.line}:{problem.column}: {problem.message}" for problem in outcome.problems)
    failed = bool(problems) and parses(source.text)
    return FileResult(
        path,
        findings=outcome.findings,
        notes=() if failed else problems,
        failure="; ".join(problems) if failed else None,
        seconds=time.perf_counter() - started,
    )


def lint_files(
    paths: Sequence[Path], settings: Settings, jobs: int, time_limit: float = TIME_LIMIT
) -> Iterator[FileResult]:
    """Yield one result per path, in the order of `paths`."""
    with ProcessPool(max_workers=jobs, max_tasks=200, initializer=_leave_ctrl_c_to_the_parent) as pool:
        try:
            futures = [pool.schedule(lint_file, args=(path, settings), timeout=time_limit) for path in paths]
            for path, future in zip(paths, futures, strict=True):
                try:
                    yield future.result()
                except FutureTimeout:
                    yield FileResult(path, failure=f"hang: no answer within {time_limit:.0f} s", seconds=time_limit)
                except ProcessExpired as death:
                    yield FileResult(path, failure=f"crash: the process died with exit code {death.exitcode}")
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
