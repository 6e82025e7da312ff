"""Calls of NumPy functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.products import PRODUCTS, product_of
from torchconv_lint.analysis.computing.tensors import NO_GRAD, computed, operands_in
from torchconv_lint.analysis.domain import sparse
from torchconv_lint.analysis.domain.array_dtypes import (
    DTYPE_AT,
    chosen_dtype,
    data_dtype,
    number_of,
    of_unknown,
    random_is_array,
    reduced_to,
    result_dtype,
)
from torchconv_lint.analysis.domain.dtypes import DTYPES, dtype_of
from torchconv_lint.analysis.domain.frame import Argument
from torchconv_lint.analysis.domain.layout import copied, viewed
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import count_of, dimensions, literal_sizes, shape_of_data
from torchconv_lint.analysis.domain.values import (
    MANY,
    NONE,
    OPAQUE,
    UNKNOWN,
    Array,
    Const,
    Dtype,
    Fact,
    Kind,
    Memory,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    each,
    guessed,
    just,
    kinds,
)
from torchconv_lint.analysis.telling.conversions import (
    tell_copy_forbidden,
    tell_implicit,
    tell_refused_by_numpy,
    tell_wrapped,
)
from torchconv_lint.analysis.telling.observations import differ_in_length
from torchconv_lint.analysis.telling.sharing import converted, fresh, memories, written
from torchconv_lint.knowledge import numpy_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame

_SHARING = frozenset(
    {"asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require", "from_dlpack", "atleast_1d"}
)


def call_numpy(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call `np.<name>`; None if nothing is known of it."""
    table = numpy_ops().function
    via = f"np.{name}"
    if name in DTYPES:
        return call_dtype(frame, name, arguments, node)
    if name in table.raises_type_error and name in table.reduces and arguments.positional:
        first = arguments.positional[0]
        tell_refused_by_numpy(frame, first.value, first.node, via, node)
    if name.startswith("random."):
        lists = name not in _DRAWS_FROM  # a list of anything, modules for one
        for argument in (*arguments.positional, *arguments.keywords.values()):
            tell_implicit(frame, argument.value, argument.node, via, node, lists=lists)
    elif name in table.converts or name in table.converts_list or name in _GONE:
        _tell(frame, name, via, arguments, node)
    elif name in _FILLS:
        for argument in arguments.positional[1:]:
            tell_implicit(frame, argument.value, argument.node, via, node)
    if name in table.wraps_tensor:
        for argument in arguments.positional if name in table.ufunc else arguments.positional[:1]:
            tell_wrapped(frame, argument.value, argument.node, via, node)
    if name in ("array", "asarray") and arguments.positional and _forbids_copy(arguments):
        tell_copy_forbidden(frame, arguments.positional[0].value, arguments.positional[0].node, via, node)
    if name in table.inplace and arguments.positional:
        first = arguments.positional[0]
        # What is in a list stays as it is.
        data = tuple(alt for alt in first.value if not isinstance(alt.kind, Sequence))
        written(frame, data, first.node, node, fills=name in _FILLS)
        return NONE
    out = arguments.keywords.get("out")
    if out is not None:
        into = {memory.key for memory in memories(out.value)}
        reads = {memory.key for argument in arguments.positional for memory in memories(argument.value)}
        written(frame, out.value, out.node, node, fills=into.isdisjoint(reads))
        return out.value
    return _result(frame, name, arguments, node)


_SPLITS = frozenset({"split", "array_split", "hsplit", "vsplit", "dsplit", "unstack"})


def _forbids_copy(arguments: Arguments) -> bool:
    copy = arguments.value(99, "copy")
    return bool(copy) and all(isinstance(kind, Const) and kind.value is False for kind in kinds(copy))


_DRAWS_FROM = frozenset({"random.choice", "random.permutation", "random.shuffle"})


def _tell(frame: Frame, name: str, via: str, arguments: Arguments, node: cst.Call) -> None:
    table = numpy_ops().function
    lists = name in table.converts_list or name in _GONE
    single = name in table.converts or name in _GONE
    data = arguments.positional if name in table.ufunc or name in _SEVERAL else arguments.positional[:1]
    if name in _SAVES:
        data = (*data, *arguments.keywords.values())
        if arguments.double_star:
            spread = next(each.value for each in node.args if each.star == "**")
            data = (*data, Argument(arguments.double_star, spread))
    elif "weights" in arguments.keywords:
        data = (*data, arguments.keywords["weights"])
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
        refused = _several_only(argument.value) if name in _THROUGH_FLOAT else argument.value
        tell_implicit(frame, refused, argument.node, f"np.{name}", node)
        if any(isinstance(kind, Array | Sequence) for kind in kinds(argument.value)):
            return Array(Fact(name))
        if all(isinstance(kind, Number | Const) for kind in kinds(argument.value)):
            return Number(numpy=True, dtype=name if name in ("float64", "float32") else None)
    return Opaque()


