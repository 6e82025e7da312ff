"""Tests: what a condition asks, which condition it is, and whose truth value it takes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.annotations import annotated
from torchconv_lint.analysis.domain.conditions import (
    ASKED,
    Condition,
    atom,
    both,
    either,
    is_answer,
    negation,
    stable_path,
)
from torchconv_lint.analysis.domain.devices import names_device
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.terms import TRUTH
from torchconv_lint.analysis.domain.underway import join_underway
from torchconv_lint.analysis.domain.values import (
    Alt,
    Array,
    Const,
    Device,
    External,
    Instance,
    Kind,
    Module,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Truth,
    Value,
    guessed,
)
from torchconv_lint.analysis.domain.weights import HOLDS_WEIGHTS
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.semantics import narrowing
from torchconv_lint.analysis.semantics.confirming import adds_nothing, is_borne_out, is_never_given
from torchconv_lint.analysis.semantics.perhaps import is_one_element, is_used_as_data
from torchconv_lint.analysis.semantics.without_bias import lack_bias
from torchconv_lint.analysis.syntax.handed_over import last_bound
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.conversions import is_as_made
from torchconv_lint.analysis.telling.events import ArrayTested, Tested, TracedRead
from torchconv_lint.analysis.telling.loops import is_seldom
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.nodes.site import Site


def test(frame: Frame, node: cst.BaseExpression) -> None:
    """Evaluate a condition where Python asks for its truth value."""
    negation = None
    if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
        negation, node = frame.site(node), node.expression
    if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
        test(frame, node)
    elif type(node) is cst.BooleanOperation:
        is_and, operands = chain(node)
        before, seldom = frame.state, frame.seldom
        frame.state = before.copy()
        for position, operand in enumerate(operands):
            test(frame, operand)
            if not frame.alive:
                frame.alive = position > 0  # where those before have decided, it is not asked
                break
            frame.seldom = frame.seldom or is_seldom(frame, operand)
            if not narrowing.assume(frame, operand, is_and):
                break
        before.underway = join_underway(before.underway, frame.state.underway)
        frame.state, frame.seldom = before, seldom
    else:
        asking, frame.asking, version = frame.asking, True, frame.state.version
        value = frame.evaluate(node)
        frame.asking = asking
        frame.note(node, value, version)
        ask_truth(frame, node, value, condition=True, negation=negation)
        if frame.interpreter.eager and not any(guessed(kind) is not None for kind, _ in value):
            _tell_read_in_forward(frame, node)


def _tell_read_in_forward(frame: Frame, node: cst.BaseExpression) -> None:
    """`if x.max() > 3:` or `if flags["padded"].item():` in a module's `forward`, of something unknown that is asked as
    tensors are: every step waits there, and who compiles the module gets another graph."""
    outline, origin = frame.outline, frame.segment.origin(node)
    of_module = isinstance(frame.this, Instance) and frame.this.is_module
    traced = frame.trace is not None
    if outline is None or not isinstance(origin, ast.expr) or not (traced or (outline.name == "forward" and of_module)):
        return
    if traced and any(isinstance(each, ast.Attribute) and each.attr == "item" for each in ast.walk(origin)):
        return  # which is told by itself
    for call in ast.walk(origin):
        func = call.func if isinstance(call, ast.Call) else None
        if (
            isinstance(func, ast.Attribute)
            and func.attr in _ASKED
            and dotted(func.value) not in ("torch", "np", "math")
        ):
            site, text = frame.site(node), frame.text(node)
            if frame.trace is not None:
                sure = Confidence.LIKELY
                frame.emit(TracedRead(site, Tensor(), text, TRUTH, "a truth test", frame.trace, sure, True, False))
            else:
                frame.emit(Tested(site, Tensor(), text, False, Confidence.LIKELY))
            return


_ASKED = frozenset({"item", "max", "min", "any", "all", "isnan", "isinf", "norm", "sum", "mean", "abs"})
"""Methods that tensors are asked for a number with."""


def ask_truth(
    frame: Frame,
    node: cst.BaseExpression,
    value: Value,
    via: str = "a truth test",
    *,
    condition: bool = False,
    negation: Site | None = None,
) -> None:
    """Tell the rules whose truth value is taken."""
    if type(node) is cst.Name and _is_flag(frame, node.value):
        return
    refused = bool(frame.asked) and dotted_path(node) in frame.asked  # a test before has raised, if this one would
    or_none = not refused and any(isinstance(alt.kind, Const) and alt.kind.value is None for alt in value)
    present = condition and not refused and _is_present(frame, node, value)
    if frame.asserting and negation is not None and (or_none or present):
        return  # `assert not x`: a tensor is meant to be refused, and is, whatever is raised
    array = _array_of(frame, node, value)
    if array is not None:
        frame.emit(ArrayTested(frame.site(node), array, frame.text(node), or_none))
    # What may be a number as well is one number, as a tensor too.
    or_none = or_none and not any(isinstance(alt.kind, Number) for alt in value)
    for alt in value:
        tensor = guessed(alt.kind)
        if tensor is None and present and isinstance(alt.kind, Opaque):
            tensor = Tensor()
        if isinstance(alt.kind, Opaque) and not present and _is_beside_weight(frame, node):
            frame.emit(Tested(frame.site(node), Tensor(), frame.text(node), True, Confidence.LIKELY, doubtful=True))
        if tensor is None and isinstance(alt.kind, Opaque) and _is_perhaps(frame, node):
            frame.emit(Tested(frame.site(node), Tensor(), frame.text(node), True, Confidence.LIKELY, doubtful=True))
        if tensor is None:
            continue
        if frame.interpreter.eager and is_as_made(frame, tensor.device):  # its parts are moved with a module
            tensor = replace(tensor, device=None)
        if present:
            never = is_never_given(frame.definition, frame.interpreter.outline, dotted_path(node))
            frame.emit(
                Tested(frame.site(node), tensor, frame.text(node), True, Confidence.LIKELY, True, negation, never)
            )
            tell_read(frame, alt.kind, node, node, TRUTH, via, Confidence.POSSIBLE)
            continue
        sure = Confidence.CERTAIN if isinstance(alt.kind, Tensor) else Confidence.POSSIBLE
        if isinstance(alt.kind, Opaque) and alt.kind.tensorish and tensor.count is not None:
            sure = Confidence.LIKELY
        doubtful = or_none and (
            _is_doubtful(frame, node, alt.kind, value)
            or _is_among_others(frame)
            or _is_any_item(node, value)
            or _is_one_element(frame, node)
            or adds_nothing(frame.definition, frame.interpreter.outline, dotted_path(node))
        )
        frame.emit(Tested(frame.site(node), tensor, frame.text(node), or_none, sure, condition, negation, doubtful))
        tell_read(frame, alt.kind, node, node, TRUTH, via, sure)


_MADE = frozenset({"zeros", "ones", "rand", "randn", "full", "empty", "eye"})
_MADE |= {f"{name}_like" for name in _MADE}


def ask_instead(frame: Frame, node: cst.BaseExpression, value: Value, other: cst.BaseExpression) -> None:
    """`hidden or torch.zeros(n)`: a tensor that is made in the place of what is not there says what that is."""
    maker = dotted_path(other.func) if type(other) is cst.Call else None
    if dotted_path(node) is None or maker is None or maker.removeprefix("torch.") not in _MADE:
        return
    if value and all((isinstance(kind, Opaque) and kind.guess is None) or kind == Const(None) for kind, _ in value):
        frame.emit(Tested(frame.site(node), Tensor(), frame.text(node), True, Confidence.LIKELY, doubtful=True))


def _is_perhaps(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether what is tested is used as data elsewhere; asked only where somebody wants to know."""
    outline = frame.outline if frame.interpreter.eager else None
    origin = frame.segment.origin(node) if outline is not None else None
    return outline is not None and isinstance(origin, ast.expr) and is_used_as_data(outline, origin)


