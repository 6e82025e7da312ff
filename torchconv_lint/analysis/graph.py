"""The autograd graph: what it grows from, where it is put aside, what leaves it, and what backward goes through."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.events import DeepCopied, GraphCut, GraphKept, LeafBackward, LeafWritten
from torchconv_lint.analysis.loops import made_for_few
from torchconv_lint.analysis.names import dotted_path
from torchconv_lint.analysis.replacing import replace
from torchconv_lint.analysis.sharing import form_of
from torchconv_lint.analysis.site import Site
from torchconv_lint.analysis.values import (
    NO_GRAPH,
    RESULT,
    Array,
    Cut,
    Fact,
    Graph,
    Instance,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    each,
    guessed,
    is_mixed,
    weakest,
)
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.frame import Arguments, Frame

NO_CUTS: frozenset[Cut] = frozenset()

LINEAR = frozenset(
    ["sum", "mean", "clone", "squeeze", "unsqueeze", "view", "reshape", "flatten", "add", "to", "float", "double"]
)
"""Operations whose result is made of what went in, term by term: what is cut off there is cut off of the result."""


class KeptGraphs:
    """What becomes of graphs that are put aside, by the nodes that do it, in all files that are looked at:
    `differentiated`: backward goes through them; `escaped`: they go where nobody can see."""

    def __init__(self) -> None:
        self.differentiated: set[Any] = set()
        self.escaped: set[Any] = set()
        self.rooted: set[cst.CSTNode] = set()  # calls of backward on what may be more than a leaf


# -- growing -------------------------------------------------------------------------------------------------------


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
    return replace(graph, leaf=None) if graph.leaf else graph


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


def cuts_of(kind: Kind) -> frozenset[Cut]:
    """The conversions by which a value has left the graph."""
    tensor = guessed(kind)
    if tensor is not None:
        return tensor.graph.cuts
    return kind.cuts if isinstance(kind, Number | Array) else NO_CUTS


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


# -- putting aside ---------------------------------------------------------------------------------------------------


def accumulated(
    frame: Frame,
    node: cst.CSTNode,
    target: cst.BaseExpression,
    before: Value,
    added: Value,
    parts: cst.CSTNode,
    after: Value,
) -> Value:
    """`target += added`, or the like: the sum holds on to the graph of everything that went into it."""
    if not any(has_graph(kind) for kind, _ in added):
        return after
    if not frame.state.grad and not any(graph_of(kind).spent for kind, _ in added):
        return after
    outlives = isinstance(target, cst.Attribute | cst.Subscript) and _outlives(frame, target)
    if any(node in graph_of(kind).kept for kind, _ in before) or outlives:
        _tell_kept(frame, node, target, added, parts, container=False)
        if outlives or _is_seen_by_others(frame, target):
            frame.interpreter.shared.graphs.escaped.add(node)
    return _marked(after, node)


def contained(
    frame: Frame, node: cst.CSTNode, target: cst.BaseExpression, container: Value, item: Value, part: cst.CSTNode
) -> Value:
    """`target.append(item)`: the item as the container holds it. `container` is what it held before."""
    grows = frame.state.grad is not False
    holds = grows and type(part) is cst.Name and part.value in frame.evidence.holders  # `output["loss"].backward()`
    if holds or f"{frame.text(target)}[-1]" in frame.evidence.spent:  # `losses[-1].backward()`
        item = each(item, lambda kind: _loss(frame, kind, part))
    if not any(has_graph(kind) for kind in held(item)):
        return item
    outlives = _outlives(frame, target)
    if outlives or any(node in graph_of(kind).kept for kind in held(container)):
        _tell_kept(frame, node, target, item, part, container=True)
        if outlives or _is_seen_by_others(frame, target):
            frame.interpreter.shared.graphs.escaped.add(node)
    return _marked(item, node)


def accumulated_list(
    frame: Frame, node: cst.AugAssign, target: cst.BaseExpression, before: Value, added: Value, after: Value
) -> Value:
    """`losses += [loss]`."""
    items = node.value
    if type(items) is not cst.List or not any(requires(kind) for kind in held(added)):
        return after
    contained(frame, node, target, before, added, items)
    return _marked(after, node)


def _loss(frame: Frame, kind: Kind, part: cst.CSTNode) -> Kind:
    """What backward is called on is a tensor that requires grad."""
    if not isinstance(kind, Opaque) or kind.guess is not None:
        return kind
    grad = Fact(True).then(frame.site(part), "`.backward()` is called on it, so it requires grad")
    return Opaque(guess=Tensor(grad=grad), tensorish=True)


def _marked(value: Value, node: cst.CSTNode) -> Value:
    def mark(kind: Kind) -> Kind:
        graph = graph_of(kind)
        if not has_graph(kind) or node in graph.kept:
            return kind
        return regraphed(kind, replace(graph, kept=graph.kept | {node}))

    return deeply(value, mark)


def _is_seen_by_others(frame: Frame, target: cst.BaseExpression) -> bool:
    """Whether others may go on with what is kept: an attribute, or the result of a module in the making."""
    path = dotted_path(target)
    return path is None or "." in path or (isinstance(frame.this, Instance) and frame.this.is_module)


def _outlives(frame: Frame, target: cst.BaseExpression) -> bool:
    """Whether what is at `target` was there before the function was called, and stays: an attribute of `self` that this
    call has not assigned, or a container that was passed in."""
    while type(target) is cst.Subscript:
        target = target.value
    path = dotted_path(target)
    if path is None or path in frame.assigned:
        return False
    root, dot, _ = path.partition(".")
    owner = frame.read(root) or ()
    if not dot:
        return any(isinstance(kind, Opaque) and kind.path == path and kind.guess is None for kind, _ in owner)
    name = frame.definition.name if frame.definition else ""
    return name != "__init__" and any(isinstance(kind, Instance) for kind, _ in owner)


def _tell_kept(
    frame: Frame, node: cst.CSTNode, target: cst.BaseExpression, added: Value, parts: cst.CSTNode, *, container: bool
) -> None:
    for kind in held(added):
        tensor = guessed(kind)
        if tensor is None or not has_graph(kind):
            continue
        sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
        if isinstance(kind, Opaque) and not kind.tensorish:
            sure = Confidence.POSSIBLE
        spent = tensor.graph.spent or _is_spent(frame, parts, target if container else None)
        if type(target) is cst.Name and made_for_few(frame, target.value):
            continue
        if not spent and container and type(target) is cst.Name and target.value in frame.evidence.joined:
            sure = Confidence.POSSIBLE  # what is joined to one tensor in the end is computed with
        text, what = frame.text(target), frame.text(parts)
        operand = frame.site(parts) if form_of(added) == "tensor" else None
        frame.emit(GraphKept(frame.site(node), tensor, text, what, container, spent, node, sure, operand=operand))


def _is_spent(frame: Frame, node: cst.CSTNode, container: cst.BaseExpression | None) -> bool:
    """Whether the function calls backward on what the expression is made of, before or after."""
    spent = frame.evidence.spent
    if not spent:
        return False
    if type(node) is cst.Name and node.value in frame.evidence.holders:
        return True
    if container is not None and f"{frame.text(container)}[-1]" in spent:
        return True
    for path in _paths(node):
        text = dotted_path(path) or frame.text(path)
        if text in spent and any(requires(kind) for kind in held(frame.quietly(path))):
            return True
    return False


def _paths(root: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The names, dotted names and items that an expression is made of; what is called is not part of the result."""
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name | cst.Subscript | cst.Attribute):
            yield node
        elif type(node) is cst.Call:
            pending += [argument.value for argument in node.args]
            if type(node.func) is cst.Attribute:
                pending.append(node.func.value)
        elif type(node) is cst.BinaryOperation:
            pending += [node.left, node.right]
        elif type(node) is cst.UnaryOperation:
            pending.append(node.expression)
        elif isinstance(node, cst.List | cst.Tuple | cst.Dict):
            pending += [element.value for element in node.elements]


