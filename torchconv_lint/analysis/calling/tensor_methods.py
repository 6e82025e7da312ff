"""Methods of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.moving import moved_by, names_dtype
from torchconv_lint.analysis.computing import unsigned
from torchconv_lint.analysis.computing.operations import operation, outputs
from torchconv_lint.analysis.computing.tensors import (
    NO_GRAD,
    cast,
    computed,
    operands_in,
    requires_grad_set,
    tell_grad_asked,
    typed,
)
from torchconv_lint.analysis.domain.dtypes import dtype_of
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import dimensions, without_dim
from torchconv_lint.analysis.domain.terms import LIST, NUMBER, SIZE
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    NO_GRAPH,
    NONE,
    ONE,
    UNKNOWN,
    Alt,
    Array,
    Const,
    Device,
    External,
    Fact,
    Graph,
    Kind,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    each,
    guessed,
    just,
)
from torchconv_lint.analysis.nodes.names import receiver_of
from torchconv_lint.analysis.semantics.elements import tell_grad_into_integers
from torchconv_lint.analysis.telling.buffers import (
    FILLS,
    tell_cast_back,
    tell_overwritten,
    tell_reinterpreted,
    tell_resized,
)
from torchconv_lint.analysis.telling.conversions import tell_numpy_method, tell_scalar
from torchconv_lint.analysis.telling.copies import landed, tell_host_read, uploads
from torchconv_lint.analysis.telling.cuts import cut_off, with_cuts
from torchconv_lint.analysis.telling.events import MadeOnHost
from torchconv_lint.analysis.telling.going_back import spent, went_back
from torchconv_lint.analysis.telling.graph import NO_CUTS, write_to_leaf
from torchconv_lint.analysis.telling.loops import trains
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.analysis.telling.sharing import converted, fresh, written
from torchconv_lint.analysis.telling.to_tensor import tell_to_tensor
from torchconv_lint.knowledge import torch_ops

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame

CASTS = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "bfloat16": "bfloat16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "bool": "bool",
}

SPECIAL = frozenset(
    {"numpy", "__array__", "item", "detach", "requires_grad_", "detach_", "backward", "type_as", *CASTS}
)
"""Methods that `call_tensor_method` knows without looking them up."""


def of_a_tensor(name: str) -> bool:
    """Whether tensors have a method of this name."""
    ops = torch_ops().method
    return name in SPECIAL or any(name in names for names in (ops.tensor, ops.python, ops.tuple, ops.list, ops.host))


def call_tensor_method(
    frame: Frame,
    kind: Tensor,
    name: str,
    arguments: Arguments,
    node: cst.Call,
    func: cst.BaseExpression,
    original: Opaque | None = None,
) -> Kind | Value:
    """`tensor.name(...)`. `original` is the opaque object when that it is a tensor was only a guess."""
    subject = receiver_of(func)
    if name in ("numpy", "__array__"):
        return _to_numpy(frame, kind, arguments, node, subject, original)
    if name in ("to", "cuda", "cpu", "type", "type_as"):
        there = moved_by(frame, kind, name, arguments, node, original or kind)
        if frame.interpreter.wants.makers and type(subject) is cst.Call:
            _tell_made(frame, subject, there, node)
        return there
    tell_reading_method(frame, original or kind, name, subject, node)
    unsigned.tell_method(frame, kind, name, node, subject)
    if frame.state.underway.copies and _computes(name) and not _may_be_itself(kind, name):
        tell_host_read(frame, [kind, *operands_in(arguments.values)], subject, node)
    if name == "pin_memory":
        blank = kind.memory is not None and kind.memory.origin == "blank"
        memory = fresh(frame, node, "blank") if blank else None  # what is pinned is a copy, as blank as it was
        return replace(kind, pinned=True, landing=None, memory=memory, path=None)
    if name in CASTS and not arguments.count:
        dtype = Fact(CASTS[name], Step(frame.site(node), f"is cast to {CASTS[name]}"))
        same = kind.dtype is not None and kind.dtype.value == dtype.value
        tell_cast_back(frame, kind, str(dtype.value), node, subject)
        result = cast(kind, dtype)
        if not same:
            return replace(result, memory=None)
        message = f"`.{name}()` gives the tensor itself: it has that dtype"
        return replace(result, memory=converted(frame, kind.memory, node, message))
    if name == "view" and (bits := dtype_of(arguments.value(0, "dtype"))) is not None:
        tell_reinterpreted(frame, kind, arguments, node, subject)
        dtype = Fact(bits.name, Step(frame.site(node), f"looks at the bits as {bits.name}"))
        return replace(kind, dtype=dtype, count=None, shape=None, path=None)
    if name == "view" and arguments.count == 1 and names_dtype(arguments.get(0, "dtype"), arguments):
        return replace(kind, dtype=None, count=None, shape=None, path=None)
    if name == "detach":
        return detached(frame, kind, subject, node, "`.detach()` shares its memory", original)
    if name in ("resize_", "resize_as_"):
        tell_resized(frame, kind.memory, node, subject)
        return replace(kind, count=None, shape=None, path=None)
    if name == "item":
        tell_scalar(frame, just(original or kind), subject, "item", node)
        return Number(cuts=cut_off(frame, just(original or kind), node, "number", subject, asked=True))
    if name in ("requires_grad_", "detach_"):
        enabled = arguments.value(0, "requires_grad")
        constant = enabled[0].kind.value if enabled and isinstance(enabled[0].kind, Const) else True
        if name == "requires_grad_" and constant is True:
            tell_grad_asked(frame, just(kind), node)
        changed = requires_grad_set(frame, kind, constant if name == "requires_grad_" else False, node)
        frame.write_back(func, just(changed))
        return changed
    if name == "backward":
        frame.has_stepped = True
        went_back(frame, just(kind), node)
        trains(frame, node)
        if not arguments.count:  # of several elements it would have raised
            kind = replace(kind, count=Fact(ONE))
            original = replace(original, guess=kind) if original is not None else None
        if kind.grad is None or not kind.grad.value:
            fact = Fact(True, Step(frame.site(node), "`.backward()` is called on it, so it requires grad", stated=True))
            frame.write_back(func, just(spent(replace(kind, grad=fact))))
        else:
            frame.write_back(func, just(spent(original or kind)))
        return NONE
    return _by_table(frame, kind, name, arguments, node, subject)


def _tell_made(frame: Frame, made: cst.Call, moved: Value, node: cst.Call) -> None:
    """`torch.zeros(3).to(device)`: the maker could have made it there."""
    makers = [kind.name for kind, _ in frame.quietly(made.func) if isinstance(kind, External)]
    told = any(argument.keyword is not None and argument.keyword.value == "device" for argument in made.args)
    if not told and makers and makers[0].removeprefix("torch.") in torch_ops().function.factory:
        for kind, _ in moved:
            if isinstance(kind, Tensor) and _may_be_elsewhere(frame, kind, node):
                frame.emit(MadeOnHost(frame.site(node), kind, makers[0]))


def _may_be_elsewhere(frame: Frame, kind: Tensor, node: cst.Call) -> bool:
    """Whether a tensor that has been moved may be on an accelerator: to a device nobody knows, for one."""
    if kind.device is not None:
        return kind.device.value == ACCELERATOR
    return any(isinstance(goal, Device) for argument in node.args for goal, _ in frame.quietly(argument.value))


def _computes(name: str) -> bool:
    """Whether a method computes with what the tensor holds: no view, nothing about its metadata, no write."""
    ops = torch_ops().method
    known = name in ops.tensor or name in ops.tuple or name in ops.list or name in CASTS
    return known and name not in ops.view and name not in ops.inplace and name not in _HOLDING


def _may_be_itself(kind: Tensor, name: str) -> bool:
    """Whether a cast may give the tensor itself, which has that dtype already."""
    return name in CASTS and (kind.dtype is None or kind.dtype.value == CASTS[name])


_HOLDING = frozenset({"detach", "pin_memory", "contiguous", "share_memory_", "requires_grad_", "is_pinned", "type_as"})
"""Methods that give the tensor itself, or work on its memory without looking into it."""


def _to_numpy(
    frame: Frame, kind: Tensor, arguments: Arguments, node: cst.Call, subject: cst.CSTNode, original: Opaque | None
) -> Kind:
    force = arguments.value(0, "force")
    # A flag that is passed on is the caller's choice.
    forced = any(not isinstance(kind, Const) or kind.value is True for kind, _ in force)
    tell_numpy_method(frame, original or kind, subject, node, forced)
    memory = converted(frame, kind.memory, node, "`.numpy()` shares its memory", into="array")
    return Array(
        dtype=kind.dtype,
        memory=memory,
        ndim=dimensions(kind.shape),
        cuts=kind.graph.cuts if not kind.grad or not kind.grad.value else NO_CUTS,
        count=kind.count,
    )


def detached(
    frame: Frame, kind: Kind, subject: cst.CSTNode, node: cst.CSTNode, message: str, original: Kind | None = None
) -> Tensor:
    """The tensor outside of its graph, by the code at `node`; of something unknown, a tensor. `original` is what is
    detached, if that it is a tensor is a guess."""
    tensor = guessed(kind) or Tensor()
    memory = converted(frame, tensor.memory, node, message)
    cuts = cut_off(frame, just(original or kind), node, "detach", subject, asked=True)
    return replace(tensor, grad=NO_GRAD, memory=memory, path=None, graph=Graph(cuts=cuts) if cuts else NO_GRAPH)


def _by_table(
    frame: Frame, kind: Tensor, name: str, arguments: Arguments, node: cst.Call, subject: cst.CSTNode
) -> Kind | Value:
    ops = torch_ops().method
    operands = [kind, *(() if name in ops.sole else operands_in(arguments.values))]
    if name in ops.inplace:
        return _in_place(frame, kind, name, operands, node, subject)
    with_dim = _has_dim(arguments)
    if name in ops.tuple and (name not in ops.tuple_if_dim or with_dim):
        shape = without_dim(kind.shape, arguments.value(0, "dim"), keep="keepdim" in arguments.keywords)
        return outputs(frame, ops.tuple[name], operands, shape if name in _DROPS_DIM else None)
    if name in ops.list:
        element = replace(computed(frame, operands, dtype=kind.dtype), memory=kind.memory)
        return Sequence(None, just(element), mutable=False)
    if name in ops.python:
        one = name in ("size", "stride") and arguments.count > 0
        return Sequence(None, just(Number())) if name in ("size", "stride", "tolist") and not one else Number()
    if name in ("new_tensor", "new"):
        tell_to_tensor(frame, arguments.get(0, "data"), name, node, arguments)
    if name.startswith("new_"):
        made = typed(just(Tensor(device=kind.device, grad=NO_GRAD, dtype=kind.dtype)), arguments)
        if name == "new_tensor" and arguments.positional:
            data = arguments.positional[0]
            cuts = cut_off(frame, data.value, node, "constructor", data.node, asked=False)
            return each(made, lambda one: with_cuts(one, cuts))
        return made
    if name in ops.tensor:
        views, maybe = name in ops.view, name in ops.maybe_view
        return typed(just(operation(frame, name, operands, arguments, views=views, maybe=maybe, node=node)), arguments)
    return UNKNOWN


_DROPS_DIM = frozenset({"max", "min", "median", "mode", "nanmedian"})
"""Methods that give values and their indices, with one dimension less."""


def tell_reading_method(frame: Frame, kind: Kind, name: str, subject: cst.CSTNode, node: cst.Call) -> None:
    """Methods whose result the host has to know."""
    if name == "tolist":
        tell_read(frame, kind, subject, node, LIST, name)
    elif name in ("equal", "allclose", "is_nonzero"):
        tell_read(frame, kind, subject, node, NUMBER, name)
    elif name in SIZED_BY_DATA:
        tell_read(frame, kind, subject, node, SIZE, name)


SIZED_BY_DATA = frozenset({"nonzero", "argwhere", "masked_select", "unique", "unique_consecutive"})
"""Operations whose result has as many elements as the data say: an accelerator has to be asked."""


def _has_dim(arguments: Arguments) -> bool:
    return bool(arguments.positional) or "dim" in arguments.keywords or "axis" in arguments.keywords


def _in_place(
    frame: Frame, kind: Tensor, name: str, operands: list[Tensor], node: cst.Call, subject: cst.CSTNode
) -> Kind:
    fills = name in ("copy_", "fill_", "zero_", "masked_fill_", "index_fill_", "index_copy_", "scatter_") or (
        name in ("normal_", "uniform_", "random_", "bernoulli_", "exponential_", "trunc_normal_")
    )
    if not _is_in_place_call(subject):  # `x.sub_(a).div_(b)` is one write to x
        written(frame, just(kind), subject, node, fills=fills)
        if name not in ("share_memory_", "resize_", "set_", "resize_as_"):
            write_to_leaf(frame, just(kind), subject, node)
        if name == "copy_":
            value: Value = tuple(Alt(operand) for operand in operands[1:2])
            tell_grad_into_integers(frame, just(kind), value, subject, node)
    if name in FILLS:
        tell_overwritten(frame, subject, name, node)
    result = kind
    if name == "copy_" and len(operands) > 1:
        result = _copied_into(frame, kind, operands[1], node)
        if result is not kind:
            frame.write_back(subject, just(result))
            return result
    grads = [t.grad for t in operands[1:] if t.grad is not None and t.grad.value]
    if grads and frame.state.grad and not (kind.grad and kind.grad.value):
        result = replace(kind, grad=grads[0])
        frame.write_back(subject, just(result))
    return result


def _copied_into(frame: Frame, kind: Tensor, source: Tensor, node: cst.Call) -> Tensor:
    """`kind.copy_(source, non_blocking=True)`: only from and to pinned memory it goes on by itself."""
    if kind.pinned and kind.device is not None:
        return landed(frame, node, source, kind, kind.device)
    if node.args and kind.on_accelerator:
        uploads(frame, node, source, node.args[0].value)
    return kind


def _is_in_place_call(node: cst.CSTNode) -> bool:
    func = node.func if type(node) is cst.Call else None
    return type(func) is cst.Attribute and func.attr.value.endswith("_")
