"""Many files, in this process or in several; the results come in the order of the files either way."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING

from torchconv_lint.model import Problem
from torchconv_lint.shell.check import Checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.fix import Fixer

# Starting a process costs more than linting some files.
_WORTH_A_PROCESS = 20
# The most that Windows can wait for.
_MOST_PROCESSES = 61


def automatic_jobs(files: int) -> int:
    """How many processes are worth their start for this many files."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, files // _WORTH_A_PROCESS))


def check_all(files: Sequence[str], checker: Checker | Fixer, jobs: int, done: Callable[[], None]) -> list[Checked]:
    """Check every file, calling `done` after each."""
    jobs = min(jobs, len(files), _MOST_PROCESSES)
    if jobs > 1:
        results = _check_in_processes(files, checker, jobs, done)
    else:
        results = {}
        for file in files:
            results[file] = checker.check_file(file)
            done()
    return [results[file] for file in files]


def _check_in_processes(
    files: Sequence[str], checker: Checker | Fixer, jobs: int, done: Callable[[], None]
) -> dict[str, Checked]:
    results = _pooled(files, checker, jobs, done)
    while rest := [file for file in files if file not in results]:
        # A worker died (out of memory, say) and took the pool along. It had one of the first files of the rest: the
        # ones at work and the ones already handed over. Alone, each of these shows whether it was the one.
        for file in rest[: 2 * jobs + 1]:
            died = Problem(file, 1, 1, "the process that linted this file died; please report this")
            results[file] = _pooled([file], checker, 1, done).get(file, Checked(file, problems=(died,)))
        results |= _pooled(rest[2 * jobs + 1 :], checker, jobs, done)
    return results


def _pooled(files: Sequence[str], checker: Checker | Fixer, jobs: int, done: Callable[[], None]) -> dict[str, Checked]:
    """The results of a pool of processes: all of them, unless a worker dies."""
    results: dict[str, Checked] = {}
    # Fresh interpreters: a fork would copy the locks of the progress bar's thread, and is not to be had everywhere.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_ignore_interrupt)
    try:
        with contextlib.suppress(BrokenProcessPool):
            futures = {pool.submit(checker.check_file, file): file for file in files}
            for future in as_completed(futures):
                with contextlib.suppress(BrokenProcessPool):
                    results[futures[future]] = future.result()
                    done()
    except BaseException:
        # Without its workers the pool gives everything up, and ends below at once.
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return results


def _ignore_interrupt() -> None:
    """Ctrl-C goes to every process of a terminal; only the first one has to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
