"""Where tensors turn into arrays and Python numbers: the events that most rules hear."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.iteration import flat
from torchconv_lint.analysis.domain.terms import ARRAY, NUMBER, TO_HOST
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    MANY,
    Array,
    Instance,
    Kind,
    Mapping,
    Number,
    Opaque,
    Sequence,
    Tensor,
    Value,
    each,
    guessed,
    is_mixed,
    join,
    just,
    weakest,
)
from torchconv_lint.analysis.syntax.outline import is_detached
from torchconv_lint.analysis.telling.events import (
    ArrayFirst,
    ArrayToScalar,
    CopyForbidden,
    FractionCutOff,
    NumpyRefuses,
    ToNumpy,
    ToScalar,
    WrappedByNumpy,
)
from torchconv_lint.analysis.telling.meant import (
    asked_for,
    for_another_framework,
    for_arrays,
    for_the_host,
    sorted_out,
    spared,
)
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.analysis.telling.wherever import (
    comes_from_caller,
    holds_gradients,
    is_called_output,
    is_of_a_checkpoint,
    is_surely_tensor,
    way_of_any,
)
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Fact
    from torchconv_lint.analysis.nodes.site import Site


def tell_numpy_method(frame: Frame, kind: Kind, subject: cst.CSTNode, node: cst.CSTNode, forced: bool) -> None:
    """`kind.numpy()`: calling it at all says that an opaque object is a tensor."""
    tensor = guessed(kind)
    if tensor is not None:
        sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
        text, mode = frame.text(subject), frame.state.grad
        if not isinstance(kind, Tensor):
            frame.interpreter.mixed.add(subject)
        _tell(frame, ToNumpy(frame.site(node), tensor, text, "", False, mode, sure, forced, frame.site(subject)))
    tell_read(frame, kind, subject, node, ARRAY, "numpy")


REFUSALS = frozenset({"TypeError", "RuntimeError", "ValueError"})
"""What a conversion that is refused raises."""

REFUSED = REFUSALS | {"refused before"}
"""What a handler of such errors, and whatever it calls, is taken to expect again."""


def _tell(frame: Frame, event: ToNumpy | ToScalar) -> None:
    """A conversion whose refusal the code around it catches by name is one that was thought of. And what was brought to
    the host with care, in a function that is called from elsewhere, raises at every call unless grad is off there.
    A method that is called under a name (`get = x.numpy`) has no operand at the call that a fix could change."""
    call = event.site.node
    if event.operand is not None and type(call) is cst.Call and event.operand.node is call.func:
        event = replace(event, operand=None)
    if isinstance(event, ToNumpy) and (_mirrors(frame) or for_arrays(frame, event.tensor.device)):
        event = replace(event, mirrored=True)
    if isinstance(event, ToNumpy) and (for_the_host(frame.state.path) or asked_for(frame, event.tensor.device)):
        event = replace(event, tensor=spared(frame, event.tensor, event.site.node))
    if isinstance(event, ToNumpy):
        event = replace(event, tensor=sorted_out(frame, event.tensor, event.site.node))
        event = _as_callers_have_it(frame, event)
    if for_another_framework(frame.state.path) or frame.interpreter.facts.is_of_another_torch:
        event = replace(event, sure=Confidence.POSSIBLE)
    if isinstance(event, ToNumpy) and event.grad_mode:
        graph, device = event.tensor.graph, event.tensor.device
        on_host = device is not None and device.step is not None and device.step.message == TO_HOST
        weight = _is_weight(event.tensor.grad)
        if on_host and not (graph.leaf or graph.spent or weight) and frame.leaves_mode_to_callers():
            event = replace(event, grad_mode=None, careful=True)
        noticed = _unnoticed(frame, event.tensor)
        if noticed is not event.tensor and frame.interpreter.shared.eager:
            event = replace(event, careful=True)
        else:
            event = replace(event, tensor=noticed)
        if event.grad_mode is not True or weakest([noticed.grad]) is Confidence.POSSIBLE:
            # It would be refused here: rather, what was kept on the way had no graph.
            frame.interpreter.shared.graphs.refused |= event.tensor.graph.kept
    frame.emit(replace(event, sure=Confidence.POSSIBLE) if frame.caught & REFUSALS else event)


def _as_callers_have_it(frame: Frame, event: ToNumpy) -> ToNumpy:
    """What can be told of a tensor of which nothing is known but how it got here."""
    shared = frame.interpreter.shared
    if shared.anywhere and is_as_made(frame, event.tensor.device):  # a module's parts are moved with it
        unmoved = replace(event, tensor=replace(event.tensor, device=None))
        event = replace(unmoved, public=True) if _is_anywhere(frame, unmoved) else event
    elif shared.anywhere and (_is_anywhere(frame, event) or (event.via and _is_of_a_state(event.tensor))):
        event = replace(event, public=True)
    if shared.eager and not event.public and _is_given_for_it(frame, event):
        event = replace(event, public=True, sure=max(event.sure, Confidence.LIKELY))
    if not shared.of_helpers or event.via or event.operand is None:
        return event
    operand = frame.segment.origin(event.operand.node)
    if (way := way_of_any(frame, operand, forced=event.forced)) is not None:
        event = replace(event, way=way)
    if event.tensor.dtype is None and is_of_a_checkpoint(frame, operand):
        event = replace(event, loaded=True)
    return event


def _is_of_a_state(tensor: Tensor) -> bool:
    """Whether it is a value of a module's `state_dict()`, which is wherever the module is."""
    return tensor.device is None and tensor.memory is not None and tensor.memory.origin == "module"


