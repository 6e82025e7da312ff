"""What operations do to a tensor's facts. Which operation does what is looked up in the generated tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.forms import recast
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import Shape, count_of
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    LEAF,
    NO_GRAPH,
    Fact,
    Instance,
    Kind,
    Loader,
    Mapping,
    Module,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    each,
    guessed,
)
from torchconv_lint.analysis.telling.events import GradAsked
from torchconv_lint.analysis.telling.graph import grown, offspring
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

NO_GRAD = Fact(False)
INTEGERS = frozenset({"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "long", "int"})


def result_device(operands: Iterable[Tensor]) -> Fact | None:
    """Where the result of an operation on these tensors is. One on the accelerator decides: mixing devices raises,
    except for one-element tensors, which follow the others. If it only may be there, and another one surely is on the
    host and no single number, the result has come about on the host."""
    found: Fact | None = None
    host: Fact | None = None
    unknown = False
    for tensor in operands:
        if tensor.shape and is_surely_on_host(tensor):  # () is that of a number
            host = tensor.device
        if tensor.device is None:
            unknown = True
        elif tensor.device.value == ACCELERATOR:
            if found is None or found.value == CPU or found.confidence < tensor.device.confidence:
                found = tensor.device
        elif found is None:
            found = tensor.device
    if found is not None and found.value == CPU:
        return None if unknown else found
    return met_on_host(found, host)


def is_surely_on_host(tensor: Tensor) -> bool:
    """Whether it is on the CPU wherever the program runs."""
    device = tensor.device
    return device is not None and device.value == CPU and device.confidence is Confidence.CERTAIN


def met_on_host(device: Fact | None, host: Fact | None) -> Fact | None:
    """Where something is that may be on an accelerator, after an operation with what surely is on the host: on an
    accelerator that would have raised."""
    if device is None or host is None or device.value != ACCELERATOR or device.confidence is Confidence.CERTAIN:
        return device
    return host


def result_grad(frame: Frame, operands: Iterable[Tensor]) -> Fact | None:
    """Whether the result requires grad: when grad mode is on and one operand does."""
    if frame.state.grad is False:
        return NO_GRAD
    found: Fact | None = NO_GRAD
    best: Fact | None = None
    for tensor in operands:
        fact = tensor.grad
        if fact is None:
            found = None
        elif fact.value and (best is None or best.confidence < fact.confidence):
            best = fact
    if best is not None:
        return best if frame.state.grad else None
    return found


def operands_in(values: Iterable[Value]) -> list[Tensor]:
    """The tensors among the operands (one alternative of each), those held by lists included."""
    found: list[Tensor] = []
    for value in values:
        for kind, _ in value:
            tensor = guessed(kind)
            if tensor is not None:
                found.append(tensor)
            elif isinstance(kind, Sequence):
                found.extend(operands_in(kind.items if kind.items is not None else (kind.element,)))
            elif isinstance(kind, Mapping):
                found.extend(operands_in((kind.element, *(item for _, item in kind.items))))
    return found


def computed(
    frame: Frame,
    operands: list[Tensor],
    *,
    count: Fact | None = None,
    dtype: Fact | None = None,
    shape: Shape = None,
    linear: bool = False,
) -> Tensor:
    """A new tensor computed from these; `linear`: as a sum of them, or of their elements."""
    if shape is not None:
        count = count_of(shape)
    grad = result_grad(frame, operands)
    graph = grown(operands, grad, linear=linear)
    traced = result_traced(operands)
    return Tensor(result_device(operands), grad, dtype, count, shape=shape, graph=graph, traced=traced)


def result_traced(operands: Iterable[Tensor]) -> Fact | None:
    """Whether the result depends on an input of a transformed function."""
    for tensor in operands:
        if tensor.traced is not None:
            return tensor.traced
    return None


def result_dtype(operands: list[Tensor]) -> Fact | None:
    """The dtype of the result when all operands agree on one."""
    dtypes = {tensor.dtype.value if tensor.dtype else None for tensor in operands}
    return operands[0].dtype if len(dtypes) == 1 else None


def widened(operands: list[Tensor]) -> Fact | None:
    """The dtype of arithmetic between two tensors, or a tensor and something else: theirs when they agree, and that of
    the tensor with dimensions where the other has none (measured: bfloat16 * 0-d float32 stays bfloat16)."""
    agreed = result_dtype(operands)
    if len(operands) == 1:
        # An integer tensor times a float is a float; a floating one keeps its dtype.
        return None if agreed is not None and agreed.value in INTEGERS else agreed
    if agreed is None and len(operands) == 2:
        scalar = [tensor.shape == () for tensor in operands]
        if scalar[0] != scalar[1] and all(tensor.dtype is not None for tensor in operands):
            main = operands[0] if scalar[1] else operands[1]
            return main.dtype if main.dtype is not None and main.dtype.value not in INTEGERS else None
    return agreed


def requires_grad_set(frame: Frame, kind: Kind, enabled: object, node: cst.CSTNode) -> Kind:
    """After `x.requires_grad = enabled` or `x.requires_grad_(enabled)`. The first raises for the result of an operation
    that requires grad, `= True` too, the second does not (measured): what is left after it is a leaf."""
    fact = None
    assigned = type(node) is cst.Attribute and enabled is True
    if enabled is True:
        fact = Fact(True, Step(frame.site(node), "requires grad from here on", stated=True))
    elif enabled is False:
        fact = NO_GRAD
    if isinstance(kind, Tensor):
        if enabled is True and kind.graph.cuts:
            cuts = frozenset(replace(cut, restarted=True) for cut in kind.graph.cuts)
            return replace(kind, grad=fact, graph=replace(LEAF, cuts=cuts, severed=True))
        leaf = True if enabled is True and not (kind.grad is not None and kind.grad.value) else kind.graph.leaf
        severed = assigned or (enabled is True and kind.grad is not None and not kind.grad.value)
        return replace(kind, grad=fact, graph=replace(kind.graph, leaf=leaf, severed=severed))
    if isinstance(kind, Opaque) and kind.guess is not None:
        graph = replace(LEAF, severed=True) if assigned else kind.guess.graph
        return replace(kind, guess=replace(kind.guess, grad=fact, graph=graph))
    if isinstance(kind, Opaque):
        return replace(kind, guess=Tensor(grad=fact, graph=replace(LEAF, severed=True) if assigned else NO_GRAPH))
    if isinstance(kind, Module | Instance) and enabled is not None:
        return replace(kind, trainable=enabled is True)
    return kind


def tell_grad_asked(frame: Frame, value: Value, node: cst.CSTNode) -> None:
    """The tensor is made to require grad at `node`."""
    site = frame.site(node)
    for kind, _ in value:
        if isinstance(kind, Tensor):
            sure = Confidence.CERTAIN if len(value) == 1 else Confidence.LIKELY
            frame.emit(GradAsked(site, kind, frame.text(node), sure))


def frozen(kind: Kind) -> Kind:
    """A module, or a part of one, none of whose parameters requires grad any more."""
    if isinstance(kind, Tensor) and kind.grad is not None and kind.grad.value:
        return replace(kind, grad=NO_GRAD)
    return replace(kind, trainable=False) if isinstance(kind, Module | Instance) else kind


def moved(frame: Frame, kind: Kind, device: Fact | None, node: cst.CSTNode) -> Kind:
    """After `.to(device)`, `.cuda()` or `.cpu()`; whatever the object is, it is on `device` now."""
    if device is not None and device.value == ACCELERATOR:
        device = device.then(frame.site(node), f"`{frame.text(node)}` moves it there", puts=True)
    if isinstance(kind, Tensor):
        graph = offspring(kind.graph)
        return replace(kind, device=device, path=None, memory=None, pinned=False, landing=None, graph=graph)
    return replace(kind, device=device) if isinstance(kind, Module | Instance) else kind


def cast(kind: Tensor, dtype: Fact | None) -> Tensor:
    """The tensor as another dtype; integers never require grad."""
    grad = NO_GRAD if dtype is not None and dtype.value in INTEGERS else kind.grad
    return replace(
        kind, dtype=dtype, grad=grad, memory=None, path=None, graph=offspring(kind.graph), form=recast(kind.form)
    )


def typed(value: Value, arguments: Arguments) -> Value:
    """The result of a call that may name its dtype."""
    given = arguments.keywords.get("dtype")
    if given is None:
        return value
    dtype = dtype_fact(given.value)
    return each(value, lambda kind: replace(kind, dtype=dtype) if isinstance(kind, Tensor) else kind)


def loader_of(arguments: Arguments) -> Loader:
    """A loader: if the data it is given has been put on an accelerator, that is where its batches are."""
    return Loader(next((data.device for data in operands_in(arguments.values) if data.on_accelerator), None))


_TRANSFORMS_DATA = re.compile(r"(^|[._])(trafo|transform|augment\w*|aug|preprocess\w*)s?\d*$", re.IGNORECASE)
"""Names of what changes data before a model gets it, and has nothing to train."""


_OUTPUTS = re.compile(r"(^|_)(out|outputs?|preds?|predictions?|logits|y_?hat)$", re.IGNORECASE)
_TARGETS = re.compile(r"(^|_)(y|targets?|labels?|truths?|gts?)(_true)?$", re.IGNORECASE)


def _compares_with_targets(node: cst.CSTNode) -> bool:
    """Whether a call is given what a module gave, and what it should have given: a loss or a measure, which may bring
    both to the host."""
    given = node.args[:2] if type(node) is cst.Call else ()
    names = [argument.value.value for argument in given if type(argument.value) is cst.Name]
    return len(names) == 2 and bool(_OUTPUTS.search(names[0]) and _TARGETS.search(names[1]))


def module_output(
    frame: Frame,
    name: str,
    device: Fact | None,
    trainable: bool,
    operands: list[Tensor],
    node: cst.CSTNode,
    sure: Confidence,
    dtype: Fact | None = None,
    *,
    moves_nothing: bool = True,
) -> Tensor:
    """What an unseen nn.Module gives: on its inputs' device (or its own), requiring grad when it is trained.
    `moves_nothing`: it takes its inputs as they are."""
    site = frame.site(node)
    trainable = trainable and _TRANSFORMS_DATA.search(name) is None
    given = result_device(operands)
    place = given
    if place is None or (place.value == CPU and device is not None):
        place = device
    if place is not None and place.value == ACCELERATOR:
        place = place.then(site, f"the output of `{name}` is there too", sure)
        if given is not None and given.value == CPU and moves_nothing:
            place = place.doubted(Doubt.REFUSED)
        if _compares_with_targets(node):
            place = place.doubted(Doubt.ECHOED)
    grad = result_grad(frame, operands)
    if frame.state.grad is False:
        grad = NO_GRAD
    elif trainable and frame.state.grad and (grad is None or not grad.value or grad.is_doubted):
        grad = Fact(True).then(site, f"the output of `{name}` requires grad, as its parameters do", sure)
    elif grad is not None and grad.value:
        grad = grad.then(site, f"the output of `{name}` requires grad", sure)
    graph = grown(operands, grad)
    return Tensor(device=place, grad=grad, dtype=dtype, graph=graph, traced=result_traced(operands))
