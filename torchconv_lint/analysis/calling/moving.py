"""`.to(...)`, `.cuda()`, `.cpu()`, `.type(...)`: a tensor elsewhere, of another dtype, or the tensor itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.making import LEGACY
from torchconv_lint.analysis.computing.tensors import cast, moved
from torchconv_lint.analysis.domain.conditions import CUDA_AVAILABLE
from torchconv_lint.analysis.domain.devices import as_device
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.terms import COPY, HERE_ALREADY, THERE_ALREADY, TO_HOST
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    UNKNOWN,
    Const,
    Device,
    Dtype,
    External,
    Fact,
    Kind,
    Number,
    Opaque,
    Step,
    Tensor,
    Value,
    each,
    guessed,
    just,
)
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of
from torchconv_lint.analysis.telling.buffers import tell_cast_back
from torchconv_lint.analysis.telling.copies import landed, uploads
from torchconv_lint.analysis.telling.graph import offspring
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.analysis.telling.sharing import converted
from torchconv_lint.model import Confidence
from torchconv_lint.record import record

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Argument, Arguments, Frame


def moved_by(
    frame: Frame, kind: Tensor, name: str, arguments: Arguments, node: cst.Call, original: Kind | None = None
) -> Value:
    """`.to(...)`, `.cuda()`, `.cpu()`, `.type(...)`: another device, another dtype, or the tensor itself. `original` is
    what is moved, if that it is a tensor is a guess."""
    if name == "cuda":
        before = kind.device.step if kind.device else None
        step = Step(frame.site(node), "`.cuda()` moves it to the accelerator", before, doubt=_doubt_of_name(frame))
        uploads(frame, node, kind, receiver_of(node.func))
        return just(moved(frame, kind, Fact(ACCELERATOR, step), node))
    if name == "cpu":
        _tell_copy(frame, original or kind, node)
        return just(_on_cpu(frame, kind, node, "`.cpu()`"))
    given = [*arguments.positional[:2]]
    given += [arguments.keywords[key] for key in ("device", "dtype", "other") if key in arguments.keywords]
    copies = "copy" in arguments.keywords
    result: Value = just(kind)
    for target in given:
        if name == "to" and _is_some_dtype(target, arguments):
            result = each(result, lambda one: cast(one, None) if isinstance(one, Tensor) else one)
            continue
        devices = as_device(frame, _types_of_tensors(frame, target.value, node), node)
        if len(devices) > 1:
            devices = each(devices, _one_of_several)
        result = combine([result, devices], lambda one, goal: _toward(frame, one, goal, node, copies))
    return result or UNKNOWN


def _doubt_of_name(frame: Frame) -> Doubt | None:
    """The doubt of an accelerator that is named here; none where the code has asked for one: it runs without, too."""
    return None if any(key == CUDA_AVAILABLE[1] for key, _ in frame.state.path) else Doubt.NAMED


@record
class _TypeOfTensors(Kind):
    """`torch.cuda.FloatTensor`, as what `.type()` makes of a tensor: where it is then, and its dtype."""

    device: Fact
    dtype: str


def _types_of_tensors(frame: Frame, value: Value, node: cst.Call) -> Value:
    """What says where a tensor goes, types of tensors among it; one of several has been chosen."""
    return each(value, lambda goal: _type_of_tensors(frame, goal, node, chosen=len(value) > 1))


def _type_of_tensors(frame: Frame, goal: Kind, node: cst.Call, *, chosen: bool) -> Kind:
    name = goal.name.removeprefix("torch.") if isinstance(goal, External) else ""
    place, _, last = name.rpartition(".")
    if last not in LEGACY or place not in ("", "cuda"):
        return goal
    if not place:
        return _TypeOfTensors(Fact(CPU), LEGACY[last])
    doubt = None if chosen else _doubt_of_name(frame)
    step = Step(frame.site(node), f"`torch.{name}` is on the accelerator", doubt=doubt)
    return _TypeOfTensors(Fact(ACCELERATOR, step), LEGACY[last])


def _is_some_dtype(target: Argument, arguments: Arguments) -> bool:
    """Whether a dtype that nobody knows is asked for: `x.to(y.dtype)`, `x.to(self.dtype)`, `x.to(dtype=kind)`."""
    return all(isinstance(kind, Opaque | Number) for kind, _ in target.value) and names_dtype(target, arguments)


def names_dtype(target: Argument | None, arguments: Arguments) -> bool:
    """Whether an argument reads like a dtype."""
    if target is None:
        return False
    node = target.node
    if type(node) is cst.Subscript and len(node.slice) == 1 and type(node.slice[0].slice) is cst.Index:
        node = node.slice[0].slice.value  # `settings[OUTPUT_DTYPE]`, `settings["dtype"]`
    path = node.value.strip("\"'") if type(node) is cst.SimpleString else dotted_path(node) or ""
    return target is arguments.keywords.get("dtype") or path.rpartition(".")[2].lower().endswith("dtype")


def _one_of_several(goal: Kind) -> Kind:
    """A device that may be another one: not surely the CPU."""
    if isinstance(goal, Device) and goal.fact is not None and goal.fact.value == CPU:
        return Device(goal.fact.weaker(Confidence.LIKELY))
    return goal


def _toward(frame: Frame, kind: Kind, goal: Kind, node: cst.Call, copies: bool) -> Kind | Value:
    if not isinstance(kind, Tensor):
        return kind
    if isinstance(goal, Device):
        if goal.fact is not None and goal.fact.value == CPU:
            if goal.fact.confidence is Confidence.CERTAIN:  # not a device that somebody else chooses
                _tell_copy(frame, kind, node)
            result = landed(frame, node, kind, _on_cpu(frame, kind, node, "`.to()`"), goal.fact)
            return replace(result, memory=None) if copies else result
        if goal.fact is not None:
            uploads(frame, node, kind, receiver_of(node.func))
        return moved(frame, kind, goal.fact, node)
    if isinstance(goal, _TypeOfTensors):
        if goal.device.value == CPU:
            return cast(_on_cpu(frame, kind, node, "`.type()`"), Fact(goal.dtype))
        return cast(replace(kind, device=goal.device, memory=None, path=None), Fact(goal.dtype))
    if isinstance(goal, Dtype):
        step = Step(frame.site(node), f"is cast to {goal.name}", kind.dtype.step if kind.dtype else None)
        same = kind.dtype is not None and kind.dtype.value == goal.name
        tell_cast_back(frame, kind, goal.name, node, receiver_of(node.func))
        result = cast(kind, Fact(goal.name, step))
        if not same or copies:
            return result
        message = "`.to()` gives the tensor itself: it has that dtype"
        return replace(result, memory=converted(frame, kind.memory, node, message))
    if isinstance(goal, Tensor):
        return replace(kind, device=goal.device, dtype=goal.dtype, memory=None, path=None)
    if isinstance(goal, Const):
        if goal.value is None or isinstance(goal.value, bool):
            return kind
        return cast(kind, None) if isinstance(goal.value, str) else kind
    memory = None
    if frame.interpreter.eager and not copies and not isinstance(goal, Number):
        message = "`.to()` gives the tensor itself, if it is there already"
        memory = converted(frame, kind.memory, node, message, sure=Confidence.LIKELY, supposed=True)
    return replace(kind, device=None, dtype=None, memory=memory, path=None)


def _tell_copy(frame: Frame, kind: Kind, node: cst.Call) -> None:
    """A copy to the host is waited for, unless it has been asked not to be."""
    sure = Confidence.CERTAIN
    asked = any(argument.keyword is not None and argument.keyword.value == "non_blocking" for argument in node.args)
    if isinstance(kind, Opaque):
        sure = min(sure, Confidence.LIKELY if kind.tensorish else Confidence.POSSIBLE)
    if not asked and guessed(kind) is not None and not frame.is_statement(node):
        tell_read(frame, kind, receiver_of(node.func), node, COPY, "cpu", sure)


def _on_cpu(frame: Frame, kind: Tensor, node: cst.CSTNode, call: str) -> Tensor:
    memory = None
    if kind.device is None or kind.device.value == CPU:
        known = kind.device is not None
        sure = kind.device.confidence if kind.device is not None else Confidence.LIKELY
        message = f"{call} {HERE_ALREADY if _is_surely_here(frame, node) else THERE_ALREADY}"
        memory = converted(frame, kind.memory, node, message, sure=sure, supposed=not known)
    place = Fact(CPU, Step(frame.site(node), TO_HOST))
    return replace(kind, device=place, memory=memory, path=None, graph=offspring(kind.graph))


def _is_surely_here(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether what a call is made on is on the CPU, as far as one sees, whatever is chosen."""
    receiver = receiver_of(node.func) if type(node) is cst.Call else None
    ways = frame.quietly(receiver) if receiver is not None else UNKNOWN
    places = [kind.device for kind, _ in ways if isinstance(kind, Tensor)]
    return len(places) == len(ways) and all(place is not None and place.value == CPU for place in places)