def _is_given_for_it(frame: Frame, event: ToNumpy) -> bool:
    """Whether something unknown was given what is on an accelerator, and has given what is called like an output."""
    device = event.tensor.device
    if device is None or device.value != ACCELERATOR or device.confidence is not Confidence.POSSIBLE:
        return False
    operand = frame.segment.origin(event.operand.node) if event.operand is not None else None
    return isinstance(operand, ast.expr) and is_called_output(operand)


def is_as_made(frame: Frame, device: Fact | None) -> bool:
    """Whether a module's own method knows of a device nothing but that modules are made on the CPU."""
    of_module = isinstance(frame.this, Instance) and frame.this.is_module and not frame.depth
    return of_module and device is not None and device.value == CPU and device.step is None


def _is_anywhere(frame: Frame, event: ToNumpy) -> bool:
    """Whether nothing is known of where the tensor is but that a caller has it there, or that something unknown was
    given what is on an accelerator, and gave a tensor."""
    if event.held or event.operand is None or for_the_host(frame.state.path):
        return False
    operand = frame.segment.origin(event.operand.node)
    if event.tensor.device is not None:
        guessed_at = event.tensor.device.confidence is Confidence.POSSIBLE
        return guessed_at and (
            is_surely_tensor(frame, operand) or comes_from_caller(frame, operand, alone=not event.via)
        )
    if event.tensor.promised and not frame.depth:
        return True
    return comes_from_caller(frame, operand, alone=not event.via)


def tell_unknown(frame: Frame, operand: cst.BaseExpression, node: cst.CSTNode) -> None:
    """`operand.numpy()` of something unknown: a tensor, if what a caller has is converted as tensors are."""
    if frame.interpreter.shared.anywhere or frame.interpreter.shared.of_helpers:
        site, text, mode = frame.site(node), frame.text(operand), frame.state.grad
        _tell(frame, ToNumpy(site, Tensor(), text, "", False, mode, Confidence.LIKELY, operand=frame.site(operand)))


def _is_weight(grad: Fact | None) -> bool:
    """Whether it requires grad as a weight does: nobody had to think of a mode to make it."""
    steps = grad.doubts() if grad is not None and grad.value else ()
    return Doubt.LAYERED in steps


def _mirrors(frame: Frame) -> bool:
    """Whether the code at hand is a method that does for an object what `.numpy()` does for a tensor, and nobody in
    sight has called it."""
    here = frame.outline
    return here is not None and here is frame.entry and here.name in _CONVERTERS and here.owner is not None


_CONVERTERS = frozenset({"numpy", "__array__"})


def _unnoticed(frame: Frame, tensor: Tensor) -> Tensor:
    """What requires grad is refused on every machine, and noticed by whoever runs the code once. If a step of the story
    is a convention ("the output of a module requires grad"), it is more probable that the convention fails here,
    unless the function goes backward itself."""
    grad = tensor.grad
    if grad is None or not grad.value or grad.confidence is Confidence.CERTAIN or frame.goes_backward():
        return tensor
    return replace(tensor, grad=grad.weaker(Confidence.POSSIBLE))


