"""What is known after a condition turned out true or false."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.calling.transforms import asks
from torchconv_lint.analysis.computing.tensors import operands_in
from torchconv_lint.analysis.domain.conditions import ASKED, CALLED, CUDA_AVAILABLE, equal_to, literals
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.forms import QUANTISED, SPARSE
from torchconv_lint.analysis.domain.iteration import item_of, looked_up, stored
from torchconv_lint.analysis.domain.replaced_items import narrow_item
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.state import join_states
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    ALWAYS,
    CPU,
    MANY,
    Alt,
    Array,
    Class,
    Const,
    Device,
    Dtype,
    External,
    Fact,
    Function,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    When,
    deeply,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.semantics import truth as truths
from torchconv_lint.analysis.semantics.subscripts import key_of
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.state import State


def assume(frame: Frame, node: cst.BaseExpression, truth: bool) -> bool:
    """Make `frame.state` what it is after `node` was `truth`. False if that cannot be."""
    if type(node) is cst.UnaryOperation and type(node.operator) is cst.Not:
        return assume(frame, node.expression, not truth)
    if type(node) is cst.BooleanOperation:
        return _assume_both(frame, node, truth)
    if type(node) is cst.Comparison:
        asked = _compared_with_a_truth(frame, node)
        if asked is not None:
            return assume(frame, node.left, truth is asked)
    condition = truths.condition_of(frame, node)
    if condition is not None:
        known = literals(condition, truth)
        if any((key, not value) in frame.state.path for key, value in known):
            return False
        frame.state.path |= known | _excluded(frame.state, known)
        if (CUDA_AVAILABLE[1], False) in known:
            frame.state.relabel(_is_on_accelerator, lambda value: deeply(value, _on_host))
    elif asks_for_type(frame, node) and _asks_for_data(node):
        _remember(frame, (ASKED, id(node), _is_of_tensors(node)), truth)
    elif type(node) is cst.Call and not frame.loop_depth and _asks_by_name(node):  # each round asks anew
        _remember(frame, (CALLED, id(node)), truth)
    if type(node) is cst.Comparison:
        return _assume_comparison(frame, node, truth)
    if type(node) is cst.Call:
        return _assume_call(frame, node, truth)
    if type(node) is cst.Attribute:
        return _assume_attribute(frame, node, truth) and _keep(frame, node, lambda kind: _may_be(kind, truth))
    if type(node) is cst.NamedExpr:
        return assume(frame, node.target, truth)
    return _keep(frame, node, lambda kind: _may_be(kind, truth))


def _compared_with_a_truth(frame: Frame, node: cst.Comparison) -> bool | None:
    """The answer for which `torch.is_tensor(x) != True` or `isinstance(x, Tensor) is False` holds; None: it is another
    comparison."""
    if len(node.comparisons) != 1 or not asks_for_type(frame, node.left):
        return None
    target = node.comparisons[0]
    written = target.comparator.value if type(target.comparator) is cst.Name else None
    if written not in ("True", "False") or not isinstance(target.operator, _SAME + _OTHER):
        return None
    return (written == "True") is isinstance(target.operator, _SAME)


_SAME, _OTHER = (cst.Equal, cst.Is), (cst.NotEqual, cst.IsNot)


def _is_on_accelerator(value: Value) -> bool:
    return any(tensor.on_accelerator for tensor in operands_in([value]))


def _on_host(kind: Kind) -> Kind:
    """Where there is no accelerator, nothing is on one."""
    if isinstance(kind, Tensor) and kind.on_accelerator:
        return replace(kind, device=Fact(CPU))
    if isinstance(kind, Opaque) and kind.guess is not None:
        return replace(kind, guess=_on_host(kind.guess))
    return kind


def _asks_by_name(node: cst.Call) -> bool:
    """Whether a question names in words what it asks for: `is_kind_of(model, "transformers.TFPreTrainedModel")`."""
    return any(type(argument.value) is cst.SimpleString for argument in node.args)


def _remember(frame: Frame, answer: Any, truth: bool) -> None:
    """What is chosen after a question goes with the answer: `way = "torch" if torch.is_tensor(x) else …`."""
    if frame.loop_depth:  # it may be asked of something else now
        frame.state.forget_conditions(answer)
    frame.state.path |= frozenset({(answer, truth)})


def _asks_for_data(node: cst.BaseExpression) -> bool:
    """Whether it is a tensor or an array that a question for a type is about."""
    if type(node) is not cst.Call or len(node.args) < 2:
        return True
    return (dotted_path(node.args[1].value) or "").endswith(("Tensor", "ndarray"))


def asks_for_type(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether an expression asks what something is."""
    if type(node) is not cst.Call or not node.args:
        return False
    name = dotted_path(node.func) or ""
    return name == "isinstance" or _ASKS_FOR_TENSOR.search(name) is not None


