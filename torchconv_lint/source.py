"""From bytes to text and lines, the way Python itself reads a source file."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.notebooks.module import Module

# Python ends a line at \n, \r\n or \r only. `str.splitlines` would also break at form feeds and U+2028.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


class UnreadableSource(Exception):
    """The bytes are not valid text in the encoding that the file declares."""


@dataclass(frozen=True, repr=False, eq=False)
class Source:
    """A file's text with its line endings kept; `path` is what findings show, `encoding` how the file is written.

    `notebook`: where the text comes from, if it is the code of one.
    """

    path: str
    text: str
    encoding: str = "utf-8"
    notebook: Module | None = None

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> Source:
        """Decode by BOM and PEP 263 cookie. Raises `UnreadableSource` with the reason if that fails."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            return cls(path, data.decode(encoding), encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise UnreadableSource(str(error)) from error

    def encode(self, text: str) -> bytes:
        """The bytes of another text for the same file, a BOM included. Raises `UnicodeEncodeError`."""
        return text.encode(self.encoding)

    @cached_property
    def lines(self) -> list[str]:
        """The lines, each with its own ending, so that joining them gives the text back."""
        return split_lines(self.text)


def split_lines(text: str) -> list[str]:
    """The lines of a text as Python counts them, each with its own ending."""
    lines = text.splitlines(keepends=True)
    # Nearly always nothing else ends a line than \n, and that is four times as fast.
    only_newlines = len(lines) == text.count("\n") + (not text.endswith("\n"))
    return lines if only_newlines else _LINE.findall(text)


def lines_with(text: str, word: str) -> Iterator[int]:
    """Where the lines begin in which `word` is, one by one: for what a search of the whole text would take longer."""
    position = text.find(word)
    while position >= 0:
        yield text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        position = text.find(word, end) if end >= 0 else -1