def tell_implicit(
    frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode, *, lists: bool = True
) -> None:
    """`via(value)` converts a tensor, or a list of tensors, to an array by itself."""
    site, mode, operand = frame.site(node), frame.state.grad, frame.site(subject)
    if not _only_tensors(value) and not _only_lists_of_tensors(value):
        frame.interpreter.mixed.add(subject)
    two_cases = any(isinstance(kind, Array | Number) for kind, _ in value)
    for kind, when in value:
        if isinstance(kind, Tensor):
            text = frame.text(subject)
            # A flag has chosen between tensors and plain numbers: it may well have chosen the function, too.
            sure = Confidence.POSSIBLE if two_cases and when else Confidence.CERTAIN
            _tell(frame, ToNumpy(site, kind, text, via, False, mode, sure, operand=operand))
            tell_read(frame, kind, subject, node, ARRAY, via)
        elif isinstance(kind, Opaque) and kind.guess is not None:
            sure = Confidence.LIKELY if kind.tensorish else Confidence.POSSIBLE
            _tell(frame, ToNumpy(site, kind.guess, frame.text(subject), via, False, mode, sure, operand=operand))
            if kind.guess.device is None:
                _tell_detached(frame, subject, via, site)
        elif isinstance(kind, Opaque):
            _tell_detached(frame, subject, via, site)
        elif isinstance(kind, Sequence | Mapping) and lists:
            _tell_held(frame, kind, subject, via, node)
            if frame.interpreter.shared.anywhere and holds_gradients(frame, frame.segment.origin(subject)):
                text, sure = frame.text(subject), Confidence.LIKELY
                frame.emit(ToNumpy(site, Tensor(), text, via, True, mode, sure, operand=operand, public=True))
            _tell_handed_in(frame, subject, via, site)


def _tell_handed_in(frame: Frame, subject: cst.CSTNode, via: str, site: Site) -> None:
    """`np.concatenate((self.losses, losses.detach()))`: one of what is joined is a tensor of the caller's."""
    if isinstance(subject, cst.Tuple | cst.List):
        for element in subject.elements:
            _tell_detached(frame, element.value, via, site)


def _tell_detached(frame: Frame, subject: cst.CSTNode, via: str, site: Site) -> None:
    """`np.asarray(x.detach())`: a tensor, wherever the caller has it."""
    origin = frame.segment.origin(subject) if frame.interpreter.shared.anywhere else None
    if is_detached(origin) and comes_from_caller(frame, origin, alone=False):
        text, mode, operand, sure = frame.text(subject), frame.state.grad, frame.site(subject), Confidence.LIKELY
        frame.emit(ToNumpy(site, Tensor(), text, via, False, mode, sure, operand=operand, public=True))


