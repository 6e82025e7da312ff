"""The text form of a table: sorted JSON, names with the same initial together, so that it reads and diffs well."""

from __future__ import annotations

import itertools
import json
import textwrap
from collections.abc import Iterable
from typing import Any

WIDTH = 118


def _initial(name: str) -> str:
    """What names that stand together have in common: the namespace and the first letter."""
    namespace, _, last = name.rpartition(".")
    return f"{namespace}.{last[:1]}"


def _wrapped(items: Iterable[tuple[str, str]], indent: str) -> str:
    """`(name, rendered)` pairs, a fresh line for each initial."""
    lines = []
    for _, group in itertools.groupby(sorted(items, key=lambda pair: (_initial(pair[0]), pair[0])), _by_initial):
        line = textwrap.fill(
            ", ".join(rendered.replace(": ", ":~") for _, rendered in group),
            width=WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines.append(line.replace(":~", ": "))
    return ",\n".join(lines)


def _by_initial(pair: tuple[str, str]) -> str:
    return _initial(pair[0])


def render(value: Any, indent: str = "") -> str:
    """A table (nested objects whose leaves are lists of names or name -> text) as JSON."""
    inner = indent + " "
    if isinstance(value, list):
        if not value:
            return "[]"
        return "[\n" + _wrapped(((name, json.dumps(name)) for name in value), inner) + f"\n{indent}]"
    if not value:
        return "{}"
    if all(isinstance(item, str) for item in value.values()):
        pairs = ((key, f"{json.dumps(key)}: {json.dumps(item)}") for key, item in value.items())
        return "{\n" + _wrapped(pairs, inner) + f"\n{indent}}}"
    parts = [f"{inner}{json.dumps(key)}: {render(item, inner)}" for key, item in value.items()]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
