"""Values crossing the border of a function of the file: in as parameters, out as its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.computing.tensors import operands_in
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    Array,
    Kind,
    Memory,
    Opaque,
    Tensor,
    Value,
    deeply,
    each,
)
from torchconv_lint.analysis.telling.other_modules import state_handed_back
from torchconv_lint.analysis.telling.sharing import renewed

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Argument, Arguments, Definition, Frame
    from torchconv_lint.analysis.nodes.site import Segment


def as_parameter(value: Value, name: str) -> Value:
    """An argument as the callee sees it: its memory is "the parameter's", whoever owns it outside."""
    memory = Memory(("parameter", name), "parameter", name)

    def change(kind: Kind) -> Kind:
        if isinstance(kind, Tensor | Array | Opaque) and kind.memory != memory:
            return replace(kind, memory=memory, path=name)
        return kind

    return each(value, change)


def _stays_as_it_is(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether it is a deep copy that the function at hand only hands over here, and does not train."""
    outline = frame.outline
    return outline is not None and type(node) is cst.Name and node.value in outline.copies_handed_once


def retold(value: Value, arguments: Arguments, caller: Segment) -> Value:
    """A result that is remembered from a call in another function, where the same was handed over, as facts go: their
    stories begin with what this call hands over."""
    given = operands_in(arguments.values)
    device = next((one.device for one in given if one.device is not None and one.device.value == ACCELERATOR), None)
    grad = next((one.grad for one in given if one.grad is not None and one.grad.value), None)

    def begun(tensor: Tensor) -> Tensor:
        if device is not None and tensor.device == device and tensor.device is not None:
            tensor = replace(tensor, device=tensor.device.begun_with(device, caller))
        if grad is not None and tensor.grad == grad and tensor.grad is not None:
            tensor = replace(tensor, grad=tensor.grad.begun_with(grad, caller))
        return tensor

    def change(kind: Kind) -> Kind:
        if isinstance(kind, Tensor):
            return begun(kind)
        if isinstance(kind, Opaque) and kind.guess is not None:
            return replace(kind, guess=begun(kind.guess))
        return kind

    return deeply(value, change) if device is not None or grad is not None else value


def given_back(
    frame: Frame,
    value: Value,
    arguments: Arguments,
    definition: Definition,
    node: cst.CSTNode,
    this: Kind | None,
    how: str = "returns it",
    *,
    steps: bool = False,
) -> Value:
    """A result as the caller sees it: parameters' memory is the arguments' again, and facts say how they got here.
    `steps`: the function trains."""
    parameters = definition.node.params
    slots = [slot.name.value for slot in [*parameters.posonly_params, *parameters.params]]
    if this is not None:
        slots = slots[1:]

    def handed(name: str) -> Argument | None:
        argument = arguments.keywords.get(name)
        if argument is None and name in slots and slots.index(name) < len(arguments.positional):
            argument = arguments.positional[slots.index(name)]
        return argument

    def owner(memory: Memory) -> Memory | None:
        argument = handed(memory.key[1])
        for kind, _ in argument.value if argument is not None else ():
            if isinstance(kind, Tensor | Array | Opaque) and kind.memory is not None:
                original = kind.memory
                seen = replace(original, side=(*original.side, *memory.side)[:4], how=(*original.how, *memory.how))
                if seen.side != original.side:  # this handle is new: it has missed no write yet
                    frame.state.stale.pop((seen.key, seen.side), None)
                return seen
        return None

    def state_of(memory: Memory) -> Memory | None:
        root = memory.key[1].partition(".")[0] if len(memory.key) == 2 and isinstance(memory.key[1], str) else ""
        argument = handed(root)
        if argument is not None and not steps and _stays_as_it_is(frame, argument.node):
            return None
        return state_handed_back(frame, memory, argument.node, root, steps=steps) if argument is not None else memory

    def change(kind: Kind) -> Kind | Value:
        if isinstance(kind, Tensor):
            kind = _told(kind)
        if isinstance(kind, Opaque) and kind.guess is not None:
            kind = replace(kind, guess=_told(kind.guess))
        if isinstance(kind, Tensor | Array | Opaque) and kind.memory is not None:
            if kind.memory.origin == "parameter":
                return replace(kind, memory=owner(kind.memory))
            if kind.memory.origin != "module":
                frame.interpreter.born[node] = frame.rounds  # each round's call gives a result of its own
                return replace(kind, memory=replace(kind.memory, key=(node, kind.memory.key)))
            memory = state_of(kind.memory)
            if memory is not None:
                renewed(frame, memory)
            return kind if memory is kind.memory else replace(kind, memory=memory)
        return kind

    site, name = frame.site(node), definition.name

    def _told(tensor: Tensor) -> Tensor:
        device, grad, dtype = tensor.device, tensor.grad, tensor.dtype
        if device is not None and device.value == ACCELERATOR:
            device = device.then(site, f"`{name}` {how}")
        if grad is not None and grad.value:
            grad = grad.then(site, f"`{name}` {how}")
        return replace(tensor, device=device, grad=grad, dtype=dtype)

    return deeply(value, change)
