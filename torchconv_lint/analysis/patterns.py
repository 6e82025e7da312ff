"""Name patterns that count as evidence where nothing else is known."""

from __future__ import annotations

import re

HOOKED = re.compile(r"^(_+|m|mod|module|layer|model|net|block)\w*$")
"""How people name the first parameter of a forward hook."""


def is_hook(parameters: list[str]) -> bool:
    """Whether these are the parameters of a forward hook: (module, input, output), `self` before them or not."""
    return len(parameters) in (3, 4) and "out" in parameters[-1].lower() and HOOKED.match(parameters[-3]) is not None
