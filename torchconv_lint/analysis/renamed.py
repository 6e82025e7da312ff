"""Data that is written under a second name while the first one is still read: `b = a`, `b[mask] = 0`, `return a`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.events import RenamedWrite
from torchconv_lint.analysis.handed_over import chooses
from torchconv_lint.analysis.values import Array, Tensor, Value

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Frame
    from torchconv_lint.analysis.outline import FunctionOutline


def tell_renamed(frame: Frame, value: Value, target: cst.CSTNode, node: cst.CSTNode, *, data: bool) -> None:
    """The name `target` is written in place by the code at `node`; `data`: in a way that nothing but tensors and arrays
    allow."""
    outline = frame.definition.outline if frame.definition is not None else None
    if outline is None or type(target) is not cst.Name:
        return
    if not data and not (value and all(isinstance(kind, Tensor | Array) for kind, _ in value)):
        return
    line = getattr(frame.segment.origin(node), "lineno", 0)
    other = _first_name(outline, target.value, line)
    if other:
        frame.emit(RenamedWrite(frame.site(node), target.value, other))


def _first_name(function: FunctionOutline, name: str, line: int) -> str:
    """The name that `name` is a second one for when it is written at a line, if that is read again; "" if there is
    none, or the two are meant to be one: the first is bound to the second as well."""
    assigned = [(node, to.id) for node in function.by_type[ast.Assign] for to in node.targets if type(to) is ast.Name]
    bound = [node for node, to in assigned if to == name and node.lineno < line]
    bound = [node for node in bound if not any(chooses(test, node.lineno, line) for test in function.by_type[ast.If])]
    last = max(bound, key=lambda node: node.lineno) if bound else None
    if last is None or not isinstance(last.value, ast.Name) or last.value.id == name:
        return ""
    other = last.value.id
    if any(to == other and isinstance(node.value, ast.Name) and node.value.id == name for node, to in assigned):
        return ""
    uses = [node for node in function.by_type[ast.Name] if node.id == other]
    stores = [node.lineno for node in uses if isinstance(node.ctx, ast.Store) and node.lineno > last.lineno]
    if any(stored <= line for stored in stores):
        return ""
    loops = [
        loop
        for loop in (*function.by_type[ast.For], *function.by_type[ast.While])
        if last.lineno < loop.lineno <= line <= (loop.end_lineno or 0)
    ]
    begin = min([loop.lineno for loop in loops], default=line + 1)
    end = min(stores, default=10**9)
    read = (node.lineno for node in uses if isinstance(node.ctx, ast.Load) and node.lineno != last.lineno)
    return other if any(begin <= at <= end and at != line for at in read) else ""
