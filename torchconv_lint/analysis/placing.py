"""Where a function puts what it makes, read off the ast: who moves a result to `x.device` expects `x` anywhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.analysis.walking import ByType


def placed_by(nodes: ByType) -> frozenset[str]:
    """The names that reach NumPy by `.numpy()`, and on whose device something is made, or moved to."""
    calls: Sequence[ast.Call] = nodes[ast.Call]
    read = {name for call in calls if getattr(call.func, "attr", "") == "numpy" for name in _read_by(call)}
    if not read:
        return frozenset()
    remembered = {
        target.id: owner
        for node in nodes[ast.Assign]
        if (owner := _owner(node.value)) in read
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    goals = [goal for call in calls for goal in _goals(call)]
    owners = {remembered.get(goal.id) if isinstance(goal, ast.Name) else _owner(goal) for goal in goals}
    return frozenset(owner for owner in owners if owner in read and owner is not None)


def _read_by(node: ast.Call) -> Iterator[str]:
    """The names in `x` of `x.numpy()`."""
    for inner in walk(node.func):
        if isinstance(inner, ast.Name):
            yield inner.id


def _goals(node: ast.Call) -> Iterator[ast.expr]:
    """The devices that a call names."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "to" and node.args:
        yield node.args[0]
    for keyword in node.keywords:
        if keyword.arg == "device":
            yield keyword.value


def _owner(node: ast.expr) -> str | None:
    """`x` of `x.device`."""
    if isinstance(node, ast.Attribute) and node.attr == "device" and isinstance(node.value, ast.Name):
        return node.value.id
    return None
