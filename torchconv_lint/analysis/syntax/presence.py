"""Tests for presence, read off the ast: `if m.bias:` before what only a tensor can do.

A value that a condition tests by itself, and that is used as a tensor where the condition holds, was meant to be told
from None. Only the branch counts: elsewhere the same name may stand for something else.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.analysis.syntax.walking import ByType

MASKING = frozenset({"masked_fill", "masked_fill_", "masked_select", "masked_scatter", "masked_scatter_", "copy_"})
"""Methods whose first argument is a tensor with an element for each of the other's."""

INITIALISERS = frozenset({"constant", "zeros", "ones", "normal", "uniform", "trunc_normal", "orthogonal"})
INITIALISERS |= {"xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"}
"""Functions of torch.nn.init, which fill their first argument; older ones have no underscore at their end."""

TAKING = frozenset({"Parameter", "from_pretrained"})
"""What of torch.nn is made of a tensor: `nn.Parameter(x)`, `nn.Embedding.from_pretrained(x)`."""

KEEPING = frozenset({"register_buffer", "register_parameter"}) | MASKING
"""Methods that are given tensors."""

TELLING = frozenset({"unsqueeze", "unsqueeze_", "masked_fill", "masked_fill_", "masked_select", "index_select"})
TELLING |= {"expand_as", "view_as", "type_as", "contiguous", "permute", "new_zeros", "new_ones", "new_full", "scatter_"}
TELLING |= {"data_ptr", "transpose_"}
"""Methods that nothing but a tensor with several elements has, and nobody gives a class of his own."""


_OF_LAYERS = frozenset({"bias", "weight"})
"""Attributes that layers keep parameters, flags or other layers under."""

_OF_DATA = frozenset({"data", "clone", "detach", "shape", "size", "numel", "dtype", "device", "requires_grad", "grad"})
_OF_DATA |= {"cpu", "cuda", "float", "half", "view", "reshape", "copy_", "ndim", "dim", "mean", "sum", "numpy"}
"""What a flag or a layer has not, but a parameter has."""


_DATA = re.compile(r"^(attn|attention|mask|logits|embeds|query|memory)$|_(mask|logits|embeds|embeddings)$")
"""Names under which `forward` takes tensors, and nobody flags."""

_ASKING = re.compile(r"^(output|return|use|with|get|need|needs|has|is|apply|should|compute|add|keep|do|no|save|skip)_")
"""How the name of a flag begins: `output_router_logits`, `use_mask`."""