def _excluded(state: State, known: When) -> When:
    """What equals one constant equals no other: of the conditions that values here depend on, those that fall away."""
    equal = dict(filter(None, (equal_to(key) for key, truth in known if truth)))
    if not equal:
        return ALWAYS
    asked = {key for value in state.names.values() for alt in value for key, _ in alt.when}
    others = {key: equal_to(key) for key in asked}
    return frozenset(
        (key, False) for key, other in others.items() if other and other[1].isdisjoint(equal.get(other[0], other[1]))
    )


def _assume_both(frame: Frame, node: cst.BooleanOperation, truth: bool) -> bool:
    decided = type(node.operator) is cst.And
    condition = truths.condition_of(frame, node)
    if condition is not None:
        known = literals(condition, truth)
        if any((key, not value) in frame.state.path for key, value in known):
            return False
        frame.state.path |= known
    _, operands = truths.chain(node)
    if decided == truth:
        return all(assume(frame, operand, truth) for operand in operands)
    if len(operands) > MAX_DISJUNCTION:
        return True
    # One operand decided: all before it did not.
    start = frame.state
    joined: State | None = None
    for position, operand in enumerate(operands):
        frame.state = start.copy()
        earlier = all(assume(frame, other, not truth) for other in operands[:position])
        if earlier and assume(frame, operand, truth):
            if decided:
                _leave_out_tensors(frame, operand, operands[position + 1 :])
            joined = join_states(joined, frame.state)
    if joined is None:
        frame.state = start
        return False
    joined.path |= start.path
    frame.state = joined
    return True


def _leave_out_tensors(frame: Frame, operand: cst.BaseExpression, others: list[cst.BaseExpression]) -> None:
    """`if HAS_TORCH and isinstance(x, torch.Tensor): … else: …`: where the first part has decided, the second is not
    asked; but what may be a tensor or something else is meant to be something else there, unless the first part speaks
    of it."""
    for other in others:
        if type(other) is not cst.Call or not asks_for_type(frame, other) or not _is_of_tensors(other):
            continue
        asked = other.args[0].value
        path = dotted_path(asked)
        if path is None or re.search(rf"\b{re.escape(path)}\b", frame.segment.text(operand)):
            continue
        before = frame.state.copy()
        left = assume(frame, other, False) and frame.quietly(asked)
        if not left or all(_is_none(kind) for kind, _ in left):  # a tensor, surely, or nothing
            frame.state = before


def _is_of_tensors(node: cst.BaseExpression) -> bool:
    """Whether a question for a type is about tensors."""
    if type(node) is not cst.Call or len(node.args) < 2:
        return True
    return (dotted_path(node.args[1].value) or "").endswith("Tensor")


MAX_DISJUNCTION = 5
"""Longer chains of `a or b or …` are not followed operand by operand."""


