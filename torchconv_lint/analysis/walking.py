"""Walking an ast quickly: only the fields that hold expressions and statements, none of the tiny context nodes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SKIPPED = frozenset({"ctx", "op", "ops", "type_comment", "type_ignores", "kind", "conversion", "level", "is_async", "simple"})
_TEXT = frozenset({"id", "attr", "name", "asname", "arg", "module", "n", "s"})
_FIELDS: dict[type, tuple[str, ...]] = {
    type_: tuple(name for name in type_._fields if name not in _SKIPPED and name not in _TEXT)
    for type_ in vars(ast).values()
    if isinstance(type_, type) and issubclass(type_, ast.AST)
}
_FIELDS[ast.keyword] = ("value",)
_FIELDS[ast.Constant] = ()
_FIELDS[ast.ExceptHandler] = ("type", "body")
_FIELDS[ast.alias] = ()


def children(node: ast.AST) -> list[ast.AST]:
    """The child nodes, in order of the fields."""
    found: list[ast.AST] = []
    for name in _FIELDS.get(node.__class__, ()):
        value = getattr(node, name, None)
        if value.__class__ is list:
            found.extend([child for child in value if isinstance(child, ast.AST)])
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """Every node under `root`, itself included, in no particular order."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))