def self_update(target: cst.BaseExpression, node: cst.CSTNode) -> bool:
    """Whether `target = node` is arithmetic on what `target` was: a sum or running mean written out."""
    path = dotted_path(target)
    return path is not None and type(node) is cst.BinaryOperation and path in _leaves(node)


def _leaves(root: cst.BinaryOperation) -> Iterator[str]:
    pending: list[cst.BaseExpression] = [root]
    while pending:
        node = pending.pop()
        if type(node) is cst.BinaryOperation:
            pending += [node.left, node.right]
        elif isinstance(node, cst.Name | cst.Attribute):
            yield dotted_path(node) or ""


def newest(kind: Kind) -> Kind:
    """The last element of a list: backward through that one alone is no reason to keep the others. What was added up
    in it is gone through, though."""
    graph = graph_of(kind)
    sums = frozenset(node for node in graph.kept if isinstance(node, cst.AugAssign | cst.Assign))
    return regraphed(kind, replace(graph, kept=sums)) if graph.kept != sums else kind


def escape(frame: Frame, value: Value) -> None:
    """The value goes where nobody can see what becomes of it."""
    for kind in held(value):
        kept = graph_of(kind).kept
        if kept:
            frame.interpreter.shared.graphs.escaped |= kept


# -- backward --------------------------------------------------------------------------------------------------------


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
    return any(cut.grad.confidence >= Confidence.LIKELY for cut in cuts)


