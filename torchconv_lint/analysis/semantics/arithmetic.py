"""Operators between two values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.module_calls import part_of_module
from torchconv_lint.analysis.calling.transforms import tell_cuts
from torchconv_lint.analysis.computing.autocast import by_operation
from torchconv_lint.analysis.computing.products import multiplied
from torchconv_lint.analysis.computing.tensors import computed, widened
from torchconv_lint.analysis.computing.unsigned import tell_operator
from torchconv_lint.analysis.domain.array_dtypes import INTEGERS, common_dtype, quotient_dtype
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import broadcast
from torchconv_lint.analysis.domain.values import (
    CPU,
    MANY,
    NOTHING,
    UNKNOWN,
    Array,
    Const,
    Fact,
    Kind,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    guessed,
    join,
    just,
)
from torchconv_lint.analysis.telling.cuts import cuts_of, merged, with_cuts
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.frame import Frame


def binary(frame: Frame, left: Kind, right: Kind, node: cst.CSTNode) -> Kind | Value:
    """`left op right` for an arithmetic operator."""
    if frame.interpreter.eager:
        left, right = part_of_module(left), part_of_module(right)
    if isinstance(left, Tensor) and isinstance(right, Tensor) and _are_apart(frame, left, right):
        return NOTHING  # it raises
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return _with_tensor(frame, left, right, node)
    if isinstance(left, Array) or isinstance(right, Array):
        return _with_array(frame, left, right, node)
    if isinstance(left, Sequence) and isinstance(right, Sequence):
        parts = [item for side in (left, right) for item in (side.items if side.items is not None else (side.element,))]
        if left.items is not None and right.items is not None and frame.loop_depth == 0:
            return Sequence((*left.items, *right.items), (), left.mutable)
        return Sequence(None, join(*parts) if parts else (), left.mutable)
    if isinstance(left, Sequence) and isinstance(right, Number | Const | Opaque):
        items = left.items if left.items is not None else (left.element,)
        return Sequence(None, join(*items) if items else (), left.mutable)
    guesses = [guess for guess in (guessed(left), guessed(right)) if guess is not None]
    if guesses:
        tensorish = any(isinstance(kind, Opaque) and kind.tensorish for kind in (left, right))
        told = all(isinstance(kind, Number | Const) or guessed(kind) is not None for kind in (left, right))
        result = computed(frame, guesses, dtype=widened(guesses) if told else None)
        graph = merged(left, right, getattr(node, "operator", node), result)
        return Opaque(guess=replace(result, graph=graph), tensorish=tensorish)
    if isinstance(left, Number | Const) and isinstance(right, Number | Const):
        text = any(isinstance(kind, Const) and isinstance(kind.value, str | bytes) for kind in (left, right))
        if text:
            return UNKNOWN
        return Number(cuts=cuts_of(left) | cuts_of(right))
    return UNKNOWN


def _are_apart(frame: Frame, left: Tensor, right: Tensor) -> bool:
    """Whether they are apart, and the one on the CPU has dimensions: a single number may be anywhere."""
    if left.device is None or right.device is None:
        return False
    here = left if left.device.value == CPU else right
    return bool(here.shape) and are_apart(frame, [left, right])


def are_apart(frame: Frame, operands: Iterable[Tensor]) -> bool:
    """Whether one is on an accelerator and another on the CPU, surely. Weights are moved with their module."""
    places = [kind.device for kind in operands if kind.device is not None and not _may_be_weight(kind)]
    sure = {place.value for place in places if place.confidence >= Confidence.CERTAIN}
    return len(sure) > 1 and CPU in sure and frame.interpreter.facts.default_dtype is not None  # see `set_default_…`


def _may_be_weight(kind: Tensor) -> bool:
    """Whether it may be a parameter of a module as it was made, or a view of one."""
    on_host = kind.device is not None and kind.device.value == CPU
    return on_host and kind.grad is not None and kind.grad.value is True


def _with_array(frame: Frame, left: Kind, right: Kind, node: cst.CSTNode) -> Kind:
    """A new array: no layout of its operands survives. The product of two vectors is a number."""
    adapting = not frame.interpreter.root.numpy_numbers_widen
    dtype = common_dtype([just(left), just(right)], adapting=adapting)
    if dtype is not None and dtype.value == "float64" and _meets_double(left, right):
        step = Step(frame.site(node), "a number of NumPy's is float64, and widens a float32 array since NumPy 2.0")
        dtype = Fact("float64", step)
    if isinstance(getattr(node, "operator", None), cst.Divide):
        dtype = quotient_dtype(dtype)
    plain = (kind for kind in (left, right) if isinstance(kind, Array | Const | Number))
    sizes = [kind.ndim if isinstance(kind, Array) else 0 for kind in plain]
    known = [size for size in sizes if size is not None]
    ndim = max(known) if len(known) == 2 else None
    many = [kind.count for kind in (left, right) if isinstance(kind, Array) and kind.count and kind.count.value == MANY]
    if isinstance(getattr(node, "operator", None), cst.MatrixMultiply | cst.MatrixMultiplyAssign):
        product, cuts = multiplied(left, right, dtype), cuts_of(left) | cuts_of(right)
        return with_cuts(Array(dtype) if cuts and isinstance(product, Opaque) else product, cuts)
    return Array(dtype, ndim=ndim, cuts=cuts_of(left) | cuts_of(right), count=many[0] if many else None)


def _meets_double(left: Kind, right: Kind) -> bool:
    """Whether a float32 array meets a float64 number."""
    arrays = {kind.dtype.value for kind in (left, right) if isinstance(kind, Array) and kind.dtype}
    return arrays == {"float32"} and any(isinstance(kind, Number) and kind.dtype == "float64" for kind in (left, right))


def _with_tensor(frame: Frame, left: Kind, right: Kind, node: cst.CSTNode) -> Tensor:
    operands = [tensor for tensor in (guessed(left), guessed(right)) if tensor is not None]
    many = [tensor.count for tensor in operands if tensor.count is not None and tensor.count.value == MANY]
    plain = all(isinstance(kind, Tensor | Number | Const) for kind in (left, right))
    shape = broadcast(tensor.shape for tensor in operands) if plain else None
    counts = [tensor.count for tensor in operands]
    count = many[0] if many else counts[0] if plain and all(counts) else None
    product = isinstance(getattr(node, "operator", None), cst.MatrixMultiply | cst.MatrixMultiplyAssign)
    if product:
        count = shape = None  # rows and columns meet: what is left of the shape is not worked out
    dtype = widened(operands)
    if dtype is not None and dtype.value in INTEGERS and isinstance(getattr(node, "operator", None), cst.Divide):
        dtype = frame.interpreter.facts.default_dtype
    result = computed(frame, operands, count=count, dtype=dtype, shape=shape)
    if product:
        result = by_operation(frame, result, "@", node)
    if isinstance(getattr(node, "operator", None), cst.Divide):
        result = replace(result, fraction=True)
    if frame.trace is not None:
        tell_cuts(frame, [cut for kind in (left, right) if isinstance(kind, Number) for cut in kind.cuts])
    operator = getattr(node, "operator", None)
    if operator is not None:
        tell_operator(frame, (left, right), operator, node)
    graph = merged(left, right, operator, result) if operator is not None else result.graph
    return result if graph is result.graph else replace(result, graph=graph)
