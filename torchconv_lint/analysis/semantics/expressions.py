"""What expressions evaluate to. Calls are in calls.py, attributes in attributes.py."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.calls import call
from torchconv_lint.analysis.computing.tensors import NO_GRAD, computed, operands_in
from torchconv_lint.analysis.computing.unsigned import tell_operator
from torchconv_lint.analysis.domain.conditions import both, either, negation
from torchconv_lint.analysis.domain.frame import Definition, Frame, evaluates
from torchconv_lint.analysis.domain.iteration import constant_key, element_of
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import broadcast
from torchconv_lint.analysis.domain.state import join_states
from torchconv_lint.analysis.domain.terms import TRUTH
from torchconv_lint.analysis.domain.underway import join_underway
from torchconv_lint.analysis.domain.values import (
    MANY,
    NOTHING,
    ONE,
    UNKNOWN,
    Array,
    Const,
    Dtype,
    External,
    Fact,
    Foreign,
    Function,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Truth,
    Value,
    each,
    guessed,
    join,
    just,
    kinds,
    possible,
    under,
)
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of
from torchconv_lint.analysis.semantics.arithmetic import binary
from torchconv_lint.analysis.semantics.assign import assign
from torchconv_lint.analysis.semantics.attributes import attribute_of
from torchconv_lint.analysis.semantics.elements import tell_comparison
from torchconv_lint.analysis.semantics.narrowing import asks_for_type, assume
from torchconv_lint.analysis.semantics.subscripts import subscript
from torchconv_lint.analysis.semantics.truth import (
    ask_instead,
    ask_truth,
    chain,
    comparison,
    condition_of,
    condition_of_value,
    test,
)
from torchconv_lint.analysis.semantics.unbound import is_unbound
from torchconv_lint.analysis.telling.buffers import tell_unfilled
from torchconv_lint.analysis.telling.conversions import tell_arithmetic
from torchconv_lint.analysis.telling.copies import tell_host_read
from torchconv_lint.analysis.telling.loops import enter, is_seldom
from torchconv_lint.analysis.telling.reads import tell_read, tell_text
from torchconv_lint.analysis.telling.second_names import tell_used
from torchconv_lint.analysis.telling.sharing import memories, used
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.conditions import Condition
    from torchconv_lint.analysis.domain.state import State

METADATA = frozenset(
    {"shape", "dtype", "ndim", "size", "device", "is_cuda", "requires_grad", "layout", "strides", "flags", "nbytes"}
)
"""Attributes that tell nothing of the contents: looking at them is not a use of possibly stale memory."""


_IDENTITY = frozenset({cst.Is, cst.IsNot})
_MEMBERSHIP = frozenset({cst.In, cst.NotIn})


@evaluates(cst.Name)
def _name(frame: Frame, node: cst.Name) -> Value:
    value = peek_name(frame, node.value)
    if len(value) == 1:
        kind = value[0].kind
        if (
            type(kind) is Opaque
            and kind.path == node.value
            and kind == Opaque(node.value)
            and is_unbound(frame, node.value)
        ):
            frame.fail()
            return UNKNOWN
    if frame.state.stale:
        used(frame, value, node)
        if frame.second_names:
            tell_used(frame, node.value)
    return value


def peek_name(frame: Frame, name: str) -> Value:
    """The value of a name, without counting as a use of its contents."""
    value = frame.read(name)
    return value if value is not None else possible(frame.interpreter.globals.value(name), frame.state.path)


@evaluates(cst.Attribute)
def _attribute(frame: Frame, node: cst.Attribute) -> Value:
    path = dotted_path(node)
    if path is not None:
        known = frame.read(path)
        if known is not None:
            if frame.state.stale:
                used(frame, known, node)
                if frame.second_names:
                    tell_used(frame, path)
            return known
    owner = frame.at(node.value) if node.attr.value in METADATA else frame.evaluate(node.value)
    value = each(owner, lambda kind: attribute_of(frame, kind, node.attr.value, node)) or UNKNOWN
    if frame.state.stale and node.attr.value not in METADATA:
        used(frame, value, node)
    return value


@evaluates(cst.Subscript)
def _subscript(frame: Frame, node: cst.Subscript) -> Value:
    return subscript(frame, node)


@evaluates(cst.Call)
def _call(frame: Frame, node: cst.Call) -> Value:
    return call(frame, node)


@evaluates(cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)
def _literal(frame: Frame, node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString) -> Value:
    return _constant(node.value)


@functools.lru_cache(maxsize=4096)
def _constant(text: str) -> Value:
    if text[0] in "\"'" and "\\" not in text:  # what most literals are is not worth a parser
        return just(Const(text[1:-1]))
    try:
        return just(Const(ast.literal_eval(text)))
    except (ValueError, SyntaxError, MemoryError):
        return UNKNOWN


@evaluates(cst.FormattedString)
def _f_string(frame: Frame, node: cst.FormattedString) -> Value:
    first = node.parts[0] if node.parts else None
    for part in node.parts:
        if type(part) is cst.FormattedStringExpression:
            tell_text(frame, frame.evaluate(part.expression), part.expression, part.expression, "an f-string")
    if type(first) is cst.FormattedStringText and first.value.split(":")[0] in ("cuda", "cpu"):
        return just(Const(first.value.split(":")[0]))
    return UNKNOWN


@evaluates(cst.BinaryOperation)
def _binary(frame: Frame, node: cst.BinaryOperation) -> Value:
    # A long chain (`a + b + c + …`) leans to the left: walk it in a loop.
    chain = [node]
    while type(chain[-1].left) is cst.BinaryOperation:
        chain.append(chain[-1].left)
    result = frame.evaluate(chain[-1].left)
    for step in reversed(chain):
        right = frame.evaluate(step.right)
        for side in (step.left, step.right):
            if type(side) is cst.Call:
                tell_unfilled(frame, side)
        tell_arithmetic(frame, result, right, step)
        if frame.state.underway.copies:
            tell_host_read(frame, kinds(result), step.left, step)
            tell_host_read(frame, kinds(right), step.right, step)
        if type(step.operator) is cst.Modulo and type(step.left) is cst.SimpleString:
            tell_text(frame, right, step.right, step, "`%` formatting")
        made = combine([result, right], lambda one, other, at=step: binary(frame, one, other, at))
        if made:
            if made[0].when:  # one of these it is: what they have in common holds
                frame.state.path |= frozenset.intersection(*(alt.when for alt in made))
        elif result and right:
            frame.fail()
        result = made or UNKNOWN
    return result


@evaluates(cst.UnaryOperation)
def _unary(frame: Frame, node: cst.UnaryOperation) -> Value:
    if type(node.operator) is cst.Not:
        test(frame, node)
        condition = condition_of(frame, node.expression)
        return just(Truth(negation(condition))) if condition else just(Opaque())
    value = frame.evaluate(node.expression)

    def like(tensor: Tensor) -> Tensor:
        return computed(frame, [tensor], count=tensor.count, dtype=tensor.dtype, shape=tensor.shape)

    def result(kind: Kind) -> Kind | Value:
        if isinstance(kind, Tensor):
            return like(kind)
        if isinstance(kind, Opaque) and kind.guess is not None:
            return Opaque(guess=like(kind.guess), tensorish=kind.tensorish)
        if isinstance(kind, Array):
            return Array(kind.dtype, ndim=kind.ndim, count=kind.count)
        if isinstance(kind, Const) and type(node.operator) is cst.Minus and isinstance(kind.value, int | float):
            return Const(-kind.value)
        return Number() if isinstance(kind, Number | Const) else UNKNOWN

    return each(value, result)


@evaluates(cst.BooleanOperation)
def _boolean(frame: Frame, node: cst.BooleanOperation) -> Value:
    is_and, operands = chain(node)
    before, seldom = frame.state, frame.seldom
    frame.state = before.copy()
    parts: list[Value] = []
    conditions: list[Condition | None] = []
    for position, operand in enumerate(operands):
        value = frame.evaluate(operand)
        if not frame.alive:
            frame.alive = position > 0  # where those before have decided, it is not asked
            break
        last = position == len(operands) - 1
        conditions.append(condition_of_value(value) or condition_of(frame, operand))
        if last:
            parts.append(value)
            break
        other = operands[position + 1]
        if not is_and and type(other) in (cst.Tuple, cst.List) and any(isinstance(kind, Sequence) for kind, _ in value):
            value = tuple(alt for alt in value if not isinstance(alt.kind, Tensor))  # a pair is wanted, and no tensor
        if not _stands_for_one(frame, other, is_and):
            ask_truth(frame, operand, value)
        if not is_and and frame.interpreter.eager:
            ask_instead(frame, operand, value, other)
        frame.seldom = frame.seldom or is_seldom(frame, operand)
        # What `and` lets through is false, what `or` lets through is true; the rest is evaluated after that.
        parts.append(tuple(alt for alt in value if not _is_constant(alt.kind, truth=is_and)))
        if not assume(frame, operand, is_and):
            break
    before.underway = join_underway(before.underway, frame.state.underway)
    frame.state, frame.seldom = before, seldom
    if all(conditions) and len(conditions) == len(operands) and not operands_in(parts):
        known = [condition for condition in conditions if condition is not None]
        return just(Truth(both(known) if is_and else either(known)))
    parts = [part for part in parts if part]
    return join(*parts) if parts else UNKNOWN


def _stands_for_one(frame: Frame, other: cst.BaseExpression, is_and: bool) -> bool:
    """Whether `x or torch.zeros(1)` says that `x` has one element, too."""
    if is_and or type(other) is not cst.Call:
        return False
    given = frame.quietly(other)
    return any(isinstance(kind, Tensor) and kind.count is not None and kind.count.value == ONE for kind, _ in given)


def _is_constant(kind: Kind, *, truth: bool) -> bool:
    return isinstance(kind, Const) and bool(kind.value) is truth


@evaluates(cst.Comparison)
def _comparison(frame: Frame, node: cst.Comparison) -> Value:
    identity = all(type(target.operator) in _IDENTITY for target in node.comparisons)
    version = frame.state.version
    values = [frame.at(node.left) if identity else frame.evaluate(node.left)]
    values += [frame.evaluate(target.comparator) for target in node.comparisons]
    for operand, value in zip([node.left, *(target.comparator for target in node.comparisons)], values, strict=True):
        frame.note(operand, value, version)
    if frame.state.underway.copies and not identity:
        for value in values:
            tell_host_read(frame, kinds(value), node, node)
    if not identity and len(node.comparisons) == 1:
        membership = type(node.comparisons[0].operator) in _MEMBERSHIP
        for kind, _ in values[1] if membership else ():
            if isinstance(kind, Tensor):
                tell_read(frame, kind, node, node, TRUTH, "`in`")
        compared = operands_in(values) if all(not _is_container(value) for value in values) else []
        if membership or not compared:
            tell_comparison(frame, node, values)
        if compared and not membership and any(isinstance(kind, Tensor) for value in values for kind, _ in value):

            def compared_to(*operands: Kind) -> Kind:
                operator = node.comparisons[0].operator
                tell_operator(frame, operands, operator, node)
                return _compared(frame, operands, isinstance(operator, cst.Equal | cst.NotEqual))

            return combine(values, compared_to)
        placed = [guess for value in values for kind, _ in value if (guess := _placed(kind)) is not None]
        if placed and compared and not membership and not frame.asking and not any(map(_is_text, values)):
            result = replace(computed(frame, placed), grad=NO_GRAD, dtype=Fact("bool"))
            return just(Opaque(guess=result, tensorish=True))
    if len(node.comparisons) != 1:
        return just(Opaque())
    condition = comparison(frame, node.left, node.comparisons[0], values[0], values[1])
    return just(Truth(condition)) if condition is not None else just(Opaque())


def _placed(kind: Kind) -> Tensor | None:
    """Something unknown that has been moved to a device: of what is compared, only tensors are."""
    known = isinstance(kind, Opaque) and kind.tensorish and kind.guess is not None and kind.guess.device is not None
    return guessed(kind) if known else None


def _is_text(value: Value) -> bool:
    """Whether it is a string: who compares something with one has no tensor."""
    return any(isinstance(kind, Const) and isinstance(kind.value, str) for kind, _ in value)


def _is_container(value: Value) -> bool:
    return any(isinstance(kind, Sequence | Mapping) for kind, _ in value)


def _compared(frame: Frame, operands: tuple[Kind, ...], whole: bool) -> Kind:
    """The elements compared; `whole`: of a list and a tensor it is asked whether they are the same, which they are
    not."""
    tensors = [kind for kind in operands if isinstance(kind, Tensor)]
    if any(isinstance(kind, Foreign) for kind in operands):  # it compares in its own way
        return Opaque()
    if not tensors or any(
        isinstance(kind, Const) and (kind.value is None or isinstance(kind.value, str)) for kind in operands
    ):
        return Opaque()
    many = [tensor.count for tensor in tensors if tensor.count is not None and tensor.count.value == MANY]
    known = [tensor.count for tensor in tensors]
    count = many[0] if many else known[0] if len(tensors) == 1 or all(known) else None
    plain = all(isinstance(kind, Tensor | Number | Const) for kind in operands)
    if whole and count is not None and any(isinstance(kind, Opaque) for kind in operands):
        count = count.weaker(Confidence.LIKELY)
    shape = broadcast(tensor.shape for tensor in tensors) if plain else None
    result = computed(frame, tensors, count=count, shape=shape)
    return replace(result, grad=NO_GRAD, dtype=Fact("bool"))


@evaluates(cst.IfExp)
def _conditional(frame: Frame, node: cst.IfExp) -> Value:
    test(frame, node.test)
    start, seldom = frame.state, frame.seldom
    frame.seldom = seldom or is_seldom(frame, node.test)
    values, states, raised = [], [], False
    for truth, branch in ((True, node.body), (False, node.orelse)):
        frame.state = start.copy()
        if assume(frame, node.test, truth):
            value = frame.evaluate(branch)
            if not frame.alive:
                raised, frame.alive = True, True
                continue
            extra = frame.state.path - start.path
            values.append(_conditioned(value, extra))
            states.append(frame.state)
    frame.seldom = seldom
    frame.alive = bool(states) or not raised
    frame.state = join_states(states[0], states[1] if len(states) > 1 else None) or start if states else start
    if len(states) > 1:
        _new_again(frame, values[0], values[1], states[0])
        _new_again(frame, values[1], values[0], states[1])
        if _is_a_number_anyway(node, *values):
            return values[0]
    return join(*values) if values else UNKNOWN


def _is_a_number_anyway(node: cst.IfExp, chosen: Value, otherwise: Value) -> bool:
    """`x.item() if torch.is_tensor(x) else x`: what is no tensor is the number already."""
    path = dotted_path(node.orelse)
    if path is None or type(node.test) is not cst.Call or not node.test.args:
        return False
    of_it = type(node.body) is cst.Call and dotted_path(receiver_of(node.body.func)) == path
    if not of_it or dotted_path(node.test.args[0].value) != path:
        return False
    numbers = all(isinstance(kind, Number | Const) for kind, _ in chosen)
    return numbers and all(isinstance(kind, Opaque) and kind.guess is None for kind, _ in otherwise)


def _new_again(frame: Frame, value: Value, other: Value, state: State) -> None:
    """What one of two branches, or a comprehension, has made anew has missed no write, whatever is so where it was not
    made."""
    if not frame.state.stale:
        return
    elsewhere = {(memory.key, memory.side) for memory in memories(other)}
    for memory in memories(value):
        handle = (memory.key, memory.side)
        if handle not in elsewhere and handle not in state.stale:
            frame.state.stale.pop(handle, None)


def _conditioned(value: Value, extra: frozenset[tuple[object, bool]]) -> Value:
    return under(value, extra)


@evaluates(cst.NamedExpr)
def _walrus(frame: Frame, node: cst.NamedExpr) -> Value:
    value = frame.evaluate(node.value)
    assign(frame, node.target, value, node.value)
    return value


@evaluates(cst.List, cst.Tuple, cst.Set)
def _sequence(frame: Frame, node: cst.List | cst.Tuple | cst.Set) -> Value:
    mutable = type(node) is cst.List
    items: list[Value] = []
    starred = False
    for element in node.elements:
        value = frame.evaluate(element.value)
        if type(element) is cst.StarredElement:
            starred = True
            value = element_of(frame, value, element)
        items.append(value)
    if starred or len(items) > 32 or type(node) is cst.Set:
        lazy = "set" if type(node) is cst.Set else ""
        return just(Sequence(None, join(*items) if items else NOTHING, mutable, lazy))
    return just(Sequence(tuple(items), NOTHING, mutable))


@evaluates(cst.Dict)
def _dict(frame: Frame, node: cst.Dict) -> Value:
    items: dict[object, Value] = {}
    rest: Value = NOTHING
    for element in node.elements:
        value = frame.evaluate(element.value)
        if type(element) is cst.DictElement:
            constant = constant_key(frame.evaluate(element.key))
            if isinstance(constant, str | int | Dtype | External) and len(items) < 64:
                items[constant] = value
            else:
                rest = join(rest, value)
        else:
            for kind, _ in value:
                if isinstance(kind, Mapping):
                    items.update(kind.items)
                    rest = join(rest, kind.element)
                else:
                    rest = join(rest, UNKNOWN)
    return just(Mapping(tuple(items.items()), rest))


@evaluates(cst.ListComp, cst.GeneratorExp, cst.SetComp)
def _comprehension(frame: Frame, node: cst.ListComp | cst.GeneratorExp | cst.SetComp) -> Value:
    element = _in_loops(frame, node.for_in, [node.elt])[0]
    lazy = {cst.GeneratorExp: "generator", cst.SetComp: "set"}.get(type(node), "")
    return just(Sequence(None, element, lazy=lazy))


@evaluates(cst.DictComp)
def _dict_comprehension(frame: Frame, node: cst.DictComp) -> Value:
    _, value = _in_loops(frame, node.for_in, [node.key, node.value])
    leaves_some = type(node.value) is cst.Call and any(
        isinstance(kind, Opaque) and kind.guess is None and not kind.tensorish for kind, _ in value
    )
    if leaves_some or (type(node.value) is cst.IfExp and _asks_what_it_is(frame, node.value.test)):
        # `{key: x.to(device) if torch.is_tensor(x) else x for …}`: which of them are tensors, the keys tell. So
        # they do of `{key: moved(x) for …}`, where the function gives back some as they are.
        value = each(value, lambda kind: Opaque(None, kind, kind.memory) if isinstance(kind, Tensor) else kind)
    return just(Mapping((), value))


def _asks_what_it_is(frame: Frame, node: cst.BaseExpression) -> bool:
    return asks_for_type(frame, node) or (type(node) is cst.Call and dotted_path(node.func) == "hasattr")


def _in_loops(frame: Frame, clause: cst.CompFor | None, results: Iterable[cst.BaseExpression]) -> list[Value]:
    """The results of a comprehension's expressions, its loop variables bound to any element."""
    before = frame.state
    frame.state = before.copy()
    frame.loop_depth += 1
    loops = frame.loops
    found: list[Value] | None = None
    asks = False
    while clause is not None:
        iterable = frame.evaluate(clause.iter)
        enter(frame, clause, iterable)
        assign(frame, clause.target, element_of(frame, iterable, clause.iter), clause.iter)
        for condition in clause.ifs:
            asks = True
            test(frame, condition.test)
            if not assume(frame, condition.test, True):
                found = [NOTHING for _ in results]
        clause = clause.inner_for_in
    if found is None:
        found = [frame.evaluate(result) for result in results]
    frame.alive = frame.alive or asks  # that it is asked for does not mean that it happens
    frame.loop_depth -= 1
    before.underway = frame.state.underway
    inner = frame.state
    frame.state, frame.loops = before, loops
    for value in found:
        _new_again(frame, value, NOTHING, inner)
    return found


@evaluates(cst.Lambda)
def _lambda(frame: Frame, node: cst.Lambda) -> Value:
    return just(Function(Definition("lambda", (frame.segment, node), enclosing=frame)))


@evaluates(cst.Await)
def _await(frame: Frame, node: cst.Await) -> Value:
    return frame.evaluate(node.expression)


@evaluates(cst.Yield)
def _yield(frame: Frame, node: cst.Yield) -> Value:
    if type(node.value) is cst.From:
        frame.yields.append(element_of(frame, frame.evaluate(node.value.item), node))
    elif node.value is not None:
        frame.yields.append(frame.evaluate(node.value))
    return UNKNOWN
