"""Methods of tensors and of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis import autocast, sparse, unsigned
from torchconv_lint.analysis.array_dtypes import quotient_dtype, reduced_to
from torchconv_lint.analysis.buffers import FILLS, tell_cast_back, tell_overwritten, tell_reinterpreted, tell_resized
from torchconv_lint.analysis.conversions import tell_numpy_method, tell_scalar
from torchconv_lint.analysis.copies import landed, tell_host_read, uploads
from torchconv_lint.analysis.devices import as_device
from torchconv_lint.analysis.dtypes import dtype_of
from torchconv_lint.analysis.elements import tell_grad_into_integers
from torchconv_lint.analysis.events import MadeOnHost
from torchconv_lint.analysis.forms import formed
from torchconv_lint.analysis.graph import (
    LINEAR,
    NO_CUTS,
    cut_off,
    offspring,
    spent,
    went_back,
    with_cuts,
    write_to_leaf,
)
from torchconv_lint.analysis.layout import copied, viewed
from torchconv_lint.analysis.loops import trains
from torchconv_lint.analysis.names import dotted_path
from torchconv_lint.analysis.product import combine
from torchconv_lint.analysis.reads import tell_read
from torchconv_lint.analysis.replacing import replace
from torchconv_lint.analysis.shapes import Shape, broadcast, count_of, dimensions, literal_sizes, without_dim
from torchconv_lint.analysis.sharing import converted, written
from torchconv_lint.analysis.tensors import (
    INTEGERS,
    NO_GRAD,
    cast,
    computed,
    moved,
    operands_in,
    requires_grad_set,
    result_dtype,
    tell_grad_asked,
    typed,
)
from torchconv_lint.analysis.terms import COPY, LIST, NUMBER, SIZE, TO_HOST
from torchconv_lint.analysis.to_tensor import tell_to_tensor
from torchconv_lint.analysis.values import (
    ACCELERATOR,
    CPU,
    MANY,
    NO_GRAPH,
    NONE,
    NOTHING,
    ONE,
    UNKNOWN,
    Alt,
    Array,
    Const,
    Device,
    Dtype,
    External,
    Fact,
    Graph,
    Kind,
    Memory,
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
from torchconv_lint.knowledge import numpy_ops, torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Argument, Arguments, Frame

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
    subject = getattr(func, "value", func)
    if name in ("numpy", "__array__"):
        return _to_numpy(frame, kind, arguments, node, subject, original)
    if name in ("to", "cuda", "cpu", "type", "type_as"):
        there = moved_by(frame, kind, name, arguments, node, original or kind)
        if frame.interpreter.wants.makers and isinstance(subject, cst.Call):
            _tell_made(frame, subject, there, node)
        return there
    tell_reading_method(frame, original or kind, name, subject, node)
    unsigned.tell_method(frame, kind, name, node, subject)
    if frame.state.underway.copies and _computes(name):
        tell_host_read(frame, [kind, *operands_in(arguments.values)], subject, node)
    if name == "pin_memory":
        return replace(kind, pinned=True, landing=None, memory=None, path=None)
    if name in CASTS and not arguments.count:
        dtype = Fact(CASTS[name], Step(frame.site(node), f"is cast to {CASTS[name]}"))
        same = kind.dtype is not None and kind.dtype.value == dtype.value
        tell_cast_back(frame, kind, str(dtype.value), node, subject)
        result = cast(kind, dtype)
        memory = _noop(frame, kind, node, f"`.{name}()` gives the tensor itself: it has that dtype") if same else None
        return replace(result, memory=memory)
    if name == "view" and (bits := dtype_of(arguments.value(0, "dtype"))) is not None:
        tell_reinterpreted(frame, kind, arguments, node, subject)
        dtype = Fact(bits.name, Step(frame.site(node), f"looks at the bits as {bits.name}"))
        return replace(kind, dtype=dtype, count=None, shape=None, path=None)
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
            fact = Fact(True, Step(frame.site(node), "`.backward()` is called on it, so it requires grad"))
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


def _noop(frame: Frame, kind: Tensor, node: cst.CSTNode, message: str) -> Memory | None:
    """The memory after a conversion that had nothing to do."""
    return converted(frame, kind.memory, node, message)


def moved_by(
    frame: Frame, kind: Tensor, name: str, arguments: Arguments, node: cst.Call, original: Kind | None = None
) -> Value:
    """`.to(...)`, `.cuda()`, `.cpu()`, `.type(...)`: another device, another dtype, or the tensor itself. `original` is
    what is moved, if that it is a tensor is a guess."""
    if name == "cuda":
        before = kind.device.step if kind.device else None
        step = Step(frame.site(node), "`.cuda()` moves it to the accelerator", before, by_name=True)
        uploads(frame, node, kind, getattr(node.func, "value", node))
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
        devices = as_device(frame, target.value, node)
        if len(devices) > 1:
            devices = each(devices, _one_of_several)
        result = combine([result, devices], lambda one, goal: _toward(frame, one, goal, node, copies))
    return result or UNKNOWN


def _is_some_dtype(target: Argument, arguments: Arguments) -> bool:
    """Whether a dtype that nobody knows is asked for: `x.to(y.dtype)`, `x.to(self.dtype)`, `x.to(dtype=kind)`."""
    if any(not isinstance(kind, Opaque) for kind, _ in target.value):
        return False
    path = dotted_path(target.node) or ""
    return target is arguments.keywords.get("dtype") or path.rpartition(".")[2].endswith("dtype")


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
            uploads(frame, node, kind, getattr(node.func, "value", node))
        return moved(frame, kind, goal.fact, node)
    if isinstance(goal, Dtype):
        step = Step(frame.site(node), f"is cast to {goal.name}", kind.dtype.step if kind.dtype else None)
        same = kind.dtype is not None and kind.dtype.value == goal.name
        tell_cast_back(frame, kind, goal.name, node, getattr(node.func, "value", node))
        result = cast(kind, Fact(goal.name, step))
        if not same or copies:
            return result
        return replace(result, memory=_noop(frame, kind, node, "`.to()` gives the tensor itself: it has that dtype"))
    if isinstance(goal, Tensor):
        return replace(kind, device=goal.device, dtype=goal.dtype, memory=None, path=None)
    if isinstance(goal, Const):
        if goal.value is None or isinstance(goal.value, bool):
            return kind
        return cast(kind, None) if isinstance(goal.value, str) else kind
    return replace(kind, device=None, dtype=None, memory=None, path=None)


def _tell_copy(frame: Frame, kind: Kind, node: cst.Call) -> None:
    """A copy to the host is waited for, unless it has been asked not to be."""
    sure = Confidence.CERTAIN
    asked = any(argument.keyword is not None and argument.keyword.value == "non_blocking" for argument in node.args)
    if isinstance(kind, Opaque):
        sure = min(sure, Confidence.LIKELY if kind.tensorish else Confidence.POSSIBLE)
    if not asked and guessed(kind) is not None and not frame.is_statement(node):
        tell_read(frame, kind, getattr(node.func, "value", node), node, COPY, "cpu", sure)


def _on_cpu(frame: Frame, kind: Tensor, node: cst.CSTNode, call: str) -> Tensor:
    memory = None
    if kind.device is None or kind.device.value == CPU:
        sure = kind.device.confidence if kind.device is not None else Confidence.POSSIBLE
        message = f"{call} gives the tensor itself when it is on the CPU already"
        memory = converted(frame, kind.memory, node, message, sure=sure)
    place = Fact(CPU, Step(frame.site(node), TO_HOST))
    return replace(kind, device=place, memory=memory, path=None, graph=offspring(kind.graph))


def _by_table(
    frame: Frame, kind: Tensor, name: str, arguments: Arguments, node: cst.Call, subject: cst.CSTNode
) -> Kind | Value:
    ops = torch_ops().method
    operands = [kind, *operands_in(arguments.values)]
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


_DROPS_DIM = frozenset({"max", "min", "median", "mode", "nanmedian"})


def outputs(frame: Frame, pattern: str, operands: list[Tensor], shape: Shape = None) -> Sequence:
    """Several results: "g" is differentiable, "n" never requires grad."""
    both = computed(frame, operands, shape=shape)
    items = [both if letter == "g" else replace(both, grad=NO_GRAD, dtype=None) for letter in pattern]
    return Sequence(tuple(just(item) for item in items), NOTHING, mutable=False)


def operation(
    frame: Frame,
    name: str,
    operands: list[Tensor],
    arguments: Arguments,
    *,
    views: bool,
    maybe: bool,
    node: cst.Call,
    function: bool = False,
) -> Tensor:
    """An operation that gives one tensor, by what the tables say of it."""
    ops = torch_ops().function if function else torch_ops().method
    first = operands[0]
    count, shape = _size(name, operands, arguments, function, views=views or maybe)
    fixed = ops.dtype.get(name)
    dtype = Fact(fixed) if fixed else result_dtype(operands)
    if dtype is not None and dtype.value in INTEGERS and name in ops.to_float:
        dtype = frame.interpreter.facts.default_dtype
    if (name in ops.no_grad) or (fixed in ("bool", "int64")):
        return replace(computed(frame, operands, count=count, shape=shape), grad=NO_GRAD, dtype=dtype)
    if views or (maybe and not function):
        # A view or no-op keeps requires_grad whatever the grad mode is: measured.
        memory = first.memory
        if memory is not None and name == "contiguous":
            memory = converted(frame, memory, node, f"`.{name}()` may share its memory", sure=Confidence.POSSIBLE)
        if memory is not None and views:
            memory = replace(memory, viewed=True)
        graph = offspring(first.graph) if maybe and not views else first.graph
        result = replace(first, count=count, shape=shape, path=None, memory=memory, graph=graph)
        return formed(frame, result, name, first, node, view=views)
    result = computed(frame, operands, count=count, dtype=dtype, shape=shape, linear=name in LINEAR)
    if name.rpartition(".")[2] in _WITH_FRACTIONS:
        result = replace(result, fraction=True)
    return formed(frame, autocast.by_operation(frame, result, name, node), name, first, node, view=views)


_WITH_FRACTIONS = frozenset({"mean", "std", "var", "sigmoid", "softmax", "tanh", "exp", "log", "sqrt", "div"})
"""Operations whose results are no whole numbers as a rule."""


def _size(
    name: str, operands: list[Tensor], arguments: Arguments, function: bool, *, views: bool
) -> tuple[Fact | None, Shape]:
    """The element count and the shape of an operation's result."""
    ops = torch_ops().function if function else torch_ops().method
    first = operands[0]
    if name in ops.reduces:
        if _reduces_all(arguments, function, name):
            return Fact(ONE), ()
        if name.startswith("nn.functional."):
            shape = broadcast(tensor.shape for tensor in operands) if _unreduced(arguments) else None
            return count_of(shape), shape
        dim = arguments.value(1 if function else 0, "dim")
        shape = without_dim(first.shape, dim, keep="keepdim" in arguments.keywords)
        return count_of(shape), shape
    if name in ops.elementwise:
        many = [tensor.count for tensor in operands if tensor.count is not None and tensor.count.value == MANY]
        shape = broadcast(tensor.shape for tensor in operands)
        return many[0] if many else count_of(shape) or (first.count if len(operands) == 1 else None), shape
    if name in ("view", "reshape"):
        shape = None if function else _viewed_as(arguments)
        return count_of(shape) or first.count, shape
    if name in ("t", "unsqueeze") and first.shape is not None:
        shape = first.shape[::-1] if name == "t" else (*first.shape, 1)
        return first.count, shape if name == "t" else None
    if views:
        same = name in ("detach", "contiguous", "clone", "requires_grad_", "alias", "view_as")
        return (first.count if name not in _PARTIAL_VIEWS else None), first.shape if same else None
    return None, None


