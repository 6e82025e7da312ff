"""Calls of NumPy functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torchconv_lint.analysis.conversions import tell_implicit
from torchconv_lint.analysis.dtypes import DTYPES
from torchconv_lint.analysis.sharing import converted, fresh, written
from torchconv_lint.analysis.tensor_methods import dtype_fact
from torchconv_lint.analysis.tensors import computed, operands_in
from torchconv_lint.analysis.values import (
    NONE,
    UNKNOWN,
    Array,
    Const,
    Fact,
    Kind,
    Memory,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    just,
    kinds,
)
from torchconv_lint.knowledge import numpy_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.frame import Arguments, Frame

_SHARING = frozenset(
    {"asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require", "from_dlpack", "atleast_1d"}
)


def call_numpy(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call `np.<name>`; None if nothing is known of it."""
    table = numpy_ops().function
    via = f"np.{name}"
    if name in DTYPES:
        return call_dtype(frame, name, arguments, node)
    if name.startswith("random."):
        for argument in (*arguments.positional, *arguments.keywords.values()):
            tell_implicit(frame, argument.value, argument.node, via, node)
    if name in table.converts or name in table.converts_list or name == "save":
        _tell(frame, name, via, arguments, node)
    if name in table.inplace and arguments.positional:
        first = arguments.positional[0]
        written(frame, first.value, first.node, node, fills=name in ("copyto", "put", "place", "putmask"))
        return NONE
    out = arguments.keywords.get("out")
    if out is not None:
        written(frame, out.value, out.node, node, fills=False)
        return out.value
    return _result(frame, name, arguments, node)


def _tell(frame: Frame, name: str, via: str, arguments: Arguments, node: cst.Call) -> None:
    table = numpy_ops().function
    lists = name in table.converts_list or name == "save"
    single = name in table.converts or name == "save"
    data = arguments.positional if name in table.ufunc or name in _SEVERAL else arguments.positional[:1]
    if not data:
        data = tuple(argument for key, argument in arguments.keywords.items() if key not in _NOT_DATA)[:1]
    for argument in data:
        if not single:
            held = tuple(alt for alt in argument.value if isinstance(alt.kind, Sequence))
            tell_implicit(frame, held, argument.node, via, node)
        else:
            tell_implicit(frame, argument.value, argument.node, via, node, lists=lists)


def call_dtype(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind:
    """`np.float32(x)`: an array type applied to a tensor converts it."""
    if arguments.positional:
        argument = arguments.positional[0]
        tell_implicit(frame, argument.value, argument.node, f"np.{name}", node)
        if any(isinstance(kind, Array | Sequence) for kind in kinds(argument.value)):
            return Array(Fact(name))
    return Opaque()


_SEVERAL = frozenset(
    {"dot", "matmul", "where", "allclose", "isclose", "array_equal", "interp", "cross", "outer", "save"}
)
_NOT_DATA = frozenset({"dtype", "axis", "out", "copy", "order", "keepdims", "where", "like"})
"""Functions that convert more than their first argument, ufuncs aside."""


def _result(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    table = numpy_ops().function
    first = arguments.value(0)
    if name in ("array", "asarray", *_SHARING):
        return _as_array(frame, name, arguments, node)
    if name in table.blank:
        dtype = dtype_fact(arguments.keywords["dtype"].value) if "dtype" in arguments.keywords else Fact("float64")
        return Array(dtype, _blank(frame, name, node), ndim=_ndim(first))
    if name in table.keeps_tensor and any(isinstance(kind, Tensor) for kind in kinds(first)):
        return each(first, lambda kind: _through(frame, kind)) or UNKNOWN
    if name in table.reduces and arguments.count == 1:
        return Number(numpy=True)
    if name in table.ufunc or name in ("clip", "round", "around"):
        operands = [kind for value in arguments.values for kind in kinds(value)]
        if not any(isinstance(kind, Array | Sequence) for kind in operands):
            return Number(numpy=True) if all(isinstance(kind, Number | Const) for kind in operands) else Opaque()
    if name in table.view or name in table.maybe_view:
        shared = [kind.memory for kind in kinds(first) if isinstance(kind, Array)]
        return Array(memory=shared[0] if shared else None)
    if name.startswith("random."):
        size = arguments.keywords.get("size")
        sized = size is not None and all(_is_size(kind) for kind in kinds(size.value))
        several = sized or (name.split(".")[1] in _ARRAYS and arguments.count)
        return Array(Fact("float64")) if several else Opaque()
    if name in table.copies or name in table.float64 or name in table.ufunc:
        return Array(Fact("float64") if name in table.float64 else None)
    if name in table.converts or name in table.converts_list or name in ("load", "loadtxt", "fromfile", "frombuffer"):
        return Array()
    return None


def _is_size(kind: Kind) -> bool:
    return isinstance(kind, Sequence | Number) or (isinstance(kind, Const) and isinstance(kind.value, int))


_ARRAYS = frozenset({"rand", "randn", "random", "random_sample", "permutation", "standard_normal"})
"""Functions of np.random that give an array for any argument; the others give a number unless `size` is given."""


def _blank(frame: Frame, name: str, node: cst.Call) -> Memory | None:
    """The memory of `np.empty` waits to be filled; zeros, ones and constants are data already."""
    origin = "blank" if name.startswith("empty") else "fresh"
    return fresh(frame, node, origin) if frame.tracks else None


def _ndim(shape: Value) -> int | None:
    kind = shape[0].kind if len(shape) == 1 else None
    if isinstance(kind, Sequence) and kind.items is not None:
        return len(kind.items)
    return 1 if isinstance(kind, Const | Number) else None


def _through(frame: Frame, kind: Kind) -> Kind:
    """`np.sqrt(t)` of a tensor is a tensor."""
    if isinstance(kind, Tensor):
        return computed(frame, operands_in([just(kind)]), count=kind.count, shape=kind.shape)
    return Array()


def _as_array(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`np.array(x)` copies, `np.asarray(x)` shares what already is an array (or a tensor on the CPU)."""
    dtype = dtype_fact(arguments.value(1, "dtype"))
    typed = len(arguments.positional) > 1 or "dtype" in arguments.keywords
    copy = arguments.keywords.get("copy")
    kept = copy is not None and any(
        isinstance(kind, Const) and kind.value in (False, None) for kind in kinds(copy.value)
    )
    shares = name != "array" or kept

    def result(kind: Kind) -> Kind:
        if isinstance(kind, Array) and shares:
            same = not typed or (dtype is not None and dtype == kind.dtype)
            return replace(kind, dtype=dtype or kind.dtype, memory=kind.memory if same else None, path=None)
        if isinstance(kind, Tensor) and shares and not typed:
            memory = converted(frame, kind.memory, node, f"`np.{name}` shares its memory", numpy=True)
            return Array(kind.dtype, memory)
        if isinstance(kind, Opaque) and shares and not typed:
            memory = converted(
                frame, kind.memory, node, f"`np.{name}` may share its memory", numpy=True, sure=Confidence.POSSIBLE
            )
            return Array(None, memory)
        return Array(dtype, fresh(frame, node, "fresh") if frame.tracks else None)

    value: Value = arguments.value(0)
    return each(value, result) if value else Array(dtype)
