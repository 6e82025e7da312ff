"""Decorators that put another function in the place of the one they stand on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.elsewhere.imports import NEVER_OURS
from torchconv_lint.analysis.syntax.gradmode import decorators_of
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.run.interpreter import Interpreter

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def is_replaced(interpreter: Interpreter, definition: Definition) -> bool:
    """Whether a decorator of the function, as the project defines it, takes other arguments than the function, or gives
    another result: `return to_numpy(function(*args))`, or compiles it for arrays, which cannot be called with tensors.
    Other decorators that cannot be seen are taken for such as time, register or log."""
    listed = decorators_of(definition)
    decorators = (_defined(interpreter, node) for node in listed)
    return any(_is_for_arrays(interpreter, node) for node in listed) or any(
        _changes(wrapper, calls)
        for decorator in decorators
        if decorator is not None
        for wrapper, calls in _wrappers(decorator, frozenset())
    )


def _is_for_arrays(interpreter: Interpreter, node: ast.expr) -> bool:
    """`@numba.njit`, `@jit(nopython=True)` of numba: what it makes of a function knows arrays and no tensors."""
    path = dotted(node.func if isinstance(node, ast.Call) else node)
    return path is not None and interpreter.outline.full_name(path).startswith("numba.")


def _defined(interpreter: Interpreter, node: ast.expr) -> _Function | None:
    """The function of the project that a decorator is, or that makes it."""
    path = dotted(node.func if isinstance(node, ast.Call) else node)
    if path is None:
        return None
    function = interpreter.outline.functions.get(path)
    full_name = interpreter.outline.full_name(path)
    if function is None and full_name != path and interpreter.project is not None:
        ours = not full_name.startswith(NEVER_OURS)
        found = interpreter.project.find(interpreter.source.path, full_name) if ours else None
        function = found[0].functions.get(found[2]) if found is not None else None
    return function.node if function is not None else None


def _wrappers(node: _Function, outer: frozenset[str]) -> Iterator[tuple[_Function, list[ast.Call]]]:
    """The functions inside one that call what a function around them was given, with these calls."""
    for inner in (child for child in _own(node) if isinstance(child, _Function) and child is not node):
        around = outer | _names(node)
        calls = [
            child
            for child in _own(inner)
            if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in around
        ]
        if calls:
            yield inner, calls
        yield from _wrappers(inner, around)


def _names(node: _Function) -> frozenset[str]:
    return frozenset(one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


def _own(node: _Function) -> list[ast.AST]:
    """The nodes of a function, itself included, but nothing of functions inside, which are given themselves."""
    return walk(node, _INSIDE)


_INSIDE: frozenset[type] = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda})


def _changes(wrapper: _Function, calls: list[ast.Call]) -> bool:
    """Whether the wrapper gives something that is not just what it was given by the function, or hands on other
    arguments than its own."""
    given = {id(call) for call in calls}
    bound: dict[str, bool] = {}
    for node in _own(wrapper):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            bound[name] = bound.get(name, True) and id(node.value) in given
    returns = [node.value for node in _own(wrapper) if isinstance(node, ast.Return) and node.value is not None]
    same = any(_is_same(value, given, bound) for value in returns)
    if not same or not all(_is_same(value, given, bound) or isinstance(value, ast.Constant) for value in returns):
        return True
    own = [one.arg for one in (*wrapper.args.posonlyargs, *wrapper.args.args)]
    return not any(_positions(call)[: len(own)] == own for call in calls)


def _is_same(value: ast.expr, given: set[int], bound: dict[str, bool]) -> bool:
    while isinstance(value, ast.Await):
        value = value.value
    return id(value) in given or (isinstance(value, ast.Name) and bound.get(value.id, False))


def _positions(call: ast.Call) -> list[str]:
    return [one.id if isinstance(one, ast.Name) else "" for one in call.args]
