"""States of modules that are kept as they are under names which say that they are of another time: told to those who
ask for it, wherever the weights are trained meanwhile."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import AliasKept
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.walking import ByType

_OF_THEN = re.compile(
    r"(^|_|\.)(best|saved?|backup|old|prev(ious)?|initial|init|orig(inal)?s?|snapshot|last|start(ing)?|before|anchor|"
    r"stored|restore|baseline|rewind|checkpointed)(_|\d|$)",
    re.I,
)
"""Names of what is to stay as it was."""
_STATES = frozenset({"state_dict", "named_parameters", "parameters", "named_buffers"})
_LIVE = frozenset({"data", "detach"})
"""What is asked of a parameter and gives the same memory."""


def tell_state_kept(frame: Frame, target: cst.BaseExpression, node: cst.BaseExpression) -> None:
    """`self.best = model.state_dict()`, also by a comprehension, or item by item in a loop."""
    where = frame.text(target)
    value = frame.segment.origin(node)
    outline = frame.definition.outline_around if frame.definition is not None else None
    if outline is None or not isinstance(value, ast.expr) or not _OF_THEN.search(where.partition("[")[0]):
        return
    if type(target) is cst.Subscript:
        kept = any(_is_gone_through(loop.target, loop.iter, value) for loop in _around(outline.by_type, value))
    else:
        kept = (_gives_state(value) or _collects(value)) and _goes_on(outline.by_type, value)
    if kept:
        why = "it follows the weights as they train"
        frame.emit(AliasKept(frame.site(node), f"`{where}`", why, (), Confidence.LIKELY, "", unread=True))


def _gives_state(node: ast.expr) -> bool:
    """`model.state_dict()`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "state_dict"


def _collects(node: ast.expr) -> bool:
    """`{k: v for k, v in model.state_dict().items()}`, `[p.data for p in model.parameters()]`."""
    if not isinstance(node, ast.DictComp | ast.ListComp):
        return False
    value, through = node.value if isinstance(node, ast.DictComp) else node.elt, node.generators[0]
    return _is_gone_through(through.target, through.iter, value)


def _is_gone_through(target: ast.expr, through: ast.expr, value: ast.expr) -> bool:
    """Whether the value is what a loop through a state gives, or shares its memory."""
    while (
        isinstance(through, ast.Call) and isinstance(through.func, ast.Attribute) and through.func.attr != "state_dict"
    ):
        if through.func.attr in _STATES:
            break
        through = through.func.value
    func = through.func if isinstance(through, ast.Call) else None
    if not isinstance(func, ast.Attribute) or func.attr not in _STATES:
        return False
    shares = func.attr == "state_dict"
    while isinstance(value, ast.Call | ast.Attribute):
        attribute = value.func if isinstance(value, ast.Call) else value
        if not isinstance(attribute, ast.Attribute) or attribute.attr not in _LIVE:
            return False
        value, shares = attribute.value, True  # the parameters themselves are kept to be found again
    last = target.elts[-1] if isinstance(target, ast.Tuple) else target
    return shares and isinstance(value, ast.Name) and isinstance(last, ast.Name) and last.id == value.id


def _around(nodes: ByType, node: ast.expr) -> Iterator[ast.For]:
    """The loops around a node, none of which binds anew what it goes through."""
    loops: Sequence[ast.For] = nodes[ast.For]
    for loop in loops:
        if loop.lineno <= node.lineno <= (loop.end_lineno or 0):
            yield loop


_TRAINS = re.compile(r"train|fit|step|backward|update|learn|optimi|epoch|adapt|attack|prune|apply_", re.I)


def _goes_on(nodes: ByType, node: ast.expr) -> bool:
    """Whether something is called afterwards, or in a loop around, that may change the weights, and the module itself
    is used there."""
    loops = (loop for loop in (*nodes[ast.For], *nodes[ast.While]) if _holds(loop, node))
    begin = min((loop.lineno for loop in loops), default=node.lineno)
    later = [call for call in nodes[ast.Call] if call.lineno >= begin]
    owner = _owner(node)
    return any(_TRAINS.search(_name(call)) for call in later) and any(
        dotted(call.func) == owner or any(dotted(given) == owner for given in call.args) for call in later
    )


def _owner(node: ast.expr) -> str:
    """The module whose state it is."""
    for call in ast.walk(node):
        func = call.func if isinstance(call, ast.Call) else None
        if isinstance(func, ast.Attribute) and func.attr in _STATES:
            return dotted(func.value) or ""
    return ""


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _holds(loop: ast.For | ast.While, node: ast.expr) -> bool:
    return loop.lineno <= node.lineno <= (loop.end_lineno or 0)