def _viewed_as(arguments: Arguments) -> Shape:
    """The shape that `view` and `reshape` ask for; one unknown argument may be a whole shape."""
    values = [argument.value for argument in arguments.positional]
    if not values or arguments.star or (len(values) == 1 and not _tells_rank(values[0])):
        return None
    return tuple(None if size == -1 else size for value in values for size in literal_sizes(value))


def _tells_rank(value: Value) -> bool:
    kind = value[0].kind if len(value) == 1 else None
    return isinstance(kind, Const | Number) or (isinstance(kind, Sequence) and kind.items is not None)


def _unreduced(arguments: Arguments) -> bool:
    reduction = arguments.value(99, "reduction")
    return any(isinstance(kind, Const) and kind.value == "none" for kind, _ in reduction)


_PARTIAL_VIEWS = frozenset({"select", "narrow", "diagonal", "unfold", "expand", "index_select", "as_strided", "get"})


def _reduces_all(arguments: Arguments, function: bool, name: str) -> bool:
    if "dim" in arguments.keywords or "axis" in arguments.keywords:
        return False
    if name.startswith("nn.functional."):
        reduction = arguments.value(99, "reduction")
        constant = reduction[0].kind.value if reduction and isinstance(reduction[0].kind, Const) else None
        return not reduction or constant in ("mean", "sum")
    return len(arguments.positional) <= (1 if function else 0)


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
    if node.args and kind.device is not None and kind.device.value == ACCELERATOR:
        uploads(frame, node, source, node.args[0].value)
    return kind


