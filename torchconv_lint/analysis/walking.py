"""Walking an ast quickly: only the fields that hold expressions and statements, none of the tiny context nodes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SKIPPED = frozenset(
    {"ctx", "op", "ops", "type_comment", "type_ignores", "kind", "conversion", "level", "is_async", "simple"}
)
_TEXT = frozenset({"id", "attr", "name", "asname", "arg", "module", "n", "s"})
_FIELDS: dict[type, tuple[str, ...]] = {
    type_: tuple(name for name in type_._fields if name not in _SKIPPED and name not in _TEXT)
    for type_ in vars(ast).values()
    if isinstance(type_, type) and issubclass(type_, ast.AST)
}
_FIELDS[ast.keyword] = ("value",)
for _leaf in (ast.Constant, ast.alias, ast.Global, ast.Nonlocal, ast.MatchSingleton):
    _FIELDS[_leaf] = ()
_FIELDS[ast.ExceptHandler] = ("type", "body")
_FIELDS[ast.MatchMapping] = ("keys", "patterns")
_FIELDS[ast.MatchClass] = ("cls", "patterns", "kwd_patterns")
_MAY_HOLD_NONE = frozenset({ast.Dict, ast.arguments})


def children(node: ast.AST) -> list[ast.AST]:
    """The child nodes, in order of the fields."""
    found: list[ast.AST] = []
    type_ = node.__class__
    for name in _FIELDS[type_]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += value
        elif value is not None:
            found.append(value)
    return [child for child in found if child is not None] if type_ in _MAY_HOLD_NONE else found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """Every node under `root`, itself included, in no particular order."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))
