"""Backward: what it goes through, and what it finds cut off."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    Cut,
    Fact,
    Function,
    Kind,
    Opaque,
    Step,
    Tensor,
    Value,
    deeply,
    guessed,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.nodes.site import Site
from torchconv_lint.analysis.syntax.backward import GRAPH_KEYWORDS, losses_of, names_loss, paths, steps_with
from torchconv_lint.analysis.syntax.outline import dotted, is_detached, is_named
from torchconv_lint.analysis.telling.cuts import cuts_of
from torchconv_lint.analysis.telling.events import GraphCut, LeafBackward
from torchconv_lint.analysis.telling.graph import graph_of, held, regraphed, requires
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


def went_back(frame: Frame, value: Value, node: cst.CSTNode, text: str = "") -> None:
    """backward() goes through the graph of these values."""
    for kind in held(value):
        graph = graph_of(kind)
        frame.interpreter.shared.graphs.differentiated |= graph.kept
        cuts = cuts_of(kind)
        tensor = guessed(kind)
        if not graph.severed:
            frame.interpreter.shared.graphs.rooted.add(node)
        elif tensor is not None and tensor.grad is not None and tensor.grad.step is not None and not _is_told(cuts):
            _tell_leaf(frame, tensor.grad.step.site, node)
        if cuts:
            dead = tensor is None or (tensor.grad is not None and tensor.grad.value is False)
            for cut in cuts:
                _tell_cut(frame, cut, node, dead=dead, returned=False, leaf=graph.severed)


def tell_term_of_values(frame: Frame, name: str, node: cst.BaseExpression) -> None:
    """`name = 1 - memory.loss(features.detach())`, a term of what backward goes through: all that it is computed from
    has been detached, so that it trains nothing but what the callee may have of its own. Or `name = name.item()`, and
    a sum below has that for a term."""
    if name not in frame.evidence.losses or frame.state.grad is False:
        return
    origin = frame.segment.origin(node)
    if frame.outline is not None and isinstance(origin, ast.expr) and _is_still_a_term(frame.outline, name, origin):
        how = "number" if _taken_out(origin, name) == "item" else "detach"
        tell_taken_out(frame, node, how, name, "it is a term of what backward goes through")
        return
    calls = [each for each in ast.walk(origin) if isinstance(each, ast.Call)] if isinstance(origin, ast.expr) else []
    for call in calls:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        if given and all(map(is_detached, given)) and _MEASURES.search(dotted(call.func) or ""):
            tell_taken_out(frame, node, "detach", ast.unparse(call), "everything that it is given is detached")
            return


def tell_taken_out(frame: Frame, node: cst.BaseExpression, how: str, subject: str, story: str) -> None:
    """`node` takes `subject` out of the graph of a loss, as far as the ast tells."""
    site = frame.site(node)
    cut = Cut(site, how, subject, Fact(True, Step(site, story, doubt=Doubt.UPSTREAM)), asked=True, rebound=True)
    frame.emit(GraphCut(site, cut, site, dead=False, returned=False))


def _taken_out(node: ast.expr, name: str) -> str:
    """The last method by which `name.item()`, `name.detach().item()` take a loss out of its graph; "" if none does."""
    func = node.func if isinstance(node, ast.Call) and not node.args else None
    if not isinstance(func, ast.Attribute) or func.attr not in ("item", "detach"):
        return ""
    return func.attr if is_named(func.value, name) or _taken_out(func.value, name) else ""


def _is_still_a_term(outline: FunctionOutline, name: str, node: ast.expr) -> bool:
    """Whether a loss that takes the place of its own value, `kl = kl.item()`, is a term of a sum below, as it is."""
    if not _taken_out(node, name):
        return False
    again = [one.lineno for one in outline.by_type[ast.Assign] if any(is_named(to, name) for to in one.targets)]
    until = min((line for line in again if line > node.lineno), default=sys.maxsize)
    sums = (
        one for one in outline.by_type[ast.BinOp] if isinstance(one.op, ast.Add) and node.lineno < one.lineno <= until
    )
    return any(is_named(term, name) for one in sums for side in (one.left, one.right) for term in _factors(side))


def _factors(node: ast.expr) -> list[ast.expr]:
    return [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) else [node]


_MEASURES = re.compile(r"^(?!.*(critic|dis|net|_d\b|\bd\b)).*(loss|criterion)\w*$", re.I)
"""How something is called that measures what it is given; a discriminator learns from what is detached."""


_A_LOSS = re.compile(r"^(training_step|(compute_|get_|calc_|calculate_)?\w*loss)$", re.I)
_NO_LOSS = re.compile(r"(eval|val|test|log|plot|print|weight|metric|show)", re.I)


def gave_loss(frame: Frame, value: Value, node: cst.CSTNode) -> None:
    """The function's name says that what it returns is meant to be back-propagated."""
    definition = frame.definition
    if definition is None or not any(cuts_of(kind) for kind, _ in value):
        return
    name = definition.name
    if name in ("forward", "__call__") and definition.outline is not None and definition.outline.owner is not None:
        name = definition.outline.owner.name
    if not _A_LOSS.match(name) or _NO_LOSS.search(name):
        return
    for kind, _ in value:
        for cut in cuts_of(kind):
            tensor = guessed(kind)
            dead = tensor is None or (tensor.grad is not None and tensor.grad.value is False)
            _tell_cut(frame, cut, node, dead=dead, returned=True)


