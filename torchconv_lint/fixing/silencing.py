"""The "# noqa" comment that hides a finding."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from torchconv_lint.model import Edit, Span
from torchconv_lint.noqa import Noqa

if TYPE_CHECKING:
    from torchconv_lint.model import Finding
    from torchconv_lint.source import Source

# A comment that names codes, as far as its last one.
_NAMED = re.compile(r"# noqa:\s?[A-Z]+[0-9]+(?:[,\s]*[A-Z]+[0-9]+)*", re.IGNORECASE)


def silencing(source: Source, finding: Finding) -> Edit | None:
    """The edit that hides the finding and changes nothing else; None where no comment can stand (in a string, say)."""
    number = finding.span.line
    line = source.lines[number - 1].rstrip("\r\n")
    named = _NAMED.search(line)
    end = len(line.rstrip()) if named is None else named.end()
    text = f"  # noqa: {finding.code}" if named is None else f",{finding.code}"
    after = [*source.lines]
    after[number - 1] = line[:end] + text + source.lines[number - 1][end:]
    changed = "".join(after)
    if not Noqa(changed).hides(finding.code, number) or _meaning(changed) != _meaning(source.text):
        return None
    return Edit(Span(number, end + 1, number, end + 1), text)


def _meaning(text: str) -> str | None:
    """What the text means to Python; None if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