def _tell_leaf(frame: Frame, site: Site, node: cst.CSTNode) -> None:
    """A leaf is given to backward: one that was made of constants is an example of autograd, and left alone."""
    asked = site.node
    if type(asked) is cst.Call:
        asked = asked.func if site.method == "requires_grad_" else asked
    if type(asked) is cst.Attribute:
        frame.emit(LeafBackward(site, Site(site.segment, asked.value).text, frame.site(node), made=False))
    elif type(asked) is cst.Call and site.method in _OF_VALUES and asked.args:
        data = asked.args[0].value
        if isinstance(data, cst.Name | cst.Attribute | cst.Call | cst.BinaryOperation):
            frame.emit(LeafBackward(site, Site(site.segment, data).text, frame.site(node), made=True))


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


def _served(tensor: Tensor) -> Tensor:
    if tensor.grad is not None and not tensor.grad.value:
        return tensor
    grad = tensor.grad or Fact(True, confidence=Confidence.LIKELY)
    return replace(tensor, grad=grad, graph=replace(tensor.graph, leaf=False, spent=True))


def tell_backward(frame: Frame, name: str, arguments: Arguments, node: cst.CSTNode) -> None:
    """`accelerator.backward(loss)`, `torch.autograd.backward(losses)`, `self.manual_backward(loss)`."""
    if "backward" not in name:
        return
    for argument in (*arguments.positional, *arguments.keywords.values()):
        went_back(frame, argument.value, node)
        changed = deeply(argument.value, spent)
        if changed is not argument.value:
            frame.write_back_expression(argument.node, changed)


# -- leaving ---------------------------------------------------------------------------------------------------------


def cut_off(
    frame: Frame, value: Value, node: cst.CSTNode, how: str, subject: cst.CSTNode, *, asked: bool
) -> frozenset[Cut]:
    """How what is made of `value` by the conversion at `node` leaves the graph: by this conversion, or by earlier ones
    of which this one is the last."""
    found: set[Cut] = set()
    text = frame.text(subject)
    made_of = _made_of(value) if how == "constructor" else ""
    for kind in held(value):
        tensor = guessed(kind)
        if tensor is not None and tensor.grad is not None and tensor.grad.value is True:
            if how == "constructor":
                frame.interpreter.shared.graphs.escaped |= tensor.graph.kept  # collected for the sake of this, perhaps
            if frame.state.grad:
                sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
                if isinstance(kind, Opaque) and not kind.tensorish:
                    sure = Confidence.POSSIBLE
                found.add(Cut(frame.site(node), how, text, tensor.grad.weaker(sure), asked, made_of=made_of))
            continue
        for cut in cuts_of(kind):
            if how in ("constructor", "numpy"):
                told = "numpy" if isinstance(kind, Array) or cut.how == "numpy" else how
                found.add(replace(cut, site=frame.site(node), how=told, subject=text, rebound=False, made_of=""))
            else:
                found.add(cut)
    return frozenset(found)