def _tell_cut(frame: Frame, cut: Cut, node: cst.CSTNode, *, dead: bool, returned: bool, leaf: bool = False) -> None:
    frame.emit(GraphCut(cut.site, cut, frame.site(node), dead, returned, leaf))


def _is_told(cuts: Iterable[Cut]) -> bool:
    """Whether one of the conversions that cut the graph is sure enough to be reported itself."""
    return any(cut.grad.confidence >= Confidence.LIKELY and not cut.grad.is_doubted for cut in cuts)


def _tell_leaf(frame: Frame, site: Site, node: cst.CSTNode) -> None:
    """A leaf is given to backward: one that was made of constants is an example of autograd, and left alone, and so is
    one whose own gradient is read: it is an input."""
    asked = site.node
    if type(asked) is cst.Call:
        asked = asked.func if site.method == "requires_grad_" else asked
    if type(asked) is cst.Attribute:
        if _reads_gradient(frame, dotted_path(asked.value)):
            return
        frame.emit(LeafBackward(site, Site(site.segment, asked.value).text, frame.site(node), made=False))
    elif type(asked) is cst.Call and site.method in _OF_VALUES and asked.args:
        data = asked.args[0].value
        if isinstance(data, cst.Name | cst.Attribute | cst.Call | cst.BinaryOperation):
            frame.emit(LeafBackward(site, Site(site.segment, data).text, frame.site(node), made=True))


def _reads_gradient(frame: Frame, path: str | None) -> bool:
    attributes = frame.outline.by_type[ast.Attribute] if frame.outline is not None else ()
    return path is not None and any(
        node.attr == "grad" and isinstance(node.ctx, ast.Load) and dotted(node.value) == path for node in attributes
    )


_OF_VALUES = frozenset({"tensor", "as_tensor", "from_numpy", "FloatTensor", "Tensor", "Variable", "asarray"})


def spent(kind: Kind) -> Kind:
    """The value after backward has been through its graph."""
    graph = graph_of(kind)
    return kind if graph.spent or guessed(kind) is None else regraphed(kind, replace(graph, spent=True))


def as_awaited(kind: Kind) -> Kind:
    """A value that a caller calls backward on: it requires grad, and its graph will have served once it is kept."""
    if isinstance(kind, Opaque):
        guess = kind.guess or Tensor(memory=kind.memory, path=kind.path)
        return replace(kind, guess=_served(guess), tensorish=True)
    return _served(kind) if isinstance(kind, Tensor) else kind


_PARTS = re.compile(
    r"loss|(^|_)(ce|kld?|mse|l1|l2|reg|rec(on)?|adv|nll|bce|dice|aux|ent(ropy)?|penalty|err(or)?|cost|gp|parts?|terms?|"
    r"items?|components?)(_|\d|$)",
    re.I,
)
"""How the parts of a loss are called."""


