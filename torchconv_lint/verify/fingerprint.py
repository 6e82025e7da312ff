"""A fingerprint per fixture function: of the function and of all code of its file that it uses.

Names are followed from the function to the module-level statements that bind them, and from those on, until nothing new
is reached; a statement that binds nothing (`parser.add_argument(...)`, `matplotlib.use("agg")`) counts when it mentions
a name that is used. What counts is the syntax tree: a note or a reformatted line leaves evidence valid, and so does
another version of Python.
"""

from __future__ import annotations

import ast
import hashlib


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            names |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
    return names


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _shape(value: object) -> object:
    """What `value`, a node or a field of one, means: the same under every Python that can parse it.

    What has no content is left out, since versions differ in it: fields, and empty parts of an f-string.
    """
    if isinstance(value, ast.Constant):
        return repr(value.value)
    if isinstance(value, ast.JoinedStr):
        return ["f-string", *(shape for part in value.values if (shape := _shape(part)) != "''")]
    if isinstance(value, list):
        return [_shape(each) for each in value]
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = [(name, field) for name, field in ast.iter_fields(value) if field not in (None, []) and name != "ctx"]
    return [type(value).__name__, *((name, _shape(field)) for name, field in fields)]


def fingerprint(tree: ast.Module, function: str) -> str:
    """The fingerprint of `function` in the module `tree`."""
    parts = [repr(_shape(statement)) for statement in _reached(tree, function)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def lines_of(tree: ast.Module, function: str) -> frozenset[int]:
    """The lines of `function` and of all code of its file that it uses."""
    return frozenset(
        line
        for statement in _reached(tree, function)
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    )


def _reached(tree: ast.Module, function: str) -> list[ast.stmt]:
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    chosen = {index for index, s in enumerate(body) if isinstance(s, ast.FunctionDef) and s.name == function}
    while True:
        names = set().union(*(_used(body[index]) | _bound(body[index]) for index in chosen))
        more = {
            index
            for index, statement in enumerate(body)
            if index not in chosen and names & (_bound(statement) or _used(statement))
        }
        if not more:
            break
        chosen |= more
    return [body[index] for index in sorted(chosen)]
