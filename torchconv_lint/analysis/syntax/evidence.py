"""Use as evidence: what the way a name is used in a function tells of it, read off the ast.

What counts: a method that only tensors have (`x.unsqueeze(0)`, `x.numel()`, `x.backward()`) makes the name a tensor;
`.backward()` also that it requires grad; being passed to a function of torch as its first argument makes it a tensor;
being passed to `torch.transpose`, `bmm` or `matmul` also that it has several dimensions; a method that only nn.Modules
have (`m.eval()`, `m.parameters()`) makes it a module. Nothing else does.
"""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.backward import backward_in, takes_graph
from torchconv_lint.analysis.syntax.placing import outputs, placed_by
from torchconv_lint.analysis.syntax.presence import present
from torchconv_lint.knowledge import numpy_ops, torch_ops
from torchconv_lint.record import told

if TYPE_CHECKING:
    from torchconv_lint.analysis.syntax.walking import ByType

_MODULE_METHODS = frozenset({"parameters", "named_parameters", "named_modules", "state_dict", "eval"})
_MOVES = frozenset({"to", "cuda", "cpu"})
_TRAINING = re.compile(r"optim|sched|scaler")
_OTHER_STATES = re.compile(
    r"rng|random|sampler|loader|dataset|buffer|tracker|meter|logger|callback|counter|timer|history"
)
"""Names of what has a `state_dict()` too, and is no module."""
_ALSO_OTHERS = frozenset(
    [
        "to",
        "cuda",
        "cpu",
        "float",
        "half",
        "double",
        "type",
        "apply",
        "share_memory_",
        "requires_grad_",
        "values",
        "keys",
        "items",
        "get",
        "pop",
        "index",
        "count",
        "copy",
        "data",
        "name",
        "names",
        "is_cuda",
        "device",
        "register_hook",
        "bool",
        "int",
        "long",
        "mode",
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
        "diff",
        "where",
        "rename",
        "sub",
        "add",
        "mul",
        "div",
        "map_",
        "all",
        "any",
        "align_to",
        "set_",
        "is_shared",
        "new",
        "split",
        "strip",
        "format",
        "format_",
        "find",
        "size",
        "resize",
        "unique",
        "matmul",
        "dot",
        "numpy",
        "add_",
        "log",
        "exp",
        "sqrt",
        "abs",
        "detach",
        "is_set",
        "index_add",
        "isin",
        "multiply",
        "maximum",
        "minimum",
    ]
)
"""Tensor methods that modules, containers, strings, data frames, sparse matrices, sets or other frameworks have too."""


@told
class Evidence:
    """Names that must be tensors, that must require grad, that must be modules, and that must have dimensions.

    `spent`: names, dotted names and items through whose graph the function calls backward. `rebound`: names with the
    line of what they are bound to below the last backward: that is another thing. `awaited`: names that are returned to
    callers who call backward on them. `present`: names and dotted names that are tensors wherever a test of their truth
    value holds. `holders`: names of what holds a loss that backward goes through. `placed`: names of what reaches NumPy
    here and to whose device the function moves what it makes. `outputs`: names of outputs of what is called like a
    module. `joined`: names of lists that become one tensor, by `torch.stack` or the like. `losses`: names of losses
    that what backward goes through is made of. `shaped`: names that are asked for what tensors and arrays have, and no
    container of Python's.
    """

    tensors: frozenset[str] = frozenset()
    needs_grad: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    matrices: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()
    rebound: frozenset[tuple[str, int]] = frozenset()
    awaited: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    holders: frozenset[str] = frozenset()
    placed: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    losses: frozenset[str] = frozenset()
    shaped: frozenset[str] = frozenset()


NO_EVIDENCE = Evidence()


@functools.cache
def tensor_only_methods() -> frozenset[str]:
    """Methods that, of all things a program handles, only tensors have."""
    method = torch_ops().method
    known = method.tensor | method.python | frozenset(method.tuple) | method.list
    arrays = numpy_ops().method
    shared = arrays.view | arrays.maybe_view | arrays.copies | arrays.inplace | arrays.reduces | arrays.python
    builtins = frozenset(name for type_ in (str, list, dict, set, tuple, bytes, int, float) for name in dir(type_))
    return frozenset(name for name in known - shared - builtins - _ALSO_OTHERS if not name.startswith("__"))


