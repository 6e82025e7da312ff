"""Which findings a "# noqa" comment hides, decided as flake8 decides it.

flake8 applies its own comments; this module gives the command line the same behaviour. In particular:

- a line that begins with "# flake8: noqa" hides the whole file, whatever follows on that line;
- "# noqa" hides everything on its line, "# noqa: CNV1,E501" what begins with one of these codes (case counts);
- the lines of a multi-line string or of a backslash continuation count as one line, those of a bracket do not;
- the first "# noqa" of such a line is the one that counts.
"""

from __future__ import annotations

import re
import tokenize
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHOLE_FILE = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_ONE_CODE = r"[A-Z]+[0-9]+"
_COMMENT = re.compile(rf"# noqa(?::\s?(?P<codes>{_ONE_CODE}(?:[,\s]*{_ONE_CODE})*))?", re.IGNORECASE)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


class Noqa:
    """The "# noqa" comments of one file."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def whole_file(self) -> bool:
        """True if a comment says that the file is not to be linted at all."""
        # The cheap test first: most files have no such comment.
        return "flake8" in self._text.lower() and any(_WHOLE_FILE.match(line) for line in self._lines)

    def hides(self, code: str, line: int) -> bool:
        """True if a comment hides a finding of `code` that begins at `line` (1-based)."""
        comment = _COMMENT.search(self._joined.get(line, ""))
        if comment is None:
            return False
        codes = comment["codes"]
        return codes is None or code.startswith(tuple(re.findall(r"[^,\s]+", codes)))

    @cached_property
    def _lines(self) -> list[str]:
        """The lines as flake8 reads them: every line break is "\\n", form feeds and the like end no line."""
        return [line + "\n" for line in _LINE_BREAK.split(self._text)]

    @cached_property
    def _joined(self) -> dict[int, str]:
        """From a line's number to the text in which its comment is looked for."""
        if "noqa" not in self._text.lower():
            return {}
        alone = dict(enumerate(self._lines, start=1))
        try:
            together = {
                number: "".join(self._lines[lines.start - 1 : lines.stop - 1])
                for lines in self._line_groups()
                for number in lines
            }
        except (tokenize.TokenError, SyntaxError):
            return alone
        return alone | together

    def _line_groups(self) -> Iterator[range]:
        """Ranges of lines that no line break outside of a token divides."""
        lines = iter(self._lines)
        first: int | None = None
        last = 0
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first = token.start[0] if first is None else min(first, token.start[0])
            last = max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                yield range(first, last + 1)
                first, last = None, 0