def _keep(frame: Frame, node: cst.CSTNode, wanted: Callable[[Kind], bool | Kind]) -> bool:
    """Narrow the name or dotted path `node`: `wanted` says of each alternative whether it stays, or as what."""
    path = dotted_path(node)
    if type(node) is cst.Subscript and dotted_path(node.value) is not None:
        may_be = narrow_item(frame, node, wanted) if frame.state.items else True
        return may_be and _keep(frame, node.value, lambda kind: _may_hold(frame, kind, node, wanted))
    if path is None:
        return True
    value = frame.quietly(node)  # type: ignore[arg-type]
    kept: list[Alt] = []
    for alt in value:
        answer = wanted(alt.kind)
        if answer is True:
            kept.append(alt)
        elif isinstance(answer, Kind):
            kept.append(Alt(answer, alt.when))
    if value and not kept:
        return False
    if len(kept) < len(value):  # one of those that are left is the one: what they need in common holds
        common = frozenset.intersection(*(alt.when for alt in kept)) if kept else ALWAYS
        frame.state.path |= common
    if len(kept) != len(value) or any(one is not other for one, other in zip(kept, value, strict=True)):
        frame.bind(path, tuple(kept), narrowed=True)
    return True


def _narrowed_item(
    frame: Frame, kind: Mapping, node: cst.Subscript, wanted: Callable[[Kind], bool | Kind]
) -> bool | Kind:
    """The dict with the one item that `node` names as what is wanted; False if it cannot be."""
    key = key_of(frame, node)
    constant = key[0].kind.value if len(key) == 1 and isinstance(key[0].kind, Const) else None
    if constant is None:
        return True
    value = looked_up(kind, constant)
    answers = [(alt, wanted(alt.kind)) for alt in value]
    kept = [
        Alt(answer, alt.when) if isinstance(answer, Kind) else alt for alt, answer in answers if answer is not False
    ]
    if value and not kept:
        return False
    unchanged = all(answer is True for _, answer in answers)
    return True if unchanged else stored(kind, key, tuple(kept))


def _may_hold(frame: Frame, kind: Kind, node: cst.Subscript, wanted: Callable[[Kind], bool | Kind]) -> bool | Kind:
    """Whether the element that `node` names can be what is wanted, in this list."""
    if isinstance(kind, Mapping):
        return _narrowed_item(frame, kind, node, wanted)
    if isinstance(kind, Opaque) and kind.guess is None and kind.array is None and _is_first(node):
        answer = wanted(kind)  # whoever asks what the first one is has a list of such
        return Sequence(None, just(answer)) if isinstance(answer, Tensor | Array) else True
    if isinstance(kind, Array):  # its items are numbers or arrays
        return wanted(replace(kind, path=None)) is not False or wanted(Number(numpy=True)) is not False
    if not isinstance(kind, Sequence):
        return True
    element = item_of(frame, kind, key_of(frame, node), node)
    alternatives = just(element) if isinstance(element, Kind) else element
    return not alternatives or any(wanted(alt.kind) is not False for alt in alternatives)


def _is_first(node: cst.Subscript) -> bool:
    """`x[0]`."""
    index = node.slice[0].slice if len(node.slice) == 1 else None
    return type(index) is cst.Index and type(index.value) is cst.Integer and index.value.value == "0"


def _may_be(kind: Kind, truth: bool) -> bool:
    if isinstance(kind, Const):
        return bool(kind.value) is truth
    if isinstance(kind, Sequence) and kind.items is not None:
        return bool(kind.items) is truth
    if isinstance(kind, Device | Function | Class) or (isinstance(kind, External) and kind.name in _TYPES):
        return truth
    return True


def _is_none(kind: Kind) -> bool:
    return isinstance(kind, Const) and kind.value is None


