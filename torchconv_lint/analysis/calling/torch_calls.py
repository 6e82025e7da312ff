"""Calls of functions and classes of torch."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.contexts import (
    autocast,
    capture,
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from torchconv_lint.analysis.calling.making import (
    LEGACY,
    as_tensor,
    asarray,
    factory,
    from_numpy,
    keyword_device,
    make_legacy,
    make_tensor,
    with_requires_grad,
)
from torchconv_lint.analysis.calling.module_classes import make_module, make_optimizer
from torchconv_lint.analysis.calling.tensor_methods import call_tensor_method, detached, tell_reading_method
from torchconv_lint.analysis.computing import distributions
from torchconv_lint.analysis.computing.operations import operation, outputs, size_of
from torchconv_lint.analysis.computing.tensors import (
    NO_GRAD,
    computed,
    is_surely_on_host,
    loader_of,
    met_on_host,
    operands_in,
    typed,
)
from torchconv_lint.analysis.domain.conditions import CUDA_AVAILABLE
from torchconv_lint.analysis.domain.devices import any_device, as_device
from torchconv_lint.analysis.domain.forms import QUANTISERS, SPARSE_MAKERS, made
from torchconv_lint.analysis.domain.iteration import flat
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.terms import SIZE
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    Const,
    Device,
    Fact,
    Kind,
    Number,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Truth,
    Value,
    each,
    just,
    kinds,
)
from torchconv_lint.analysis.semantics.arithmetic import are_apart
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.buffers import tell_cast_back, tell_overwritten
from torchconv_lint.analysis.telling.copies import tell_host_read
from torchconv_lint.analysis.telling.going_back import went_back
from torchconv_lint.analysis.telling.reads import tell_read
from torchconv_lint.analysis.telling.to_tensor import tell_to_tensor
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def call_torch(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """Call `torch.<name>`; None if nothing is known of it."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special(frame, arguments, node)
    if name in LEGACY or (name.startswith("cuda.") and name[5:] in LEGACY):
        return make_legacy(frame, name, arguments, node)
    if name.startswith("nn.") and not name.startswith(("nn.functional", "nn.init", "nn.utils", "nn.parallel")):
        return make_module(frame, name[3:], arguments, node)
    if name.startswith("optim."):
        return make_optimizer(name.rpartition(".")[2])
    if name.startswith("nn.init.") and arguments.positional:
        tell_overwritten(frame, arguments.positional[0].node, f"nn.init.{name[8:]}", node)
        if name[8:].removesuffix("_") in _FILL_MATRICES and _is_a_vector(arguments.value(0)):
            frame.fail()  # ValueError: a vector has no fan in and fan out
            return UNKNOWN
    if name in SPARSE_MAKERS or name in QUANTISERS:
        return _specially_formed(frame, name, arguments, node)
    if name.startswith("distributions."):
        return distributions.make(frame, name, arguments)
    if name.startswith("Tensor."):
        return _unbound_method(frame, name[7:], arguments, node)
    return _by_table(frame, name, arguments, node)


_FILL_MATRICES = frozenset({"xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal"})


def _is_a_vector(value: Value) -> bool:
    """Whether it is a tensor with one dimension, surely."""
    kind = value[0].kind if len(value) == 1 else None
    return isinstance(kind, Tensor) and kind.shape is not None and len(kind.shape) == 1


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
        if name in ops.sole and arguments.positional:  # it reads the others as numbers
            chosen = chosen[:1]
        operands = operands_in([just(kind) for kind in chosen])
        if name in _PRODUCTS and (are_apart(frame, operands) or any(isinstance(one, Array) for one in chosen)):
            return NOTHING  # it raises
        with_dim = len(arguments.positional) > 1 or not arguments.keywords.keys().isdisjoint(("dim", "axis"))
        if name in ops.tuple and (name not in ops.tuple_if_dim or with_dim):
            return outputs(frame, ops.tuple[name], operands)
        if name in ops.list:
            element = computed(frame, operands)
            first = operands[0].memory if operands else None
            return Sequence(None, just(replace(element, memory=first)), mutable=False)
        if not operands:
            return made(frame, _of_unknown(frame, name, arguments), name, node)
        views, maybe = name in ops.view, name in ops.maybe_view
        return operation(frame, name, operands, arguments, views=views, maybe=maybe, node=node, function=True)

    value = typed(combine(values, result) if values else just(_of_unknown(frame, name, arguments)), arguments)
    if name in _PRODUCTS and all(values):
        if not value:
            frame.fail()
            return UNKNOWN
        frame.state.path |= value[0].when & frozenset.intersection(*(alt.when for alt in value))
    device = keyword_device(frame, arguments, node)
    if device:  # `ones_like(x, device=d)`
        value = combine([value, device], lambda one, goal: _placed(one, goal))
    if "pin_memory" in arguments.keywords:
        value = each(value, lambda kind: replace(kind, pinned=True) if isinstance(kind, Tensor) else kind)
    if "requires_grad" in arguments.keywords:
        value = with_requires_grad(frame, value, arguments, node)
    return value