def optional_inputs(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The parameters of a `forward` that may be left out and by their names are tensors."""
    arguments = function.args
    given = (*arguments.posonlyargs, *arguments.args)
    defaults = [*zip(reversed(given), reversed(arguments.defaults), strict=False)]
    for parameter, default in (*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
        is_none = isinstance(default, ast.Constant) and default.value is None
        if not is_none or function.name != "forward" or parameter.annotation is not None:
            continue
        if is_called_like_data(parameter.arg):
            yield parameter.arg


def is_called_like_data(name: str) -> bool:
    """Whether a parameter or field of this name holds a tensor, if anything, and is no flag."""
    return _DATA.search(name) is not None and _ASKING.search(name) is None


_MAKERS = frozenset({"ones", "zeros", "full", "arange", "eye", "rand", "randn", "linspace", "tensor", "FloatTensor"})


def replaced(node: ast.AST) -> str | None:
    """`x` of `x if x else torch.ones(n)` and `x or torch.tensor([…])`: what takes its place has several elements."""
    if isinstance(node, ast.IfExp):
        value, other = node.test, node.orelse
        if dotted(value) != dotted(node.body):
            return None
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and len(node.values) == 2:
        value, other = node.values
    else:
        return None
    if not isinstance(other, ast.Call) or not isinstance(other.func, ast.Attribute) or not other.args:
        return None
    name, first = other.func.attr, other.args[0]
    if name not in _MAKERS or dotted(other.func.value) != "torch":
        return None
    if isinstance(first, ast.Constant) and first.value == 1:
        return None
    one = name == "tensor" and not isinstance(first, ast.List | ast.ListComp | ast.BinOp)
    return None if one else dotted(value)


def present(nodes: ByType, takes: frozenset[str]) -> frozenset[str]:
    """The names and dotted names that are tested for presence: they are tensors, or None. `takes`: functions of torch
    whose first argument is a tensor."""
    found = set()
    inputs = {name for function in nodes[ast.FunctionDef] for name in optional_inputs(function)}
    for node in (*nodes[ast.If], *nodes[ast.IfExp], *nodes[ast.BoolOp]):
        if (value := replaced(node)) is not None:
            found.add(value)
        for path, branch in _guarded(node):
            if path not in found and (path in inputs or _is_tensor(path, branch, takes)):
                found.add(path)
    return frozenset(found)


def used(node: ast.Call, takes: frozenset[str]) -> Iterator[str | None]:
    """The names and dotted names that this call uses as tensors with any number of elements."""
    func = node.func
    first = node.args[0] if node.args else None
    if isinstance(func, ast.Name):
        if first is not None and (func.id.removesuffix("_") in INITIALISERS or func.id == "Parameter"):
            yield _without_data(dotted(first))
    elif isinstance(func, ast.Attribute):
        name = func.attr
        if name in TELLING:
            yield _without_data(dotted(func.value))
        elif name.endswith("_") and isinstance(func.value, ast.Attribute) and func.value.attr in ("data", "grad"):
            yield dotted(func.value.value if func.value.attr == "data" else func.value)
        if first is None:
            return
        if name == "size" and _is_dimension(first):  # an array's `size` is no method
            yield _without_data(dotted(func.value))
        owner = dotted(func.value) or ""
        if name in MASKING:
            yield _without_data(dotted(looked_through(first)))
        elif name in takes and owner in ("torch", "F"):
            yield dotted(first)
        elif (name.removesuffix("_") in INITIALISERS and owner.rpartition(".")[2] == "init") or (
            name in TAKING and owner.removeprefix("torch.").partition(".")[0] == "nn"
        ):
            yield _without_data(dotted(first))
        elif name == "register_buffer" and len(node.args) > 1:
            yield _without_data(dotted(node.args[1]))


def _is_dimension(node: ast.expr) -> bool:
    """`0`, `-1`."""
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _without_data(path: str | None) -> str | None:
    return path.removesuffix(".data") if path is not None else None


def looked_through(node: ast.expr) -> ast.expr:
    """`mask` of `~mask` and of `mask == 0`."""
    if isinstance(node, ast.UnaryOp):
        node = node.operand
    return node.left if isinstance(node, ast.Compare) else node


def tested(test: ast.expr) -> Iterator[str]:
    """The names and dotted names whose truth a condition needs."""
    for part in test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else (test,):
        path = dotted(part)
        if path is not None:
            yield path


def _guarded(node: ast.If | ast.IfExp | ast.BoolOp) -> Iterator[tuple[str, Sequence[ast.AST]]]:
    """What a statement or expression tests by itself, each with what is run where it holds."""
    if not isinstance(node, ast.BoolOp):
        test, body, other = node.test, node.body, node.orelse
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, body = test.operand, other
        branch = body if isinstance(body, list) else [body]
        for path in tested(test):
            yield path, branch
    elif isinstance(node.op, ast.And):
        for place, part in enumerate(node.values[:-1]):
            for path in tested(part):
                yield path, node.values[place + 1 :]


def _is_tensor(path: str, branch: Sequence[ast.AST], takes: frozenset[str]) -> bool:
    """Whether the branch uses it as a tensor, before it may have become another thing."""
    layered = path.rpartition(".")[2] in _OF_LAYERS
    for part in branch:
        nodes = walk(part)
        if any(isinstance(node, ast.Call) and path in used(node, takes) for node in nodes):
            return True
        if layered and any(
            isinstance(node, ast.Attribute) and node.attr in _OF_DATA and dotted(node.value) == path for node in nodes
        ):
            return True
        if any(node.__class__ in _BINDING and _binds(node, path) for node in nodes):
            return False
    return False


_BINDING = frozenset({ast.Name, ast.Attribute})


def _binds(node: ast.AST, path: str) -> bool:
    if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Store):
        return False
    target = dotted(node)
    return target is not None and (path == target or path.startswith(f"{target}."))
