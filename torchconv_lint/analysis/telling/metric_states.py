"""What a metric keeps of an output: `update` adds to an attribute what is computed from its arguments, or appends it,
and nothing has taken it out of the graph. Whoever evaluates without `no_grad`, while training say, keeps all graphs."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Fact, Tensor
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import GraphKept
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_UPDATES = frozenset({"update", "_update"})
_OTHERS = frozenset({"reset", "compute", "_compute"})
"""A class with such a method and one of these is a metric."""
_OUTPUTS = re.compile(
    r"^(?!.*(ind(ex|ices)|idx|label|mask|target)).*"
    r"(pred|logit|output|prob|score|recon|fake|gen(erated)?_|img|embed|hidden|x_?hat|y_?hat)",
    re.I,
)
"""How what models give is called."""
_LOSSES = re.compile(r"loss|cross_entropy|nll|mse|lpips|ssim|perplex|divergence|log_?prob", re.I)
"""How functions are called that compute with operations on tensors, which all keep the graph."""
_LEAVES = re.compile(
    r"detach|\.item\(|\.tolist\(|numpy|\.data\b|float\(|int\(|no_grad|inference_mode|argm(ax|in)|len\(|numel|\.shape|"
    r"\.size\(|\.(eq|ne|gt|lt|ge|le|long|int|bool|any|all|round|sign|topk|sort)\(|torch\.(eq|ne|gt|lt|ge|le)\(|[<>]|[!=]="
)
"""What has left the graph, or never had one."""
_KEEPS = re.compile(rf"^(torch|F|nn|functional)\.|^(?!self\.).*\.(?!_)\w+$|({_LOSSES.pattern})\w*$", re.I)
"""Functions of torch, methods, and what is called like a loss."""
_MOST_HOPS = 4


def tell_state_added(frame: Frame, target: cst.BaseExpression, item: cst.BaseExpression, at: cst.CSTNode) -> None:
    """`self.total += loss.sum()`, in a metric's `update`."""
    if _is_state(frame, target) and _has_left_nothing(frame, item):
        _tell(frame, at, frame.text(target), item, container=False)


def tell_state_appended(frame: Frame, node: cst.BaseExpression) -> None:
    """`self.predictions.append(y_pred)`, in a metric's `update`."""
    if type(node) is not cst.Call or type(node.func) is not cst.Attribute or len(node.args) != 1:
        return
    into, item = node.func.value, node.args[0].value
    if node.func.attr.value == "append" and _is_state(frame, into) and _has_left_nothing(frame, item):
        _tell(frame, node, frame.text(into), item, container=True)


def _is_state(frame: Frame, target: cst.BaseExpression) -> bool:
    """Whether it is an attribute of the metric whose `update` this is."""
    outline = frame.outline
    if outline is None or outline.name not in _UPDATES or outline.owner is None or frame.state.grad is False:
        return False
    if _OTHERS.isdisjoint(outline.owner.methods) or frame.depth:
        return False
    names = (frame.interpreter.outline.full_name(base) for base in outline.owner.bases)
    if any(name.startswith("torchmetrics.") for name in names):  # which calls `update` with grad switched off
        return False
    return type(target) is cst.Attribute and type(target.value) is cst.Name and target.value.value == "self"


def _has_left_nothing(frame: Frame, item: cst.BaseExpression) -> bool:
    outline, origin = frame.outline, frame.segment.origin(item)
    if outline is None or not isinstance(origin, ast.expr) or _LEAVES.search(_decorators(outline)):
        return False
    roots = _roots(outline, origin, origin.lineno, _MOST_HOPS)
    return roots is not None and roots


def _decorators(outline: FunctionOutline) -> str:
    return " ".join(ast.unparse(each) for each in outline.node.decorator_list)


def _roots(outline: FunctionOutline, node: ast.expr, line: int, hops: int) -> bool | None:
    """Whether what is computed comes from an argument that is called like an output, or through a loss; None if
    something on the way has left the graph."""
    text = ast.unparse(node)
    if _LEAVES.search(text):
        return None
    called = [dotted(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)]
    if any(each is not None and not _KEEPS.search(each) for each in called):
        return None  # nobody knows what it does
    found = any(_LOSSES.search((each or "").rpartition(".")[2]) for each in called)
    for name in {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}:
        bound = [one for one in outline.by_type[ast.Assign] if one.lineno < line and _binds(one, name)]
        if name in outline.parameters and not bound:
            found |= _OUTPUTS.search(name) is not None
        for one in bound if hops else ():
            before = _roots(outline, one.value, one.lineno, hops - 1)
            if before is None:
                return None
            several = isinstance(one.targets[0], ast.Tuple)
            found |= any(each.search(name) for each in (_OUTPUTS, _LOSSES)) if several else before
    return found


def _binds(assign: ast.Assign, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for to in assign.targets for each in ast.walk(to))


def _tell(frame: Frame, at: cst.CSTNode, target: str, item: cst.BaseExpression, *, container: bool) -> None:
    tensor = Tensor(grad=Fact(True, confidence=Confidence.LIKELY))
    text, sure = frame.text(item), Confidence.LIKELY
    frame.emit(
        GraphKept(frame.site(at), tensor, target, text, container, False, item, sure, escapes=True, looked_at=True)
    )
