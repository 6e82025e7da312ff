"""Expressions taken apart: a part into a temporary variable, or the whole into a helper function."""

from __future__ import annotations

import ast
from collections.abc import Callable

from variants.scopes import Function, bound_in, used_in
from variants.variant import Variant

_Choose = Callable[[ast.FunctionDef], "list[ast.stmt]"]
_UNMOVABLE = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.Starred)


def _statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The assignments and returns of a function (not those of functions in it) that compute something in one line."""
    found = []
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        if isinstance(node, (*Function, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Assign | ast.Return | ast.Expr) and node.value is not None:
            plain = node.lineno == node.end_lineno and not any(isinstance(c, _UNMOVABLE) for c in ast.walk(node.value))
            if plain and not isinstance(node.value, ast.Name | ast.Constant):
                found.append(node)
        elif isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case | ast.withitem):
            pending += reversed(list(ast.iter_child_nodes(node)))
    return found


def _functions(tree: ast.Module) -> list[tuple[str, ast.FunctionDef]]:
    """Functions and methods, each with the name of the top-level definition it stands in."""
    found = []
    for node in tree.body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef):
                found.append((node.name, inner))  # type: ignore[attr-defined]
    return found


def _part(value: ast.expr) -> ast.expr | None:
    """A part that is computed first: what a method is called on, or the first argument of a function."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        receiver = value.func.value
        if isinstance(receiver, ast.Call | ast.Subscript):
            return receiver
        if value.args and isinstance(value.args[0], ast.Call | ast.Attribute | ast.BinOp):
            return value.args[0]
    if isinstance(value, ast.Call) and value.args and isinstance(value.args[0], ast.Call | ast.BinOp):
        return value.args[0]
    if isinstance(value, ast.BinOp) and isinstance(value.left, ast.Call):
        return value.left
    return None


def temporaries(text: str) -> Variant:
    """Of every statement that computes something, a part in a variable of its own on the line before."""
    lines = text.split("\n")
    edits = []
    for _, function in _functions(ast.parse(text)):
        for statement in _statements(function):
            part = _part(statement.value)  # type: ignore[attr-defined]
            if part is not None and text.split("\n")[statement.lineno - 1][: statement.col_offset].strip() == "":
                edits.append((statement, part))
    for number, (statement, part) in sorted(enumerate(edits), key=lambda item: -item[1][0].lineno):
        line = lines[statement.lineno - 1]
        source = line[part.col_offset : part.end_col_offset]
        rest = line[: part.col_offset] + f"zq{number}" + line[part.end_col_offset :]
        lines[statement.lineno - 1 : statement.lineno] = [" " * statement.col_offset + f"zq{number} = {source}", rest]
    return Variant("\n".join(lines))


def _made_in(function: ast.FunctionDef) -> set[str]:
    """Names whose meaning does not move with an expression: the object, local classes and imports."""
    names = {"self", "cls", "super"}
    for node in ast.walk(function):
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return names


def helpers(text: str, pick: int) -> Variant:
    """Of every function, the value of one statement computed by a new function; `pick` is its index."""
    lines = text.split("\n")
    added: list[str] = []
    names: dict[str, str] = {}
    for number, (owner, function) in enumerate(_functions(ast.parse(text))):
        statements = [s for s in _statements(function) if lines[s.lineno - 1][: s.col_offset].strip() == ""]
        statements = [s for s in statements if not isinstance(s, ast.Expr)]
        if not -1 <= pick < len(statements) or not statements:
            continue
        statement = statements[pick]
        value = statement.value  # type: ignore[attr-defined]
        used = used_in(value)
        if used & _made_in(function):
            continue
        given = ", ".join(sorted(used & bound_in(function)))
        line = lines[statement.lineno - 1]
        source = line[value.col_offset : value.end_col_offset]
        lines[statement.lineno - 1] = line[: value.col_offset] + f"zq{number}({given})" + line[value.end_col_offset :]
        added += ["", "", f"def zq{number}({given}):", f"    return {source}"]
        names[f"zq{number}"] = owner
    return Variant("\n".join(lines + added) + "\n", names)


def rebound(text: str) -> tuple[Variant, set[int], set[int]]:
    """`a += 1` written `a = a + 1`. And the lines where this rebinds a name; those where it still writes."""
    lines = text.split("\n")
    rebinding, writing = set(), set()
    signs = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"}
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.AugAssign) or type(node.op) not in signs or node.lineno != node.end_lineno:
            continue
        line = lines[node.lineno - 1]
        target = line[node.target.col_offset : node.target.end_col_offset]
        value = line[node.value.col_offset : node.value.end_col_offset]
        new = f"{target} = {target} {signs[type(node.op)]} ({value})"
        lines[node.lineno - 1] = line[: node.col_offset] + new + line[node.end_col_offset :]
        (writing if isinstance(node.target, ast.Subscript) else rebinding).add(node.lineno)
    return Variant("\n".join(lines)), rebinding, writing
