"""Data that is written under a second name while the first one is still read: `b = a`, `b[mask] = 0`, `return a`; or
is what a state keeps: `m = state["m"]`, `m.mul_(0.9)`, `update = m`, `update.mul_(lr)`; and rows that are kept under a
name and overwritten: `row = x[i]`, `x[i] = x[j]`, `x[j] = row`;
columns as well, on request: `w = b[:, 2]`, `b[:, 2] = w * h`, `w / h`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Const, Kind, Number, Opaque, Tensor, Value
from torchconv_lint.analysis.syntax.handed_over import exclude_each_other, last_bound
from torchconv_lint.analysis.syntax.outline import is_named
from torchconv_lint.analysis.telling.events import RenamedWrite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


def tell_renamed(frame: Frame, value: Value, target: cst.CSTNode, node: cst.CSTNode, *, data: bool) -> None:
    """The name `target` is written in place by the code at `node`; `data`: in a way that nothing but tensors and arrays
    allow."""
    outline = frame.outline
    if outline is None or type(target) is not cst.Name:
        return
    line = getattr(frame.segment.origin(node), "lineno", 0)
    other = _put_back(outline, target.value, line) if frame.interpreter.eager else ""
    if not other and (data or _are_data(frame, outline, value, target.value, node)):
        other = _first_name(outline, target.value, line) or _running(outline, target.value, line)
    if other:
        frame.emit(RenamedWrite(frame.site(node), target.value, other))


def _are_data(frame: Frame, function: FunctionOutline, value: Value, name: str, node: cst.CSTNode) -> bool:
    """Whether it is tensors or arrays; on request also what is asked for its shape, or written where a comparison that
    has a name says: `mask = x < 0`, `y[mask] = 0`."""
    if value and all(isinstance(kind, Tensor | Array) for kind, _ in value):
        return True
    if not frame.interpreter.eager:
        return False
    origin = frame.segment.origin(node)
    mask = origin.slice if isinstance(origin, ast.Subscript) else None
    line = getattr(origin, "lineno", 0)
    named = last_bound(function, mask.id, line) if isinstance(mask, ast.Name) else None
    return name in frame.evidence.shaped or (named is not None and isinstance(named.value, ast.Compare))


def _put_back(function: FunctionOutline, name: str, line: int) -> str:
    """`w = layer.weight.data`, `w += delta` at the line, `layer.weight.data = w`: what is put back there has never been
    away; "" if it is not so."""
    last = last_bound(function, name, line)
    if last is None or not isinstance(last.value, ast.Attribute) or last.value.attr != "data":
        return ""
    text = ast.unparse(last.value)
    back = (node for node in function.by_type[ast.Assign] if is_named(node.value, name) and node.lineno > line)
    return text if any(ast.unparse(to) == text for node in back for to in node.targets) else ""


def _first_name(function: FunctionOutline, name: str, line: int) -> str:
    """The name that `name` is a second one for when it is written at a line, if that is read again; "" if there is
    none, or the two are meant to be one: the first is bound to the second as well."""
    last = last_bound(function, name, line)
    if last is None or not isinstance(last.value, ast.Name) or last.value.id == name:
        return ""
    other = last.value.id
    assigned = [(node.value, to) for node in function.by_type[ast.Assign] for to in node.targets]
    if any(is_named(to, other) and is_named(value, name) for value, to in assigned):
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


def _running(function: FunctionOutline, name: str, line: int) -> str:
    """What `name` is a second name for, at least on one way, if that is an item of a state which the function itself
    brings up to date under the first name; "" if there is none."""
    last = last_bound(function, name, line)
    value = last.value if last is not None else None
    for other in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
        if last is None or not isinstance(other, ast.Name) or other.id == name:
            continue
        kept = any(_is_kept_item(node, other.id) for node in function.by_type[ast.Assign] if node.lineno < last.lineno)
        if kept and _is_updated(function, other.id, last.lineno):
            return other.id
    return ""


def _is_kept_item(node: ast.Assign, name: str) -> bool:
    """`name = state["m"]`, also as one of several; or `name = self.m`."""
    for target in node.targets:
        pairs: Iterable[tuple[ast.expr, ast.expr]] = ((target, node.value),)
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
        for to, value in pairs:
            if not is_named(to, name):
                continue
            if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
                return isinstance(value.slice.value, str)
            if isinstance(value, ast.Attribute) and is_named(value.value, "self"):
                return True
    return False


def _is_updated(function: FunctionOutline, name: str, line: int) -> bool:
    """Whether it is written in place, under its name, before a line: `m.mul_(0.9).add_(grad)`, `m += grad`."""
    for call in function.by_type[ast.Call]:
        func = call.func
        writes = isinstance(func, ast.Attribute) and func.attr.endswith("_") and not func.attr.endswith("__")
        if writes and call.lineno < line and is_named(func.value, name):
            return True
    return any(is_named(node.target, name) and node.lineno < line for node in function.by_type[ast.AugAssign])


def tell_row_overwritten(frame: Frame, owner: Value, key: Value, target: cst.Subscript) -> None:
    """`target`, an item of `owner` that a number picks, is assigned. Of an array with one dimension it is a number, of
    a tensor never."""
    outline = frame.outline
    if outline is None or not owner:
        return
    written = frame.segment.origin(target)
    if frame.interpreter.eager and isinstance(written, ast.Subscript) and _is_stretch(written):
        name = _kept_row(outline, written, column=True)
        if name:
            frame.emit(RenamedWrite(frame.site(target), frame.text(target), name))
        return
    if not all(_has_rows(kind) for kind, _ in owner):
        return
    if not key or not all(isinstance(kind, Number | Const) for kind, _ in key):
        return
    name = _kept_row(outline, written) if isinstance(written, ast.Subscript) else ""
    if name:
        frame.emit(RenamedWrite(frame.site(target), frame.text(target), name))


def _has_rows(kind: Kind) -> bool:
    if isinstance(kind, Array):
        return kind.ndim is not None and kind.ndim > 1
    return isinstance(kind, Tensor) or (isinstance(kind, Opaque) and kind.guess is not None and kind.tensorish)


def _is_stretch(node: ast.Subscript) -> bool:
    """Several indices, numbers and slices: a column, or a part of some; nothing but arrays and tensors have any."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
    return any(isinstance(part, ast.Slice) or _is_ellipsis(part) for part in parts) and all(
        isinstance(part, ast.Slice | ast.Constant | ast.UnaryOp) for part in parts
    )


