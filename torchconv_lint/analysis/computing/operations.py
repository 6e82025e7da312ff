"""What an operation on tensors gives, by what the tables say of it: its grad, its memory, its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing import autocast
from torchconv_lint.analysis.computing.tensors import INTEGERS, NO_GRAD, computed, result_dtype
from torchconv_lint.analysis.domain.forms import formed
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import Shape, broadcast, count_of, literal_sizes, without_dim
from torchconv_lint.analysis.domain.values import (
    MANY,
    NOTHING,
    ONE,
    Const,
    Fact,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    just,
)
from torchconv_lint.analysis.telling.graph import LINEAR, offspring
from torchconv_lint.analysis.telling.sharing import converted
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def outputs(frame: Frame, pattern: str, operands: list[Tensor], shape: Shape = None) -> Sequence:
    """Several results: "g" is differentiable, "n" never requires grad."""
    both = computed(frame, operands, shape=shape)
    items = [both if letter == "g" else replace(both, grad=NO_GRAD, dtype=None) for letter in pattern]
    return Sequence(tuple(just(item) for item in items), NOTHING, mutable=False)


def operation(
    frame: Frame,
    name: str,
    operands: list[Tensor],
    arguments: Arguments,
    *,
    views: bool,
    maybe: bool,
    node: cst.Call,
    function: bool = False,
) -> Tensor:
    """An operation that gives one tensor, by what the tables say of it."""
    ops = torch_ops().function if function else torch_ops().method
    first = operands[0]
    count, shape = size_of(name, operands, arguments, function, views=views or maybe)
    fixed = ops.dtype.get(name)
    dtype = Fact(fixed) if fixed else result_dtype(operands)
    if dtype is not None and dtype.value in INTEGERS and not fixed:
        if name in ops.to_float:
            # Rounded integers stay integers, unless they are divided by a float: measured.
            dtype = None if "rounding_mode" in arguments.keywords else frame.interpreter.facts.default_dtype
        elif function and _has_unknown(arguments):  # `torch.index_select(weight, 0, index)`: the index tells nothing
            dtype = None
        elif name in _TOTALS:
            dtype = replace(dtype, value="int64")
        elif name in ops.elementwise and _widens(dtype, arguments):
            dtype = None
    if dtype is not None and str(dtype.value).startswith("complex") and not fixed and name in ops.reduces:
        dtype = None  # a norm or a deviation is real, a sum is not
    if (name in ops.no_grad) or (fixed in ("bool", "int64")):
        return replace(computed(frame, operands, count=count, shape=shape), grad=NO_GRAD, dtype=dtype)
    if views or (maybe and not function):
        # A view or no-op keeps requires_grad whatever the grad mode is: measured.
        memory = first.memory
        if memory is not None and name == "contiguous":
            whole = memory.origin in ("fresh", "blank") and not memory.side and not memory.viewed and not memory.part
            sure = Confidence.CERTAIN if whole else Confidence.POSSIBLE  # what was made so is contiguous already
            memory = converted(frame, memory, node, f"`.{name}()` may share its memory", sure=sure)
        if maybe and not views and _is_reordered(node):
            memory = None
        if name in _SPREADS:
            memory = None  # torch refuses to write what is in one place and stands for several
        if memory is not None and views:
            memory = replace(memory, viewed=True)
        graph = offspring(first.graph) if maybe and not views else first.graph
        result = replace(first, count=count, shape=shape, path=None, memory=memory, graph=graph)
        return formed(frame, result, name, first, node, view=views)
    result = computed(frame, operands, count=count, dtype=dtype, shape=shape, linear=name in LINEAR)
    if name.rpartition(".")[2] in _WITH_FRACTIONS and "rounding_mode" not in arguments.keywords:
        result = replace(result, fraction=True)
    return formed(frame, autocast.by_operation(frame, result, name, node), name, first, node, view=views)


_TOTALS = frozenset({"sum", "nansum", "prod", "cumsum", "cumprod"})
"""Operations that give int64 for integers of any width, and for booleans: measured."""


def _widens(dtype: Fact, arguments: Arguments) -> bool:
    """Whether a number among the operands may give integers another dtype: a float does, and any number to booleans."""
    numbers = [kind for argument in arguments.positional for kind, _ in argument.value]
    if any(isinstance(kind, Number) or (isinstance(kind, Const) and type(kind.value) is float) for kind in numbers):
        return True
    return dtype.value == "bool" and any(isinstance(kind, Const) and type(kind.value) is int for kind in numbers)


def _has_unknown(arguments: Arguments) -> bool:
    """Whether an operand may be anything: a tensor of floats, for one."""
    return any(
        isinstance(kind, Opaque) and kind.guess is None
        for argument in arguments.positional
        for kind, _ in argument.value
    )


_REORDERS = frozenset({"permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t"})


def _is_reordered(node: cst.Call) -> bool:
    """`x.permute(1, 0, 2).flatten(1)`: what lies in another order than it is wanted in has to be copied, unless there
    is but one along some axis."""
    func = node.func.value if type(node.func) is cst.Attribute else None
    called = func.func if type(func) is cst.Call else None
    return type(called) is cst.Attribute and called.attr.value in _REORDERS


_SPREADS = frozenset({"expand", "expand_as", "broadcast_to"})

_WITH_FRACTIONS = frozenset({"mean", "std", "var", "sigmoid", "softmax", "tanh", "exp", "log", "sqrt", "div"})
"""Operations whose results are no whole numbers as a rule."""


def size_of(
    name: str, operands: list[Tensor], arguments: Arguments, function: bool, *, views: bool
) -> tuple[Fact | None, Shape]:
    """The element count and the shape of an operation's result."""
    ops = torch_ops().function if function else torch_ops().method
    first = operands[0]
    if name in ops.reduces:
        place = _place_of_dim(name, function)
        if place is None or _reduces_all(arguments, place, name):
            return Fact(ONE), ()
        if name.startswith("nn.functional."):
            shape = broadcast(tensor.shape for tensor in operands) if _unreduced(arguments) else None
            return count_of(shape), shape
        if len(arguments.positional) > place + 1:  # another dimension, or whether to keep this one
            return None, None
        shape = without_dim(first.shape, arguments.value(place, "dim"), keep="keepdim" in arguments.keywords)
        return count_of(shape), shape
    if name in ops.elementwise:
        many = [tensor.count for tensor in operands if tensor.count is not None and tensor.count.value == MANY]
        shape = broadcast(tensor.shape for tensor in operands)
        return many[0] if many else count_of(shape) or (first.count if len(operands) == 1 else None), shape
    if name in ("view", "reshape"):
        shape = None if function else _viewed_as(arguments)
        return count_of(shape) or first.count, shape
    if name == "t" and first.shape is not None:
        return first.count, first.shape[::-1]
    if name == "einsum":
        return (Fact(ONE), ()) if _sums_all(arguments.value(0)) else (None, None)
    if views:
        same = name in ("detach", "contiguous", "clone", "requires_grad_", "alias", "view_as")
        return (first.count if name not in _PARTIAL_VIEWS else None), first.shape if same else None
    return None, None


