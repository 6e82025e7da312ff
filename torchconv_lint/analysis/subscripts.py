"""Subscripts: keys, slices, and what indexing does to a tensor or array."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.iteration import item_of
from torchconv_lint.analysis.reads import SIZE, tell_read
from torchconv_lint.analysis.shapes import indexed, shaped
from torchconv_lint.analysis.values import (
    UNKNOWN,
    Array,
    Const,
    External,
    Kind,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    join,
)

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Frame


def key_of(frame: Frame, node: cst.Subscript) -> Value:
    """The key of `a[key]`: a value for a single index, UNKNOWN for slices and tuples (evaluated all the same)."""
    keys = keys_of(frame, node)
    return keys[0] if len(keys) == 1 and keys[0] is not None else UNKNOWN


def keys_of(frame: Frame, node: cst.Subscript) -> list[Value | None]:
    """The values of the indices between the brackets, None for a slice."""
    keys: list[Value | None] = []
    for element in node.slice:
        part = element.slice
        if isinstance(part, cst.Index):
            keys.append(frame.evaluate(part.value))
        elif isinstance(part, cst.Slice):
            keys.append(None)
            for bound in (part.lower, part.upper, part.step):
                if bound is not None:
                    frame.evaluate(bound)
    return keys


def subscript(frame: Frame, node: cst.Subscript) -> Value:
    """The value of `a[key]`."""
    owner = frame.evaluate(node.value)
    keys = keys_of(frame, node)
    key = keys[0] if len(keys) == 1 and keys[0] is not None else UNKNOWN
    single = len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index)
    sliced = any(isinstance(element.slice, cst.Slice) for element in node.slice)
    if single and (frame.loops or frame.trace is not None):
        _tell_mask(frame, owner, key, node)

    def item(kind: Kind) -> Kind | Value:
        if isinstance(kind, Tensor):
            copies = _advanced(key) if single else False
            shape = None if copies else indexed(kind.shape, keys)
            return replace(shaped(kind, shape), path=None, memory=None if copies else kind.memory)
        if isinstance(kind, Array):
            if sliced:
                return replace(kind, path=None)
            return Opaque(memory=None if _advanced(key) else kind.memory)
        if isinstance(kind, External):
            return kind
        if single:
            return item_of(frame, kind, key, node)
        if isinstance(kind, Sequence):
            items = kind.items if kind.items is not None else (kind.element,)
            return Sequence(None, join(*items) if items else (), kind.mutable)
        if isinstance(kind, Opaque):
            return replace(kind, path=None)
        return kind if isinstance(kind, External) else UNKNOWN

    if not single and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice):
        return each(owner, lambda kind: _sliced(kind, node.slice[0].slice, item)) or UNKNOWN
    return each(owner, item) or UNKNOWN


def _tell_mask(frame: Frame, owner: Value, key: Value, node: cst.Subscript) -> None:
    """`x[mask]`: how many elements there are depends on the mask."""
    if any(isinstance(kind, Tensor) and kind.dtype is not None and kind.dtype.value == "bool" for kind, _ in key):
        for kind, _ in owner:
            if isinstance(kind, Tensor):
                tell_read(frame, kind, node, node, SIZE, "a mask")


def _sliced(kind: Kind, part: cst.BaseSlice, otherwise: object) -> Kind | Value:
    if isinstance(kind, Sequence):
        items = kind.items if kind.items is not None else (kind.element,)
        return Sequence(None, join(*items) if items else (), kind.mutable)
    if isinstance(kind, Const):
        return Opaque()
    result: Kind | Value = otherwise(kind)  # type: ignore[operator]
    return result


def _advanced(key: Value) -> bool:
    """Whether the key may be an index array, a mask or a list, which copy; numbers and unknown names may not be."""
    return bool(key) and any(isinstance(kind, Tensor | Array | Sequence) for kind, _ in key)
