"""Subscripts: keys, slices, and what indexing does to a tensor or array."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.frame import Argument
from torchconv_lint.analysis.domain.iteration import item_of
from torchconv_lint.analysis.domain.layout import backwards_axis, subscripted
from torchconv_lint.analysis.domain.replaced_items import known_item
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import indexed, shaped
from torchconv_lint.analysis.domain.terms import SIZE
from torchconv_lint.analysis.domain.values import (
    MANY,
    NOTHING,
    UNKNOWN,
    Alt,
    Array,
    Const,
    External,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    each,
    guessed,
    join,
    possible,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.semantics.elements import is_indexed, tell_index, tell_key
from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.analysis.telling.events import InvertedMask
from torchconv_lint.analysis.telling.graph import offspring
from torchconv_lint.analysis.telling.kept_graphs import newest
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.analysis.telling.sharing import field_named, field_of, of_this_module, row_named, row_of_round, used
from torchconv_lint.analysis.telling.to_tensor import tell_to_tensor
from torchconv_lint.knowledge import numpy_ops

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import When


def key_of(frame: Frame, node: cst.Subscript) -> Value:
    """The key of `a[key]`: a value for a single index, UNKNOWN for slices and tuples (evaluated all the same)."""
    keys = keys_of(frame, node)
    return keys[0] if len(keys) == 1 and keys[0] is not None else UNKNOWN


def keys_of(frame: Frame, node: cst.Subscript) -> list[Value | None]:
    """The values of the indices between the brackets, None for a slice."""
    keys: list[Value | None] = []
    for element in node.slice:
        part = element.slice
        if type(part) is cst.Index:
            keys.append(frame.evaluate(part.value))
        elif type(part) is cst.Slice:
            keys.append(None)
            for bound in (part.lower, part.upper, part.step):
                if bound is not None:
                    tell_index(frame, frame.evaluate(bound), bound, "slice")
    return keys


def _is_stretch(node: cst.Subscript) -> bool:
    """`data[:]`, `data[2:5, 0]`, `data[...]`: of a data set on disk, an array."""
    return any(
        type(each.slice) is cst.Slice or (type(each.slice) is cst.Index and type(each.slice.value) is cst.Ellipsis)
        for each in node.slice
    )


def subscript(frame: Frame, node: cst.Subscript) -> Value:
    """The value of `a[key]`."""
    later = bool(frame.state.stale) and dotted_path(node.value) is not None
    owner = frame.at(node.value) if later else frame.evaluate(node.value)
    keys = keys_of(frame, node)
    key = keys[0] if len(keys) == 1 and keys[0] is not None else UNKNOWN
    single = len(node.slice) == 1 and type(node.slice[0].slice) is cst.Index
    _tell_keys(frame, owner, keys, node)
    _tell_inverted(frame, owner, node)
    if later:
        _used(frame, owner, key, node)
    replaced = known_item(frame, node)
    if replaced is not None:
        return replaced
    if single and (frame.loops or frame.trace is not None):
        _tell_mask(frame, owner, key, node)

    backwards = backwards_axis(node) is not None
    for alt in owner if not backwards else ():
        if isinstance(alt.kind, Tensor) and not _is_old_item(node, alt.kind):
            _tell_indexed(frame, alt.when, keys, node)

    named = single and len(key) == 1 and isinstance(key[0].kind, Const) and isinstance(key[0].kind.value, str)

    def item(kind: Kind) -> Kind | Value:
        if isinstance(kind, Tensor) and _is_old_item(node, kind):
            return Number()
        if isinstance(kind, Tensor) and backwards:
            return NOTHING  # only arrays take a negative step: this is none
        if isinstance(kind, Tensor) and named:
            return UNKNOWN  # no tensor has items by name: this is a dict of them, or the like
        if isinstance(kind, Tensor):
            copies = any(given is not None and _advanced(given) for given in keys) or _copies(node)
            shape = None if copies else indexed(kind.shape, keys)
            graph = offspring(kind.graph) if copies else kind.graph
            memory = replace(kind.memory, viewed=False) if kind.memory is not None and not copies else None
            return replace(shaped(kind, shape), path=None, memory=memory, graph=graph)  # some indices copy
        if isinstance(kind, Array):
            return _picked(kind) if _copies(node) else subscripted(frame, kind, node, keys)
        if isinstance(kind, External):
            return Array() if kind.name == "h5py.File()" and _is_stretch(node) else kind
        if _is_old_item(node, kind):
            return UNKNOWN
        if isinstance(kind, Opaque) and (
            _copies(node) or (_reads_anew(node) and kind.guess is None and kind.array is None)
        ):
            kind = _anew(kind)
        constant = single and len(key) == 1 and isinstance(key[0].kind, Const)
        if isinstance(kind, Opaque) and kind.guess is not None and kind.guess.count is not None and not constant:
            kind = replace(kind, guess=replace(kind.guess, count=None))  # an element, not one of several outputs
        if single:
            found = item_of(frame, kind, key, node)
            if isinstance(kind, Sequence) and kind.items is None and isinstance(found, tuple) and _is_last(key):
                return deeply(found, newest)
            return found
        if isinstance(kind, Sequence):
            items = kind.items if kind.items is not None else (kind.element,)
            return Sequence(None, join(*items) if items else (), kind.mutable)
        if isinstance(kind, Opaque):
            return _of_opaque(frame, kind, node, keys)
        return kind if isinstance(kind, External) else UNKNOWN

    if not single and len(node.slice) == 1 and type(node.slice[0].slice) is cst.Slice:
        return each(owner, lambda kind: _sliced(kind, node.slice[0].slice, item)) or UNKNOWN
    items = each(owner, item) or UNKNOWN
    return row_of_round(frame, field_of(items, key), node) if frame.tracks else items


def _used(frame: Frame, owner: Value, key: Value, node: cst.Subscript) -> None:
    """An item of a dict is looked at, and none of the others, where the key is known."""
    constant = key[0].kind.value if len(key) == 1 and isinstance(key[0].kind, Const) else None
    field, row = field_named(key), row_named(frame, node)
    for kind, when in of_this_module(owner):
        looked_at: Value = (Alt(kind, when),)
        if isinstance(kind, Mapping) and constant is not None:
            item = kind.get(constant)
            looked_at = kind.element if item is None else item  # by a key that is not written out, it is any of these
        used(frame, looked_at, node.value, field, row)


def _tell_inverted(frame: Frame, owner: Value, node: cst.Subscript) -> None:
    """`x[~mask]`."""
    for element in node.slice:
        key = element.slice.value if type(element.slice) is cst.Index else None
        if type(key) is not cst.UnaryOperation or type(key.operator) is not cst.BitInvert:
            continue
        masks = frame.quietly(key.expression)
        if len(masks) == 1 and isinstance(masks[0].kind, Tensor) and any(isinstance(kind, Tensor) for kind, _ in owner):
            frame.emit(InvertedMask(frame.site(key), masks[0].kind, frame.text(key.expression)))


def _is_old_item(node: cst.Subscript, kind: Kind) -> bool:
    """`loss.data[0]` gave a number before torch 0.4, and raises of one element since."""
    tensor = guessed(kind)
    if tensor is None or (tensor.count is not None and tensor.count.value == MANY) or tensor.shape:
        return False
    key = node.slice[0].slice if len(node.slice) == 1 else None
    first = type(key) is cst.Index and type(key.value) is cst.Integer and key.value.value == "0"
    return first and type(node.value) is cst.Attribute and node.value.attr.value == "data"


def _tell_mask(frame: Frame, owner: Value, key: Value, node: cst.Subscript) -> None:
    """`x[mask]`: how many elements there are depends on the mask."""
    if any(isinstance(kind, Tensor) and kind.dtype is not None and kind.dtype.value == "bool" for kind, _ in key):
        for kind, _ in owner:
            if isinstance(kind, Tensor):
                tell_read(frame, kind, node, node, SIZE, "a mask")


def _picked(array: Array) -> Array:
    """What a mask or an index of several picks: a copy."""
    return Array(array.dtype, swapped=array.swapped)


def _anew(kind: Opaque) -> Opaque:
    """Something unknown in memory of its own."""
    guess = replace(kind.guess, memory=None) if kind.guess is not None else None
    array = replace(kind.array, memory=None) if kind.array is not None else None
    return replace(kind, memory=None, guess=guess, array=array)


def _sliced(kind: Kind, part: cst.BaseSlice, otherwise: object) -> Kind | Value:
    if isinstance(kind, Sequence):
        items = kind.items if kind.items is not None else (kind.element,)
        return Sequence(None, join(*items) if items else (), kind.mutable)
    if isinstance(kind, Const):
        return Opaque()
    result: Kind | Value = otherwise(kind)  # type: ignore[operator]
    return result


def _of_opaque(frame: Frame, kind: Opaque, node: cst.Subscript, keys: list[Value | None]) -> Kind:
    """Slices of something unknown. Of all that can be sliced along several axes, only arrays take a negative step."""
    array = kind.array or Array(memory=kind.memory)
    axis = backwards_axis(node)
    if axis is None and kind.array is None:
        return replace(kind, path=None)
    result = subscripted(frame, array, node, keys)
    if axis is not None and (len(keys) > 1 or _gives_array(node.value)) and isinstance(result, Array):
        return result
    return replace(kind, path=None, array=result if isinstance(result, Array) else None)


def _gives_array(node: cst.BaseExpression) -> bool:
    """Whether an expression gives data by its last name: a method of arrays that no builtin type has, or pandas'
    `.values`. (A tensor would not take a negative step.)"""
    if type(node) is cst.Call:
        return type(node.func) is cst.Attribute and node.func.attr.value in _array_methods()
    return type(node) is cst.Attribute and node.attr.value == "values"


@functools.cache
def _array_methods() -> frozenset[str]:
    return (data_methods() & numpy_ops().method.copies) | {"astype", "numpy", "to_numpy", "transpose", "reshape"}


def _tell_indexed(frame: Frame, when: When, keys: list[Value | None], node: cst.Subscript) -> None:
    """A tensor is indexed, where it is one: `when`."""
    for element, given in zip(node.slice, keys, strict=False):
        fitting = possible(given, when) if given is not None else NOTHING
        if fitting and type(element.slice) is cst.Index:
            tell_to_tensor(frame, Argument(fitting, element.slice.value), "indexing", node)


def _tell_keys(frame: Frame, owner: Value, keys: list[Value | None], node: cst.Subscript) -> None:
    """Tensors among the keys of a list, a dict, an array or a tensor."""
    indexed_by_integers = is_indexed(owner)
    for element, key in zip(node.slice, keys, strict=False):
        if key is None or type(element.slice) is not cst.Index:
            continue
        if indexed_by_integers:
            tell_index(frame, key, element.slice.value, "index")
        else:
            tell_key(frame, key, owner, element.slice.value, node, "key")


def _is_last(key: Value) -> bool:
    return len(key) == 1 and key[0].kind == Const(-1)


def _copies(node: cst.Subscript) -> bool:
    """Whether an index tells by its form that it copies what it picks: `x[index.long()]` and `x[index.view(-1)]`, where
    it is a tensor of integers, and `x[x > 0]`, where it is a mask (a single bool copies as well)."""
    parts = [element.slice.value for element in node.slice if type(element.slice) is cst.Index]
    calls = (part for part in parts if type(part) is cst.Call)
    made = any(type(call.func) is cst.Attribute and _gives_indices(call.func.attr.value, call) for call in calls)
    return made or any(_compares(part) or _is_column(part) for part in parts)


def _gives_indices(method: str, call: cst.Call) -> bool:
    """Whether nothing but a tensor or an array has the method, and is an index afterwards."""
    return method in ("view", "reshape", "flatten") or (method in ("long", "int", "bool") and not call.args)


def _is_column(node: cst.BaseExpression) -> bool:
    """`pairs[:, 1]`: an index of this kind is an array, and copies what it picks."""
    return (
        type(node) is cst.Subscript and len(node.slice) > 1 and any(type(one.slice) is cst.Slice for one in node.slice)
    )


def _compares(node: cst.BaseExpression) -> bool:
    """`x > 0` and `(x > 0) & (y == 1)`."""
    if type(node) is cst.BinaryOperation and isinstance(node.operator, cst.BitAnd | cst.BitOr):
        return _compares(node.left) or _compares(node.right)
    return type(node) is cst.Comparison


def _reads_anew(node: cst.Subscript) -> bool:
    """`x[...]` and `x[()]`: a data set in a file is read so. A list or dict refuses it, and few ask an array for it."""
    part = node.slice[0].slice if len(node.slice) == 1 else None
    if type(part) is not cst.Index:
        return False
    return type(part.value) is cst.Ellipsis or (type(part.value) is cst.Tuple and not part.value.elements)


def _advanced(key: Value) -> bool:
    """Whether the key may be an index array, a mask or a list, which copy; numbers and unknown names may not be."""
    return bool(key) and any(isinstance(kind, Tensor | Array | Sequence) for kind, _ in key)


_INDEXING = frozenset({"where", "nonzero", "argwhere", "flatnonzero", "isnan", "isinf", "logical_and", "logical_or"})
"""Functions that give masks, or the indices of one."""


def picks_elements(node: cst.Subscript) -> bool:
    """Whether nothing but a tensor or an array can be indexed so: by a mask that is made on the spot, or by several
    indices with a slice or `...` among them."""
    keys = [element.slice for element in node.slice]
    if len(keys) > 1:
        return any(type(key) is not cst.Index or type(key.value) is cst.Ellipsis for key in keys)
    key = keys[0].value if keys and type(keys[0]) is cst.Index else None
    if type(key) is cst.UnaryOperation:
        return type(key.operator) is cst.BitInvert
    if type(key) is cst.Call:
        return (dotted_path(key.func) or "").rpartition(".")[2] in _INDEXING
    if type(key) is cst.Comparison:
        return not any(isinstance(part.operator, cst.Is | cst.IsNot | cst.In | cst.NotIn) for part in key.comparisons)
    return False
