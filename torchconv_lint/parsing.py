"""Whether code is Python at all."""

from __future__ import annotations

import ast
import warnings


def parses(code: str | bytes) -> bool:
    """Whether Python takes a text, or the bytes of a file, for a module. What it would warn of in there is nobody's
    business here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
