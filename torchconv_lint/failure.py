"""What is said when we fail on a file."""

from __future__ import annotations

_LONGEST = 200


def describe_failure(error: Exception) -> str:
    """One line about an exception that nobody expected. Never raises itself."""
    if isinstance(error, RecursionError):
        return "is nested too deeply to be analysed"
    try:
        details = str(error)
    except Exception:  # a syntax tree as an argument, too deep for its own repr
        details = ""
    line = " ".join(details.split())
    shown = line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
    return f"torchconv_lint failed on this file ({type(error).__name__}: {shown}); please report this"
