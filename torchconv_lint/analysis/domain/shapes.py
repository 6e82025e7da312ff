"""Shapes, as far as literals tell them: a tuple of sizes, None for a size nobody knows; None when even the number of
dimensions is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from torchconv_lint.analysis.domain.values import MANY, ONE, Const, Fact, Number, Sequence, Tensor, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

Shape: TypeAlias = "tuple[int | None, ...] | None"

MAX_DIMENSIONS = 6
"""Shapes with more dimensions are dropped, so that `x = x.unsqueeze(0)` in a loop stays finite."""


def count_of(shape: Shape) -> Fact | None:
    """One or many elements, if the shape tells. An unknown size may be anything but is taken for at least one."""
    if shape is None:
        return None
    if any(size is not None and size > 1 for size in shape) and 0 not in shape:
        return Fact(MANY)
    return Fact(ONE) if all(size == 1 for size in shape) else None


def dimensions(shape: Shape) -> int | None:
    """How many there are."""
    return len(shape) if shape is not None else None


def shaped(tensor: Tensor, shape: Shape) -> Tensor:
    """The tensor with this shape and the element count that follows from it."""
    from torchconv_lint.analysis.domain.replacing import replace

    if shape is not None and len(shape) > MAX_DIMENSIONS:
        shape = None
    return replace(tensor, shape=shape, count=count_of(shape))


def literal_sizes(value: Value) -> list[int | None]:
    """The sizes that an argument such as `3`, `(2, 3)` or an unknown number stands for."""
    kind = value[0].kind if len(value) == 1 else None
    if isinstance(kind, Const) and isinstance(kind.value, int) and not isinstance(kind.value, bool):
        return [kind.value]
    if isinstance(kind, Sequence) and kind.items is not None:
        return [size for item in kind.items for size in literal_sizes(item)]
    return [None]


def shape_of_data(value: Value, depth: int = 0) -> Shape:
    """The shape of `torch.tensor(value)` for numbers and nested lists."""
    kind = value[0].kind if len(value) == 1 else None
    if isinstance(kind, Const | Number):
        return ()
    if isinstance(kind, Sequence) and kind.items is not None and depth < MAX_DIMENSIONS:
        inner = shape_of_data(kind.items[0], depth + 1) if kind.items else ()
        return (len(kind.items), *inner) if inner is not None else None
    return None


def dtype_of_data(value: Value) -> Fact | None:
    """The dtype of `torch.tensor(value)` for literal numbers."""
    kind = value[0].kind if len(value) == 1 else None
    if isinstance(kind, Const):
        return {bool: Fact("bool"), int: Fact("int64"), float: Fact("float32")}.get(type(kind.value))
    if isinstance(kind, Sequence) and kind.items:
        found = {dtype_of_data(item) for item in kind.items}
        return next(iter(found)) if len(found) == 1 else None
    return None


def broadcast(shapes: Iterable[Shape]) -> Shape:
    """The shape of an element-wise operation's result."""
    result: list[int | None] = []
    for shape in shapes:
        if shape is None:
            return None
        padded = [1] * (len(shape) - len(result)) + result
        aligned = [1] * (len(padded) - len(shape)) + list(shape)
        result = [_wider(one, other) for one, other in zip(padded, aligned, strict=True)]
    return tuple(result)


def _wider(one: int | None, other: int | None) -> int | None:
    if one == 1:
        return other
    if other == 1 or one == other:
        return one
    return one if other is None else other


def without_dim(shape: Shape, dim: Value, *, keep: bool) -> Shape:
    """The shape after a reduction over one dimension."""
    kind = dim[0].kind if len(dim) == 1 else None
    if shape is None or not isinstance(kind, Const) or not isinstance(kind.value, int):
        return None
    position = kind.value
    if not -len(shape) <= position < len(shape):
        return None
    sizes = list(shape)
    if keep:
        sizes[position] = 1
    else:
        del sizes[position]
    return tuple(sizes)


def indexed(shape: Shape, keys: list[Value | None]) -> Shape:
    """The shape of `x[keys]`; None among the keys is a slice. Anything but slices, numbers and new axes gives up."""
    if shape is None:
        return None
    sizes: list[int | None] = []
    rest = list(shape)
    for key in keys:
        kind = key[0].kind if key is not None and len(key) == 1 else None
        if isinstance(kind, Const) and kind.value is None:  # a new axis
            sizes.append(1)
            continue
        if not rest:
            return None
        size = rest.pop(0)
        if key is None:
            sizes.append(None if size != 1 else 1)
            continue
        is_index = isinstance(kind, Number) or (
            isinstance(kind, Const) and isinstance(kind.value, int) and not isinstance(kind.value, bool)
        )
        if not is_index:
            return None
    return (*sizes, *rest)
