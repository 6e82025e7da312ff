"""Where a function puts what it makes, read off the ast: who moves a result to `x.device` expects `x` anywhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.code_forms import names_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.analysis.syntax.walking import ByType


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


def replaced_where_lacking(nodes: ByType) -> frozenset[str]:
    """The names of devices in whose place the CPU is taken where there is no accelerator:
    `if not torch.cuda.is_available(): device = "cpu"`, `self.device = "cpu"`."""
    found: set[str] = set()
    for branch in nodes[ast.If]:
        if _is_lacking(branch.test):
            for node in (node for statement in branch.body for node in walk(statement)):
                if isinstance(node, ast.Assign) and _is_cpu(node.value):
                    found |= {(dotted(target) or "").removeprefix("self.") for target in node.targets}
    return frozenset(found)


def _is_lacking(test: ast.expr) -> bool:
    """`not torch.cuda.is_available()`, alone or as one of several things that all have to hold."""
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return any(
        isinstance(part, ast.UnaryOp)
        and isinstance(part.op, ast.Not)
        and isinstance(part.operand, ast.Call)
        and (dotted(part.operand.func) or "").endswith("is_available")
        for part in parts
    )


def _is_cpu(node: ast.expr) -> bool:
    if isinstance(node, ast.Call) and (dotted(node.func) or "").endswith("device") and node.args:
        node = node.args[0]
    return isinstance(node, ast.Constant) and node.value == "cpu"


def outputs(nodes: ByType) -> frozenset[str]:
    """The names that nothing is bound to but the outputs of what is called like a module, and what is made of them."""
    made: set[str] = set()
    others: set[str] = set()
    bindings = [(target, node.value) for node in nodes[ast.Assign] for target in node.targets]
    for target, value in bindings:
        names = names_in(target)
        while isinstance(value, ast.Attribute | ast.Subscript):  # `model(x).logits`, `model(x)[0]`
            value = value.value
        if isinstance(value, ast.Call) and _is_module(value.func):
            made |= names
        elif not names <= others and names.isdisjoint(names_in(value)):
            others |= names
    return frozenset(made - others)


def _is_module(func: ast.expr) -> bool:
    """`model` of `model(x)`, also in `self.model(x)`, `model.forward(x)` and `self(x)`."""
    if isinstance(func, ast.Attribute) and func.attr == "forward":
        func = func.value
    name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
    return name == "self" or (not name[:1].isupper() and LIKE_A_MODULE.search(name) is not None)


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
