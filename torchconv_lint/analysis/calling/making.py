"""Tensors that are made of numbers, of data and of arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.transforms import tell_cuts
from torchconv_lint.analysis.computing.tensors import NO_GRAD, cast, requires_grad_set, tell_grad_asked
from torchconv_lint.analysis.domain.devices import as_device
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import Shape, dtype_of_data, literal_sizes, shape_of_data, shaped
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    NO_GRAPH,
    UNKNOWN,
    Array,
    Const,
    Cut,
    Device,
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
    just,
    kinds,
)
from torchconv_lint.analysis.telling.cuts import cut_off, with_cuts
from torchconv_lint.analysis.telling.graph import NO_CUTS
from torchconv_lint.analysis.telling.sharing import converted, fresh, with_memory
from torchconv_lint.analysis.telling.to_tensor import beside_float32, tell_placed, tell_refused, tell_to_tensor

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame

LEGACY = {
    "Tensor": "float32",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "CharTensor": "int8",
    "ByteTensor": "uint8",
    "BoolTensor": "bool",
}


def keyword_device(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """The device that `device=` names; empty without it."""
    argument = arguments.keywords.get("device")
    return as_device(frame, argument.value, node) if argument is not None else ()


def with_requires_grad(frame: Frame, value: Value, arguments: Arguments, node: cst.Call) -> Value:
    """The value with what `requires_grad=` says."""
    given = arguments.keywords["requires_grad"].value
    constant = given[0].kind.value if given and isinstance(given[0].kind, Const) else None
    if constant is True:
        tell_grad_asked(frame, value, node)
    return each(value, lambda kind: requires_grad_set(frame, kind, constant, node))


def _created(
    frame: Frame,
    arguments: Arguments,
    node: cst.Call,
    *,
    shape: Shape,
    dtype: Fact | None,
    what: str,
    origin: str,
    cuts: frozenset[Cut] = NO_CUTS,
) -> Value:
    """A new tensor: on `device=` if given, else on the CPU."""
    given = arguments.keywords.get("dtype")
    if given is not None:
        dtype = dtype_fact(given.value)
        if dtype is not None:
            dtype = dtype.then(frame.site(node), f"is created as {dtype.value}")
    elif dtype is not None and dtype.step is None and "device" in arguments.keywords:
        dtype = Fact(dtype.value, Step(frame.site(node), f"`torch.{what}` makes it {dtype.value}"))
    memory = fresh(frame, node, origin, what) if frame.tracks else None
    pinned = any(isinstance(kind, Const) and kind.value is True for kind in kinds(arguments.value(99, "pin_memory")))
    graph = Graph(cuts=cuts) if cuts else NO_GRAPH
    base = Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=dtype, memory=memory, pinned=pinned, graph=graph)
    base = shaped(base, shape)
    device = keyword_device(frame, arguments, node)
    value = just(base)
    if device:
        value = each(device, lambda goal: replace(base, device=_creation_place(frame, goal, node, what)))
    if "requires_grad" in arguments.keywords:
        value = with_requires_grad(frame, value, arguments, node)
    return value


def _creation_place(frame: Frame, goal: Kind, node: cst.CSTNode, what: str) -> Fact | None:
    if isinstance(goal, Device):
        fact = goal.fact
        if fact is not None and fact.value == ACCELERATOR:
            return fact.then(frame.site(node), f"`{frame.text(node)}` is created there", puts=True)
        return fact
    if isinstance(goal, Const) and goal.value is None:
        return Fact(CPU)
    return None


def factory(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.zeros(2, 3)` and other functions that make a tensor of numbers."""
    sizes: list[int | None] = []
    positional = arguments.positional
    if name not in ("arange", "linspace", "full", "eye", "tensor", "logspace", "range", "normal"):
        for argument in positional:
            sizes.extend(literal_sizes(argument.value))
        if not positional and "size" in arguments.keywords:
            sizes.extend(literal_sizes(arguments.keywords["size"].value))
    elif name == "full":
        sizes.extend(literal_sizes(arguments.value(0, "size")))
    shape: Shape = tuple(sizes) if sizes and arguments.star == () and not _may_be_several(arguments) else None
    if name == "eye" and len(positional) == 1:
        shape = (*literal_sizes(positional[0].value), *literal_sizes(positional[0].value))
    if name == "randint":
        size = arguments.keywords.get("size") or (positional[-1] if positional and arguments.star == () else None)
        shape = tuple(literal_sizes(size.value)) if size is not None else None
    if name == "arange" and len(positional) == 1:
        last = positional[0].value[0].kind if len(positional[0].value) == 1 else None
        shape = (math.ceil(last.value),) if isinstance(last, Const) and isinstance(last.value, int | float) else None
    if name in ("tril_indices", "triu_indices", "fft.fftfreq", "fft.rfftfreq"):  # these numbers are no sizes
        shape = None
    if name == "scalar_tensor":
        shape = ()
    origin = "blank" if name.startswith("empty") else "fresh"
    dtype = frame.interpreter.facts.default_dtype
    if name in ("arange", "full"):
        given = [argument.value for argument in positional] if name == "arange" else [arguments.value(1, "fill_value")]
        dtypes = {dtype_of_data(value) for value in given}
        dtype = next(iter(dtypes)) if len(dtypes) == 1 else None
        if dtype is not None and dtype.value == "float32":
            dtype = frame.interpreter.facts.default_dtype
    elif name in ("randint", "randperm", "tril_indices", "triu_indices"):
        dtype = Fact("int64")
    elif name == "get_rng_state":
        dtype = Fact("uint8")
    elif name == "range" or (name == "normal" and not _are_numbers(arguments)):  # by what they are given
        dtype = None
    return _created(frame, arguments, node, shape=shape, dtype=dtype, what=name, origin=origin)


