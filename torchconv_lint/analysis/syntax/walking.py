"""Walking an ast quickly: only the fields that hold expressions and statements, none of the tiny context nodes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import Any

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
_FIELDS[type(None)] = ()  # lists of keys and of defaults may hold None


def walk(root: ast.AST, closed: frozenset[type] = frozenset()) -> list[ast.AST]:
    """Every node under `root`, itself included, in no particular order; `closed`: into nodes of these types it does not
    go, but for `root`. One loop and no generator: this is where the sieve spends its time."""
    nodes: list[Any] = [root]
    fields = _FIELDS
    for node in nodes:  # grows on the way
        if closed and node.__class__ in closed and node is not root:
            continue
        for name in fields[node.__class__]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                nodes += value
            elif value is not None:
                nodes.append(value)
    return [node for node in nodes if node is not None]


def own_nodes(module: ast.Module) -> list[ast.AST]:
    """The nodes of a module's own statements."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for statement in module.body if not isinstance(statement, definitions) for node in walk(statement)]


class ByType(dict[type[ast.AST], Sequence[Any]]):
    """Nodes by their exact type; of a type that is not among them there are none. Who looks for calls asks for calls:
    to ask of every node whether it is one costs many times more (measured)."""

    def __init__(self, nodes: Iterable[ast.AST]) -> None:
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in nodes:
            if node.__class__ in found:
                found[node.__class__].append(node)
            else:
                found[node.__class__] = [node]
        super().__init__(found)

    def __missing__(self, _: type[ast.AST]) -> Sequence[Any]:
        return ()
