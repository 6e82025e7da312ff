"""Calls of functions and classes of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis import distributions
from torchconv_lint.analysis.buffers import tell_overwritten
from torchconv_lint.analysis.conditions import CUDA_AVAILABLE
from torchconv_lint.analysis.copies import tell_host_read
from torchconv_lint.analysis.devices import any_device, as_device
from torchconv_lint.analysis.dtypes import dtype_fact
from torchconv_lint.analysis.forms import QUANTISERS, SPARSE_MAKERS, made
from torchconv_lint.analysis.graph import NO_CUTS, cut_off, went_back, with_cuts
from torchconv_lint.analysis.iteration import flat
from torchconv_lint.analysis.module_calls import UNKNOWN_DTYPE
from torchconv_lint.analysis.product import combine
from torchconv_lint.analysis.reads import tell_read
from torchconv_lint.analysis.replacing import replace
from torchconv_lint.analysis.shapes import Shape, dtype_of_data, literal_sizes, shape_of_data, shaped
from torchconv_lint.analysis.sharing import converted, fresh, with_memory
from torchconv_lint.analysis.tensor_methods import detached, operation, outputs, tell_reading_method
from torchconv_lint.analysis.tensors import NO_GRAD, computed, operands_in, requires_grad_set, tell_grad_asked, typed
from torchconv_lint.analysis.terms import SIZE
from torchconv_lint.analysis.to_tensor import beside_float32, tell_placed, tell_refused, tell_to_tensor
from torchconv_lint.analysis.transforms import tell_cuts
from torchconv_lint.analysis.values import (
    ACCELERATOR,
    CPU,
    LEAF,
    MANY,
    NO_GRAPH,
    NONE,
    ONE,
    UNKNOWN,
    Array,
    Autocast,
    Capture,
    Const,
    Cut,
    Device,
    Fact,
    GradMode,
    Graph,
    Instance,
    Kind,
    Loader,
    Module,
    Number,
    Opaque,
    Optimizer,
    Sequence,
    Step,
    Tensor,
    Truth,
    Value,
    each,
    just,
    kinds,
)
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from torchconv_lint.analysis.frame import Arguments, Frame

_LEGACY = {
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


def call_torch(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call `torch.<name>`; None if nothing is known of it."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special(frame, arguments, node)
    if name in _LEGACY or (name.startswith("cuda.") and name[5:] in _LEGACY):
        return _legacy(frame, name, arguments, node)
    if name.startswith("nn.") and not name.startswith(("nn.functional", "nn.init", "nn.utils", "nn.parallel")):
        return _nn_class(frame, name[3:], arguments, node)
    if name.startswith("optim."):
        return _optim(name.rpartition(".")[2])
    if name.startswith("nn.init.") and arguments.positional:
        tell_overwritten(frame, arguments.positional[0].node, f"nn.init.{name[8:]}", node)
    if name in SPARSE_MAKERS or name in QUANTISERS:
        return _specially_formed(frame, name, arguments, node)
    if name.startswith("distributions."):
        return distributions.make(frame, name, arguments)
    if name.startswith("Tensor."):
        return _unbound_method(frame, name[7:], arguments, node)
    return _by_table(frame, name, arguments, node)


def _by_table(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    ops = torch_ops().function
    if name in ops.factory:
        return factory(frame, name, arguments, node)
    if arguments.positional:
        first = arguments.positional[0]
        for kind in kinds(first.value):
            tell_reading_method(frame, kind, name, first.node, node)
    if name in ops.python:
        return Number()
    known = name in ops.tensor or name in ops.tuple or name in ops.list
    if not known:
        return None
    values = arguments.values
    if frame.state.underway.copies and name not in ops.view:
        tell_host_read(frame, operands_in(values), node, node)

    def result(*chosen: Kind) -> Kind | Value:
        if name in _LOOKS_UP:  # what it gives is like the table, not like the indices
            chosen = chosen[1:]
        operands = operands_in([just(kind) for kind in chosen])
        with_dim = len(arguments.positional) > 1 or "dim" in arguments.keywords
        if name in ops.tuple and (name not in ops.tuple_if_dim or with_dim):
            return outputs(frame, ops.tuple[name], operands)
        if name in ops.list:
            element = computed(frame, operands)
            first = operands[0].memory if operands else None
            return Sequence(None, just(replace(element, memory=first)), mutable=False)
        if not operands:
            return made(frame, _of_unknown(frame, name), name, node)
        views, maybe = name in ops.view, name in ops.maybe_view
        return operation(frame, name, operands, arguments, views=views, maybe=maybe, node=node, function=True)

    value = typed(combine(values, result) if values else just(_of_unknown(frame, name)), arguments)
    device = _keyword_device(frame, arguments, node)
    if device:  # `ones_like(x, device=d)`
        value = combine([value, device], lambda one, goal: _placed(one, goal))
    if "pin_memory" in arguments.keywords:
        value = each(value, lambda kind: replace(kind, pinned=True) if isinstance(kind, Tensor) else kind)
    if "requires_grad" in arguments.keywords:
        value = _with_requires_grad(frame, value, arguments, node)
    return value


_LOOKS_UP = frozenset({"embedding", "nn.functional.embedding", "nn.functional.embedding_bag"})


def _specially_formed(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """A sparse or quantised tensor made of its parts."""
    operands = operands_in(arguments.values)
    base = computed(frame, operands) if operands else Tensor(device=Fact(CPU), grad=NO_GRAD)
    value = typed(just(made(frame, base, name, node)), arguments)
    device = _keyword_device(frame, arguments, node)
    return combine([value, device], lambda one, goal: _placed(one, goal)) if device else value


def _of_unknown(frame: Frame, name: str) -> Tensor:
    """An operation whose operands are unknown still gives a tensor."""
    ops = torch_ops().function
    fixed = ops.dtype.get(name)
    no_grad = name in ops.no_grad or fixed in ("bool", "int64") or frame.state.grad is False
    return Tensor(grad=NO_GRAD if no_grad else None, dtype=Fact(fixed) if fixed else None)


def _placed(kind: Kind, goal: Kind) -> Kind:
    if isinstance(kind, Tensor) and isinstance(goal, Device):
        return replace(kind, device=goal.fact)
    return kind


def _keyword_device(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    argument = arguments.keywords.get("device")
    return as_device(frame, argument.value, node) if argument is not None else ()


def _with_requires_grad(frame: Frame, value: Value, arguments: Arguments, node: cst.Call) -> Value:
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
    memory = fresh(frame, node, origin) if frame.tracks else None
    pinned = any(isinstance(kind, Const) and kind.value is True for kind in kinds(arguments.value(99, "pin_memory")))
    graph = Graph(cuts=cuts) if cuts else NO_GRAPH
    base = Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=dtype, memory=memory, pinned=pinned, graph=graph)
    base = shaped(base, shape)
    device = _keyword_device(frame, arguments, node)
    value = just(base)
    if device:
        value = each(device, lambda goal: replace(base, device=_creation_place(frame, goal, node, what)))
    if "requires_grad" in arguments.keywords:
        value = _with_requires_grad(frame, value, arguments, node)
    return value


def _creation_place(frame: Frame, goal: Kind, node: cst.CSTNode, what: str) -> Fact | None:
    if isinstance(goal, Device):
        fact = goal.fact
        if fact is not None and fact.value == ACCELERATOR:
            return fact.then(frame.site(node), f"`{frame.text(node)}` is created there")
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
    shape: Shape = tuple(sizes) if sizes and arguments.star == () else None
    if name == "eye" and len(positional) == 1:
        shape = (*literal_sizes(positional[0].value), *literal_sizes(positional[0].value))
    if name == "randint":
        size = arguments.keywords.get("size") or (positional[-1] if positional and arguments.star == () else None)
        shape = tuple(literal_sizes(size.value)) if size is not None else None
    if name == "arange" and len(positional) == 1:
        last = positional[0].value[0].kind
        shape = (int(last.value),) if isinstance(last, Const) and isinstance(last.value, int | float) else None
    if name in ("tril_indices", "triu_indices"):  # two rows of indices
        shape = None
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
    elif name == "range":
        dtype = None
    return _created(frame, arguments, node, shape=shape, dtype=dtype, what=name, origin=origin)


def _tensor(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
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


def _from_numpy(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    tell_to_tensor(frame, arguments.get(0), "from_numpy", node)
    tell_refused(frame, "from_numpy", arguments, node)
    return _shared(frame, arguments, node, "`from_numpy` shares its memory", certain=True)


def _as_tensor(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    tell_to_tensor(frame, arguments.get(0, "data"), "as_tensor", node, arguments)
    tell_refused(frame, "as_tensor", arguments, node)
    return _shared(frame, arguments, node, "`as_tensor` shares its memory when dtype and device fit", certain=False)


def _shared(frame: Frame, arguments: Arguments, node: cst.Call, message: str, *, certain: bool) -> Value:
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
    devices = _keyword_device(frame, arguments, node)

    def share(kind: Kind) -> Kind | Value:
        if certain:
            kind = as_array(kind)
        if isinstance(kind, Tensor) and not certain:
            return kind
        if not isinstance(kind, Array) or (typed and (wanted is None or kind.dtype is None or wanted != kind.dtype)):
            found = wanted if typed else _data_dtype(frame, just(kind), node, "as_tensor")
            plain = shaped(Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=found), shape_of_data(value))
            return with_cuts(plain, cut_off(frame, just(kind), node, "constructor", source.node, asked=False))
        memory = converted(frame, kind.memory, node, message, into="tensor")
        name = "from_numpy" if certain else "as_tensor"
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
    """Something unknown that is surely an ndarray."""
    if isinstance(kind, Opaque):
        return replace(kind.array, memory=kind.memory) if kind.array is not None else Array(memory=kind.memory)
    return kind


def _legacy(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """`torch.Tensor(x)`, `torch.cuda.FloatTensor(x)`: shares an array of its own dtype, copies anything else."""
    dtype = _LEGACY[name.rpartition(".")[2]]
    tell_to_tensor(frame, arguments.get(0), name, node)
    tell_refused(frame, name, arguments, node)
    if not name.startswith("cuda."):
        tell_placed(frame, name, arguments, node)
    else:
        step = Step(frame.site(node), f"`torch.{name}` is on the accelerator", by_name=True)
        return just(Tensor(Fact(ACCELERATOR, step), NO_GRAD, Fact(dtype)))
    source = arguments.value(0)
    unknown = any(isinstance(kind, Opaque | Array) for kind in kinds(source)) and len(arguments.positional) == 1
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


def _device(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    value = as_device(frame, arguments.value(0, "type"), node)

    def known(kind: Kind) -> Kind | Value:
        if isinstance(kind, Device):
            return kind
        path = getattr(kind, "path", None) or frame.text(node)
        return any_device(frame, path, node)

    return each(value, known) or UNKNOWN


def _nn_class(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    modules = torch_ops().module
    name = name.removeprefix("modules.").rpartition(".")[2]
    if name in ("Parameter", "UninitializedParameter", "Buffer"):
        step = Step(frame.site(node), "is an nn.Parameter")
        sources = [kind for kind in kinds(arguments.value(0, "data")) if isinstance(kind, Tensor)]
        place = sources[0].device if sources else None
        flag = arguments.value(1, "requires_grad")
        frozen = bool(flag) and isinstance(flag[0].kind, Const) and flag[0].kind.value is False
        grad = NO_GRAD if frozen or name == "Buffer" else Fact(True, step)
        if grad.value:
            tell_grad_asked(frame, arguments.value(0, "data"), node)
        graph = LEAF if grad.value else NO_GRAPH
        made = replace(sources[0], grad=grad, graph=graph) if sources else Tensor(device=place, grad=grad, graph=graph)
        memory = made.memory
        fresh = memory is not None and memory.origin == "fresh"
        return replace(made, memory=replace(memory, origin="weight")) if memory is not None and fresh else made
    if name not in modules.all:
        return None
    place = Fact(CPU)
    wrapped = [kind for value in arguments.values for kind in kinds(flat(value)) if isinstance(kind, Module | Instance)]
    for kind in wrapped:
        if kind.device is not None and kind.device.value == ACCELERATOR:
            place = kind.device
    trainable = name not in modules.no_params and (name not in modules.loss)
    if wrapped:
        trainable = any(isinstance(kind, Instance) or kind.trainable for kind in wrapped)
    if name == "DataParallel":
        place = Fact(ACCELERATOR, Step(frame.site(node), "DataParallel gathers its outputs on an accelerator"))
    devices = _keyword_device(frame, arguments, node)
    count = _loss_count(arguments) if name in modules.loss else None
    features = literal_sizes(arguments.value(1, "out_features"))[0] if name == "Linear" else None
    dtype = dtype_fact(arguments.keywords["dtype"].value) if "dtype" in arguments.keywords else None
    module = Module(name, place, trainable, dtype, count=count, features=features)
    if wrapped:
        dtypes = {kind.dtype if isinstance(kind, Module) else None for kind in wrapped}
        module = replace(module, dtype=next(iter(dtypes)) if len(dtypes) == 1 else UNKNOWN_DTYPE)
    return combine([just(module), devices], lambda one, goal: _module_on(one, goal)) if devices else module


def _loss_count(arguments: Arguments) -> Fact | None:
    """How many elements a loss with these constructor arguments gives."""
    given = arguments.keywords.get("reduction")
    if given is None:
        return Fact(ONE, confidence=Confidence.LIKELY)
    names = {kind.value for kind in kinds(given.value) if isinstance(kind, Const)}
    if names == {"none"}:
        return Fact(MANY, confidence=Confidence.LIKELY)
    return Fact(ONE, confidence=Confidence.LIKELY) if names <= {"mean", "sum"} and names else None


def _module_on(kind: Kind, goal: Kind) -> Kind:
    return replace(kind, device=goal.fact) if isinstance(kind, Module) and isinstance(goal, Device) else kind


def _optim(name: str) -> Kind | None:
    return Optimizer() if name in torch_ops().optim else Opaque()


def _unbound_method(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    from torchconv_lint.analysis.tensor_methods import call_tensor_method

    if not arguments.positional:
        return None
    first = arguments.positional[0]
    rest = replace(arguments, positional=arguments.positional[1:])
    return each(
        first.value,
        lambda kind: (
            call_tensor_method(frame, kind, name, rest, node, first.node) if isinstance(kind, Tensor) else UNKNOWN
        ),
    )


def _no_grad(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return GradMode(False)


def _enable_grad(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return GradMode(True)


def _inference_mode(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    mode = arguments.value(0, "mode")
    constant = mode[0].kind.value if mode and isinstance(mode[0].kind, Const) else None
    return GradMode(True if constant is False else False if not mode or constant is True else None)


def _set_grad_enabled(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    mode = arguments.value(0, "mode")
    constant = mode[0].kind.value if len(mode) == 1 and isinstance(mode[0].kind, Const) else None
    enabled = constant if isinstance(constant, bool) else None
    if frame.is_statement(node):
        frame.state.grad = enabled
    return GradMode(enabled)


def _autocast(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """bfloat16 by default on the CPU, float16 on CUDA."""
    switch = arguments.value(2, "enabled")
    if any(not isinstance(kind, Const) or kind.value is not True for kind in kinds(switch)):
        return Autocast(None)
    given = dtype_fact(arguments.value(1, "dtype"))
    if given is not None:
        return Autocast(str(given.value))
    device = arguments.value(0, "device_type")
    on_cpu = any(isinstance(kind, Const) and kind.value == "cpu" for kind in kinds(device))
    return Autocast("bfloat16" if on_cpu else None)


def _capture(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return Capture()


def _is_available(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return Truth(CUDA_AVAILABLE)


def _variable(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`Variable(x)` is `x.detach()` nowadays, of which the gradient may be asked."""
    given = arguments.get(0, "data")
    if given is None:
        return UNKNOWN
    message = "`Variable` shares its memory"
    value = each(given.value, lambda kind: detached(frame, kind, given.node, node, message))
    return _with_requires_grad(frame, value, arguments, node) if "requires_grad" in arguments.keywords else value


