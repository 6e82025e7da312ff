"""Writes to memory that overlaps itself: what was expanded, and a part of a tensor shifted onto another."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.events import OverlapWritten
from torchconv_lint.analysis.handed_over import last_bound
from torchconv_lint.analysis.values import Array, Opaque, Tensor, Value, guessed

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Frame
    from torchconv_lint.analysis.outline import FunctionOutline

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
    if type(node) is not cst.Subscript or not owner:
        return
    if any(isinstance(kind, Array) or guessed(kind) is None for kind, _ in owner):
        return
    written, read = frame.segment.origin(target), frame.segment.origin(node)
    if not isinstance(written, ast.Subscript) or not isinstance(read, ast.Subscript):
        return
    if ast.dump(written.value) == ast.dump(read.value) and _is_shifted(_keys(written), _keys(read)):
        frame.emit(OverlapWritten(frame.site(target), frame.text(target.value), expanded=False))


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
