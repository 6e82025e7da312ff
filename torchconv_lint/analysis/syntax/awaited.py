"""What a function returns for its callers in the file to call backward on."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.backward import losses_of
from torchconv_lint.analysis.syntax.outline import ClassOutline, FileOutline, FunctionOutline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Position = int | None
"""Which item of a returned tuple; None for the whole result."""


def awaited(file: FileOutline) -> dict[FunctionOutline, frozenset[str]]:
    """The names in each function that it returns and through which a caller's backward goes: `loss` of
    `return loss, stats`, where another function says `loss, stats = self.step(x)` and `loss.backward()`."""
    found: dict[FunctionOutline, set[str]] = {}
    for caller in file.all_functions():
        for callee, position, count in _differentiated(file, caller):
            names = found.setdefault(callee, set())
            for node in callee.by_type[ast.Return]:
                if node.value is not None:
                    names.update(_returned(node.value, position, count))
    return {function: frozenset(names & _bound_once(function)) for function, names in found.items()}


def _bound_once(function: FunctionOutline) -> set[str]:
    """The names of which there is one value only, so that it is the one that is returned."""
    bound = Counter(node.id for node in function.by_type[ast.Name] if isinstance(node.ctx, ast.Store))
    return {name for name, times in bound.items() if times == 1}


def _differentiated(file: FileOutline, caller: FunctionOutline) -> Iterator[tuple[FunctionOutline, Position, int]]:
    """Functions of the file whose results the caller binds and calls backward on."""
    if not any("backward" in node.attr for node in caller.by_type[ast.Attribute]):
        return
    calls: Sequence[ast.Call] = caller.by_type[ast.Call]
    losses = {name for call in calls for loss in losses_of(call) for name in _terms(loss)}
    bindings: Sequence[ast.Assign] = caller.by_type[ast.Assign]
    for node in bindings:  # `loss = policy_loss + 0.5 * value_loss`
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id in losses:
            losses.update(_terms(node.value))
    for node in bindings if losses else ():
        callee = _callee(file, caller.owner, node.value.func) if isinstance(node.value, ast.Call) else None
        if callee is None or callee is caller:
            continue
        target = node.targets[0]
        if isinstance(target, ast.Tuple):
            for position, element in enumerate(target.elts):
                if isinstance(element, ast.Name) and element.id in losses:
                    yield callee, position, len(target.elts)
        elif isinstance(target, ast.Name) and target.id in losses:
            yield callee, None, 0


def _callee(file: FileOutline, owner: ClassOutline | None, func: ast.expr) -> FunctionOutline | None:
    if isinstance(func, ast.Name):
        return file.functions.get(func.id)
    if owner is not None and isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        return owner.methods.get(func.attr) if func.value.id == "self" else None
    return None


def _returned(value: ast.expr, position: Position, count: int) -> Iterator[str]:
    """The one name that the result at a position is, or is a multiple of."""
    if position is not None:
        if not isinstance(value, ast.Tuple) or len(value.elts) != count:
            return
        value = value.elts[position]
    names = [*_terms(value)]
    if len(names) == 1:
        yield names[0]


def _terms(node: ast.expr) -> Iterator[str]:
    """The names whose sum an expression is. Of a product only the one name among numbers and settings is known."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp):
        parts = [[*_terms(node.left)], [*_terms(node.right)]]
        if isinstance(node.op, ast.Add | ast.Sub) or not all(parts):
            yield from (name for part in parts for name in part)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("mean", "sum"):
        yield from _terms(node.func.value)