def _viewed_as(arguments: Arguments) -> Shape:
    """The shape that `view` and `reshape` ask for; one unknown argument may be a whole shape."""
    values = [argument.value for argument in arguments.positional]
    if not values or arguments.star or (len(values) == 1 and not _tells_rank(values[0])):
        return None
    return tuple(None if size == -1 else size for value in values for size in literal_sizes(value))


def _tells_rank(value: Value) -> bool:
    kind = value[0].kind if len(value) == 1 else None
    return isinstance(kind, Const | Number) or (isinstance(kind, Sequence) and kind.items is not None)


def _unreduced(arguments: Arguments) -> bool:
    reduction = arguments.value(99, "reduction")
    return any(isinstance(kind, Const) and kind.value == "none" for kind, _ in reduction)


def _sums_all(equation: Value) -> bool:
    """Whether an equation of `einsum` leaves no index: `ij,ij->`, and `ij,ij`, where each is found twice."""
    kind = equation[0].kind if len(equation) == 1 else None
    if not isinstance(kind, Const) or not isinstance(kind.value, str):
        return False
    given, arrow, kept = kind.value.replace(" ", "").partition("->")
    if arrow:
        return not kept
    indices = given.replace(",", "")
    return "." not in given and all(indices.count(index) > 1 for index in indices)


_PARTIAL_VIEWS = frozenset({"select", "narrow", "diagonal", "unfold", "expand", "index_select", "as_strided", "get"})
_PARTIAL_VIEWS |= {"broadcast_to", "sum_to_size", "slice_inverse", "linalg.diagonal", "view_as_complex"}
_PARTIAL_VIEWS |= {"cartesian_prod"}
"""Operations that share memory, or may, and give another number of elements."""

_NORMS = frozenset({"norm", "linalg.norm", "linalg.vector_norm", "linalg.matrix_norm"})
"""Reductions that are told which norm before they are told along which dimension."""


def _place_of_dim(name: str, function: bool) -> int | None:
    """At which place a reduction takes its dimension; None if it takes none."""
    if name.endswith("_total_norm"):
        return None
    return (1 if function else 0) + (1 if name in _NORMS else 0)


def _reduces_all(arguments: Arguments, place: int, name: str) -> bool:
    if "dim" in arguments.keywords or "axis" in arguments.keywords:
        return False
    if name.startswith("nn.functional."):
        reduction = arguments.value(99, "reduction")
        constant = reduction[0].kind.value if reduction and isinstance(reduction[0].kind, Const) else None
        return not reduction or constant in ("mean", "sum", "batchmean")
    given = arguments.value(place)
    by_number = any(isinstance(kind, Const) and isinstance(kind.value, bool) for kind, _ in given)  # `x.std(False)`
    return by_number or len(arguments.positional) <= place
