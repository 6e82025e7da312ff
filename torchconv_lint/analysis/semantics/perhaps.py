"""What a tested name is used as, or made of, wherever in the function: uses that only data have, and single elements.
Less than what `presence` asks for, and looked for only where somebody wants to hear of it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.analysis.syntax.outline import dotted

if TYPE_CHECKING:
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_JOINS = frozenset({"cat", "stack", "concat", "hstack", "vstack"})
_LOSSES = frozenset({"cross_entropy", "nll_loss", "mse_loss", "binary_cross_entropy_with_logits", "l1_loss"})
_MAKERS = frozenset({"zeros", "ones", "rand", "randn", "full", "empty", "zeros_like", "ones_like"})


def is_used_as_data(function: FunctionOutline, tested: ast.expr) -> bool:
    """Whether the function uses what is tested as data: asks it for a mean, joins it to other tensors, takes a loss of
    it, or makes it of zeros where it is not there. A flag or a list of layers is used otherwise."""
    text = _looked_up(tested)
    if not text or text in ("self", "cls") or _is_a_package(function, text):
        return False
    methods = data_methods()
    for call in function.by_type[ast.Call]:
        name = (dotted(call.func) or "").rpartition(".")[2]
        if isinstance(call.func, ast.Attribute):
            if call.func.attr in methods and _looked_up(call.func.value) == text:
                return True
            root, _, _ = (dotted(call.func) or "").partition(".")
            of_torch = root in ("torch", "F")
            if of_torch and name in _JOINS and call.args and isinstance(call.args[0], ast.List | ast.Tuple):
                if any(_looked_up(one) == text for one in call.args[0].elts):
                    return True
            elif (name in _LOSSES and any(_looked_up(one) == text for one in call.args[:2])) or (
                of_torch and name not in _OF_ANYTHING and call.args and _looked_up(call.args[0]) == text
            ):
                return True
        if _FROM_ARRAYS.search(name) and len(call.args) == 1 and _looked_up(call.args[0]) == text:
            return True
    if any(
        node.attr in ("shape", "ndim") and _looked_up(node.value) == text for node in function.by_type[ast.Attribute]
    ):
        return True
    if any(_is_of_many(node.slice) and _looked_up(node.value) == text for node in function.by_type[ast.Subscript]):
        return True
    return any(_is_made(node, text) for node in function.by_type[ast.If])


def is_given_as_array(function: FunctionOutline, name: str) -> bool:
    """Whether it is given to `torch.from_numpy`, which takes nothing else."""
    return any(
        (dotted(call.func) or "").rpartition(".")[2] == "from_numpy" and call.args and dotted(call.args[0]) == name
        for call in function.by_type[ast.Call]
    )


_OF_ANYTHING = frozenset(
    {"tensor", "as_tensor", "asarray", "is_tensor", "Tensor", "FloatTensor", "LongTensor", "device", "load", "save"}
    | {"manual_seed", "Size", "set_grad_enabled", "typename", "compile", "Generator", "autocast", "BoolTensor"}
    | _JOINS
    | {"dstack", "column_stack", "row_stack", "einsum", "meshgrid", "broadcast_tensors", "block_diag", "cartesian_prod"}
    | {"zeros", "ones", "rand", "randn", "empty", "full", "arange", "randperm", "linspace", "eye", "set_num_threads"}
)
"""What torch has for other things than tensors, too."""
_FROM_ARRAYS = re.compile(
    r"^from_numpy$|^(xp|np|numpy|array|arr)_?(2|to)_?(torch|tensor|t|cuda)$|^(torch|tensor)_from_(np|numpy|array)$"
)
"""Functions that make tensors of arrays, and of nothing else."""


def _is_of_many(index: ast.expr) -> bool:
    """`x[:, 0]`, `x[..., None]`: nothing but arrays and tensors have several dimensions."""
    parts = index.elts if isinstance(index, ast.Tuple) else []
    return any(isinstance(part, ast.Slice) or (isinstance(part, ast.Constant) and part.value is ...) for part in parts)


def is_one_element(function: FunctionOutline, name: str) -> bool:
    """Whether the name is a number for all that can be seen: None, or computed with elements that two indices pick,
    both of which loops count: `score = scores[i][j] + bonus`."""
    counts = {
        target.id
        for loop in function.by_type[ast.For]
        if isinstance(loop.iter, ast.Call) and (dotted(loop.iter.func) or "").rpartition(".")[2] == "range"
        for target in (loop.target,)
        if isinstance(target, ast.Name)
    }
    values = [
        node.value
        for node in function.by_type[ast.Assign]
        if any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
    ]
    given = [value for value in values if not (isinstance(value, ast.Constant) and value.value is None)]
    return bool(given) and all(_is_picked(value, counts) for value in given)


def _is_picked(value: ast.expr, counts: set[str]) -> bool:
    """Whether arithmetic begins with an element that two counted indices pick."""
    while isinstance(value, ast.BinOp):
        value = value.left
    indices = []
    while isinstance(value, ast.Subscript):
        indices += value.slice.elts if isinstance(value.slice, ast.Tuple) else [value.slice]
        value = value.value
    return len(indices) == 2 and all(isinstance(index, ast.Name) and index.id in counts for index in indices)


def _is_a_package(function: FunctionOutline, text: str) -> bool:
    """`torch` in `torch, _ = try_import()`: what classes are taken from has functions of the same names as data."""
    return any(node.attr[:1].isupper() and dotted(node.value) == text for node in function.by_type[ast.Attribute])


def _is_made(node: ast.If, text: str) -> bool:
    """`if not h: h = torch.zeros(n)`."""
    if not isinstance(node.test, ast.UnaryOp) or not isinstance(node.test.op, ast.Not):
        return False
    for statement in node.body if _looked_up(node.test.operand) == text else ():
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            continue
        owner, _, name = (dotted(statement.value.func) or "").rpartition(".")
        if owner == "torch" and name in _MAKERS and any(_looked_up(to) == text for to in statement.targets):
            return True
    return False


def _looked_up(node: ast.expr) -> str:
    """The name, dotted name or item of a dict that an expression is; `batch.get("mask")` as `batch["mask"]`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        key = node.args[0] if len(node.args) == 1 else None
        return f"{ast.unparse(node.func.value)}[{key.value!r}]" if isinstance(key, ast.Constant) else ""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return ast.unparse(node)
    return dotted(node) or ""