def _loader(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return Loader()


def _joined(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`cat`, `stack` and relatives: what holds for the elements holds for the result."""
    elements = flat(arguments.value(0, "tensors"))
    if frame.state.underway.copies:
        tell_host_read(frame, kinds(elements), node, node)

    def result(kind: Kind) -> Kind:
        operands = operands_in([just(kind)])
        return computed(frame, operands, dtype=operands[0].dtype, linear=True) if operands else Tensor()

    return each(elements, result) or just(Tensor())


def _current_device(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return Number()


def _where(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind | Value:
    if arguments.count == 1:
        for kind in kinds(arguments.value(0)):
            tell_read(frame, kind, node.args[0].value, node, SIZE, "where")
        operands = operands_in([arguments.value(0)])
        return Sequence(
            None, just(replace(computed(frame, operands), grad=NO_GRAD, dtype=Fact("int64"))), mutable=False
        )
    values = [argument.value for argument in arguments.positional]
    return combine(values, lambda *chosen: _where_result(frame, chosen))


def _where_result(frame: Frame, chosen: tuple[Kind, ...]) -> Kind:
    operands = operands_in([just(kind) for kind in chosen])
    if not operands:
        return Tensor()
    branches = operands_in([just(kind) for kind in chosen[1:]])
    return replace(computed(frame, operands), grad=computed(frame, branches).grad)


def _pack_padded(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """The lengths become a tensor."""
    tell_to_tensor(frame, arguments.get(1, "lengths"), "pack_padded_sequence", node)
    return UNKNOWN


def _none(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    return NONE


def _autograd_grad(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    graph = arguments.value(4, "create_graph")
    went_back(frame, arguments.value(0, "outputs"), node)
    inputs = operands_in([arguments.value(1, "inputs")])
    grad: Fact | None = None if graph else NO_GRAD
    if len(graph) == 1 and graph[0].kind == Const(True):
        grad = Fact(True, Step(frame.site(node), "`create_graph=True` gives the gradients a graph"), Confidence.LIKELY)
    return Sequence(
        None, just(Tensor(device=computed(frame, inputs).device if inputs else None, grad=grad)), mutable=False
    )


_SPECIAL: dict[str, Callable[[Frame, Arguments, cst.Call], Kind | Value]] = {
    "tensor": _tensor,
    "scalar_tensor": _tensor,
    "from_numpy": _from_numpy,
    "as_tensor": _as_tensor,
    "asarray": _as_tensor,
    "device": _device,
    "no_grad": _no_grad,
    "autograd.no_grad": _no_grad,
    "enable_grad": _enable_grad,
    "autograd.enable_grad": _enable_grad,
    "inference_mode": _inference_mode,
    "set_grad_enabled": _set_grad_enabled,
    "autograd.set_grad_enabled": _set_grad_enabled,
    "cuda.graph": _capture,
    "autocast": _autocast,
    "amp.autocast": _autocast,
    "cuda.is_available": _is_available,
    "cuda.current_device": _current_device,
    "autograd.Variable": _variable,
    "distributions.kl_divergence": lambda frame, arguments, _: distributions.divergence(frame, arguments),
    "distributions.kl.kl_divergence": lambda frame, arguments, _: distributions.divergence(frame, arguments),
    "autograd.grad": _autograd_grad,
    "utils.data.DataLoader": _loader,
    "utils.data.dataloader.DataLoader": _loader,
    "stack": _joined,
    "cat": _joined,
    "concat": _joined,
    "concatenate": _joined,
    "hstack": _joined,
    "vstack": _joined,
    "dstack": _joined,
    "column_stack": _joined,
    "where": _where,
    "nn.utils.rnn.pack_padded_sequence": _pack_padded,
    "manual_seed": _none,
    "save": _none,
}