def _assume_comparison(frame: Frame, node: cst.Comparison, truth: bool) -> bool:
    if len(node.comparisons) != 1:
        return True
    owner = _counted(node.left)
    if owner is not None:
        return _assume_count(frame, owner)
    if type(node.left) is cst.Call and _is_builtin(frame, node.left, "len"):
        return _assume_length(frame, node, truth)
    operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
    if type(operator) in (cst.In, cst.NotIn):
        text = _text_of_device(frame, right)
        truth = truth is (type(operator) is cst.In)
        if text is None:
            return _assume_one_of(frame, node.left, right, truth)
        return _assume_text(frame, text, frame.quietly(node.left), truth)
    if type(operator) in (cst.IsNot, cst.NotEqual):
        truth = not truth
    elif type(operator) not in (cst.Is, cst.Equal):
        return True
    other = frame.quietly(right)
    if type(node.left) is cst.Call and _is_builtin(frame, node.left, "type"):
        wanted = type_names(other)
        argument = node.left.args[0].value
        return not wanted or _keep(frame, argument, lambda kind: instance_of(kind, wanted, truth))
    constant = other[0].kind if len(other) == 1 else None
    typed = _named_type(frame, node.left)
    if typed is not None and isinstance(constant, Const):
        wanted = [_TYPE_NAMES[constant.value]] if constant.value in _TYPE_NAMES else []
        return not wanted or _keep(frame, typed, lambda kind: instance_of(kind, wanted, truth))
    if _is_none(constant) if constant else False:
        return _keep(frame, node.left, lambda kind: _none_or_not(kind, truth))
    if isinstance(constant, Const):
        text = _text_of_device(frame, node.left)
        if text is not None:
            return _assume_text(frame, text, other, truth)
        if not _assume_device(frame, node.left, constant, truth):
            return False
        if truth and constant.value == CPU and (path := dotted_path(node.left)) is not None:
            # Of a name that is one of some constants the path tells no more than what led to each of them.
            frame.state.path |= {(("Equal", path, ("const", "str", CPU)), True)}
        return _keep(frame, node.left, lambda kind: not isinstance(kind, Const) or (kind == constant) is truth)
    if isinstance(constant, Device) and constant.fact is not None:
        return _assume_device(frame, node.left, Const(CPU if constant.fact.value == CPU else "cuda"), truth)
    if isinstance(constant, Dtype) and type(node.left) is cst.Attribute and node.left.attr.value == "dtype":
        return _assume_dtype(frame, node.left.value, constant, truth)
    if isinstance(constant, Dtype):
        return _keep(frame, node.left, lambda kind: not isinstance(kind, Dtype) or (kind == constant) is truth)
    return True


def _assume_one_of(frame: Frame, node: cst.BaseExpression, among: cst.BaseExpression, truth: bool) -> bool:
    """After `x in ("a", "b")`: a constant that `x` may be is one of these, or none of them."""
    if not isinstance(among, cst.List | cst.Tuple | cst.Set) or dotted_path(node) is None:
        return True
    listed = [frame.quietly(element.value) for element in among.elements]
    constants = [value[0].kind.value for value in listed if len(value) == 1 and isinstance(value[0].kind, Const)]
    if not listed or len(constants) < len(listed):
        return True
    return _keep(frame, node, lambda kind: not isinstance(kind, Const) or (kind.value in constants) is truth)


_TYPE_NAMES = {"ndarray": "numpy.ndarray", "Tensor": "torch.Tensor", "list": "builtins.list", "tuple": "builtins.tuple"}


