"""A progress bar on standard error, for people who wait."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

# Shorter runs are over before a bar could tell anything.
_PATIENCE_S = 1.0


class Progress:
    """Counts files. Shows itself only on a terminal and only once the run has taken a while."""

    def __init__(self, total: int, patience: float = _PATIENCE_S) -> None:
        self._total = total
        self._show_at = time.monotonic() + patience
        self._count = 0
        self._bar: tuple[Bar, TaskID] | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar[0].stop()

    def advance(self) -> None:
        """One more file is done."""
        self._count += 1
        if self._bar is None and time.monotonic() >= self._show_at and sys.stderr.isatty():
            self._bar = self._start()
        if self._bar is not None:
            bar, task = self._bar
            bar.update(task, completed=self._count)

    def _start(self) -> tuple[Bar, TaskID]:
        from rich.console import Console
        from rich.progress import Progress as Bar

        bar = Bar(console=Console(stderr=True), transient=True)
        bar.start()
        return bar, bar.add_task("linting", total=self._total)
