"""Graphs that are put aside: added up in a sum, or kept in a container, with the value that holds them."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    Fact,
    Instance,
    Kind,
    Mapping,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    each,
    guessed,
    join,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.backward import losses_of, paths
from torchconv_lint.analysis.syntax.outline import dotted, is_named
from torchconv_lint.analysis.telling.events import GraphKept
from torchconv_lint.analysis.telling.graph import graph_of, has_graph, held, regraphed, requires
from torchconv_lint.analysis.telling.loops import (
    adds_elements,
    goes_back_each_round,
    is_an_element,
    is_made_before,
    is_within_a_step,
    lives_until_backward,
    made_for_few,
    set_back_after_step,
)
from torchconv_lint.analysis.telling.sharing import form_of
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Graph
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


class KeptGraphs:
    """What becomes of graphs that are put aside, by the nodes that do it, in all files that are looked at:
    `differentiated`: backward goes through them; `escaped`: they go where nobody can see; `refused`: NumPy would refuse
    them, so that they had none in all likelihood."""

    def __init__(self) -> None:
        self.differentiated: set[Any] = set()
        self.escaped: set[Any] = set()
        self.refused: set[Any] = set()
        self.rooted: set[cst.CSTNode] = set()  # calls of backward on what may be more than a leaf


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
        _tell_kept(frame, node, target, added, parts, container=False, outlives=outlives)
        if outlives or _is_seen_by_others(frame, target):
            frame.interpreter.shared.graphs.escaped.add(node)
    return _put_aside(frame, after, node)


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
        _tell_kept(frame, node, target, item, part, container=True, outlives=outlives)
        if outlives or _is_seen_by_others(frame, target):
            frame.interpreter.shared.graphs.escaped.add(node)
    return _put_aside(frame, item, node)


def accumulated_list(
    frame: Frame, node: cst.AugAssign, target: cst.BaseExpression, before: Value, added: Value, after: Value
) -> Value:
    """`losses += [loss]`."""
    items = node.value
    if type(items) is not cst.List or not any(requires(kind) for kind in held(added)):
        return after
    contained(frame, node, target, before, added, items)
    return _put_aside(frame, after, node)


def _loss(frame: Frame, kind: Kind, part: cst.CSTNode) -> Kind:
    """What backward is called on is a tensor that requires grad; so is an item of what holds it."""
    if isinstance(kind, Mapping):
        if any(has_graph(each) for each in held(just(kind))):
            return kind
    elif not isinstance(kind, Opaque) or (kind.guess is not None and _is_settled(kind.guess.grad)):
        return kind
    known = kind.guess if isinstance(kind, Opaque) else None
    grad = Fact(True).then(frame.site(part), "`.backward()` is called on it, so it requires grad")
    return Opaque(guess=replace(known or Tensor(), grad=grad), tensorish=True)


def _is_settled(grad: Fact | None) -> bool:
    """Whether it is known, and not merely possible, that a tensor requires grad; or that it does not."""
    return grad is not None and (not grad.value or grad.confidence > Confidence.POSSIBLE)


def taken_in(graph: Graph, value: Value) -> Graph:
    """The graph of a tensor into which `value` has been written: what is put aside in it is kept."""
    kept = frozenset[Any]().union(*(graph_of(kind).kept for kind, _ in value if requires(kind)))
    return graph if kept <= graph.kept else replace(graph, leaf=False, kept=graph.kept | kept)


def _put_aside(frame: Frame, value: Value, node: cst.CSTNode) -> Value:
    """The value, marked as holding on to what is put aside at `node`."""
    frame.put_aside.update(frame.rounds[-1:])

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
    frame: Frame,
    node: cst.CSTNode,
    target: cst.BaseExpression,
    added: Value,
    parts: cst.CSTNode,
    *,
    container: bool,
    outlives: bool,
) -> None:
    for kind in held(added):
        tensor = guessed(kind)
        if tensor is None or not has_graph(kind):
            continue
        holds = container and type(parts) is cst.Name and parts.value in frame.evidence.holders
        sure = Confidence.CERTAIN if isinstance(kind, Tensor) or holds else Confidence.LIKELY
        spent = tensor.graph.spent or _is_spent(frame, parts, target if container else None)
        served = spent and frame.interpreter.shared.eager  # backward has been through the whole it is of
        if isinstance(kind, Opaque) and not kind.tensorish and not served:
            sure = Confidence.POSSIBLE
        if served and tensor.grad is not None and tensor.grad.is_doubted:  # told on request, however it got here
            tensor = replace(tensor, grad=replace(tensor.grad, confidence=Confidence.LIKELY))
        if type(target) is cst.Name and made_for_few(frame, target.value):
            continue
        if not spent and container and type(target) is cst.Name and target.value in frame.evidence.joined:
            sure = Confidence.POSSIBLE  # what is joined to one tensor in the end is computed with
        if type(target) is cst.Name and set_back_after_step(frame, target.value):
            sure = Confidence.POSSIBLE  # the graphs of one accumulation
        few = type(target) is cst.Name and is_within_a_step(frame)
        for_a_while = few and spent and frame.interpreter.shared.eager
        if few and not for_a_while:
            sure = Confidence.POSSIBLE
        if isinstance(parts, cst.BaseExpression) and not outlives and is_made_before(frame, parts):
            sure = Confidence.POSSIBLE  # the graph of what the loop goes through, or of what it takes parts of
        path = dotted_path(target)
        if spent and path is not None and lives_until_backward(frame, path):
            sure = Confidence.POSSIBLE  # something that backward goes through keeps these graphs as long
        if not container and type(target) is cst.Name and adds_elements(frame, target.value, parts):
            sure = Confidence.POSSIBLE  # a list keeps them as well
        if container and is_an_element(frame, parts):
            sure = Confidence.POSSIBLE  # the one container keeps them as the other does
        text, what = frame.text(target), frame.text(parts)
        last = container and f"{text}[-1]" in frame.evidence.spent  # backward goes through what is in the container
        operand = frame.site(parts) if form_of(added) == "tensor" and not last else None
        filled = container and any(isinstance(kind, Tensor) for kind, _ in frame.quietly(target))
        event = GraphKept(
            frame.site(node),
            tensor,
            text,
            what,
            container,
            spent,
            node,
            sure,
            operand=operand,
            evaluating=not (spent or filled) and _evaluates(frame),
            trains=frame.goes_backward(),
            each_round=container and spent and goes_back_each_round(frame, path),
            for_a_while=for_a_while,
            looked_at=not spent
            and frame.interpreter.shared.eager
            and (_is_looked_at(frame, target) if container else outlives and _is_running_mean(frame, target)),
        )
        frame.emit(event)


_LOOKS = re.compile(r"epoch|_end$|^on_|log|plot|report|show|print|reset|clear|summar|metric|eval|valid|test|save", re.I)
"""How methods are called that look at what the rounds before have left."""


def _is_looked_at(frame: Frame, target: cst.BaseExpression) -> bool:
    """Whether what is at `target`, an attribute, is read by other methods of its class, and only by such as look at
    what the rounds before have left, none of which goes backward."""
    root, _, name = (dotted_path(target) or "").partition(".")
    owner = frame.outline.owner if frame.outline is not None else None
    if root != "self" or not name or owner is None:
        return False
    readers = [each for each in owner.methods.values() if each is not frame.outline and _reads(each, name)]
    readers = [each for each in readers if each.name != "__init__"]
    return bool(readers) and all(
        _LOOKS.search(each.name) is not None
        and not any(next(losses_of(call), None) is not None for call in each.by_type[ast.Call])
        for each in readers
    )


def _reads(method: FunctionOutline, attribute: str) -> bool:
    read = method.read_on_self
    return read is None or attribute in read


_AVERAGE = re.compile(r"ema|avg|average|mean|running|moving|cent(er|re)|proto|last|prev", re.I)
"""What means over the calls are called; a state that is trained through time (`self.membrane`) keeps its graph."""


def _is_running_mean(frame: Frame, target: cst.BaseExpression) -> bool:
    """Whether it is a module's `forward` that keeps a mean of what it is given in an attribute: backward goes through
    what a forward gives, and then again through what it has kept of that."""
    path = dotted_path(target) or ""
    return frame.outline is not None and frame.outline.name == "forward" and _AVERAGE.search(path) is not None


_LIKE_EVALUATION = re.compile(r"(^|_)(eval|evaluate|evaluation|test|predict|infer|inference|valid|validate)(_|$)", re.I)


_SWITCHES_GRAD = re.compile(r"grad|infer|eval|mode", re.I)
"""What a context of the code's own is called that may switch grad off."""


