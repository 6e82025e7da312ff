"""How an array lies in memory, as far as torch minds: negative strides, the order of bytes, read-only memory.

A view keeps all three, a copy has none of them except the order of bytes, which belongs to the dtype. What was measured
on NumPy and is easily forgotten: `reshape` copies where it must, `np.asarray` with another dtype does, arithmetic and
`astype` always give positive strides and native bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
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
)
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame

SOME_AXIS = "?"
_TURNS = frozenset({"transpose", "swapaxes", "moveaxis", "rollaxis", "T", "mT", "matrix_transpose", "permute_dims"})
_TURNS_OR_WIDENS = _TURNS | {"expand_dims", "squeeze", "diagonal", "atleast_2d", "atleast_3d", "broadcast_to"}
_KEEPS = frozenset({"asanyarray", "asarray", "atleast_1d", "imag", "real", "require", "view", "getfield", "conj"})
_SPLITS = frozenset({"array_split", "dsplit", "hsplit", "split", "vsplit", "unstack", "broadcast_arrays"})


def copied(array: Array) -> Array:
    """What a copy of the array has: its dtype and the order of its bytes."""
    return Array(array.dtype, ndim=array.ndim, swapped=array.swapped, count=array.count)


def viewed(frame: Frame, array: Array, name: str, arguments: Arguments, node: cst.CSTNode) -> Array:
    """The view that the method or function `name` gives; `arguments` without the array itself."""
    result = replace(array, path=None, ndim=None, count=None)
    if name in ("flip", "fliplr", "flipud", "rot90"):
        return replace(result, ndim=array.ndim, reversed=_flipped(frame, array, name, arguments, node))
    if name == "broadcast_to":
        step = Step(frame.site(node), "`broadcast_to` gives a read-only view")
        result = replace(result, readonly=Fact("read-only", step))
    if array.reversed is None:
        return result
    if name in _KEEPS:
        return replace(result, ndim=array.ndim)
    if name in _TURNS_OR_WIDENS:
        return replace(result, reversed=replace(array.reversed, value=SOME_AXIS))
    if name == "reshape" and array.ndim == 1:  # with more dimensions it depends on the shape whether it is a view
        return replace(result, reversed=replace(array.reversed, value=SOME_AXIS))
    return replace(result, reversed=None)


def _flipped(frame: Frame, array: Array, name: str, arguments: Arguments, node: cst.CSTNode) -> Fact | None:
    if array.reversed is not None:
        return None  # twice: who knows whether along the same axis
    given = arguments.value(0, "k" if name == "rot90" else "axis")
    constant = given[0].kind.value if len(given) == 1 and isinstance(given[0].kind, Const) else None
    axis, sure = SOME_AXIS, Confidence.CERTAIN
    if name == "rot90":
        if isinstance(constant, int) and constant % 4 == 0:
            return None
        if given and not isinstance(constant, int):
            sure = Confidence.LIKELY  # some of the possible turns
    elif name == "flip":
        axis = str(constant) if isinstance(constant, int) and constant >= -1 else SOME_AXIS
    else:
        axis = "1" if name == "fliplr" else "0"
    return Fact(axis, Step(frame.site(node), f"`{name}` gives a view with negative strides"), sure)


def is_backwards(part: cst.BaseSlice) -> bool:
    """Whether a slice has a negative step written out."""
    return (
        type(part) is cst.Slice
        and type(part.step) is cst.UnaryOperation
        and type(part.step.operator) is cst.Minus
        and type(part.step.expression) is cst.Integer
    )


def backwards_axis(node: cst.Subscript) -> str | None:
    """The axis that `a[key]` turns round, counted in `a`; None if it turns none."""
    turned = [position for position, element in enumerate(node.slice) if is_backwards(element.slice)]
    if not turned:
        return None
    if len(turned) > 1:
        return SOME_AXIS
    before = node.slice[: turned[0]]
    if any(_is_ellipsis(element.slice) for element in before):
        return "-1" if turned[0] == len(node.slice) - 1 else SOME_AXIS
    if all(type(element.slice) is cst.Slice for element in before):
        return str(turned[0])
    return SOME_AXIS


def _is_ellipsis(part: cst.BaseSlice) -> bool:
    return type(part) is cst.Index and type(part.value) is cst.Ellipsis


def _is_new_axis(part: cst.BaseSlice) -> bool:
    """`None` or `np.newaxis`."""
    value = part.value if type(part) is cst.Index else None
    name = value.attr if type(value) is cst.Attribute else value
    return type(name) is cst.Name and name.value in ("None", "newaxis")


def is_number(key: Value | None) -> bool:
    """Whether an index is surely one number."""
    if not key:
        return False
    return all(
        isinstance(kind, Number)
        or (isinstance(kind, Const) and isinstance(kind.value, int) and not isinstance(kind.value, bool))
        for kind, _ in key
    )


def _selects(key: Value | None) -> bool:
    """Whether an index is surely a list, an array or a mask: such a key copies."""
    return bool(key) and all(isinstance(kind, Tensor | Array | Sequence) for kind, _ in key or ())


def subscripted(frame: Frame, array: Array, node: cst.Subscript, keys: list[Value | None]) -> Kind:
    """`array[keys]`, None for a slice: a view, a copy, or one of its numbers."""
    memory = array.memory
    array = replace(array, count=None)
    if any(_selects(key) for key in keys):
        return Array(array.dtype, swapped=array.swapped)
    if any(_is_new_axis(element.slice) for element in node.slice):
        turned = array.reversed if backwards_axis(node) is None else _reversed_after(frame, array, node, keys)
        return replace(array, path=None, ndim=None, reversed=replace(turned, value=SOME_AXIS) if turned else None)
    numbers = sum(is_number(key) for key in keys)
    plain = all(key is None or is_number(key) for key in keys)
    ndim = array.ndim - numbers if plain and array.ndim is not None else None
    turned = _reversed_after(frame, array, node, keys)
    result = replace(array, path=None, ndim=ndim, reversed=turned)
    if any(key is None for key in keys):
        return result
    if ndim is not None and ndim <= 0:
        return Number(numpy=True, dtype=str(array.dtype.value) if array.dtype is not None else None)
    if ndim is not None:
        return result
    if result.readonly is not None and not plain:  # several indices, or a mask, give an array of its own
        result = replace(result, readonly=result.readonly.weaker(Confidence.POSSIBLE))
    unsure = any(isinstance(kind, Array | Tensor | Sequence) for key in keys for kind, _ in key or ())
    return Opaque(memory=None if unsure else memory, array=replace(result, memory=None if unsure else memory))


def _reversed_after(frame: Frame, array: Array, node: cst.Subscript, keys: list[Value | None]) -> Fact | None:
    axis = backwards_axis(node)
    if axis is not None:
        if array.reversed is not None:
            return None
        return Fact(axis, Step(frame.site(node), f"`{frame.text(node)}` has a negative stride"))
    fact = array.reversed
    if fact is None or not any(key is not None for key in keys):
        return fact
    if any(key is not None and not is_number(key) for key in keys):
        ellipsis = all(_is_ellipsis(e.slice) or type(e.slice) is cst.Slice for e in node.slice)
        return fact if ellipsis else None
    if fact.value == SOME_AXIS:
        return None
    position = int(str(fact.value))
    if position < 0:  # the last axis stays the last one, unless all are indexed
        return fact if array.ndim is None or len(keys) < array.ndim else None
    if position < len(keys) and keys[position] is not None:
        return None
    gone = sum(key is not None for key in keys[:position])
    return replace(fact, value=str(position - gone))
