"""Names and dotted paths as they stand in the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PATH = 5
"""Dotted paths longer than this are not followed, so that `node = node.next` in a loop stays finite."""


def dotted_path(node: cst.CSTNode) -> str | None:
    """`a.b.c` as text, or None if it is anything else (or too long)."""
    if type(node) is cst.Name:
        return node.value
    parts: list[str] = []
    # Exact types: no node class has subclasses, and `isinstance` asks libcst's abstract base classes at length.
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    if type(node) is not cst.Name or len(parts) >= MAX_PATH:
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))


def receiver_of(func: cst.BaseExpression) -> cst.BaseExpression:
    """What a method is called of: `x` of `x.numpy`; the name itself under which a method is called: `get = x.numpy`."""
    return func.value if type(func) is cst.Attribute else func


def longer_path(path: str | None, attribute: str) -> str | None:
    """The path of an attribute of something that has a path."""
    if path is None or path.count(".") + 2 > MAX_PATH:
        return None
    return f"{path}.{attribute}"


def import_bindings(node: cst.Import | cst.ImportFrom) -> Iterator[tuple[str, str]]:
    """The names an import statement binds, each with the full name it stands for."""
    if isinstance(node.names, cst.ImportStar):
        return
    module = ""
    if type(node) is cst.ImportFrom:
        written = dotted_path(node.module) if node.module else None
        module = "." * len(node.relative) + (f"{written}." if written else "")
    for alias in node.names:
        name = dotted_path(alias.name) or ""
        if alias.asname is not None and type(alias.asname.name) is cst.Name:
            yield alias.asname.name.value, module + name
        elif module:
            yield name, module + name
        else:
            yield name.split(".")[0], name.split(".")[0]