def _evaluates(frame: Frame) -> bool:
    """Whether the function at hand evaluates: it is called so, or puts a module into that mode, and does not train."""
    outline = frame.definition.outline_around if frame.definition is not None else None
    if outline is None or frame.goes_backward():
        return False
    contexts = (item.context_expr for node in outline.by_type[ast.With] for item in node.items)
    if any(_SWITCHES_GRAD.search(ast.unparse(context)) for context in contexts):
        return False
    return _LIKE_EVALUATION.search(outline.name) is not None or any(
        isinstance(call.func, ast.Attribute) and call.func.attr == "eval" and not call.args
        for call in outline.by_type[ast.Call]
    )


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
        whole = path.value if type(path) is cst.Subscript else path  # a part of it has its graph
        text = dotted_path(path) or frame.text(path)
        served = text in spent or dotted_path(whole) in spent or _is_computed_from(frame, path, spent)
        if served and any(requires(kind) for kind in held(frame.quietly(path))):
            return True
    return False


def _is_computed_from(frame: Frame, node: cst.BaseExpression, names: frozenset[str]) -> bool:
    """Whether a name is bound to what is computed from one of these: `mean = 0.9 * self.mean + 0.1 * out.mean()`."""
    if type(node) is not cst.Name or frame.outline is None or not frame.interpreter.eager:
        return False
    bound = (one for one in frame.outline.by_type[ast.Assign] if any(is_named(to, node.value) for to in one.targets))
    return any(isinstance(one.value, ast.BinOp) and not names.isdisjoint(paths(one.value)) for one in bound)


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
        elif type(node) is cst.IfExp:
            pending += [node.body, node.orelse]
        elif isinstance(node, cst.List | cst.Tuple | cst.Dict):
            pending += [element.value for element in node.elements]


