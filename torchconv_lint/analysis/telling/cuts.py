"""What leaves the autograd graph, by which conversions, and what is made of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    Array,
    Cut,
    Graph,
    Kind,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    deeply,
    each,
    guessed,
)
from torchconv_lint.analysis.telling.graph import NO_CUTS, graph_of, held, regraphed, requires
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def cuts_of(kind: Kind) -> frozenset[Cut]:
    """The conversions by which a value has left the graph."""
    tensor = guessed(kind)
    if tensor is not None:
        return tensor.graph.cuts
    return kind.cuts if isinstance(kind, Number | Array) else NO_CUTS


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
            if frame.state.grad and not (asked and tensor.graph.leaf):  # who asks for a leaf's values starts from them
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