def _tell_held(frame: Frame, kind: Sequence | Mapping, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    held = kind if isinstance(kind, Sequence) else Sequence(None, join(*(item for _, item in kind.items), kind.element))
    for inner, _ in flat(just(held)):
        tensor = guessed(inner)
        if tensor is None:
            continue
        sure = Confidence.CERTAIN if isinstance(inner, Tensor) else Confidence.POSSIBLE
        if isinstance(inner, Opaque) and inner.tensorish:
            sure = Confidence.LIKELY
        text, mode, operand = frame.text(subject), frame.state.grad, frame.site(subject)
        _tell(frame, ToNumpy(frame.site(node), tensor, text, via, True, mode, sure, operand=operand))


def _only_tensors(value: Value) -> bool:
    return bool(value) and all(isinstance(kind, Tensor) for kind, _ in value)


def _only_lists_of_tensors(value: Value) -> bool:
    """Lists whose elements, one by one, are tensors; nested ones are not."""
    return bool(value) and all(
        isinstance(kind, Sequence)
        and all(_only_tensors(item) for item in (kind.items if kind.items is not None else (kind.element,)))
        for kind, _ in value
    )


def row_into_array(frame: Frame, value: Value, node: cst.CSTNode, several: bool | None) -> None:
    """`array[i] = tensor`: one element goes through `item`, a row (`several`) through an array. `several` None: the
    tensor's own element count decides."""
    if any(isinstance(kind, Array) for kind, _ in value):
        return  # the code has two cases, and a test elsewhere keeps them apart
    for kind, _ in value:
        tensor = guessed(kind) if frame.interpreter.eager else kind
        if not isinstance(tensor, Tensor):
            continue
        if several or (several is None and tensor.count is not None and tensor.count.value == MANY):
            via = "assignment into an ndarray"
            site, mode = frame.site(node), frame.state.grad
            _tell(frame, ToNumpy(site, tensor, frame.text(node), via, False, mode, _as_sure_as(kind), operand=site))


def tell_arithmetic(frame: Frame, left: Value, right: Value, node: cst.BinaryOperation) -> None:
    """`tensor op ndarray`: the tensor is converted. `ndarray op tensor` is refused, but for a division."""
    if _met(left, right):
        tell_implicit(frame, left, node.left, "arithmetic with an ndarray", node.left, lists=False)
    elif _met(right, left):
        if type(node.operator) is cst.Divide:
            tell_implicit(frame, right, node.right, "arithmetic with an ndarray", node.right, lists=False)
            return
        for kind, _ in right:
            if (tensor := guessed(kind)) is not None:
                operator = frame.text(node.operator).strip()
                site, text = frame.site(node), frame.text(node.left)
                frame.emit(ArrayFirst(site, tensor, text, operator, _as_sure_as(kind)))


def _met(one: Value, other: Value) -> bool:
    """Whether `one` meets an array. If it may be an array itself, the code is for both, and told apart elsewhere."""
    arrays = bool(other) and all(isinstance(kind, Array) for kind, _ in other)
    return arrays and not any(isinstance(kind, Array) for kind, _ in one)


def _as_sure_as(kind: Kind) -> Confidence:
    """How sure it is that this is a tensor."""
    if isinstance(kind, Tensor):
        return Confidence.CERTAIN
    return Confidence.LIKELY if isinstance(kind, Opaque) and kind.tensorish else Confidence.POSSIBLE


def _is_used_as_tensor(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether the function uses the name as only a tensor can be, by a method or a function of torch."""
    name = node.value if type(node) is cst.Name else None
    return name in frame.evidence.tensors or name in frame.evidence.matrices or name in frame.evidence.needs_grad


def tell_refused_by_numpy(frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """`via(value)` calls a method of the tensor with arguments that only an array's takes."""
    if any(isinstance(kind, Array) for kind, _ in value) or for_another_framework(frame.state.path):
        return
    for kind, _ in value:
        tensor = guessed(kind)
        if tensor is not None:
            sure = Confidence.POSSIBLE if is_mixed(value) else _as_sure_as(kind)
            if tensor.device is not None and tensor.device.confidence is Confidence.POSSIBLE:
                sure = min(sure, Confidence.LIKELY)  # what was given a tensor gives one as a rule, or an array
            if tensor.promised and not _is_used_as_tensor(frame, subject):
                sure = min(sure, Confidence.LIKELY)  # what it treats as an array will be one, whatever it says
            frame.emit(NumpyRefuses(frame.site(node), tensor, frame.text(subject), via, sure))


def tell_copy_forbidden(frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """`via(value, copy=False)` of a tensor, or of a list of tensors."""
    for kind, _ in value:
        held = isinstance(kind, Sequence)
        for inner, _ in flat(just(kind)):
            tensor = guessed(inner)
            if tensor is not None:
                sure = Confidence.POSSIBLE if is_mixed(value) else _as_sure_as(inner)
                frame.emit(CopyForbidden(frame.site(node), tensor, frame.text(subject), via, held, sure))


def tell_wrapped(frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """A function of NumPy that makes a tensor of its result is given `value`."""
    if any(isinstance(kind, Array) for kind, _ in value):
        return
    for kind, _ in value:
        tensor = guessed(kind)
        if tensor is not None:
            frame.emit(WrappedByNumpy(frame.site(node), tensor, frame.text(subject), via, _as_sure_as(kind)))


def of_some_size(value: Value) -> Value:
    """The alternatives, none of them certain of how many elements there are if another has another number of them, or
    an unknown one: what a loop begins with has a size, and what it makes of that perhaps another."""
    counts = [kind.count for kind, _ in value if isinstance(kind, Tensor)]
    if all(count == counts[0] for count in counts):
        return value

    def doubted(kind: Kind) -> Kind:
        count = kind.count if isinstance(kind, Tensor) else None
        if not isinstance(kind, Tensor) or count is None:
            return kind
        return replace(kind, count=replace(count, confidence=Confidence.POSSIBLE))

    return each(value, doubted)


def tell_scalar(frame: Frame, value: Value, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """`via(value)` makes a Python number of a tensor."""
    if not _only_tensors(value):
        frame.interpreter.mixed.add(subject)
    for kind, _ in of_some_size(value):
        tensor = guessed(kind)
        if tensor is not None:
            sure = Confidence.CERTAIN if isinstance(kind, Tensor) else Confidence.LIKELY
            if isinstance(kind, Opaque) and not kind.tensorish:
                sure = Confidence.POSSIBLE
            text, mode, operand = frame.text(subject), frame.state.grad, frame.site(subject)
            _tell(frame, ToScalar(frame.site(node), tensor, text, via, sure, mode, operand))
        if tensor is not None or via == "item":
            tell_read(frame, kind, subject, node, NUMBER, via)
        elif isinstance(kind, Array) and len(value) == 1:
            tell_array_scalar(frame, kind, subject, via, node)


def tell_cut_off(frame: Frame, value: Value, subject: cst.BaseExpression, node: cst.CSTNode) -> None:
    """`int(value)`, written as `subject`."""
    for kind, _ in value:
        tensor = guessed(kind)
        if tensor is not None and tensor.fraction:
            frame.emit(FractionCutOff(frame.site(node), tensor, frame.text(subject), _as_sure_as(kind)))


def tell_array_scalar(frame: Frame, array: Array, subject: cst.CSTNode, via: str, node: cst.CSTNode) -> None:
    """`via(array)` makes a Python number of an array."""
    if not frame.caught & REFUSALS:
        frame.emit(ArrayToScalar(frame.site(node), array, frame.text(subject), via))