_PRODUCTS = frozenset({"matmul", "mm", "bmm", "mv", "linalg.matmul", "addmm", "baddbmm", "tensordot"})
"""Functions of several tensors none of which is a single number: all have to be on one device, none is an array."""

_LOOKS_UP = frozenset({"embedding", "nn.functional.embedding", "nn.functional.embedding_bag"})


def _specially_formed(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """A sparse or quantised tensor made of its parts."""
    if name in SPARSE_MAKERS and arguments.positional:
        for kind, _ in arguments.positional[0].value:
            if isinstance(kind, Tensor):  # indices are made integers
                tell_cast_back(frame, kind, "int64", node, arguments.positional[0].node)
    operands = operands_in(arguments.values)
    base = computed(frame, operands) if operands else Tensor(device=Fact(CPU), grad=NO_GRAD)
    value = typed(just(made(frame, base, name, node)), arguments)
    device = keyword_device(frame, arguments, node)
    return combine([value, device], lambda one, goal: _placed(one, goal)) if device else value


def _of_unknown(frame: Frame, name: str, arguments: Arguments) -> Tensor:
    """An operation whose operands are unknown still gives a tensor."""
    ops = torch_ops().function
    fixed = ops.dtype.get(name)
    no_grad = name in ops.no_grad or fixed in ("bool", "int64") or frame.state.grad is False
    count, shape = size_of(name, [Tensor()], arguments, True, views=False) if name in ops.reduces else (None, None)
    return Tensor(grad=NO_GRAD if no_grad else None, dtype=Fact(fixed) if fixed else None, count=count, shape=shape)


def _placed(kind: Kind, goal: Kind) -> Kind:
    if isinstance(kind, Tensor) and isinstance(goal, Device):
        return replace(kind, device=goal.fact)
    return kind


def _device(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    value = as_device(frame, arguments.value(0, "type"), node)

    def known(kind: Kind) -> Kind | Value:
        if isinstance(kind, Device):
            return kind
        path = getattr(kind, "path", None) or frame.text(node)
        return any_device(frame, path, node)

    return each(value, known) or UNKNOWN


def _unbound_method(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
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


def _is_available(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    return Truth(CUDA_AVAILABLE)


def _variable(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`Variable(x)` is `x.detach()` nowadays, of which the gradient may be asked."""
    given = arguments.get(0, "data")
    if given is None:
        return UNKNOWN
    message = "`Variable` shares its memory"
    value = each(given.value, lambda kind: detached(frame, kind, given.node, node, message))
    return with_requires_grad(frame, value, arguments, node) if "requires_grad" in arguments.keywords else value


def _loader(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """What a function of one's own puts together may be anything."""
    collate = arguments.value(6, "collate_fn")
    return loader_of(arguments) if not collate or collate == NONE else UNKNOWN


def _tensor_dataset(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind:
    """It hands out rows of the tensors where they are."""
    moved = next((one for one in operands_in(arguments.values) if one.on_accelerator), None)
    return Opaque(guess=Tensor(device=moved.device)) if moved is not None else Opaque()


def _joined(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """`cat`, `stack` and relatives: what holds for the elements holds for the result."""
    parts = arguments.value(0, "tensors")
    elements, host = flat(parts), _surely_on_host(parts)
    if frame.state.underway.copies:
        tell_host_read(frame, kinds(elements), node, node)

    def result(kind: Kind) -> Kind:
        operands = operands_in([just(kind)])
        if not operands:
            return Tensor()
        joined = computed(frame, operands, dtype=operands[0].dtype, linear=True)
        return replace(joined, device=met_on_host(joined.device, host))

    return each(elements, result) or just(Tensor())


def _surely_on_host(parts: Value) -> Fact | None:
    """That one of the parts of a list which is written out is on the CPU wherever the program runs: single numbers,
    which would follow the others, cannot be joined."""
    items = parts[0].kind.items if len(parts) == 1 and isinstance(parts[0].kind, Sequence) else None
    for item in items or ():
        tensors = [kind for kind, _ in item if isinstance(kind, Tensor) and is_surely_on_host(kind)]
        if tensors and len(tensors) == len(item):
            return tensors[0].device
    return None


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
    """The lengths become a tensor. A packed sequence is none, and is where its tensor is, with its graph."""
    tell_to_tensor(frame, arguments.get(1, "lengths"), "pack_padded_sequence", node)
    return _packed(frame, arguments.value(0, "input")) or UNKNOWN


def _packed(frame: Frame, value: Value) -> Value:
    operands = operands_in([value])
    return just(Opaque(guess=computed(frame, operands), tensorish=True)) if operands else NOTHING


def _pad_packed(frame: Frame, arguments: Arguments, node: cst.Call) -> Value:
    """The tensor of a packed sequence, and the lengths, which are on the CPU."""
    operands = operands_in([arguments.value(0, "sequence")])
    padded = just(computed(frame, operands)) if operands else just(Opaque(guess=Tensor(), tensorish=True))
    lengths = Tensor(device=Fact(CPU), grad=NO_GRAD, dtype=Fact("int64"))
    return just(Sequence((padded, just(lengths)), NOTHING, mutable=False))


def _loaded(frame: Frame, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`torch.load(path)` beside one that maps to the CPU where there is no accelerator: what is loaded by this one is
    where it was saved. Told to those who ask for what is seldom sure."""
    if not frame.interpreter.eager or arguments.get(1, "map_location") is not None or not _others_map(frame, node):
        return UNKNOWN
    step = Step(frame.site(node), "it is loaded to where it was saved, which another branch does not do")
    return Opaque(guess=Tensor(device=Fact(ACCELERATOR, step, Confidence.LIKELY), grad=NO_GRAD), tensorish=True)


def _others_map(frame: Frame, node: cst.Call) -> bool:
    """Whether another branch of the same function loads the same with a `map_location`."""
    outline, origin = frame.outline, frame.segment.origin(node)
    if outline is None or not isinstance(origin, ast.Call) or not origin.args:
        return False
    first = ast.unparse(origin.args[0])
    loads = [each for each in outline.by_type[ast.Call] if (dotted(each.func) or "").rpartition(".")[2] == "load"]
    same = [each for each in loads if each.args and ast.unparse(each.args[0]) == first]
    return any("map_location" in {word.arg for word in each.keywords} for each in same)


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
    "tensor": make_tensor,
    "from_numpy": from_numpy,
    "as_tensor": as_tensor,
    "asarray": asarray,
    "device": _device,
    "no_grad": no_grad,
    "autograd.no_grad": no_grad,
    "enable_grad": enable_grad,
    "autograd.enable_grad": enable_grad,
    "inference_mode": inference_mode,
    "set_grad_enabled": set_grad_enabled,
    "autograd.set_grad_enabled": set_grad_enabled,
    "cuda.graph": capture,
    "autocast": autocast,
    "amp.autocast": autocast,
    "cuda.is_available": _is_available,
    "cuda.current_device": _current_device,
    "autograd.Variable": _variable,
    "distributions.kl_divergence": lambda frame, arguments, _: distributions.divergence(frame, arguments),
    "distributions.kl.kl_divergence": lambda frame, arguments, _: distributions.divergence(frame, arguments),
    "autograd.grad": _autograd_grad,
    "utils.data.DataLoader": _loader,
    "utils.data.dataloader.DataLoader": _loader,
    "utils.data.TensorDataset": _tensor_dataset,
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
    "nn.utils.rnn.pad_packed_sequence": _pad_packed,
    "manual_seed": _none,
    "save": _none,
    "load": _loaded,
}
