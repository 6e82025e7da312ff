"""Lines of a file around a finding, for the person who judges it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from torchconv_lint.source import Source, UnreadableSource


def excerpt(path: Path, line: int, context: int, marked: Collection[int] = ()) -> str:
    """The lines around `line`, numbered; ">" marks it and "*" the `marked` ones, which are shown wherever they are."""
    try:
        lines = Source.from_bytes(str(path), path.read_bytes()).lines
    except (OSError, UnreadableSource) as error:
        return f"  (cannot be shown: {error})"
    near = set(range(max(1, line - context), min(len(lines), line + context) + 1))
    shown: list[str] = []
    previous = 0
    for number in sorted(near | {mark for mark in marked if 0 < mark <= len(lines)}):
        if previous and number > previous + 1:
            shown.append("        ...")
        sign = ">" if number == line else "*" if number in marked else " "
        shown.append(f"{number:6} {sign} {lines[number - 1].rstrip()}")
        previous = number
    return "\n".join(shown)
