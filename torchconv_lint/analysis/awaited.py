"""What a function returns for its callers in the file to call backward on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.backward import backward_in
from torchconv_lint.analysis.outline import ClassOutline, FileOutline, FunctionOutline

if TYPE_CHECKING:
    from collections.abc import Iterator

Position = int | None
"""Which item of a returned tuple; None for the whole result."""


def awaited(file: FileOutline) -> dict[FunctionOutline, frozenset[str]]:
    """The names in each function that it returns and through which a caller's backward goes: `loss` of
    `return loss, stats`, where another function says `loss, stats = self.step(x)` and `loss.backward()`."""
    found: dict[FunctionOutline, set[str]] = {}
    for caller in file.all_functions():
        for callee, position, count in _differentiated(file, caller):
            names = found.setdefault(callee, set())
            for node in callee.nodes:
                if isinstance(node, ast.Return) and node.value is not None:
                    names.update(_returned(node.value, position, count))
    return {function: frozenset(names) for function, names in found.items()}


def _differentiated(file: FileOutline, caller: FunctionOutline) -> Iterator[tuple[FunctionOutline, Position, int]]:
    """Functions of the file whose results the caller binds and calls backward on."""
    if not any(isinstance(node, ast.Attribute) and "backward" in node.attr for node in caller.nodes):
        return
    spent = backward_in(caller.nodes).spent
    for node in caller.nodes if spent else ():
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        callee = _callee(file, caller.owner, node.value.func)
        if callee is None or callee is caller:
            continue
        target = node.targets[0]
        if isinstance(target, ast.Tuple):
            for position, element in enumerate(target.elts):
                if isinstance(element, ast.Name) and element.id in spent:
                    yield callee, position, len(target.elts)
        elif isinstance(target, ast.Name) and target.id in spent:
            yield callee, None, 0


def _callee(file: FileOutline, owner: ClassOutline | None, func: ast.expr) -> FunctionOutline | None:
    if isinstance(func, ast.Name):
        return file.functions.get(func.id)
    if owner is not None and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        return owner.methods.get(func.attr) if func.value.id == "self" else None
    return None


def _returned(value: ast.expr, position: Position, count: int) -> Iterator[str]:
    """The one name that the result at a position is, or is made of by arithmetic."""
    if position is not None:
        if not isinstance(value, ast.Tuple) or len(value.elts) != count:
            return
        value = value.elts[position]
    names = [*_operands(value)]
    if len(names) == 1:
        yield names[0]


def _operands(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp):
        yield from _operands(node.left)
        yield from _operands(node.right)