def _are_numbers(arguments: Arguments) -> bool:
    given = [kind for argument in arguments.positional[:2] for kind, _ in argument.value]
    return all(isinstance(kind, Const | Number) for kind in given)


def _may_be_several(arguments: Arguments) -> bool:
    """Whether the sizes are something unknown alone: `torch.zeros(size)` of one size, or of a tuple of them."""
    return len(arguments.positional) == 1 and any(isinstance(kind, Opaque) for kind in kinds(arguments.value(0)))


def make_tensor(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.tensor(data)`: a copy."""
    tell_to_tensor(frame, arguments.get(0, "data"), "tensor", node, arguments)
    data = arguments.value(0, "data")
    dtype = _data_dtype(frame, data, node, "tensor")
    source = arguments.get(0, "data")
    cuts = cut_off(frame, data, node, "constructor", source.node, asked=False) if source is not None else NO_CUTS
    if frame.trace is not None:
        tell_cuts(frame, cuts)
    return _created(
        frame, arguments, node, shape=shape_of_data(data), dtype=dtype, what="tensor", origin="fresh", cuts=cuts
    )


def _data_dtype(frame: Frame, data: Value, node: cst.CSTNode, name: str) -> Fact | None:
    """The dtype that data keeps when it becomes a tensor."""
    found = dtype_of_data(data)
    if found is None:
        dtypes = {kind.dtype if isinstance(kind, Array | Tensor) else None for kind in kinds(data)}
        found = next(iter(dtypes)) if len(dtypes) == 1 else None
    if found is not None and found.value == "float32" and found.step is None:
        return frame.interpreter.facts.default_dtype
    return _keeps(frame, found, node, name)


def _keeps(frame: Frame, fact: Fact | None, node: cst.CSTNode, name: str) -> Fact | None:
    return fact.then(frame.site(node), f"`torch.{name}` keeps {fact.value}") if fact is not None else None


def from_numpy(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.from_numpy(array)`: a tensor on the array's memory."""
    tell_to_tensor(frame, arguments.get(0), "from_numpy", node)
    tell_refused(frame, "from_numpy", arguments, node)
    if (given := arguments.value(0)) and all(isinstance(kind, Tensor) for kind, _ in given):
        frame.fail()  # TypeError: expected an array
    return _shared(frame, arguments, node, "from_numpy")


def as_tensor(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.as_tensor(data)`: on the data's memory if it fits, else a copy."""
    tell_to_tensor(frame, arguments.get(0, "data"), "as_tensor", node, arguments)
    tell_refused(frame, "as_tensor", arguments, node)
    return _shared(frame, arguments, node, "as_tensor")


def asarray(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.asarray(data)`: the same, but it may be told to copy, and that gradients will be asked for."""
    tell_to_tensor(frame, arguments.get(0, "data"), "asarray", node, arguments)
    tell_refused(frame, "asarray", arguments, node)
    value = _shared(frame, arguments, node, "asarray")
    if not _never_copies(arguments):  # it may be told to by a name, of which nothing is known
        value = each(value, lambda kind: replace(kind, memory=None) if isinstance(kind, Tensor) else kind)
    if "requires_grad" in arguments.keywords:
        value = with_requires_grad(frame, value, arguments, node)
    return value


def _never_copies(arguments: Arguments) -> bool:
    """Whether `copy=` is left out, None or False."""
    told = arguments.keywords.get("copy")
    return told is None or all(isinstance(kind, Const) and not kind.value for kind in kinds(told.value))


def _shared(frame: Frame, arguments: Arguments, node: cst.Call, name: str) -> Value:
    certain = name == "from_numpy"
    message = f"`{name}` shares its memory" + ("" if certain else " when dtype and device fit")
    source = arguments.get(0, "data")
    if source is None:
        return just(Tensor())
    value = source.value
    if certain and frame.tracks:
        value = _arrays_now(frame, source.node, value)
    if certain and frame.interpreter.wants.doubles:
        value = beside_float32(frame, value, node)
    wanted = dtype_fact(arguments.value(1, "dtype"))
    typed = len(arguments.positional) > 1 or "dtype" in arguments.keywords
    devices = keyword_device(frame, arguments, node)

    def share(kind: Kind) -> Kind | Value:
        if certain:
            kind = as_array(kind)
        if isinstance(kind, Tensor) and not certain:
            return cast(kind, wanted) if typed and (wanted is None or wanted != kind.dtype) else kind
        if not isinstance(kind, Array) or (typed and (wanted is None or kind.dtype is None or wanted != kind.dtype)):
            found = wanted if typed else _data_dtype(frame, just(kind), node, name)
            plain = shaped(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=found), shape_of_data(value))
            return with_cuts(plain, cut_off(frame, just(kind), node, "constructor", source.node, asked=False))
        memory = converted(frame, kind.memory, node, message, into="tensor")
        dtype = _keeps(frame, kind.dtype, node, name)
        cuts = cut_off(frame, just(kind), node, "numpy", source.node, asked=True)
        return with_cuts(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=dtype, memory=memory), cuts)

    result = each(value, share)
    if devices:
        result = combine([result, devices], lambda one, goal: _onto(frame, one, goal, node))
    return result


def _onto(frame: Frame, kind: Kind, goal: Kind, node: cst.CSTNode) -> Kind:
    if not isinstance(kind, Tensor):
        return kind
    place = _creation_place(frame, goal, node, "tensor")
    on_cpu = place is not None and place.value == CPU
    return replace(kind, device=place, memory=kind.memory if on_cpu else None)


def _arrays_now(frame: Frame, node: cst.BaseExpression, value: Value) -> Value:
    """What is handed to `from_numpy` is an ndarray, whatever was known of it."""
    changed = each(value, as_array)
    changed = with_memory(frame, changed, node)
    if changed is not value:
        frame.write_back_expression(node, changed)
    return changed


def as_array(kind: Kind) -> Kind:
    """Something unknown that is surely an ndarray: another one than what was asked for that before, and is none."""
    if isinstance(kind, Opaque):
        if kind.no_array:
            return Array()
        return replace(kind.array, memory=kind.memory) if kind.array is not None else Array(memory=kind.memory)
    return kind


def _is_untold(kind: Kind) -> bool:
    """Whether it is something of which nobody sees the numbers, or a list of such."""
    if not isinstance(kind, Sequence):
        return isinstance(kind, Opaque | Array)
    elements = kind.items if kind.items is not None else (kind.element,)
    return any(_is_untold(one) for element in elements for one in kinds(element))


def make_legacy(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.Tensor(x)`, `torch.cuda.FloatTensor(x)`: shares an array of its own dtype, copies anything else."""
    dtype = LEGACY[name.rpartition(".")[2]]
    tell_to_tensor(frame, arguments.get(0), name, node)
    tell_refused(frame, name, arguments, node)
    if not frame.alive:
        return UNKNOWN
    if not name.startswith("cuda."):
        tell_placed(frame, name, arguments, node)
    else:
        step = Step(frame.site(node), f"`torch.{name}` is on the accelerator", doubt=Doubt.NAMED)
        return just(Tensor(Fact(ACCELERATOR, step), NO_GRAD, Fact(dtype)))
    source = arguments.value(0)
    unknown = any(map(_is_untold, kinds(source))) and len(arguments.positional) == 1
    made = Fact(dtype, Step(frame.site(node), f"`torch.{name}` makes it {dtype}") if unknown else None)

    def make(kind: Kind) -> Kind:
        if isinstance(kind, Tensor):  # the graph goes on: measured
            return replace(kind, dtype=Fact(dtype), path=None)
        memory = None
        if isinstance(kind, Array) and kind.dtype is not None and kind.dtype.value == dtype:
            memory = converted(
                frame, kind.memory, node, f"`torch.{name}` shares a {dtype} array's memory", into="tensor"
            )
        cuts = cut_off(frame, just(kind), node, "constructor", arguments.positional[0].node, asked=False)
        return with_cuts(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=made, memory=memory), cuts)

    sizes = tuple(size for argument in arguments.positional for size in literal_sizes(argument.value))
    if source and not any(isinstance(kind, Sequence | Array | Tensor) for kind in kinds(source)):
        return just(shaped(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=made), sizes))
    return each(source, make) if source else just(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=made))
