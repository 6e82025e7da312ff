"""Objects of torch's own classes: parameters, modules, optimisers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling.making import keyword_device
from torchconv_lint.analysis.calling.module_calls import UNKNOWN_DTYPE
from torchconv_lint.analysis.computing.tensors import NO_GRAD, tell_grad_asked
from torchconv_lint.analysis.domain.dtypes import dtype_fact
from torchconv_lint.analysis.domain.iteration import flat
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import literal_sizes
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    LEAF,
    MANY,
    NO_GRAPH,
    ONE,
    Const,
    Device,
    Fact,
    Instance,
    Kind,
    Module,
    Opaque,
    Optimizer,
    Step,
    Tensor,
    Value,
    each,
    just,
    kinds,
)
from torchconv_lint.analysis.telling.to_tensor import tell_double
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Frame


def make_module(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """`nn.<name>(...)`: a parameter or a module; None if it is neither."""
    modules = torch_ops().module
    name = name.removeprefix("modules.").rpartition(".")[2]
    if name in ("Parameter", "UninitializedParameter", "Buffer"):
        return _parameter(frame, name, arguments, node)
    if name not in modules.all:
        return None
    for value in arguments.values if name in modules.loss and frame.interpreter.eager else ():
        tell_double(frame, value, f"`nn.{name}`", node)  # the weights of classes, which meet what a float32 model gives
    wrapped = [kind for value in arguments.values for kind in kinds(flat(value)) if isinstance(kind, Module | Instance)]
    place = Fact(CPU) if wrapped or name not in modules.no_params else None  # it lies nowhere, and takes what it gets
    for kind in wrapped:
        if kind.device is not None and kind.device.value == ACCELERATOR:
            place = kind.device
    trainable = name not in modules.no_params and (name not in modules.loss)
    if wrapped:
        trainable = any(isinstance(kind, Instance) or kind.trainable for kind in wrapped)
    if name == "DataParallel":
        place = Fact(ACCELERATOR, Step(frame.site(node), "DataParallel gathers its outputs on an accelerator"))
    devices = keyword_device(frame, arguments, node)
    count = _loss_count(arguments) if name in modules.loss else None
    features = literal_sizes(arguments.value(1, "out_features"))[0] if name == "Linear" else None
    dtype = dtype_fact(arguments.keywords["dtype"].value) if "dtype" in arguments.keywords else None
    module = Module(name, place, trainable, dtype, count=count, features=features)
    if wrapped:
        dtypes = {kind.dtype if isinstance(kind, Module) else None for kind in wrapped}
        module = replace(module, dtype=next(iter(dtypes)) if len(dtypes) == 1 else UNKNOWN_DTYPE)
    if name in _HOLDS_OTHERS and any(
        isinstance(kind, Opaque) for value in arguments.values for kind in kinds(flat(value))
    ):
        module = replace(module, dtype=UNKNOWN_DTYPE)
    return combine([just(module), devices], lambda one, goal: _module_on(one, goal)) if devices else module


_HOLDS_OTHERS = frozenset(
    {"Sequential", "DataParallel", "DistributedDataParallel", "SyncBatchNorm", "ModuleList", "ModuleDict"}
)
"""Modules whose parameters are those of the modules that they are given."""


def _parameter(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    step = Step(frame.site(node), "is an nn.Parameter", stated=True)
    sources = tuple(alt for alt in arguments.value(0, "data") if isinstance(alt.kind, Tensor)) or just(Tensor())
    flag = arguments.value(1, "requires_grad")
    frozen = bool(flag) and isinstance(flag[0].kind, Const) and flag[0].kind.value is False
    grad = NO_GRAD if frozen or name == "Buffer" else Fact(True, step)
    if grad.value:
        tell_grad_asked(frame, arguments.value(0, "data"), node)
    graph = LEAF if grad.value else NO_GRAPH

    def made(source: Kind) -> Kind:
        memory = source.memory if isinstance(source, Tensor) else None
        if memory is not None and memory.origin == "fresh":
            memory = replace(memory, origin="weight")
        return replace(source, grad=grad, graph=graph, memory=memory) if isinstance(source, Tensor) else source

    return each(sources, made)


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


def make_optimizer(name: str) -> Kind:
    """`optim.<name>(...)`."""
    return Optimizer() if name in torch_ops().optim else Opaque()
