"""Mentions of a value that make no use of what a write has left in it: shown as it is, put where nobody looks, or made
anew since."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import Write

    Loop = ast.For | ast.AsyncFor | ast.While

_PUTS_IN = frozenset({"append", "appendleft", "extend", "insert"})
"""Methods of lists that look at nothing in them."""


def is_only_shown(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is printed as it is, by a statement of its own, as lessons do to show what is shared."""
    call = frame.statement
    if type(call) is not cst.Call or type(call.func) is not cst.Name or call.func.value != "print":
        return False
    shown: list[cst.CSTNode] = []
    for argument in call.args:
        parts = argument.value.parts if type(argument.value) is cst.FormattedString else ()
        shown += (part.expression for part in parts if type(part) is cst.FormattedStringExpression)
        shown.append(argument.value)
    return any(one is node for one in shown)


def is_put_away(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is put into a list of the function of which nothing is ever read there, or is that list."""
    call, outline = frame.statement, frame.outline
    if type(call) is not cst.Call or outline is None:
        return False
    func = call.func
    if type(func) is not cst.Attribute or func.attr.value not in _PUTS_IN or type(func.value) is not cst.Name:
        return False
    if func.value is not node and not any(argument.value is node for argument in call.args):
        return False
    name = func.value.value
    owners = {id(one.value) for one in outline.by_type[ast.Attribute] if one.attr in _PUTS_IN}
    mentions = [one for one in outline.by_type[ast.Name] if one.id == name]
    reads = (one for one in mentions if isinstance(one.ctx, ast.Load) and id(one) not in owners)
    return any(isinstance(one.ctx, ast.Store) for one in mentions) and next(reads, None) is None


def is_made_anew(frame: Frame, write: Write, node: cst.CSTNode) -> bool:
    """Whether what is read at `node`, in the round after the write, has been made anew in between: each round begins
    with another item, or a name is bound again on some way, which is meant to start again, and the way that leaves it
    as it is leaves the loop, as a rule."""
    loop = frame.segment.origin(frame.rounds[-1]) if frame.rounds and write.site.segment is frame.segment else None
    read, written = frame.segment.origin(node), write.site.segment.origin(write.site.node)
    if not isinstance(loop, ast.For | ast.AsyncFor | ast.While) or not isinstance(read, ast.Name | ast.Attribute):
        return False
    line = getattr(written, "lineno", 0)
    if line >= loop.lineno and _is_drawn(loop, read):
        return read.lineno <= (getattr(written, "end_lineno", 0) or line)
    if not isinstance(read, ast.Name):
        return False
    return read.lineno < line and any(
        isinstance(child, ast.Name) and child.id == read.id and isinstance(child.ctx, ast.Store) and child.lineno > line
        for child in walk(loop)
    )


def _is_drawn(loop: Loop, read: ast.Name | ast.Attribute) -> bool:
    """Whether each round begins with another item, `sample = samples[index]`, which this is, or is of."""
    name = (dotted(read) or "").partition(".")[0]
    for statement in loop.body:
        if statement.lineno >= read.lineno:
            return False
        if isinstance(statement, ast.Assign) and any(dotted(target) == name for target in statement.targets):
            index = walk(statement.value.slice) if isinstance(statement.value, ast.Subscript) else ()
            bound = {one.id for one in walk(loop) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            return any(isinstance(one, ast.Name) and one.id in bound for one in index)
    return False