def _is_beside_weight(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether it is the bias of what has a weight as well: a parameter or None, as layers have it."""
    outline = frame.outline if frame.interpreter.eager else None
    origin = frame.segment.origin(node) if outline is not None else None
    if outline is not None and isinstance(origin, ast.Name):
        bound = last_bound(outline, origin.id, origin.lineno)
        origin = bound.value if bound is not None else None
    if outline is None or not isinstance(origin, ast.Attribute) or origin.attr != "bias":
        return False
    owner = dotted(origin.value) or ""
    if not owner or lack_bias(frame.interpreter.outline, outline, owner, origin.lineno):
        return False
    return any(each.attr == "weight" and dotted(each.value) == owner for each in outline.by_type[ast.Attribute])


def _is_doubtful(frame: Frame, node: cst.BaseExpression, kind: Kind, value: Value) -> bool:
    """Whether nothing but an annotation makes it a tensor. What a `forward` is given is one as a rule, and who writes
    that it may be a tensor or a number means both; beside a list of tensors, it is seldom more than written down."""
    if not isinstance(kind, Tensor) or not kind.promised:
        return False
    field = (kind.path or "").startswith("self.") and not (dotted_path(node) or "").startswith("self.")
    given = frame.entry is not None and frame.entry.name == "forward" and not field  # of what it is given, perhaps
    given = given or any(other != Const(None) and not _is_of_tensors(other) for other, _ in value)
    return not is_borne_out(frame.definition, frame.interpreter.outline, dotted_path(node), otherwise=given)


def _is_of_tensors(kind: Kind) -> bool:
    """Whether it is a tensor, or a list of them; one that is empty will hold them."""
    if isinstance(kind, Sequence) and kind.items == ():
        return True
    elements = kind.element if isinstance(kind, Sequence) and kind.items is None else ()
    return isinstance(kind, Tensor) or any(isinstance(element, Tensor) for element, _ in elements)


def _is_flag(frame: Frame, name: str) -> bool:
    """Whether it is a parameter that is True or False unless it is given: what gives it a tensor is a call that is not
    understood, of what a decorator has made of the function, say."""
    params = frame.definition.node.params if frame.definition is not None else None
    return params is not None and any(
        slot.name.value == name and type(slot.default) is cst.Name and slot.default.value in ("True", "False")
        for slot in (*params.params, *params.kwonly_params)
    )


def _is_any_item(node: cst.BaseExpression, value: Value) -> bool:
    """Whether it is looked up in a dict that holds tensors beside other things: which of them it is is not known."""
    looked_up = type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value == "get"
    return looked_up and any(isinstance(kind, Opaque) and kind.guess is None for kind, _ in value)


def _is_one_element(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether the name stands for one number of a table, whose truth says whether it is there and not zero."""
    return type(node) is cst.Name and frame.outline is not None and is_one_element(frame.outline, node.value)


def _is_among_others(frame: Frame) -> bool:
    """Whether this is the branch for what is no tensor: `if not isinstance(x, torch.Tensor): …`."""
    return any(is_answer(key, ASKED) and key[2] and not truth for key, truth in frame.state.path)


def _array_of(frame: Frame, node: cst.BaseExpression, value: Value) -> Array | None:
    """The array whose truth value is asked for, if it surely is one (or None): it, or one that is compared."""
    if type(node) is cst.Comparison and len(node.comparisons) == 1:
        target = node.comparisons[0]
        if type(target.operator) not in _ORDERS:
            return None
        sides = [frame.quietly(node.left), frame.quietly(target.comparator)]
        compared = [kind for side in sides if len(side) == 1 for kind, _ in side]
        if len(compared) < 2 or not all(isinstance(kind, Array | Number | Const) for kind in compared):
            return None
        if any(isinstance(kind, Const) and not isinstance(kind.value, int | float) for kind in compared):
            return None
        return next((kind for kind in compared if isinstance(kind, Array) and kind.count is not None), None)
    arrays = [kind for kind, _ in value if isinstance(kind, Array)]
    others = [kind for kind, _ in value if not isinstance(kind, Array) and kind != Const(None)]
    return arrays[0] if len(arrays) == 1 and not others else None


_ORDERS = frozenset({cst.Equal, cst.NotEqual, cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual})


def _is_present(frame: Frame, node: cst.BaseExpression, value: Value) -> bool:
    """Whether the test asks if a tensor is there: it is used as one where the test holds."""
    if _is_bias(frame, node):
        return not _lacks_bias(frame, node)
    path = dotted_path(node) if frame.evidence.present else None
    if path is None or path not in frame.evidence.present or _is_other_field(frame, path):
        return False
    return not _lacks_bias(frame, node) and all(
        isinstance(kind, Opaque | Tensor) or (isinstance(kind, Const) and kind.value is None) for kind, _ in value
    )


def _is_other_field(frame: Frame, path: str) -> bool:
    """Whether the file has a class with a field of this name (`group.buffer`), and says that it is no tensor: an object
    of another class, which may have `.data` too."""
    owner, _, name = path.rpartition(".")
    written = [
        each.annotations[name] for each in frame.interpreter.outline.classes.values() if name in each.annotations
    ]
    if not owner or not written:
        return False
    kinds = [kind for node in written for kind, _ in annotated(frame.interpreter, node, path)]
    return not any(isinstance(kind, Tensor | Opaque) for kind in kinds)


def _is_bias(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether it is the bias of a layer of torch's: a vector, or None."""
    if type(node) is not cst.Attribute or node.attr.value != "bias":
        return False
    owners = [kind for kind, _ in frame.quietly(node.value) if isinstance(kind, Module)]
    return bool(owners) and all(kind.name in HOLDS_WEIGHTS and kind.features != 1 for kind in owners)


def _lacks_bias(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether it is the bias of layers that the file makes without one."""
    owner = dotted_path(node.value) if type(node) is cst.Attribute and node.attr.value == "bias" else None
    if owner is None:
        return False
    function = frame.outline
    origin = frame.segment.origin(node)
    return lack_bias(frame.interpreter.outline, function, owner, getattr(origin, "lineno", 0))


def condition_of(frame: Frame, node: cst.BaseExpression) -> Condition | None:
    """The condition that an expression tests, if it has a stable one."""
    if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
        inner = condition_of(frame, node.expression)
        return negation(inner) if inner else None
    if type(node) is cst.BooleanOperation:
        is_and, operands = chain(node)
        parts = [condition_of(frame, operand) for operand in operands]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts):
            return None
        return both(known) if is_and else either(known)
    if type(node) is cst.Comparison and len(node.comparisons) == 1:
        target = node.comparisons[0]
        one, other = frame.quietly(node.left), frame.quietly(target.comparator)
        return comparison(frame, node.left, target, one, other)
    named = _device_asked(frame, node) if type(node) is cst.Call else None
    if named is not None:
        return named
    value = frame.quietly(node)
    identity = _identity(frame, node, value)
    return condition_of_value(value) or (atom(identity) if identity is not None else None)


def _identity(frame: Frame, node: cst.BaseExpression, value: Value) -> object | None:
    """What conditions know the value of a name by: its path, also after tests have told its alternatives apart."""
    path = stable_path(value)
    if type(node) is not cst.Name:
        return path if path is not None else _identity_of_attribute(frame, node, value)
    if path is not None:
        frame.state.identify(node.value, path)
        return path
    return frame.state.identities.get(node.value)


def _identity_of_attribute(frame: Frame, node: cst.BaseExpression, value: Value) -> object | None:
    """An attribute of what a call has given (`args = parse_args()`): known by the object and the attribute's name, if
    nothing has been assigned to it since."""
    path = dotted_path(node) if type(node) is cst.Attribute else None
    if path is None or not any(isinstance(kind, Opaque) for kind, _ in value):
        return None
    root, _, rest = path.partition(".")
    state = frame.state
    owner = state.identities.get(root)
    if owner is None or (path in state.names and path not in state.narrowed):
        return None
    # Methods that call each other speak of the same object, whichever of them unseen code has called.
    return path if root == "self" and frame.this is not None else (owner, rest)


def condition_of_value(value: Value) -> Condition | None:
    """The condition whose truth the value is."""
    for alt in value:
        if isinstance(alt.kind, Truth):
            found: Condition = alt.kind.condition
            return found
    path = stable_path(value)
    return atom(path) if path is not None else None


def chain(node: cst.BooleanOperation) -> tuple[bool, list[cst.BaseExpression]]:
    """Whether it is `and`, and all operands of `a and b and c`, which libcst nests to the left."""
    is_and = type(node.operator) is cst.And
    operands: list[cst.BaseExpression] = [node.right]
    left = node.left
    while type(left) is cst.BooleanOperation and (type(left.operator) is cst.And) is is_and:
        operands.append(left.right)
        left = left.left
    operands.append(left)
    return is_and, operands[::-1]


def comparison(
    frame: Frame, left: cst.BaseExpression, target: cst.ComparisonTarget, one: Value, other: Value
) -> Condition | None:
    """The condition that `left operator right` is, given the values of both sides."""
    operator = target.operator
    negative = type(operator) in _SAME
    on_accelerator = None
    if type(operator) in _EQUALITY:
        on_accelerator = _device_test(one, other) or _device_test(other, one)
    elif type(operator) in (cst.In, cst.NotIn):  # of the text that names a device
        on_accelerator = _device_test(other, one)
    if on_accelerator:
        return negation(on_accelerator) if negative else on_accelerator
    here, there = (
        _identity(frame, left, one) or _key(one) or _text_key(left),
        _key(other) or _identity(frame, target.comparator, other),
    )
    if here is not None and type(operator) in (cst.In, cst.NotIn):
        constants = [_key(item) for item in _items(other)]
        if constants and None not in constants:
            parts = [atom(("Equal", here, constant)) for constant in constants]
            one_of = parts[0] if len(parts) == 1 else either(parts)
            return negation(one_of) if negative else one_of
    if here is None or there is None:
        return None
    sign = _SAME.get(type(operator), type(operator).__name__)
    condition = atom((sign, here, there))
    return negation(condition) if negative else condition


_EQUALITY = frozenset({cst.Equal, cst.NotEqual, cst.Is, cst.IsNot})
_SAME: dict[type, str] = {
    cst.NotEqual: "Equal",
    cst.IsNot: "Is",
    cst.NotIn: "In",
}


def _text_key(node: cst.BaseExpression) -> str | None:
    return None if dotted_path(node) is None or type(node) is cst.Name else dotted_path(node)


def _key(value: Value) -> object | None:
    """What conditions know a constant by, or what has a name elsewhere."""
    for alt in value if len(value) == 1 else ():
        if isinstance(alt.kind, Const):
            return ("const", type(alt.kind.value).__name__, alt.kind.value)
        if isinstance(alt.kind, External):
            return alt.kind.name
    return None


def _items(value: Value) -> tuple[Value, ...]:
    """What a list that is written out holds."""
    listed = value[0].kind if len(value) == 1 else None
    return (listed.items or ()) if isinstance(listed, Sequence) else ()


def _device_asked(frame: Frame, node: cst.Call) -> Condition | None:
    """`device.startswith("cuda")`, `str(device).startswith("cpu")`: the condition "it is an accelerator"."""
    func = node.func
    if type(func) is not cst.Attribute or func.attr.value != "startswith" or len(node.args) != 1:
        return None
    asked = func.value
    if type(asked) is cst.Call and type(asked.func) is cst.Name and asked.func.value == "str" and len(asked.args) == 1:
        asked = asked.args[0].value
    return _device_test(frame.quietly(asked), frame.quietly(node.args[0].value))


def _device_test(one: Value, other: Value) -> Condition | None:
    """`device == "cuda"`, `"cpu" not in device`, `device.type != "cpu"`: the condition "it is an accelerator"."""
    if len(other) != 1:
        return None
    name = other[0].kind
    text = (
        name.value if isinstance(name, Const) else name.fact.value if isinstance(name, Device) and name.fact else None
    )
    if not isinstance(text, str):
        return None
    for alt in one:
        for key in _accelerator_keys(alt):
            accelerator = atom(key)
            return negation(accelerator) if text.startswith("cpu") else accelerator
    return None


def _accelerator_keys(alt: Alt) -> Iterator[object]:
    """What conditions know "this device is an accelerator" by."""
    if isinstance(alt.kind, Device):
        for key, _ in alt.when:
            if (isinstance(key, tuple) and key[0] == "accelerator") or key == "torch.cuda.is_available()":
                yield key
    elif isinstance(alt.kind, Opaque):
        path = (alt.kind.path or "").removesuffix(".type")
        if names_device(path):  # as `any_device` will call it, where it is taken for one
            yield ("accelerator", path)
