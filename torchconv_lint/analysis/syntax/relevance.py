"""What is worth running in another file: what its text shows of tensors, since that file has not been sieved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.source import lines_with

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_TENSORS = re.compile(
    r"\b(?:torch|nn|F|np|numpy|tensors?|Tensor|Variable|cuda|device)\b|\.(?:cpu|cuda|to|detach|numpy|data|item)\b"
)
_PLACES = re.compile(r"\b(?:torch|cuda|cpu|device|mps|True|False)\b")
SMALL = 6
"""A function of so few lines may pass tensors on without naming them."""
LARGE = 100
"""A function of more lines says nothing simple of what it gives, and running it for a caller in another file takes
longer than all the rest of that file (measured)."""


def handles_tensors(function: FunctionOutline, lines: Sequence[str], converting: re.Pattern[str] | None) -> bool:
    """Whether a function's text shows that it handles tensors or modules, or hands something to what `converting`
    finds."""
    first, last = function.first_line, function.node.end_lineno or function.first_line
    if last - function.node.body[0].lineno < SMALL:
        return True
    if function.code_lines > LARGE:
        return False
    text = "".join(lines[first - 1 : last])
    return _TENSORS.search(text) is not None or (converting is not None and converting.search(text) is not None)


def any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    """Finds one of these names in a text; None if there are none."""
    words = "|".join(sorted(re.escape(name) for name in names))
    return re.compile(rf"\b(?:{words})\b") if words else None


def places_tensors(name: str, text: str) -> bool:
    """Whether what a module binds to a name may be a device, a flag that decides about one, or a tensor."""
    bound = re.compile(rf"[ \t]*{re.escape(name)}\b.*")
    lines = (bound.match(text, start) for start in lines_with(text, name))
    return any(line is not None and _PLACES.search(line[0]) for line in lines)