def _named_type(frame: Frame, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """`x` of `type(x).__name__` and `x.__class__.__name__`."""
    if type(node) is not cst.Attribute or node.attr.value != "__name__":
        return None
    if type(node.value) is cst.Call and _is_builtin(frame, node.value, "type"):
        return node.value.args[0].value
    if type(node.value) is cst.Attribute and node.value.attr.value == "__class__":
        return node.value.value
    return None


def _counted(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """`x` of `x.ndim`, `x.dim()`, `x.numel()` and `len(x.shape)`."""
    if type(node) is cst.Call:
        inner = node.args[0].value if len(node.args) == 1 else None
        if type(node.func) is cst.Name and node.func.value == "len" and type(inner) is cst.Attribute:
            return inner.value if inner.attr.value == "shape" else None
        if node.args:
            return None
        node = node.func
    if type(node) is cst.Attribute and node.attr.value in ("ndim", "dim", "numel", "nelement"):
        return node.value
    return None


def _assume_count(frame: Frame, owner: cst.BaseExpression) -> bool:
    """After a question about the number of dimensions or elements: how many elements there are is what the code has
    asked about, and knows."""

    def asked(kind: Kind) -> bool | Kind:
        if isinstance(kind, Tensor) and kind.count is not None and kind.count.value == MANY:
            return replace(kind, count=None, shape=None)
        return True

    return _keep(frame, owner, asked)


_ORDERS: dict[type, Callable[[int, int], bool]] = {
    cst.Equal: int.__eq__,
    cst.NotEqual: int.__ne__,
    cst.LessThan: int.__lt__,
    cst.LessThanEqual: int.__le__,
    cst.GreaterThan: int.__gt__,
    cst.GreaterThanEqual: int.__ge__,
}


def _assume_length(frame: Frame, node: cst.Comparison, truth: bool) -> bool:
    """After `len(x) > 0` and the like: a list whose items are known has that many or is not the one."""
    order = _ORDERS.get(type(node.comparisons[0].operator))
    bound = frame.quietly(node.comparisons[0].comparator)
    limit = bound[0].kind if len(bound) == 1 else None
    if order is None or not isinstance(limit, Const) or type(limit.value) is not int:
        return True
    least = limit.value

    def wanted(kind: Kind) -> bool:
        if not isinstance(kind, Sequence) or kind.items is None:
            return True
        return order(len(kind.items), least) is truth

    assert type(node.left) is cst.Call
    return _keep(frame, node.left.args[0].value, wanted)


def _none_or_not(kind: Kind, truth: bool) -> bool | Kind:
    """Whether `kind` may be None, or something else; what was taken for a tensor is none where it is None."""
    if not isinstance(kind, Opaque):
        return _is_none(kind) is truth
    return Opaque(kind.path) if truth and kind.guess is not None else True


def _is_builtin(frame: Frame, node: cst.Call, name: str) -> bool:
    """Whether it is a call of a builtin function with one argument."""
    if len(node.args) != 1 or type(node.func) is not cst.Name or node.func.value != name:
        return False
    return any(getattr(kind, "name", None) == f"builtins.{name}" for kind, _ in frame.quietly(node.func))


def _assume_device(frame: Frame, node: cst.BaseExpression, name: Const, truth: bool) -> bool:
    """After `x.device == "cpu"`, `x.device.type != "cuda"` or the same of a device itself."""
    if not isinstance(name.value, str):
        return True
    on_cpu = name.value.split(":")[0] == CPU
    if type(node) is cst.Attribute and node.attr.value == "type":
        node = node.value
    if type(node) is cst.Attribute and node.attr.value == "device":
        if on_cpu or name.value in ("cuda", "mps", "xpu"):
            return _place(frame, node.value, CPU if on_cpu is truth else ACCELERATOR)
        return True

    def wanted(kind: Kind) -> bool:
        if isinstance(kind, Device) and kind.fact is not None:
            return ((kind.fact.value == CPU) is on_cpu) is truth
        return True

    return _keep(frame, node, wanted)


def _text_of_device(frame: Frame, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """`x` of `str(x.device)` and `x.type()`."""
    if type(node) is not cst.Call:
        return None
    if _is_builtin(frame, node, "str"):
        inner = node.args[0].value
        return inner.value if type(inner) is cst.Attribute and inner.attr.value == "device" else None
    if node.args or type(node.func) is not cst.Attribute or node.func.attr.value != "type":
        return None
    return node.func.value


def _assume_text(frame: Frame, owner: cst.BaseExpression, named: Value, truth: bool) -> bool:
    """After a look at the text that tells where `owner` is."""
    text = named[0].kind.value if len(named) == 1 and isinstance(named[0].kind, Const) else None
    if not isinstance(text, str):
        return True
    if "cuda" in text:
        return _place(frame, owner, ACCELERATOR if truth else CPU)
    if text.startswith("cpu"):
        return _place(frame, owner, CPU if truth else ACCELERATOR)
    return True


def _assume_start(frame: Frame, asked: cst.BaseExpression, named: Value, truth: bool) -> bool:
    """After `str(x.device).startswith("cuda")`, or the same of a device itself."""
    text = _text_of_device(frame, asked)
    if text is not None:
        return _assume_text(frame, text, named, truth)
    start = named[0].kind.value if len(named) == 1 and isinstance(named[0].kind, Const) else None
    if not isinstance(start, str):
        return True
    if type(asked) is cst.Call and _is_builtin(frame, asked, "str"):
        asked = asked.args[0].value

    def wanted(kind: Kind) -> bool:
        if isinstance(kind, Const) and isinstance(kind.value, str):
            return kind.value.startswith(start) is truth
        if isinstance(kind, Device) and kind.fact is not None and start.startswith((CPU, "cuda")):
            return ((kind.fact.value == CPU) is start.startswith(CPU)) is truth
        return True

    return _keep(frame, asked, wanted)


def _place(frame: Frame, node: cst.BaseExpression, device: str) -> bool:
    """The guarded tensor is known to be on this device. False if it is surely on another. That the code asks whether it
    is on an accelerator tells that it may be, and no more: it goes along with wherever it is."""
    step = Step(frame.site(node), f"`{frame.text(node)}` is asked where it is", doubt=Doubt.ECHOED)
    there = Fact(device, step if device == ACCELERATOR else None)

    def placed(kind: Kind) -> bool | Kind:
        if isinstance(kind, Tensor):
            known = kind.device
            if known is not None and (known.value == device or known.confidence == Confidence.CERTAIN):
                return known.value == device
            return replace(kind, device=there)
        if isinstance(kind, Opaque) and kind.guess is not None:
            return replace(kind, guess=replace(kind.guess, device=there))
        return True

    return _keep(frame, node, placed)


def _assume_dtype(frame: Frame, node: cst.BaseExpression, dtype: Dtype, truth: bool) -> bool:
    def wanted(kind: Kind) -> bool | Kind:
        if not isinstance(kind, Tensor):
            return True
        if truth:
            return replace(kind, dtype=Fact(dtype.name))
        return replace(kind, dtype=None) if kind.dtype is not None and kind.dtype.value == dtype.name else True

    return _keep(frame, node, wanted)


def _assume_attribute(frame: Frame, node: cst.Attribute, truth: bool) -> bool:
    """What a tensor's own attribute tells of it. False if that cannot be."""
    if node.attr.value == "is_cuda":
        return _place(frame, node.value, ACCELERATOR if truth else CPU)
    if node.attr.value == "requires_grad":

        def known(kind: Kind) -> bool | Kind:
            return replace(kind, grad=Fact(truth)) if isinstance(kind, Tensor) else True

        return _keep(frame, node.value, known)
    if node.attr.value in _FORMS and not truth:
        form = _FORMS[node.attr.value]

        def another(kind: Kind) -> bool:
            return not isinstance(kind, Tensor) or kind.form is None or kind.form.value != form

        return _keep(frame, node.value, another)
    return True


_FORMS = {"is_sparse": SPARSE, "is_quantized": QUANTISED}

_TYPES: dict[str, tuple[type, ...]] = {
    "torch.Tensor": (Tensor,),
    "torch.FloatTensor": (Tensor,),
    "torch.nn.Parameter": (Tensor,),
    "torch.autograd.Variable": (Tensor,),
    "numpy.ndarray": (Array,),
    "builtins.list": (Sequence,),
    "builtins.tuple": (Sequence,),
    "builtins.dict": (Mapping,),
    "builtins.int": (Number, Const),
    "builtins.float": (Number, Const),
    "builtins.str": (Const,),
}

_NEW: dict[str, Callable[[Opaque], Kind]] = {
    "torch.Tensor": lambda opaque: opaque.guess or Tensor(memory=opaque.memory, path=opaque.path),
    "numpy.ndarray": lambda opaque: replace(opaque.array or Array(), memory=opaque.memory, path=opaque.path),
}


def _assume_call(frame: Frame, node: cst.Call, truth: bool) -> bool:
    function = frame.quietly(node.func)
    if frame.trace is not None and asks(function):
        return truth
    name: Any = getattr(function[0].kind, "name", None) if len(function) == 1 else None
    if node.args and _ASKS_FOR_TENSOR.search(name or dotted_path(node.func) or ""):
        return _keep(frame, node.args[0].value, lambda kind: instance_of(kind, ["torch.Tensor"], truth))
    if type(node.func) is cst.Attribute and node.func.attr.value == "startswith" and node.args:
        return _assume_start(frame, node.func.value, frame.quietly(node.args[0].value), truth)
    if name == "builtins.hasattr" and len(node.args) == 2:
        asked = frame.quietly(node.args[1].value)
        attribute = asked[0].kind.value if len(asked) == 1 and isinstance(asked[0].kind, Const) else None
        if attribute in (_OF_OTHERS if truth else _OF_TENSORS):
            return _keep(frame, node.args[0].value, lambda kind: instance_of(kind, ["torch.Tensor"], False))
    if name == "builtins.isinstance" and len(node.args) == 2:
        wanted = type_names(frame.quietly(node.args[1].value))
        if wanted and all(_OF_ACCELERATORS.fullmatch(one) for one in wanted):
            return _place(frame, node.args[0].value, ACCELERATOR if truth else CPU)
        if wanted:
            return _keep(frame, node.args[0].value, lambda kind: instance_of(kind, wanted, truth))
    if name == "builtins.issubclass" and len(node.args) == 2:
        wanted = type_names(frame.quietly(node.args[1].value))
        if wanted and all(each in _TYPES for each in wanted):
            return _keep(frame, node.args[0].value, lambda kind: _subclass_of(kind, wanted, truth))
    return True


def _subclass_of(kind: Kind, names: list[str], truth: bool) -> bool:
    if not isinstance(kind, External) or kind.name not in _TYPES:
        return True
    is_tensor = _TYPES[kind.name] == (Tensor,)
    return any(kind.name == name or (is_tensor and name == "torch.Tensor") for name in names) is truth


_OF_TENSORS = frozenset({"detach", "cpu", "cuda", "numpy", "item", "device", "requires_grad", "is_cuda", "backward"})
_OF_OTHERS = frozenset({"__round__", "keys", "items", "append", "toarray", "iloc"})
_OF_ACCELERATORS = re.compile(r"torch\.(cuda|xpu|npu)\.\w*Tensor")
"""The types of an accelerator's tensors, which `isinstance` still takes."""

_ASKS_FOR_TENSOR = re.compile(r"(^|\.)_?is_?(torch_?|pt_?)?tensor(_like)?$", re.IGNORECASE)
"""Functions that ask what `isinstance(x, torch.Tensor)` does; everybody has one."""


def type_names(value: Value) -> list[str]:
    """The full names of the types in the second argument of isinstance; empty if one is unknown."""
    if len(value) != 1:
        return []
    kind = value[0].kind
    if isinstance(kind, Sequence) and kind.items is not None:
        names = [type_names(item) for item in kind.items]
        return [name for found in names for name in found] if all(names) else []
    name = getattr(kind, "name", None)
    return [name] if isinstance(name, str) else []


def instance_of(kind: Kind, names: list[str], truth: bool) -> bool | Kind:
    """Whether it can be that `isinstance(kind, names)` is `truth`; what it is then, if that tells more."""
    if isinstance(kind, Opaque):
        if truth and len(names) == 1 and names[0] in _NEW:
            return _NEW[names[0]](kind)
        if not truth and kind.guess is not None and "torch.Tensor" in names:
            return Opaque(kind.path, memory=kind.memory)
        if truth and kind.guess is not None and "torch.Tensor" not in names:
            return Opaque(kind.path, memory=kind.memory)
        if not truth and "numpy.ndarray" in names and kind.guess is None and kind.memory is not None:
            return replace(kind, array=None, no_array=True)
        return True
    known = isinstance(kind, Tensor | Array | Sequence | Mapping | Number | Const)
    if not known:
        return True
    matches = any(isinstance(kind, _TYPES.get(name, ())) for name in names)
    if isinstance(kind, Const):
        matches = matches and any(type(kind.value).__name__ == name.rpartition(".")[2] for name in names)
    if truth:
        return matches or (not all(name in _TYPES for name in names) and not isinstance(kind, Tensor | Array | Const))
    return not matches or isinstance(kind, Number)
