"""Dicts that a function of the file returns beside a loss, and that hold the loss as it is: `return loss, {"loss":
loss}`. Read off the ast, and only where somebody has asked for it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.outline import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.frame import Frame
    from torchconv_lint.analysis.outline import FunctionOutline


def tells_losses(frame: Frame, call: object, position: int) -> bool:
    """Whether what a call gives at a position is made of a dict that holds something which the function returns beside
    it, at another position."""
    callee = _callee(frame, call)
    if callee is None:
        return False
    for node in callee.by_type[ast.Return]:
        elements = node.value.elts if isinstance(node.value, ast.Tuple) else []
        if position < len(elements):
            others = {name for other in elements if other is not elements[position] for name in _names(other)}
            if others & {name for made in _dicts(callee, elements[position]) for name in _held(made)}:
                return True
    return False


def _callee(frame: Frame, call: object) -> FunctionOutline | None:
    path = dotted(call.func) if isinstance(call, ast.Call) else None
    if path is None or frame.outline is None:
        return None
    owner, _, name = path.rpartition(".")
    if owner == "self":
        return frame.outline.owner.methods.get(name) if frame.outline.owner is not None else None
    return frame.interpreter.outline.functions.get(name) if not owner else None


def _names(node: ast.AST) -> Iterator[str]:
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name) and each.id != "self")


def _dicts(function: FunctionOutline, node: ast.expr) -> Iterator[ast.expr]:
    """The dicts that are written out for what is returned: it itself, what its name was bound to, or what a function is
    given that it comes from."""
    made: dict[str, list[ast.expr]] = {}
    for assign in function.by_type[ast.Assign]:
        for target in assign.targets:
            if isinstance(target, ast.Name):
                made.setdefault(target.id, []).append(assign.value)
    given = [node, *(node.args if isinstance(node, ast.Call) else ())]
    for each in given:
        for one in made.get(each.id, ()) if isinstance(each, ast.Name) else (each,):
            if _is_dict(one):
                yield one


def _is_dict(node: ast.expr) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict"
    return named or isinstance(node, ast.Dict)


def _held(node: ast.expr) -> Iterator[str]:
    """The names of what a dict holds as it is, those inside of it included: `loss.item()` gives something else."""
    values = node.values if isinstance(node, ast.Dict) else [each.value for each in getattr(node, "keywords", ())]
    for value in values:
        if isinstance(value, ast.Name):
            yield value.id
        elif value is not None and _is_dict(value):
            yield from _held(value)
