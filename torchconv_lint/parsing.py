"""Whether a text is Python at all."""

from __future__ import annotations

import ast
import warnings


def parses(text: str) -> bool:
    """Whether Python takes the text for a module. What it would warn of in there is nobody's business here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
