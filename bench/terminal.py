"""What every command here does the same way: show progress, end cleanly on Ctrl-C."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import NoReturn, TypeVar

    T = TypeVar("T")

INTERRUPTED = 130


def progress(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Pass `items` on behind a progress bar on stderr; plain lines where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield from _plain_progress(items, total, label)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield from bar.track(items, total=total, description=label)


def _plain_progress(items: Iterable[T], total: int, label: str) -> Iterator[T]:
    step = max(1, total // 10)
    for number, item in enumerate(items, start=1):
        if number % step == 0 or number == total:
            print(f"{label}: {number}/{total}", file=sys.stderr, flush=True)
        yield item


def say(message: str) -> None:
    """Print one line of progress."""
    print(message, file=sys.stderr, flush=True)


def run(main: Callable[[], int]) -> NoReturn:
    """Exit with what `main` returns; Ctrl-C ends with one line, a closed pipe (`| head`) in silence."""
    try:
        status = main()
        sys.stdout.flush()
        sys.exit(status)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
