"""Watching the lines of one file while it runs: several observers on the one trace function that Python has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

Tracer = Callable[[FrameType, str, Any], Any]


def start(tracers: Sequence[Tracer]) -> None:
    """Let all `tracers` see what `sys.settrace` would show to one."""
    if tracers:
        sys.settrace(_all(tracers))


def stop() -> None:
    """Back to full speed."""
    sys.settrace(None)


def _all(tracers: Sequence[Tracer]) -> Tracer:
    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        inner = [local for local in (tracer(frame, event, arg) for tracer in tracers) if local is not None]
        return _all(inner) if inner else None

    return trace


def lines_in(path: str, frame: FrameType | None) -> tuple[int, ...]:
    """The lines of the file that are being executed, innermost first: libraries may be called in between."""
    lines = []
    while frame is not None:
        if frame.f_code.co_filename == path:
            lines.append(frame.f_lineno)
        frame = frame.f_back
    return tuple(lines)
