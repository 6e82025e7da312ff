"""Tensors of unsigned integers of 16, 32 and 64 bits, for which torch has few operations. Measured on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Const, Tensor
from torchconv_lint.analysis.telling.events import UnsignedComputed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Kind

_UNSIGNED = frozenset({"uint16", "uint32", "uint64"})
_MISSING_METHODS = frozenset(
    ["abs", "add", "amax", "amin", "argmax", "argmin", "clamp", "flip", "max", "mean", "min", "neg", "nonzero", "sub"]
) | {"gt", "ge", "lt", "le", "topk"}
_MISSING_OPERATORS = frozenset({cst.Add, cst.Subtract, cst.GreaterThan, cst.GreaterThanEqual, cst.LessThan})
_MISSING = _MISSING_OPERATORS | {cst.LessThanEqual}


def tell_method(frame: Frame, tensor: Tensor, name: str, node: cst.Call, subject: cst.CSTNode) -> None:
    """`x.max()`."""
    if name in _MISSING_METHODS and _is_unsigned(tensor):
        frame.emit(UnsignedComputed(frame.site(node), tensor, frame.text(subject), f".{name}()"))


def tell_operator(frame: Frame, operands: Iterable[Kind], operator: cst.CSTNode, node: cst.CSTNode) -> None:
    """`x + 1`: with an operand of another dtype the result has that one's, and the operation exists."""
    if type(operator) not in _MISSING:
        return
    sides = list(operands)
    tensors = [kind for kind in sides if isinstance(kind, Tensor) and _is_unsigned(kind)]
    others = [kind for kind in sides if not (isinstance(kind, Tensor) and _is_unsigned(kind))]
    alike = len({tensor.dtype.value for tensor in tensors if tensor.dtype}) == 1
    if alike and all(isinstance(kind, Const) and isinstance(kind.value, int) for kind in others):
        sign = frame.text(operator).strip()
        frame.emit(UnsignedComputed(frame.site(node), tensors[0], frame.text(node), sign))


def _is_unsigned(tensor: Tensor) -> bool:
    return tensor.dtype is not None and tensor.dtype.value in _UNSIGNED