COMMON_METHODS = frozenset(name for type_ in (str, list, dict, set) for name in dir(type_) if name != "update") | {
    "plot",
    "step",
    "run",
    "to",
}
"""Method names that say nothing of the object (`update` does: meters and metrics have it)."""


@functools.cache
def data_methods() -> frozenset[str]:
    """Methods of tensors and arrays that no builtin type has."""
    method = torch_ops().method
    builtins = frozenset(name for type_ in (str, list, dict, set, tuple, bytes, int, float) for name in dir(type_))
    return (method.tensor | frozenset(method.tuple)) - builtins - _ALSO_OTHERS | {
        "mean",
        "sum",
        "std",
        "exp",
        "log",
        "abs",
    }


def _is_numpy(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy")


OF_DATA = frozenset({"shape", "ndim", "dtype", "device"})


_JOINING = frozenset({"stack", "cat", "pad_sequence"})


def evidence_in(nodes: ByType) -> Evidence:
    """What the uses in one function tell."""
    tensors: set[str] = set()
    needs_grad: set[str] = set()
    modules: set[str] = set()
    matrices: set[str] = set()
    joined: set[str] = set()
    only = tensor_only_methods()
    for node in nodes[ast.Call]:
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _JOINING and node.args and not _is_numpy(func.value):
            joined |= {one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)}
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
            name = func.value.id
            if name in ("torch", "F"):
                if node.args and isinstance(node.args[0], ast.Name):
                    if func.attr in TAKES_TENSOR:
                        tensors.add(node.args[0].id)
                    if func.attr in TAKES_MATRIX:
                        matrices.add(node.args[0].id)
            elif func.attr == "backward" and not node.args:
                if takes_graph(node):
                    needs_grad.add(name)
            elif func.attr in only and func.attr != "backward":  # with a loss it is an engine's
                tensors.add(name)
            elif func.attr in _MODULE_METHODS and not _of_another(name, func.attr):
                modules.add(name)
        elif isinstance(func, ast.Attribute) and func.attr in _MODULE_METHODS:
            name = _moved(func.value)
            if name and not _of_another(name, func.attr):
                modules.add(name)
    passes = backward_in(nodes)
    return Evidence(
        frozenset(tensors),
        frozenset(needs_grad | passes.whole),
        frozenset(modules),
        frozenset(matrices),
        passes.spent,
        passes.rebound,
        present=present(nodes, TAKES_MATRIX | TAKES_TENSOR),
        holders=passes.holders,
        placed=placed_by(nodes),
        joined=frozenset(joined),
        outputs=outputs(nodes),
        losses=passes.parts - needs_grad,
        shaped=frozenset(
            node.value.id for node in nodes[ast.Attribute] if node.attr in OF_DATA and isinstance(node.value, ast.Name)
        ),
    )


def _moved(node: ast.expr) -> str:
    """The name of what is moved where it stands: `net` in `net.to(device)`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES:
        node = node.func.value
    return node.id if isinstance(node, ast.Name) else ""


def _of_another(name: str, method: str) -> bool:
    """Whether it is a method of something else that has it, too, by its name."""
    return bool(_TRAINING.search(name) or (method == "state_dict" and _OTHER_STATES.search(name)))


# Functions of torch whose first argument is a tensor; one with two dimensions or more.
TAKES_MATRIX = frozenset({"transpose", "bmm", "matmul", "mm", "permute"})
TAKES_TENSOR = frozenset(
    [
        "transpose",
        "softmax",
        "log_softmax",
        "sigmoid",
        "relu",
        "mean",
        "sum",
        "exp",
        "log",
        "abs",
        "sqrt",
        "norm",
        "matmul",
        "bmm",
        "mm",
        "argmax",
        "max",
        "min",
        "topk",
        "gather",
        "unsqueeze",
        "squeeze",
        "reshape",
        "permute",
        "flatten",
        "clamp",
        "where",
        "isnan",
        "cumsum",
        "sort",
    ]
)
