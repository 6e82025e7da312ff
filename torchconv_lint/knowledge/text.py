"""The text form of a table: sorted JSON, names with the same initial on one line, so that it reads and diffs well."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from typing import Any


def _initial(name: str) -> str:
    """What names on one line have in common: the namespace and the first letter."""
    namespace, _, last = name.rpartition(".")
    return f"{namespace}.{last[:1]}"


def _wrapped(items: Iterable[tuple[str, str]], indent: str) -> str:
    """`(name, rendered)` pairs, one line per initial."""
    lines = []
    for _, group in itertools.groupby(sorted(items, key=lambda pair: (_initial(pair[0]), pair[0])), _by_initial):
        lines.append(indent + ", ".join(rendered for _, rendered in group))
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
