"""What Python itself does with tensors, element by element: comparing, ordering, rounding, indexing, hashing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.tensors import INTEGERS
from torchconv_lint.analysis.domain.devices import PARAMETERS
from torchconv_lint.analysis.domain.iteration import element_of
from torchconv_lint.analysis.domain.values import (
    MANY,
    Array,
    Const,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    guessed,
    is_mixed,
    join,
    just,
    kinds,
)
from torchconv_lint.analysis.telling.events import (
    ElementsCompared,
    GradIntoIntegers,
    Rounded,
    TakenApart,
    UsedAsIndex,
    UsedAsKey,
)
from torchconv_lint.analysis.telling.graph import held, requires
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

_SET = "set"


def tell_comparison(frame: Frame, node: cst.Comparison, values: list[Value]) -> None:
    """`xs == ys`, `x in xs`: lists, tuples and dicts compare what they hold, and ask for the truth of that."""
    target = node.comparisons[0]
    left, right = values
    if isinstance(target.operator, cst.In | cst.NotIn):
        _tell_membership(frame, node, left, right)
    elif isinstance(target.operator, cst.Equal | cst.NotEqual) and _comparable(left, right):
        _tell_many(frame, (*held(left), *held(right)), node, frame.text(node), "==")


def _comparable(left: Value, right: Value) -> bool:
    """Whether two containers will be compared item by item: not with an empty one, nor when their lengths differ."""
    for value in (left, right):
        if not value or not all(_is_list(kind) or isinstance(kind, Mapping) for kind, _ in value):
            return False
        if any(isinstance(kind, Sequence) and kind.items == () for kind, _ in value):
            return False
    lengths = [
        {len(kind.items) if isinstance(kind, Sequence) and kind.items is not None else None for kind, _ in value}
        for value in (left, right)
    ]
    return None in lengths[0] | lengths[1] or bool(lengths[0] & lengths[1])


def _is_list(kind: Kind) -> bool:
    return isinstance(kind, Sequence) and not kind.lazy


def _tell_membership(frame: Frame, node: cst.Comparison, left: Value, right: Value) -> None:
    if all(_is_list(kind) for kind, _ in right):
        comparable = all(
            isinstance(kind, Tensor | Number)
            or (isinstance(kind, Const) and isinstance(kind.value, int | float))
            or (isinstance(kind, Opaque) and kind.tensorish)
            for kind, _ in left
        )
        if comparable:
            _tell_many(frame, held(right), node, frame.text(node), "in")
    else:
        tell_key(frame, left, right, node.left, node, "in")


def tell_list_method(frame: Frame, kind: Sequence, name: str, arguments: Arguments, node: cst.Call) -> None:
    """`xs.index(x)`, `xs.remove(x)`, `xs.count(x)`."""
    if name in ("index", "remove", "count") and not kind.lazy and arguments.positional:
        _tell_many(frame, _compared_first(kind), node, frame.text(node), name)


def _compared_first(kind: Sequence) -> Iterator[Kind]:
    """The elements, and what lists and dicts among them hold. What lies deeper is compared only if all around it is
    equal: lists of different lengths are not."""
    for item in kind.items if kind.items is not None else (kind.element,):
        for element, _ in item:
            if isinstance(element, Mapping):
                yield from kinds(join(element.element, *(value for _, value in element.items)))
            elif isinstance(element, Sequence):
                yield from kinds(join(*element.items) if element.items else element.element)
            else:
                yield element


def tell_order(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> None:
    """`max(a, b)`, `min(xs)`, `sorted(matrix)`."""
    if "key" in arguments.keywords or not arguments.positional:
        return
    if len(arguments.positional) > 1 and name != "sorted":
        _tell_many(frame, [kind for argument in arguments.positional for kind, _ in argument.value], node, "", name)
        return
    first = arguments.value(0)
    for kind, _ in first:
        if isinstance(kind, Sequence) and kind.items is not None and len(kind.items) < 2:
            continue
        if isinstance(kind, Tensor | Sequence):
            elements = element_of(frame, just(kind), node)
            _tell_many(frame, [element for element, _ in elements], node, "", name)


def _tell_many(frame: Frame, kinds: Iterable[Kind], node: cst.CSTNode, subject: str, via: str) -> None:
    for kind in kinds:
        if not isinstance(kind, Tensor):
            continue
        if kind.count is not None and kind.count.value == MANY:
            sure = kind.count.confidence
        elif kind.count is None and kind.path is not None and kind.path.endswith(PARAMETERS):
            sure = Confidence.LIKELY
        elif kind.count is None and via not in ("max", "min", "sorted") and frame.interpreter.eager:
            frame.emit(
                ElementsCompared(frame.site(node), kind, subject or frame.text(node), via, Confidence.LIKELY, True)
            )
            continue
        else:
            continue
        frame.emit(ElementsCompared(frame.site(node), kind, subject or frame.text(node), via, sure))


def tell_taken_apart(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> None:
    """`sum(x)`, `min(x)`."""
    value = arguments.value(0)
    if len(arguments.positional) == 1 and len(value) == 1 and isinstance(value[0].kind, Tensor):
        subject = frame.text(arguments.positional[0].node)
        frame.emit(TakenApart(frame.site(node), value[0].kind, subject, name))


def tell_rounded(frame: Frame, value: Value, subject: cst.CSTNode, node: cst.Call) -> None:
    """`round(x)`."""
    for kind, _ in value:
        if isinstance(kind, Tensor):
            frame.emit(Rounded(frame.site(node), kind, frame.text(subject), Confidence.CERTAIN))
        elif isinstance(kind, Opaque) and kind.guess is not None and kind.tensorish and requires(kind):
            frame.emit(Rounded(frame.site(node), kind.guess, frame.text(subject), Confidence.LIKELY))


def tell_index(frame: Frame, value: Value, subject: cst.CSTNode, via: str) -> None:
    """The value is used where Python, or an index, asks for an integer."""
    mixed = is_mixed(value)
    for kind, _ in value:
        tensor = guessed(kind)
        if tensor is None:
            continue
        if _is_floating(tensor) or requires(kind):
            sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
            if mixed or not _is_floating(tensor) or (isinstance(kind, Opaque) and not kind.tensorish):
                sure = Confidence.POSSIBLE
            frame.emit(UsedAsIndex(frame.site(subject), tensor, frame.text(subject), via, sure))


def is_indexed(owner: Value) -> bool:
    """Whether `owner[x]` asks for an integer."""
    return bool(owner) and all(_is_list(kind) or isinstance(kind, Tensor | Array) for kind, _ in owner)


def _is_floating(tensor: Tensor) -> bool:
    return tensor.dtype is not None and "float" in str(tensor.dtype.value)


def tell_key(frame: Frame, key: Value, container: Value, subject: cst.CSTNode, node: cst.CSTNode, via: str) -> None:
    """A tensor is looked up among keys that are numbers, or an integer tensor among any: it is never found."""
    for kind, _ in key:
        if isinstance(kind, Tensor) and kind.graph.leaf is None and all(_misses(kind, one) for one, _ in container):
            frame.emit(UsedAsKey(frame.site(node), kind, frame.text(subject), via, Confidence.CERTAIN))


def _misses(key: Tensor, container: Kind) -> bool:
    integer = key.dtype is not None and key.dtype.value in INTEGERS
    if isinstance(container, Sequence) and container.lazy == _SET:
        elements = list(held(container.element)) if container.items is None else []
        numbers = bool(elements) and all(isinstance(kind, Number | Const) for kind in elements)
        return numbers or (integer and bool(elements) and all(isinstance(kind, Tensor) for kind in elements))
    if isinstance(container, Mapping):
        return any(isinstance(known, int) for known, _ in container.items) or (integer and not container.items)
    return False


def tell_hashed(frame: Frame, value: Value, subject: cst.CSTNode, node: cst.CSTNode, via: str) -> None:
    """`set(t)`, `Counter(t)`: every element of a tensor is an object of its own."""
    for kind, _ in value:
        if isinstance(kind, Tensor):
            frame.emit(UsedAsKey(frame.site(node), kind, frame.text(subject), via, Confidence.CERTAIN))


def tell_grad_into_integers(frame: Frame, owner: Value, value: Value, subject: cst.CSTNode, node: cst.CSTNode) -> None:
    """Values are written into a tensor, which keeps its dtype: integers are no part of any graph."""
    if not frame.state.grad:
        return
    for target, _ in owner:
        if not isinstance(target, Tensor) or target.dtype is None or target.dtype.value not in INTEGERS - {"bool"}:
            continue
        for kind, _ in value:
            if isinstance(kind, Tensor) and requires(kind):
                frame.emit(GradIntoIntegers(frame.site(node), target, kind, frame.text(subject)))
