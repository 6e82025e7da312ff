"""Writes to memory that overlaps itself: what was expanded, a part of a tensor shifted onto another or written with its
own transpose, and what is written at places that it names itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Const, Number, Opaque, Tensor, Truth, Value, guessed
from torchconv_lint.analysis.syntax.handed_over import last_bound
from torchconv_lint.analysis.syntax.patterns import is_turned
from torchconv_lint.analysis.telling.events import OverlapWritten

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_EXPANDS = frozenset({"expand", "expand_as", "broadcast_to"})
_KEEPS = frozenset(
    {"to", "detach", "float", "cpu", "cuda", "type_as", "view_as", "squeeze", "unsqueeze", "requires_grad_"}
)
"""Methods that give the same memory, or may."""


def tell_expanded(frame: Frame, value: Value, target: cst.CSTNode, node: cst.CSTNode) -> None:
    """The name `target` is written in place, and what it is bound to was expanded and not copied since."""
    outline = frame.outline
    if outline is None or type(target) is not cst.Name:
        return
    if not value or not all(isinstance(kind, Tensor) or type(kind) is Opaque for kind, _ in value):
        return
    line = getattr(frame.segment.origin(node), "lineno", 0)
    if _is_expanded(outline, target.value, line):
        frame.emit(OverlapWritten(frame.site(node), target.value, expanded=True))


def _is_expanded(function: FunctionOutline, name: str, line: int) -> bool:
    """Whether the last thing that the function binds the name to above a line is an expanded tensor."""
    bound = last_bound(function, name, line)
    value = bound.value if bound is not None else None
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if value.func.attr in _EXPANDS:
            return not (isinstance(value.func.value, ast.Name) and value.func.value.id in ("np", "numpy"))
        if value.func.attr not in _KEEPS:
            return False
        value = value.func.value
    return False


def tell_shifted(frame: Frame, owner: Value, target: cst.Subscript, node: cst.CSTNode) -> None:
    """`x[..., 1:] = x[..., :-1]` of a tensor."""
    if not isinstance(node, cst.Subscript | cst.Call | cst.Attribute) or not owner:
        return
    if any(isinstance(kind, Array) for kind, _ in owner) or all(guessed(kind) is None for kind, _ in owner):
        return
    written, read = frame.segment.origin(target), frame.segment.origin(node)
    if not isinstance(written, ast.Subscript) or not isinstance(read, ast.expr):
        return
    sure = all(guessed(kind) is not None for kind, _ in owner)
    if is_turned(written, read) or (sure and _is_moved(written, read)):
        frame.emit(OverlapWritten(frame.site(target), frame.text(target.value), expanded=False))


def tell_named_by_itself(
    frame: Frame, owner: Value, value: Value, target: cst.Subscript, node: cst.CSTNode | None = None
) -> None:
    """`x[x] = y`: a mask, or indices, that are written with a tensor at the places they name."""
    if len(target.slice) != 1 or type(target.value) is not cst.Name or not owner or not value:
        return
    key = target.slice[0].slice
    if type(key) is not cst.Index or type(key.value) is not cst.Name or key.value.value != target.value.value:
        return
    if any(isinstance(kind, Array) or guessed(kind) is None for kind, _ in owner):
        return
    if not any(isinstance(kind, Const | Number | Truth) for kind, _ in value):
        frame.emit(OverlapWritten(frame.site(node or target), target.value.value, expanded=False, named=True))


def _is_moved(written: ast.Subscript, read: ast.expr) -> bool:
    if not isinstance(read, ast.Subscript):
        return False
    return ast.dump(written.value) == ast.dump(read.value) and _is_shifted(_keys(written), _keys(read))


def _keys(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_shifted(ones: list[ast.expr], others: list[ast.expr]) -> bool:
    """Whether two indices are the same but for `n:` and `:-n`, in whichever order."""
    if len(ones) != len(others):
        return False
    pairs = [(one, other) for one, other in zip(ones, others, strict=True) if ast.dump(one) != ast.dump(other)]
    if len(pairs) != 1:
        return False
    one, other = pairs[0]
    if not isinstance(one, ast.Slice) or not isinstance(other, ast.Slice) or one.step or other.step:
        return False
    low, high = (one, other) if one.lower is not None else (other, one)
    if low.lower is None or low.upper is not None or high.lower is not None:
        return False
    end = high.upper
    if not isinstance(end, ast.UnaryOp) or not isinstance(end.op, ast.USub):
        return False
    return ast.dump(end.operand) == ast.dump(low.lower)