def _is_ellipsis(node: ast.expr) -> bool:
    """`...` as an index."""
    return isinstance(node, ast.Constant) and node.value is ...


def _kept_items(function: FunctionOutline) -> Iterator[tuple[ast.Name, ast.Subscript]]:
    """What is kept of what under a name: `row = x[i]`, `a, b = x[:, 0], x[:, 1]`."""
    for node in function.by_type[ast.Assign]:
        target = node.targets[0]
        pairs: Iterable[tuple[ast.expr, ast.expr]] = ((target, node.value),)
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = zip(target.elts, node.value.elts, strict=False)
        for kept, value in pairs:
            if isinstance(kept, ast.Name) and isinstance(value, ast.Subscript):
                yield kept, value


def _kept_row(function: FunctionOutline, written: ast.Subscript, *, column: bool = False) -> str:
    """The name under which the row at `written` has been kept, if nothing else is bound to a name in between and it is
    read after this write; "" if there is none. What is written to a column may be computed of what was there."""
    text, line = ast.unparse(written), written.lineno
    stores = [(node.id, node.lineno) for node in function.by_type[ast.Name] if isinstance(node.ctx, ast.Store)]
    for kept, value in _kept_items(function):
        if value.lineno >= line or ast.unparse(value) != text:
            continue
        needed = {each.id for each in ast.walk(value) if isinstance(each, ast.Name)} | {kept.id}
        if any(name in needed and kept.lineno < at <= line for name, at in stores):
            continue
        if exclude_each_other(function, kept.lineno, line):
            continue
        uses = [each for each in function.by_type[ast.Name] if each.id == kept.id and isinstance(each.ctx, ast.Load)]
        end = min((at for name, at in stores if name == kept.id and at > line), default=10**9)
        back = not column and any(each.lineno == line for each in uses)  # `x[i] = row`: it is written back
        if not back and any(line < each.lineno <= end for each in uses):
            return kept.id
    return ""
