"""Methods of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.products import multiplied
from torchconv_lint.analysis.computing.tensors import INTEGERS
from torchconv_lint.analysis.domain import sparse
from torchconv_lint.analysis.domain.array_dtypes import quotient_dtype, reduced_to
from torchconv_lint.analysis.domain.dtypes import dtype_of
from torchconv_lint.analysis.domain.layout import copied, viewed
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    NONE,
    NOTHING,
    Array,
    Const,
    Fact,
    Kind,
    Number,
    Opaque,
    Sequence,
    Step,
    Value,
    just,
)
from torchconv_lint.analysis.nodes.names import receiver_of
from torchconv_lint.analysis.telling.buffers import tell_reinterpreted
from torchconv_lint.analysis.telling.sharing import written
from torchconv_lint.knowledge import numpy_ops

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def call_array_method(
    frame: Frame, kind: Array, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """`array.name(...)`."""
    ops = numpy_ops().method
    subject = receiver_of(func)
    if name in ops.inplace and name != "resize":  # an array whose memory is shared refuses it; images have it, too
        written(frame, just(kind), subject, node, fills=name in ("fill", "put", "itemset"))
        return NONE
    if name in ("tolist",):
        return Sequence(None, just(Number()))
    if name in ops.reduces and not arguments.count:
        return reduced_to(name, just(kind))
    if name in ops.python:
        return Number()
    if name == "astype":
        copy = arguments.value(99, "copy")
        kept = bool(copy) and isinstance(copy[0].kind, Const) and copy[0].kind.value is False
        target = dtype_of(arguments.value(0, "dtype"))
        order = Fact("swapped", Step(frame.site(node), "its bytes are in the other order"))
        dtype = Fact(target.name, Step(frame.site(node), f"is cast to {target.name}")) if target else None
        result = Array(dtype, kind.memory if kept else None, ndim=kind.ndim, count=kind.count)
        if target is not None and target.swapped:
            return replace(result, swapped=order)
        same = kept and dtype is not None and dtype == kind.dtype
        return replace(kind, path=None) if same else result
    if name == "view" and arguments.count:
        tell_reinterpreted(frame, kind, arguments, node, subject)
        target = dtype_of(arguments.value(0, "dtype"))
        order = Fact("swapped", Step(frame.site(node), "its bytes are read in the other order"))
        swapped = order if target is not None and target.swapped else None
        return replace(kind, path=None, dtype=Fact(target.name) if target else None, swapped=swapped)
    if name in ops.view or name in ops.maybe_view:
        return viewed(frame, kind, name, arguments, node)
    if name == "nonzero":
        return sparse.indices()
    if name in ("dot", "trace"):
        other = arguments.value(0, "b")
        of_two = name == "dot" and len(other) == 1
        return multiplied(kind, other[0].kind, _dtype_after(kind, name)) if of_two else Opaque(array=Array())
    if name in ("argsort", "argmax", "argmin", "searchsorted", "argpartition"):
        return Array(Fact("int64"), ndim=kind.ndim if name == "argsort" else None)
    if name == "copy":
        return copied(kind)
    return Array(dtype=_dtype_after(kind, name)) if name in ops.copies else NOTHING


def _dtype_after(kind: Array, name: str) -> Fact | None:
    """The dtype of a method that keeps it, but for means and sums of integers, and questions."""
    if name in numpy_ops().method.integer_to_float64:
        return quotient_dtype(kind.dtype)
    if name in ("all", "any"):
        return Fact("bool")
    if name in _ADDING and kind.dtype is not None and kind.dtype.value in INTEGERS:
        return Fact("int64", kind.dtype.step) if str(kind.dtype.value).startswith(("int", "bool")) else None
    return kind.dtype


_ADDING = frozenset({"sum", "prod", "cumsum", "cumprod"})
"""Their results have more digits than each of the integers."""
