"""Products of NumPy arrays: two vectors give a number, which a tensor takes where it refuses an array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array, Const, Number, Opaque, kinds

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments
    from torchconv_lint.analysis.domain.values import Fact, Kind

_OF_TWO = frozenset({"dot", "inner", "matmul", "linalg.vecdot"})
PRODUCTS = _OF_TWO | {"vdot", "trace", "einsum", "linalg.multi_dot", "linalg.det", "linalg.cond", "trapezoid", "trapz"}
"""Functions that give a number or an array, as their arguments have it (measured)."""


def product_of(name: str, arguments: Arguments, dtype: Fact | None) -> Kind:
    """What such a function gives."""
    if name == "vdot":
        return Number(numpy=True)
    if name == "einsum":
        text = [kind.value for kind in kinds(arguments.value(0)) if isinstance(kind, Const)]
        if text and isinstance(text[0], str) and "->" in text[0]:
            return Number(numpy=True) if text[0].strip().endswith("->") else Array(dtype)
    if name in _OF_TWO:
        pairs = [
            multiplied(one, other, dtype)
            for one in kinds(arguments.value(0, "a"))
            for other in kinds(arguments.value(1, "b"))
        ]
        if pairs and all(type(pair) is type(pairs[0]) for pair in pairs):
            return pairs[0]
    return Opaque(array=Array(dtype))


def multiplied(one: Kind, other: Kind, dtype: Fact | None) -> Kind:
    """The matrix product of two."""
    ranks = [_rank(one), _rank(other)]
    if ranks == [1, 1]:
        return Number(numpy=True)
    if any(rank is not None and rank > 1 for rank in ranks) or 0 in ranks:
        return Array(dtype)
    return Opaque(array=Array(dtype))


def _rank(kind: Kind) -> int | None:
    if isinstance(kind, Array):
        return kind.ndim
    return 0 if isinstance(kind, Const | Number) else None