def beside_loss(frame: Frame, kind: Kind, name: str, node: cst.CSTNode, *, named: bool = False) -> Kind:
    """What the call at `node` gives beside a loss that backward goes through, under the name of a part of one (or
    `named`: whatever it is called): nobody has seen that it has left the graph, and that graph has served."""
    if not isinstance(kind, Opaque) or not (named or _PARTS.search(name)):
        return kind
    guess = kind.guess or Tensor(memory=kind.memory, path=kind.path)
    if guess.grad is not None and (not guess.grad.value or guess.graph.spent):
        return kind
    told = f"`{name}` is given beside a loss that backward goes through"
    grad = Fact(True, confidence=Confidence.LIKELY).then(frame.site(node), told).doubted(Doubt.UPSTREAM)
    graph = replace(guess.graph, leaf=False, spent=True)
    return replace(kind, guess=replace(guess, grad=grad, graph=graph), tensorish=True)


def _served(tensor: Tensor) -> Tensor:
    if tensor.grad is not None and not tensor.grad.value:
        return tensor
    grad = tensor.grad or Fact(True, confidence=Confidence.LIKELY)
    return replace(tensor, grad=grad, graph=replace(tensor.graph, leaf=False, spent=True))


def unserved(kind: Kind) -> Kind:
    """The value as backward has not been through its graph."""
    graph = graph_of(kind)
    return regraphed(kind, replace(graph, spent=False)) if graph.spent else kind


_GRADIENT = "grad"
_LOOKS_AT = re.compile(r"_*(assert|check|compare|verify|expect|print|log|report|has|is|supports?|needs)_")
"""How the names of functions begin that look at what a backward pass has left."""
_ABOUT = re.compile(r"backward_*(error|hook|fn|func|prefetch|time|name|compat)")
"""What is in the names of functions that only have to do with one."""


def _is_called_gradient(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether an expression is called a gradient; what a loss is divided by may be (`loss / grad_accum_steps`)."""
    if type(node) is cst.BinaryOperation:
        operands = (node.left,) if type(node.operator) is cst.Divide else (node.left, node.right)
        return all(_is_called_gradient(frame, each) for each in operands if not isinstance(each, cst.BaseNumber))
    return _GRADIENT in frame.text(node).lower()


def _steps_with(frame: Frame, name: str, arguments: Arguments) -> bool:
    """Whether the call is given a loss, by its name, and an optimiser."""
    first = arguments.positional[0].node if arguments.count > 1 and arguments.positional else None
    if type(first) is not cst.Name or not names_loss(first.value):
        return False
    others = [*arguments.positional[1:], *arguments.keywords.values()]
    return steps_with(name, (dotted_path(other.node) or "" for other in others))


def computes_loss(kind: Kind) -> bool:
    """Whether it is a function of the project that calls backward on what it has computed itself: what it is handed is
    an input, whatever the function is called."""
    outline = kind.definition.outline if isinstance(kind, Function) else None
    if outline is None:
        return False
    losses = [loss for node in outline.by_type[ast.Call] for loss in losses_of(node)]
    return bool(losses) and outline.parameters.isdisjoint(path for loss in losses for path in paths(loss))


def tell_backward(frame: Frame, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """`accelerator.backward(loss)`, `torch.autograd.backward(losses)`, `self.manual_backward(loss)`; what is called a
    gradient is one, and needs no graph: `output.backward(grad_output)`."""
    passes = "backward" in name and not (_LOOKS_AT.match(name) or _ABOUT.search(name))
    if not passes and not _steps_with(frame, name, arguments):
        return
    if _GRADIENT in name:
        return
    own = [
        argument
        for keyword, argument in arguments.keywords.items()
        if keyword in GRAPH_KEYWORDS and _GRADIENT not in keyword
    ]
    given = [argument for argument in (*arguments.positional, *own) if not _is_called_gradient(frame, argument.node)]
    live = [argument for argument in given if any(requires(kind) for kind in held(argument.value))]
    for argument in live or given:  # next to what has a graph, an array is something else: labels, say
        went_back(frame, argument.value, node)
        changed = deeply(argument.value, spent)
        if changed is not argument.value:
            frame.write_back_expression(argument.node, changed)