def added_up(frame: Frame, target: cst.BaseExpression, value: Value, node: cst.BaseExpression, at: cst.Assign) -> Value:
    """What `target = node` binds: marked, if it is arithmetic on what `target` was: a sum or running mean written out,
    a list made longer, or one of several such (`total, n = total + loss, n + 1`)."""
    if type(target) is cst.Tuple and type(node) is cst.Tuple and len(target.elements) == len(node.elements):
        pairs = list(zip(target.elements, node.elements, strict=True))
        if any(is_own_sum(frame, one.value, other.value) for one, other in pairs):
            return each(value, lambda kind: _added_up_each(frame, kind, pairs, at))
    if not is_own_sum(frame, target, node):
        return value
    before = frame.quietly(target)
    if type(node) is cst.BinaryOperation and type(node.right) is cst.List:  # `losses = losses + [loss]`
        added = just(Sequence(None, join(*(frame.quietly(one.value) for one in node.right.elements))))
        contained(frame, at, target, before, added, node.right)
        return _put_aside(frame, value, at)
    return accumulated(frame, at, target, before, value, node, value)


def _added_up_each(
    frame: Frame, kind: Kind, pairs: list[tuple[cst.BaseElement, cst.BaseElement]], at: cst.Assign
) -> Kind:
    if not isinstance(kind, Sequence) or kind.items is None or len(kind.items) != len(pairs):
        return kind
    items = [
        added_up(frame, target.value, item, node.value, at)
        for (target, node), item in zip(pairs, kind.items, strict=True)
    ]
    return replace(kind, items=tuple(items))


def is_own_sum(frame: Frame, target: cst.BaseExpression, node: cst.CSTNode) -> bool:
    """Whether the value is arithmetic on what is at `target`, or a name that is bound to such."""
    if type(node) is cst.Name and type(target) is cst.Attribute:
        return frame.interpreter.eager and _is_named_sum(frame, target, node)
    ways = (node.body, node.orelse) if type(node) is cst.IfExp else (node,)  # `x if mean is None else …`
    sums = [way for way in ways if type(way) is cst.BinaryOperation or _joins(way)]
    if not sums:
        return False
    path = dotted_path(target)
    if path is not None:
        return any(dotted_path(leaf) == path for way in sums for leaf in _leaves(way))
    if type(target) is not cst.Subscript:
        return False
    text = frame.text(target)
    return any(frame.text(leaf) == text or _gets(frame, leaf, target) for way in sums for leaf in _leaves(way))


def _is_named_sum(frame: Frame, target: cst.Attribute, node: cst.Name) -> bool:
    """`mean = 0.9 * self.mean + 0.1 * x` and then `self.mean = mean`."""
    path, origin = dotted_path(target), frame.segment.origin(node)
    if path is None or frame.outline is None or not isinstance(origin, ast.Name):
        return False
    sums = (
        bound.value
        for bound in frame.outline.by_type[ast.Assign]
        if bound.lineno < origin.lineno and any(is_named(to, origin.id) for to in bound.targets)
    )
    return any(
        isinstance(part, ast.Attribute) and dotted(part) == path
        for value in sums
        if isinstance(value, ast.BinOp)
        for part in ast.walk(value)
    )


def _gets(frame: Frame, node: cst.CSTNode, item: cst.Subscript) -> bool:
    """Whether it is `stats.get("loss", 0)`, for the item `stats["loss"]`."""
    if type(node) is not cst.Call or type(node.func) is not cst.Attribute or node.func.attr.value != "get":
        return False
    key = item.slice[0].slice
    return (
        len(node.args) > 0
        and type(key) is cst.Index
        and frame.text(node.func.value) == frame.text(item.value)
        and frame.text(node.args[0].value) == frame.text(key.value)
    )


_JOINS = frozenset({"cat", "concat", "concatenate", "hstack", "vstack"})


def _joins(node: cst.CSTNode) -> bool:
    """`torch.cat([outputs, output])`: what there was, made longer."""
    if type(node) is not cst.Call or type(node.func) is not cst.Attribute or node.func.attr.value not in _JOINS:
        return False
    return bool(node.args) and isinstance(node.args[0].value, cst.List | cst.Tuple)


_PLACES = frozenset({cst.Name, cst.Attribute, cst.Subscript, cst.Call})


def _leaves(root: cst.CSTNode) -> Iterator[cst.CSTNode]:
    pending: list[cst.CSTNode] = [root]
    while pending:
        node = pending.pop()
        if type(node) is cst.BinaryOperation:
            pending += [node.left, node.right]
        elif type(node) is cst.Call and _joins(node):
            pending += [element.value for element in getattr(node.args[0].value, "elements", ())]
        elif type(node) in _PLACES:
            yield node


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
