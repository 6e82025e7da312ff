"""Layers that are made without a bias: to ask whether it is there asks None.

Functions that initialise the layer they are given (`fill(self.head)`, `self.head.apply(fill)`) test `if layer.bias:`,
which is right as long as every layer they are given was made with `bias=False`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline

_LAYERS = frozenset({"Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d"})
_LAYERS |= {"ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}
"""Classes of torch.nn that may be told to do without a bias."""


def lack_bias(outline: FileOutline, function: FunctionOutline | None, owner: str, line: int) -> bool:
    """Whether the layers that `owner` may stand for at a line of a function have no bias: all that the file makes, or
    all that the function is given."""
    classes = (_asked(function, owner, line) if function is not None else None) or _LAYERS
    made = [node for node in walk(outline.tree) if isinstance(node, ast.Call) and _class(node) in classes]
    if made and all(_without(node) for node in made):
        return True
    if function is None or not function.node.args.args or function.node.args.args[-1].arg != owner:
        return False
    given = list(_given(_where_it_is_meant(outline, function), function.name))
    if not given:  # it is there to be applied, elsewhere, and asks by name what it is given
        return _asks_by_name(function, owner)
    return all(receiver is not None and _is_made_without(outline, receiver, line) for receiver, line in given)


def _asked(function: FunctionOutline, owner: str, line: int) -> frozenset[str]:
    """The classes of layers that `isinstance(owner, nn.Linear)` has asked for before a line is reached."""
    found: set[str] = set()
    for node in function.by_type[ast.If]:
        test, last = node.test, node.body[-1].end_lineno or line
        if not node.body[0].lineno <= line <= last or not isinstance(test, ast.Call) or len(test.args) != 2:
            continue
        if dotted(test.func) == "isinstance" and dotted(test.args[0]) == owner:
            kinds = test.args[1].elts if isinstance(test.args[1], ast.Tuple) else [test.args[1]]
            found |= {(dotted(kind) or "").rpartition(".")[2] for kind in kinds}
    return frozenset(found & _LAYERS)


def _class(node: ast.Call) -> str:
    return (dotted(node.func) or "").rpartition(".")[2]


def _without(node: ast.Call) -> bool:
    given = [keyword.value for keyword in node.keywords if keyword.arg == "bias"]
    if _class(node) == "Linear":
        given.extend(node.args[2:3])
    # A bias in place of the flag would be refused: `nn.Linear(2, 3, old.bias)` is made like a layer that has none.
    return any(
        (isinstance(value, ast.Constant) and value.value is False) or (dotted(value) or "").endswith(".bias")
        for value in given
    )


def _where_it_is_meant(outline: FileOutline, function: FunctionOutline) -> ast.AST:
    """Where the function's name stands for it: a method's in its class, if other classes have one of that name."""
    owner = function.owner
    if owner is None or not any(function.name in one.methods for one in outline.classes.values() if one is not owner):
        return outline.tree
    return owner.node


def _given(root: ast.AST, name: str) -> Iterator[tuple[str | None, int]]:
    """What a function is given below, by calls and by `.apply`, and where; None if that has no name."""
    harmless: set[ast.expr] = set()
    for node in walk(root):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "apply" and len(node.args) == 1:
            if _last(node.args[0]) == name:
                harmless.add(node.args[0])
                yield dotted(node.func.value), node.lineno
        elif _last(node.func) == name and node.args:
            harmless.add(node.func)
            yield dotted(node.args[-1]), node.lineno
    for node in walk(root):
        if isinstance(node, ast.Name | ast.Attribute) and _last(node) == name and node not in harmless:
            yield None, node.lineno


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_made_without(outline: FileOutline, path: str, line: int) -> bool:
    """Whether what was last bound to a name before a line is a layer without a bias, or one that is not asked here."""
    bound = [
        node
        for node in walk(outline.tree)
        if isinstance(node, ast.Assign) and node.lineno < line and any(dotted(each) == path for each in node.targets)
    ]
    value: ast.expr | None = max(bound, key=lambda node: node.lineno).value if bound else None
    maker = outline.functions.get(_last(value.func)) if isinstance(value, ast.Call) else None
    returns = maker.by_type[ast.Return] if maker is not None else ()
    if len(returns) == 1:
        value = returns[0].value
    if not isinstance(value, ast.Call):
        return False
    return _without(value) if _class(value) in _LAYERS else "Norm" in _class(value)


def _asks_by_name(function: FunctionOutline, owner: str) -> bool:
    """Whether it reads `owner.__class__.__name__`."""
    return any(
        node.attr == "__name__" and dotted(node) == f"{owner}.__class__.__name__"
        for node in function.by_type[ast.Attribute]
    )