def _made_of(value: Value) -> str:
    """What a constructor is given: a "tensor", a "list" of tensors, or "", something else or nobody knows."""
    kinds = [kind for kind, _ in value]
    if kinds and all(isinstance(kind, Tensor) for kind in kinds):
        return "tensor"
    for kind in kinds:
        items = () if not isinstance(kind, Sequence) or kind.lazy else kind.items or (kind.element,)
        if not items or not all(item and all(isinstance(one, Tensor) for one, _ in item) for item in items):
            return ""
    return "list" if kinds else ""


def merged(one: Kind, other: Kind, operator: cst.CSTNode, result: Tensor) -> Graph:
    """The graph of `one operator other`."""
    operands = [tensor for tensor in (guessed(one), guessed(other)) if tensor is not None]
    graph = result.graph
    if any(isinstance(kind, Opaque) and kind.guess is None for kind in (one, other)):
        return replace(graph, cuts=NO_CUTS) if graph.cuts else graph
    numbers = frozenset[Cut]().union(*(kind.cuts for kind in (one, other) if isinstance(kind, Number)))
    if result.grad is not None and result.grad.value is False:
        return replace(graph, cuts=graph.cuts | numbers) if numbers else graph
    if isinstance(operator, cst.Add | cst.AddAssign):
        cuts = frozenset[Cut]().union(*(tensor.graph.cuts for tensor in operands)) | numbers
        return replace(graph, cuts=graph.cuts | cuts) if cuts else graph
    live = [tensor for tensor in operands if requires(tensor)]
    kept = frozenset(cut for tensor in live for cut in tensor.graph.cuts if not cut.restarted)
    return replace(graph, cuts=kept) if len(live) == 1 and kept else graph


def rebound(value: Value, name: str) -> Value:
    """A value that takes the name of what it was made of."""
    if not any(cuts_of(kind) for kind, _ in value):
        return value

    def change(kind: Kind) -> Kind:
        return recut(kind, lambda cut: replace(cut, rebound=True) if cut.subject == name else cut)

    return deeply(value, change)


def recut(kind: Kind, change: Any) -> Kind:
    """The value with all its cuts changed."""
    cuts = cuts_of(kind)
    if not cuts:
        return kind
    changed = frozenset(change(cut) for cut in cuts)
    if isinstance(kind, Number | Array):
        return replace(kind, cuts=changed)
    return regraphed(kind, replace(graph_of(kind), cuts=changed))


def with_cuts(kind: Kind, cuts: frozenset[Cut]) -> Kind:
    """The value with these conversions on its way out of the graph."""
    if not cuts:
        return kind
    if isinstance(kind, Number | Array):
        return replace(kind, cuts=kind.cuts | cuts)
    if isinstance(kind, Tensor):
        return replace(kind, graph=replace(kind.graph, cuts=kind.graph.cuts | cuts))
    return kind


def inherited(result: Kind | Value, sources: Iterable[Value]) -> Kind | Value:
    """What NumPy made of these has left the graph where they have."""
    cuts = NO_CUTS.union(*(cuts_of(kind) for value in sources for kind in held(value)))
    if not cuts:
        return result
    cuts = frozenset(replace(cut, how="numpy") for cut in cuts)
    if isinstance(result, Kind):
        return with_cuts(result, cuts) if isinstance(result, Array | Number) else result
    return each(result, lambda kind: with_cuts(kind, cuts) if isinstance(kind, Array | Number) else kind)


def without_others_cuts(value: Value, arguments: Arguments, node: cst.CSTNode) -> Value:
    """The result of a call some of whose operands are unknown: they may be part of the graph that others have left."""
    if not any(cuts_of(kind) for kind in held(value)):
        return value
    if not any(_is_unknown(kind) for argument in arguments.positional for kind in held(argument.value)):
        return value

    def change(kind: Kind) -> Kind:
        cuts = cuts_of(kind)
        own = frozenset(cut for cut in cuts if cut.site.node is node)
        if own == cuts:
            return kind
        return (
            replace(kind, cuts=own)
            if isinstance(kind, Number | Array)
            else regraphed(kind, replace(graph_of(kind), cuts=own))
        )

    return deeply(value, change)


def _is_unknown(kind: Kind) -> bool:
    return isinstance(kind, Opaque) and (kind.guess is None or kind.guess.grad is None)


def certainty(*facts: Fact | None) -> Confidence:
    """How sure a conclusion from these is."""
    return weakest(facts)
