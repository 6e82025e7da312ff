"""The autograd graph of a value: what it grows from, and what is refused to leaves and to results of operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    NO_GRAPH,
    RESULT,
    Cut,
    Fact,
    Graph,
    Instance,
    Kind,
    Mapping,
    Opaque,
    Sequence,
    Tensor,
    Value,
    guessed,
    is_mixed,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.telling.events import DeepCopied, LeafWritten
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

NO_CUTS: frozenset[Cut] = frozenset()

LINEAR = frozenset(
    ["sum", "mean", "clone", "squeeze", "unsqueeze", "view", "reshape", "flatten", "add", "to", "float", "double"]
)
"""Operations whose result is made of what went in, term by term: what is cut off there is cut off of the result."""


def grown(operands: Iterable[Tensor], grad: Fact | None, *, linear: bool = False) -> Graph:
    """The graph of a result. What never required grad, because all of it was cut off, stays cut off in any operation;
    next to what does require grad only terms of a sum do."""
    graphs = [tensor.graph for tensor in operands if tensor.graph is not NO_GRAPH]
    requires = grad is not None and grad.value is True
    if not graphs:
        return RESULT if requires else NO_GRAPH
    if grad is not None and not requires:
        cuts = frozenset[Cut]().union(*(graph.cuts for graph in graphs))
        return Graph(cuts=cuts) if cuts else NO_GRAPH
    kept = frozenset[Any]().union(*(graph.kept for graph in graphs))
    cuts = frozenset[Cut]().union(*(graph.cuts for graph in graphs)) if linear and requires else NO_CUTS
    spent = any(graph.spent for graph in graphs)
    if not kept and not cuts and not spent:
        return RESULT if requires else NO_GRAPH
    return Graph(False if requires else None, spent, kept, cuts)


def offspring(graph: Graph) -> Graph:
    """The graph of what was a leaf before an operation that may have had nothing to do."""
    return replace(graph, leaf=None, severed=False) if graph.leaf else graph


def write_to_leaf(frame: Frame, value: Value, target: cst.CSTNode, node: cst.CSTNode) -> None:
    """`value` is written in place by the code at `node`."""
    if frame.state.grad is not True:
        return
    for kind, _ in value:
        if isinstance(kind, Tensor) and kind.graph.leaf and requires(kind):
            sure = Confidence.POSSIBLE if is_mixed(value) else _how_surely_recorded(frame)
            frame.emit(LeafWritten(frame.site(node), kind, frame.text(target), sure))


def _how_surely_recorded(frame: Frame) -> Confidence:
    """How sure it is that grad mode is on: code that was not looked at may call a helper with grad mode off."""
    name = frame.definition.name if frame.definition is not None else ""
    text = frame.interpreter.source.text
    if not name or name == "__init__" or not re.search(r"\b(no_grad|inference_mode|set_grad_enabled)\b", text):
        return Confidence.CERTAIN
    helps = frame.depth > 0 or re.search(rf"(?<!def )\b{name}\(", text) is not None
    return Confidence.POSSIBLE if helps else Confidence.CERTAIN


def tell_deepcopy(frame: Frame, arguments: Arguments, node: cst.CSTNode) -> None:
    """`copy.deepcopy(x)`: it refuses the results of operations on what requires grad, wherever it meets them."""
    argument = arguments.get(0, "x")
    if argument is None:
        return
    alone = {id(kind) for kind, _ in argument.value}
    for kind in held(argument.value):
        tensor = guessed(kind)
        if tensor is not None and requires(kind) and tensor.graph.leaf is False:
            sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
            attribute = type(argument.node) is cst.Attribute and dotted_path(argument.node) not in frame.assigned
            if attribute or (isinstance(kind, Opaque) and not kind.tensorish):
                sure = Confidence.POSSIBLE  # who knows what another method has left there
            text = frame.text(argument.node)
            frame.emit(DeepCopied(frame.site(node), tensor, text, "" if id(kind) in alone else "holds", sure))
    _tell_deepcopy_of_object(frame, argument.value, argument.node, node)


def _tell_deepcopy_of_object(frame: Frame, value: Value, argument: cst.BaseExpression, node: cst.CSTNode) -> None:
    """A module that has been called before, and kept a result of that in an attribute."""
    text = frame.text(argument)
    for kind, _ in value:
        if not isinstance(kind, Instance) or not kind.is_module or text not in frame.called:
            continue
        for name, stored in frame.interpreter.attributes.stored_later(kind.definition):
            for part in held(stored):
                if isinstance(part, Tensor) and requires(part) and part.graph.leaf is False:
                    frame.emit(DeepCopied(frame.site(node), part, text, f"self.{name}", Confidence.LIKELY))


def requires(kind: Kind) -> bool:
    """Whether it is a tensor (or is taken for one) that is part of a graph."""
    tensor = guessed(kind)
    return tensor is not None and tensor.grad is not None and tensor.grad.value is True


def has_graph(kind: Kind) -> bool:
    """Whether a graph hangs on to it: a leaf, such as a parameter, has none."""
    return requires(kind) and graph_of(kind).leaf is not True


def held(value: Value) -> Iterator[Kind]:
    """The values themselves and what containers among them hold."""
    for kind, _ in value:
        if type(kind) is Sequence:
            for item in kind.items if kind.items is not None else (kind.element,):
                yield from held(item)
        elif type(kind) is Mapping:
            for item in (kind.element, *(item for _, item in kind.items)):
                yield from held(item)
        else:
            yield kind


def regraphed(kind: Kind, graph: Graph) -> Kind:
    """The value with another graph."""
    if isinstance(kind, Tensor):
        return replace(kind, graph=graph)
    if isinstance(kind, Opaque) and kind.guess is not None:
        return replace(kind, guess=replace(kind.guess, graph=graph))
    return kind


def graph_of(kind: Kind) -> Graph:
    """The graph of a tensor, or of what it is if it is one."""
    tensor = guessed(kind)
    return tensor.graph if tensor is not None else NO_GRAPH
