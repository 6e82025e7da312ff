"""Text edits: applying them, and which of them cannot be applied together."""

from __future__ import annotations

import bisect
import re
from functools import cached_property
from typing import TYPE_CHECKING

from torchconv_lint.model import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

# Python ends a line at \n, \r\n or \r only.
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Text:
    """A file's text, addressed by spans."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_BREAK.finditer(self.text))]

    @property
    def newline(self) -> str:
        """The line ending that the file uses (its first one)."""
        found = _LINE_BREAK.search(self.text)
        return found[0] if found else "\n"

    def range(self, span: Span) -> tuple[int, int]:
        """The offsets of a span's begin and end."""
        return self._starts[span.line - 1] + span.column - 1, self._starts[span.end_line - 1] + span.end_column - 1

    def span(self, begin: int, end: int) -> Span:
        """The span between two offsets."""
        first, last = bisect.bisect_right(self._starts, begin), bisect.bisect_right(self._starts, end)
        return Span(first, begin - self._starts[first - 1] + 1, last, end - self._starts[last - 1] + 1)

    def at(self, span: Span) -> str:
        """The text of a span."""
        begin, end = self.range(span)
        return self.text[begin:end]

    def line_start(self, line: int) -> int:
        """The offset at which a line (1-based) begins; the end of the text behind the last one."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.text)

    def offset(self, line: int, column: int) -> int:
        """The offset of a place as `ast` tells it, which counts the bytes of UTF-8 from 0."""
        start = self._starts[line - 1]
        text = self.text[start : self.line_start(line + 1)]
        return start + (column if text.isascii() else len(text.encode()[:column].decode(errors="replace")))

    def edited(self, edits: Iterable[Edit], first: int = 0, last: int | None = None) -> str:
        """The text after `edits`, or what is between two offsets, between which they are. Raises `ValueError` if they
        overlap."""
        result, position, touched = [], first, -1
        for edit in sorted(edits):
            begin, end = self.range(edit.span)
            if begin < position or begin == touched:
                raise ValueError("overlapping edits")
            result += [self.text[position:begin], edit.replacement]
            position = end
            touched = begin if begin == end else -1
        return "".join([*result, self.text[position:last]])


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after `edits`, which must not overlap. Raises `ValueError` if they do."""
    return Text(text).edited(edits)
