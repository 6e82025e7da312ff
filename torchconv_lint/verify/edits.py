"""Applying the text edits of a fix to a source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.model import Edit

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after `edits`, which must not overlap. Raises `ValueError` if they do."""
    starts = [0]
    for line in _LINE.findall(text):
        starts.append(starts[-1] + len(line))
    result, position = [], 0
    for edit in sorted(edits):
        begin = starts[edit.span.line - 1] + edit.span.column - 1
        end = starts[edit.span.end_line - 1] + edit.span.end_column - 1
        if begin < position:
            raise ValueError("overlapping edits")
        result += [text[position:begin], edit.replacement]
        position = end
    return "".join([*result, text[position:]])
