"""Many files, in this process, in several, or wherever an executor takes them; the results come in the order of the
files each time."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from torchconv_lint.shell.checked import Checked, failed
from torchconv_lint.shell.lots import check_lot, lots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Executor

    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.fix import Fixer
    from torchconv_lint.shell.memory import Memory

# Starting a process costs more than linting some files.
_WORTH_A_PROCESS = 20
# The most that Windows can wait for.
_MOST_PROCESSES = 61
# So many for each process: none is waited for long at the end, and none comes again for crumbs.
_LOTS = 32


def automatic_jobs(files: int) -> int:
    """How many processes are worth their start for this many files."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, files // _WORTH_A_PROCESS))


def check_all(
    files: Sequence[str],
    checker: Checker | Fixer,
    *,
    jobs: int | None = 1,
    executor: Executor | None = None,
    memory: Memory | None = None,
    done: Callable[[], None] = lambda: None,
) -> list[Checked]:
    """Check every file, calling `done` after each. `jobs`: how many processes, None for as many as are worth it;
    `executor`: take this one instead. What `memory` knows is not checked again, what it does not know is kept in it."""
    results: dict[str, Checked] = {}

    def finished(file: str, checked: Checked) -> None:
        results[file] = checked
        done()

    if memory is not None:
        for file in files:
            known = memory.recall(file)
            if known is not None and checker.keeps(known):
                finished(file, known)
    new = [file for file in files if file not in results]
    # Closed at once when something goes wrong, so that no worker goes on.
    with contextlib.closing(_checked(new, checker, jobs, executor)) as stream:
        for file, checked in stream:
            finished(file, checked)
            if memory is not None:
                memory.keep(checked)
    return [results[file] for file in files]


def _checked(
    files: Sequence[str], checker: Checker | Fixer, jobs: int | None, executor: Executor | None
) -> Generator[tuple[str, Checked], None, None]:
    if executor is not None:
        from torchconv_lint.shell.elsewhere import on_executor

        yield from on_executor(executor, files, checker)
        return
    jobs = min(jobs or automatic_jobs(len(files)), len(files), _MOST_PROCESSES)
    if jobs > 1:
        yield from _in_processes(files, checker, jobs)
    else:
        for file in files:
            yield file, checker.check_file(file)


def _in_processes(files: Sequence[str], checker: Checker | Fixer, jobs: int) -> Iterator[tuple[str, Checked]]:
    left = lots_of(files, _LOTS * jobs)
    while left:
        gone: set[int] = set()
        for number, results in _pooled(left, checker, jobs):
            gone.add(number)
            yield from results
        left = [lot for number, lot in enumerate(left) if number not in gone]
        # A worker died (out of memory, say) and took the pool along. It had one of the first lots of the rest: the
        # ones at work and the ones already handed over. Alone, each of their files shows whether it was the one.
        suspects, left = left[: 2 * jobs + 1], left[2 * jobs + 1 :]
        for file in (file for lot in suspects for file in lot):
            died = failed(file, "the process that linted this file died; please report this")
            yield from next((results for _, results in _pooled([[file]], checker, 1)), [(file, died)])


def _pooled(
    lots: Sequence[Sequence[str]], checker: Checker | Fixer, jobs: int
) -> Iterator[tuple[int, list[tuple[str, Checked]]]]:
    """The results of a pool of processes, by the number of the lot: all of them, unless a worker dies."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    # Fresh interpreters: a fork would copy the locks of the progress bar's thread, and is not to be had everywhere.
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_ignore_interrupt)
    try:
        with contextlib.suppress(BrokenProcessPool):
            futures = {pool.submit(check_lot, checker, lot): number for number, lot in enumerate(lots)}
            for future in as_completed(futures):
                with contextlib.suppress(BrokenProcessPool):
                    yield futures[future], future.result()
    except BaseException:
        # Without its workers the pool gives everything up, and ends below at once.
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupt() -> None:
    """Ctrl-C goes to every process of a terminal; only the first one has to answer."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
