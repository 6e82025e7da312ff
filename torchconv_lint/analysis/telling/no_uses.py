"""Mentions of a value that make no use of what is in it: shown as it is, or put where nobody looks."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame

_PUTS_IN = frozenset({"append", "appendleft", "extend", "insert"})
"""Methods of lists that look at nothing in them."""


def is_only_shown(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is printed as it is, by a statement of its own, as lessons do to show what is shared."""
    call = frame.statement
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name) or call.func.value != "print":
        return False
    shown: list[cst.CSTNode] = []
    for argument in call.args:
        parts = argument.value.parts if isinstance(argument.value, cst.FormattedString) else ()
        shown += (part.expression for part in parts if isinstance(part, cst.FormattedStringExpression))
        shown.append(argument.value)
    return any(one is node for one in shown)


def is_put_away(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is put into a list of the function of which nothing is ever read there, or is that list."""
    call, outline = frame.statement, frame.outline
    if not isinstance(call, cst.Call) or outline is None:
        return False
    func = call.func
    if not isinstance(func, cst.Attribute) or func.attr.value not in _PUTS_IN or not isinstance(func.value, cst.Name):
        return False
    if func.value is not node and not any(argument.value is node for argument in call.args):
        return False
    name = func.value.value
    owners = {id(one.value) for one in outline.by_type[ast.Attribute] if one.attr in _PUTS_IN}
    mentions = [one for one in outline.by_type[ast.Name] if one.id == name]
    reads = (one for one in mentions if isinstance(one.ctx, ast.Load) and id(one) not in owners)
    return any(isinstance(one.ctx, ast.Store) for one in mentions) and next(reads, None) is None
