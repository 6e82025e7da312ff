"""The files of a run, in lots for workers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchconv_lint.shell.check import Checker
    from torchconv_lint.shell.checked import Checked
    from torchconv_lint.shell.fix import Fixer

_LARGEST = 200_000


def lots_of(files: Sequence[str], wanted: int) -> list[list[str]]:
    """The files in about as many lots as `wanted`, of about the same size. Large files come first: whoever gets one of
    them last would be waited for."""
    sized = sorted(((_size(file), file) for file in files), key=lambda item: -item[0])
    most = min(sum(size for size, _ in sized) // wanted, _LARGEST)
    lots: list[list[str]] = []
    room = 0
    for size, file in sized:
        if not lots or size > room:
            lots.append([])
            room = most
        lots[-1].append(file)
        room -= size
    return lots


def _size(path: str) -> int:
    """What a file costs, roughly: reading it is a part of that."""
    try:
        return os.path.getsize(path) + 1000
    except (OSError, ValueError):
        return 1000


def check_lot(checker: Checker | Fixer, files: Sequence[str]) -> list[tuple[str, Checked]]:
    """What a worker does."""
    return [(file, checker.check_file(file)) for file in files]