def _is_in_place_call(node: cst.CSTNode) -> bool:
    func = node.func if isinstance(node, cst.Call) else None
    return isinstance(func, cst.Attribute) and func.attr.value.endswith("_")


def call_array_method(
    frame: Frame, kind: Array, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """`array.name(...)`."""
    ops = numpy_ops().method
    subject = getattr(func, "value", func)
    if name in ops.inplace and not (name == "resize" and "resample" in arguments.keywords):  # that is an image's
        written(frame, just(kind), subject, node, fills=name in ("fill", "put", "itemset"))
        return NONE
    if name in ("tolist",):
        return Sequence(None, just(Number()))
    if name in ops.reduces and not arguments.count:
        return reduced_to(name, just(kind))
    if name in ops.python:
        return Number()
    if name == "astype":
        copy = arguments.value(99, "copy")
        kept = bool(copy) and isinstance(copy[0].kind, Const) and copy[0].kind.value is False
        target = dtype_of(arguments.value(0, "dtype"))
        order = Fact("swapped", Step(frame.site(node), "its bytes are in the other order"))
        dtype = Fact(target.name, Step(frame.site(node), f"is cast to {target.name}")) if target else None
        result = Array(dtype, kind.memory if kept else None, ndim=kind.ndim, count=kind.count)
        if target is not None and target.swapped:
            return replace(result, swapped=order)
        same = kept and dtype is not None and dtype == kind.dtype
        return replace(kind, path=None) if same else result
    if name == "view" and arguments.count:
        tell_reinterpreted(frame, kind, arguments, node, subject)
        target = dtype_of(arguments.value(0, "dtype"))
        return replace(kind, path=None, dtype=Fact(target.name) if target else None)
    if name in ops.view or name in ops.maybe_view:
        return viewed(frame, kind, name, arguments, node)
    if name == "nonzero":
        return sparse.indices()
    if name in ("argsort", "argmax", "argmin", "searchsorted", "argpartition"):
        return Array(Fact("int64"), ndim=kind.ndim if name == "argsort" else None)
    if name == "copy":
        return copied(kind)
    return Array(dtype=_dtype_after(kind, name)) if name in ops.copies else NOTHING


def _dtype_after(kind: Array, name: str) -> Fact | None:
    """The dtype of a method that keeps it, but for means and sums of integers, and questions."""
    if name in numpy_ops().method.integer_to_float64:
        return quotient_dtype(kind.dtype)
    if name in ("all", "any"):
        return Fact("bool")
    if name in _ADDING and kind.dtype is not None and kind.dtype.value in INTEGERS:
        return Fact("int64", kind.dtype.step) if str(kind.dtype.value).startswith(("int", "bool")) else None
    return kind.dtype


_ADDING = frozenset({"sum", "prod", "cumsum", "cumprod"})
"""Their results have more digits than each of the integers."""