_THROUGH_FLOAT = frozenset({"float64", "double"})
"""Python's own float underlies these: they ask what holds one number for it, as `float()` does, and make an array of
what holds more."""


def _several_only(value: Value) -> Value:
    """The alternatives that are known to hold several elements."""
    counts = ((alternative, getattr(guessed(alternative.kind), "count", None)) for alternative in value)
    return tuple(alternative for alternative, count in counts if count is not None and count.value == MANY)


_SEVERAL = frozenset(
    {"dot", "matmul", "where", "allclose", "isclose", "array_equal", "interp", "cross", "outer", "save", "savetxt"}
    | {"savez", "savez_compressed", "inner", "vdot", "kron", "tensordot", "einsum", "convolve", "correlate"}
    | {"append", "insert", "delete", "repeat", "take", "full", "full_like", "digitize", "searchsorted"}
    | {"isin", "in1d", "intersect1d", "union1d", "setdiff1d", "setxor1d", "polyfit", "polyval", "cov", "corrcoef"}
    | {"trapezoid", "trapz", "histogram2d", "bincount", "linalg.solve", "linalg.lstsq"}
)
"""Functions that convert more than their first argument, ufuncs aside."""
_SAVES = frozenset({"save", "savetxt", "savez", "savez_compressed"})
_FILLS = frozenset({"copyto", "put", "place", "putmask"})
"""Functions that write what they convert into their first argument, which has to be an array."""
_GONE = frozenset({"trapz", "in1d", "row_stack", "product", "cumproduct", "alltrue", "sometrue"})
"""Functions that NumPy 2 has no more, and that older ones convert in like their successors."""
_RANKS = frozenset({"percentile", "quantile", "nanpercentile", "nanquantile"})

_NOT_DATA = frozenset({"dtype", "axis", "out", "copy", "order", "keepdims", "where", "like"})
"""Keywords that no data is given by."""


