"""A metric, which takes what it is given out of the graph, in the place of a loss: read off the ast, on request."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Instance
from torchconv_lint.analysis.syntax.outline import is_named
from torchconv_lint.analysis.telling.going_back import tell_taken_out

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_NO_GRAD = re.compile(r"(^|\.)(no_grad|inference_mode)(\(\))?$")


def tell_metric(frame: Frame, metric: Instance, node: cst.Call) -> None:
    """`return 1 - self.metric(prediction, target)` in a module's `forward`, where the metric's own `__call__` detaches
    what it is given, or runs without grad: nothing is trained through it."""
    outline, origin = frame.outline, frame.segment.origin(node)
    of_module = isinstance(frame.this, Instance) and frame.this.is_module
    if outline is None or outline.name != "forward" or not of_module or frame.state.grad is False:
        return
    if not isinstance(origin, ast.Call) or not _lets_go(frame, metric) or not _is_returned(outline, origin):
        return
    subject = ast.unparse(origin.args[0]) if origin.args else ast.unparse(origin)
    story = f"`{ast.unparse(origin.func)}` takes what it is given out of the graph"
    tell_taken_out(frame, node, "detach", subject, story)


def _lets_go(frame: Frame, metric: Instance) -> bool:
    """Whether an object that is called, by its class's method or by one which that calls of an ancestor's, does so."""
    for class_ in frame.interpreter.classes.bases(metric.definition):
        method = class_.methods.get("__call__")
        if method is not None and _detaches(method):
            return True
        if method is not None and "super().__call__" not in map(ast.unparse, method.by_type[ast.Attribute]):
            return False
    return False


def _detaches(method: FunctionOutline) -> bool:
    """Whether a method runs without grad, or detaches the first thing that it is given."""
    if any(_NO_GRAD.search(ast.unparse(each)) for each in method.node.decorator_list):
        return True
    given = [each.arg for each in method.node.args.args if each.arg != "self"][:1]
    taken = (each for each in method.by_type[ast.Attribute] if each.attr in ("detach", "data"))
    return bool(given) and any(is_named(each.value, given[0]) for each in taken)


def _is_returned(outline: FunctionOutline, call: ast.Call) -> bool:
    """Whether the function returns what a call gives, or a sum or product with it."""
    returned = [each.value for each in outline.by_type[ast.Return] if each.value is not None]
    for _ in range(_HOPS):
        if any(call is part for value in returned for part in ast.walk(value)):
            return True
        names = {part.id for value in returned for part in ast.walk(value) if isinstance(part, ast.Name)}
        bound = [one.value for one in outline.by_type[ast.Assign] if any(_binds(to, names) for to in one.targets)]
        told = (one for one in outline.by_type[ast.AnnAssign] if _binds(one.target, names))
        returned = [*bound, *(one.value for one in told if one.value is not None)]
    return False


def _binds(target: ast.expr, names: set[str]) -> bool:
    return isinstance(target, ast.Name) and target.id in names


_HOPS = 3
"""Over so many names that are bound one after the other."""