def _result(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    table = numpy_ops().function
    first = arguments.value(0)
    if name == "dtype":
        return dtype_of(first)
    if name in ("load", "frombuffer", "memmap"):
        return _from_file(frame, name, result_dtype(frame, name, arguments, node), arguments, node)
    if name in ("array", "asarray", *_SHARING):
        return _as_array(frame, name, arguments, node)
    if name == "nonzero" or (name == "where" and arguments.count == 1):
        return sparse.indices()
    if name in table.blank:
        return _made(frame, name, arguments, node)
    if name in table.keeps_tensor and any(isinstance(kind, Tensor) for kind in kinds(first)):
        return each(first, lambda kind: _through(frame, kind, name, node)) or UNKNOWN
    if name in table.reduces and arguments.count == 1:
        return reduced_to(name, first)
    if (
        name in _RANKS
        and arguments.count == 2
        and all(isinstance(kind, Const) for kind in kinds(arguments.value(1, "q")))
    ):
        return reduced_to(name, first)  # one rank of all elements
    if name in table.ufunc or name in ("clip", "round", "around"):
        operands = [kind for value in arguments.values for kind in kinds(value)]
        if not any(isinstance(kind, Array | Sequence) for kind in operands):
            return (
                number_of(name, operands)
                if all(isinstance(kind, Number | Const) for kind in operands)
                else _may_be(operands)
            )
    if name in PRODUCTS:
        return product_of(name, arguments, result_dtype(frame, name, arguments, node))
    if name in _SPLITS:  # a list of views
        parts = each(first, lambda kind: replace(kind, path=None, count=None) if isinstance(kind, Array) else OPAQUE)
        return Sequence(None, parts or UNKNOWN)
    if name in table.view or name in table.maybe_view:
        rest = replace(arguments, positional=arguments.positional[1:])
        return each(first, lambda kind: _view(frame, kind, name, rest, node)) or Array()
    if name.startswith("random."):
        dtype = result_dtype(frame, name, arguments, node)
        if random_is_array(name.removeprefix("random."), arguments):
            return Array(dtype, ndim=_ndim_of_size(name, arguments))
        return Opaque(array=Array(dtype)) if dtype is not None else Opaque()
    dtype = result_dtype(frame, name, arguments, node)
    if name in table.copies or name in table.float64 or name in table.ufunc:
        return Array(dtype, ndim=_same_ndim(name, first))
    if name in table.converts or name in table.converts_list or name in ("loadtxt", "fromfile", "genfromtxt"):
        return Array(dtype)
    return None


def _made(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Array:
    """`np.zeros(shape)` and relatives."""
    shape = arguments.value(0, "shape")
    ndim = _ndim(shape)
    count = count_of(tuple(literal_sizes(shape))) if ndim is not None else None
    dtype = result_dtype(frame, name, arguments, node)
    position = DTYPE_AT.get(name, 99)
    swapped = _other_order(frame, dtype_of(arguments.value(position, "dtype")), node)
    return Array(dtype, _blank(frame, name, node), ndim=ndim, swapped=swapped, count=count)


def _other_order(frame: Frame, dtype: Dtype | None, node: cst.Call) -> Fact | None:
    if dtype is None or not dtype.swapped:
        return None
    return Fact("swapped", Step(frame.site(node), "its bytes are in the other order"))


def _may_be(operands: list[Kind]) -> Opaque:
    """The result of arithmetic on something unknown: an array if that is one."""
    return (
        Opaque(array=Array())
        if any(isinstance(kind, Opaque) and kind.array is not None for kind in operands)
        else Opaque()
    )


def _view(frame: Frame, kind: Kind, name: str, arguments: Arguments, node: cst.Call) -> Kind:
    """A function that gives a view of its first argument makes an array of whatever that was."""
    array = of_unknown(kind)
    if array is None:
        array = Array(memory=kind.memory if isinstance(kind, Opaque) else None)
        return viewed(frame, array, name, arguments, node)
    if name in numpy_ops().function.maybe_view and array.reversed is None:
        return replace(array, path=None, ndim=None, count=None)
    return viewed(frame, array, name, arguments, node)


def _from_file(frame: Frame, name: str, dtype: Fact | None, arguments: Arguments, node: cst.Call) -> Array:
    """Arrays that look at memory which is not theirs: bytes, or a file mapped for reading."""
    site = frame.site(node)
    if name == "frombuffer":
        chosen = dtype_of(arguments.value(1, "dtype"))
        order = Fact("swapped", Step(site, "the buffer is read with the bytes in the other order"))
        from_bytes = all(
            isinstance(kind, Const) and isinstance(kind.value, bytes) for kind in kinds(arguments.value(0))
        )
        readonly = Fact("read-only", Step(site, "`frombuffer` looks at bytes, which cannot be written"))
        if arguments.positional and not from_bytes:
            readonly = readonly.weaker(
                _SURE_BYTES if _gives_bytes(arguments.positional[0].node) else Confidence.POSSIBLE
            )
        return Array(dtype, ndim=1, swapped=order if chosen and chosen.swapped else None, readonly=readonly)
    mode = arguments.keywords.get("mmap_mode" if name == "load" else "mode")
    reading = mode is not None and any(isinstance(kind, Const) and kind.value == "r" for kind in kinds(mode.value))
    step = Step(site, f"`np.{name}` maps the file for reading only")
    return Array(dtype, readonly=Fact("read-only", step) if reading else None)


_SURE_BYTES = Confidence.LIKELY
_BYTES_METHODS = frozenset(
    {"read", "tobytes", "getvalue", "encode", "read_bytes", "decompress", "b64decode", "pack", "join"}
)


def _gives_bytes(node: cst.BaseExpression) -> bool:
    """Whether an expression is a call that gives bytes, by its name."""
    func = node.func if type(node) is cst.Call else None
    return type(func) is cst.Attribute and func.attr.value in _BYTES_METHODS


def _same_ndim(name: str, first: Value) -> int | None:
    """The dimensions of a result that has those of its first argument."""
    if name == "arange":
        return 1
    if name in ("sort", "argsort", "cumsum", "abs", "sqrt", "exp", "log", "roll", "flip", "clip", "round", "copy"):
        found = {kind.ndim if isinstance(kind, Array) else None for kind in kinds(first)}
        return next(iter(found)) if len(found) == 1 else None
    return 1 if name in ("linspace", "unique", "flatnonzero") else None


def _ndim_of_size(name: str, arguments: Arguments) -> int | None:
    if name in ("random.rand", "random.randn"):
        return None if arguments.star else arguments.count
    size = arguments.value(99, "size")
    return _ndim(size) if size else None


def _blank(frame: Frame, name: str, node: cst.Call) -> Memory | None:
    """The memory of `np.empty` waits to be filled; zeros, ones and constants are data already."""
    origin = "blank" if name.startswith("empty") else "fresh"
    return fresh(frame, node, origin, name) if frame.tracks else None


def _ndim(shape: Value) -> int | None:
    kind = shape[0].kind if len(shape) == 1 else None
    if isinstance(kind, Sequence) and kind.items is not None:
        return len(kind.items)
    return 1 if isinstance(kind, Const | Number) else None


def _through(frame: Frame, kind: Kind, name: str, node: cst.Call) -> Kind:
    """`np.sqrt(t)` of a tensor is a tensor, and the truth values of `np.isnan(t)` are bytes: measured."""
    if not isinstance(kind, Tensor):
        return Array()
    result = computed(frame, operands_in([just(kind)]), count=kind.count, shape=kind.shape)
    if name in numpy_ops().function.truths:
        step = Step(frame.site(node), f"`np.{name}` of a tensor gives bytes (uint8), not booleans")
        return replace(result, grad=NO_GRAD, dtype=Fact("uint8", step))
    return result


def _as_array(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`np.array(x)` copies, `np.asarray(x)` shares what already is an array (or a tensor on the CPU)."""
    dtype, typed = chosen_dtype(name, arguments)
    wanted = dtype_of(arguments.value(1, "dtype")) if typed else None
    swapped = _other_order(frame, wanted, node)
    copy = arguments.keywords.get("copy")
    kept = copy is not None and any(
        isinstance(kind, Const) and kind.value in (False, None) for kind in kinds(copy.value)
    )
    shares = name != "array" or kept

    def result(kind: Kind) -> Kind:
        if isinstance(kind, Opaque) and kind.array is not None:
            kind = replace(kind.array, memory=kind.memory)
        if isinstance(kind, Array):
            same = shares and (not typed or (dtype is not None and dtype == kind.dtype))
            if same:
                moved = name in ("ascontiguousarray", "asfortranarray")
                return replace(kind, reversed=None if moved else kind.reversed, path=None)
            return replace(copied(kind), dtype=dtype, swapped=swapped) if typed else copied(kind)
        if isinstance(kind, Tensor) and shares and not typed:
            memory = converted(frame, kind.memory, node, f"`np.{name}` shares its memory", into="array")
            return Array(kind.dtype, memory, ndim=dimensions(kind.shape), count=kind.count)
        if isinstance(kind, Opaque) and shares and not typed:
            memory = converted(
                frame, kind.memory, node, f"`np.{name}` may share its memory", into="array", sure=Confidence.POSSIBLE
            )
            return Array(None, memory)
        made = dtype if typed else _told_by_data(frame, kind, node)
        ndim = dimensions(kind.shape) if isinstance(kind, Tensor) else _depth(kind)
        count = kind.count if isinstance(kind, Tensor) else count_of(shape_of_data(just(kind)))
        own = fresh(frame, node, "fresh") if frame.tracks else None
        return Array(made, own, ndim=ndim, swapped=swapped, count=count)

    value: Value = arguments.value(0, "object")
    if frame.interpreter.eager and not typed and arguments.positional and _is_a_view(arguments.positional[0].node):
        told = Step(frame.site(node), "the view of a dict is one object for NumPy")
        return each(value, lambda kind: Array(Fact("object", told, Confidence.LIKELY))) or UNKNOWN
    data = arguments.positional[0].node if arguments.positional else None
    if frame.interpreter.eager and not typed and data is not None and differ_in_length(frame, data):
        told = Step(frame.site(node), "its rows differ in length, so they are objects for NumPy")
        return Array(Fact("object", told, Confidence.LIKELY))
    return each(_filled(value), result) if value else Array(dtype)


def _filled(value: Value) -> Value:
    """The lists among the alternatives that a loop has put something into, if there are such: of one that it has
    never gone round nothing is known but that it is empty."""
    filled = tuple(alt for alt in value if not (isinstance(alt.kind, Sequence) and alt.kind.items == ()))
    return filled if any(isinstance(kind, Sequence) for kind in kinds(filled)) else value


def _is_a_view(node: cst.CSTNode) -> bool:
    """`weights.values()`: no list."""
    func = node.func if type(node) is cst.Call and not node.args else None
    return type(func) is cst.Attribute and func.attr.value in ("values", "keys", "items")


def _told_by_data(frame: Frame, kind: Kind, node: cst.CSTNode) -> Fact | None:
    fact = data_dtype(just(kind))
    listed = kind.element if isinstance(kind, Sequence) and kind.items is None else ()
    if fact is None and frame.interpreter.eager and any(one == Const(None) for one, _ in listed):
        step = Step(frame.site(node), "with a None among them, they are objects for NumPy")
        return Fact("object", step, Confidence.LIKELY)
    if fact is None or fact.step is not None:
        return fact
    return Fact(fact.value, Step(frame.site(node), f"the array is {fact.value}"), fact.confidence)


def _depth(kind: Kind) -> int | None:
    """The dimensions of an array made of nested lists of numbers."""
    if isinstance(kind, Const | Number):
        return 0
    if isinstance(kind, Sequence) and not kind.lazy:
        parts = kind.items if kind.items is not None else (kind.element,)
        inner = {_depth(one) for part in parts for one in kinds(part)}
        only = next(iter(inner)) if len(inner) == 1 else None
        return only + 1 if only is not None else None
    return kind.ndim if isinstance(kind, Array) else None
