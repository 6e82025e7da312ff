"""nn.Modules whose code is elsewhere, and optimisers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeGuard, TypeVar

import libcst as cst

from torchconv_lint.analysis.calling.frameworks import METRIC
from torchconv_lint.analysis.calling.left_behind import accepted, is_left_behind
from torchconv_lint.analysis.computing import autocast
from torchconv_lint.analysis.computing.tensors import NO_GRAD, module_output, moved, operands_in, requires_grad_set
from torchconv_lint.analysis.domain.devices import PARAMETERS, as_device
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.product import combine
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.shapes import shaped
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    LEAF,
    MANY,
    NO_GRAPH,
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    Bound,
    Const,
    Device,
    Dtype,
    Fact,
    Instance,
    Kind,
    Mapping,
    Memory,
    Module,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    just,
)
from torchconv_lint.analysis.domain.weights import HOLDS_WEIGHTS
from torchconv_lint.analysis.nodes.names import receiver_of
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE
from torchconv_lint.analysis.telling.adopted import tell_reloaded
from torchconv_lint.analysis.telling.events import ModuleFed
from torchconv_lint.analysis.telling.graph import grown
from torchconv_lint.analysis.telling.kept_graphs import escape
from torchconv_lint.analysis.telling.loops import trains
from torchconv_lint.analysis.telling.other_modules import is_held_by_nobody, module_key, moved_away
from torchconv_lint.analysis.telling.sharing import overwritten, stepped
from torchconv_lint.analysis.telling.snapshots import tell_restored
from torchconv_lint.analysis.telling.to_tensor import converting_site
from torchconv_lint.knowledge import torch_ops
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments, Frame

MOVES = frozenset({"to", "cuda", "cpu"})
CASTS = {"half": "float16", "bfloat16": "bfloat16", "float": "float32", "double": "float64", "type": "?"}
_CHAINED = frozenset({"eval", "train", "apply", "share_memory", "requires_grad_", "to_empty"})


def _name_of(frame: Frame, node: cst.Call) -> str:
    return frame.text(node.func)


UNKNOWN_DTYPE = Fact("?")
"""The dtype of parameters that may have been cast to anything."""

_TAKES_INDICES = frozenset({"Embedding", "EmbeddingBag", "AdaptiveLogSoftmaxWithLoss"})


def parameter_dtype(frame: Frame, kind: Module) -> Fact | None:
    """The dtype of a module's parameters: torch's default unless it was told otherwise."""
    if kind.dtype is not None:
        return kind.dtype if kind.dtype != UNKNOWN_DTYPE else None
    return frame.interpreter.facts.default_dtype


def _tell_fed(frame: Frame, kind: Module, arguments: Arguments, node: cst.Call) -> None:
    """A module gets its first argument."""
    modules = torch_ops().module
    if kind.name is None or kind.name in modules.loss or kind.name in _TAKES_INDICES or not kind.trainable:
        return
    dtype = parameter_dtype(frame, kind)
    given = arguments.get(0, "input")
    if dtype is None or given is None or frame.autocast is not None:
        return
    for one, _ in given.value:
        if isinstance(one, Tensor) and one.dtype is not None:
            # One of several things it may be: another element of the same list, more often than another branch.
            sure = Confidence.CERTAIN if len(given.value) == 1 else Confidence.POSSIBLE
            where = converting_site(one.dtype)
            text, name = frame.text(given.node), _name_of(frame, node)
            frame.emit(ModuleFed(frame.site(node), one, text, name, kind.name, dtype, where, sure))


ModuleKind = TypeVar("ModuleKind", Module, Instance)


def cast_module(frame: Frame, kind: ModuleKind, name: str, node: cst.CSTNode) -> ModuleKind:
    """The module after `.double()` and the like."""
    dtype = CASTS[name]
    return replace(kind, dtype=Fact(dtype).then(frame.site(node), f"the module is cast to {dtype}"))


def call_module(frame: Frame, kind: Module, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`module(inputs)`."""
    modules = torch_ops().module
    taken = accepted(frame, kind, arguments, node)
    if taken is None:
        frame.fail()
        return NOTHING
    arguments = taken
    for given in arguments.values:
        escape(frame, given)
    if kind.name is None and _is_array(arguments.value(0, "input")):
        return UNKNOWN  # a module of torch's refuses arrays: it converts them itself, or is none
    _tell_fed(frame, kind, arguments, node)
    told_nothing_else = frame.interpreter.facts.default_dtype is not None  # `set_default_…` may have moved what is made

    def output(*chosen: Kind) -> Kind | Value:
        operands = operands_in([just(one) for one in chosen])
        refuses = told_nothing_else and kind.name in HOLDS_WEIGHTS
        if refuses and operands and is_left_behind(kind.device, operands[0].device):
            return NOTHING  # it raises: this is no way that the program goes
        sure = Confidence.CERTAIN if kind.name is not None else Confidence.LIKELY
        name = _name_of(frame, node)
        told = kind.dtype if kind.dtype != UNKNOWN_DTYPE else None
        takes = kind.name not in _SPREADS
        result = module_output(
            frame, name, kind.device, kind.trainable, operands, node, sure, told, moves_nothing=takes
        )
        place = result.device
        if kind.name is None and _is_callers_choice(place, frame):
            result = replace(result, device=place.doubted(Doubt.ECHOED))
        elif place is not None and place.value == ACCELERATOR and _is_unplaced(kind):
            result = replace(result, device=place.doubted(Doubt.UNPLACED))
        result = autocast.by_module(frame, result, kind.name, name, node)
        known = result.grad is not None and result.grad.value
        if not known and frame.state.grad is not False and not kind.trainable and any(map(_is_unknown, chosen)):
            result = replace(result, grad=None)  # as much a part of a graph as what nobody knows
        if kind.name == METRIC and result.grad is not None and result.grad.value:
            result = replace(result, grad=None)  # most metrics count
        if kind.name in modules.loss:
            return replace(result, count=kind.count)
        if kind.name == "Linear" and operands and operands[0].shape:
            result = shaped(result, (*operands[0].shape[:-1], kind.features))
        elif kind.name in _ELEMENTWISE and operands:
            result = shaped(result, operands[0].shape)
        if kind.name == "DataParallel":
            gathered = Fact(MANY).then(frame.site(node), "DataParallel gathers one value per device", Confidence.LIKELY)
            result = replace(result, count=gathered)
        if kind.name is not None and kind.name not in _SEVERAL_OUTPUTS:
            return result
        return Opaque(guess=result, tensorish=True)

    value: Kind | Value = combine(arguments.values, output) if arguments.values else output()
    if value == NOTHING:
        frame.fail()
    return value


def _is_unplaced(kind: Module) -> bool:
    """Whether a module has weights, as far as is known, and nobody is seen to have put them on an accelerator."""
    placed = kind.device is not None and kind.device.value == ACCELERATOR
    return not placed and (kind.name is None or kind.name in HOLDS_WEIGHTS)


def _is_callers_choice(device: Fact | None, frame: Frame) -> TypeGuard[Fact]:
    """Whether the device is an argument of the function: its callers know what the module gives, and where."""
    begins = device.begins_at() if device is not None and device.confidence < Confidence.CERTAIN else None
    if begins is None or frame.outline is None:
        return False
    node = begins.node
    named: list[cst.CSTNode] = [node]
    if type(node) is cst.Call:
        moves = type(node.func) is cst.Attribute and node.func.attr.value == "to"
        named = [one.value for one in node.args if moves or (one.keyword is not None and one.keyword.value == "device")]
    return any(type(each) is cst.Name and each.value in frame.outline.parameters for each in named)


def _is_array(value: Value) -> bool:
    return bool(value) and all(isinstance(kind, Array) for kind, _ in value)


def _is_unknown(kind: Kind) -> bool:
    return isinstance(kind, Opaque) and kind.guess is None


_ELEMENTWISE = frozenset(
    [
        "ReLU",
        "LeakyReLU",
        "Sigmoid",
        "Tanh",
        "GELU",
        "SiLU",
        "Softmax",
        "LogSoftmax",
        "Dropout",
        "Identity",
        "LayerNorm",
        "ELU",
    ]
)
"""Modules whose output has the shape of their input."""

_SPREADS = frozenset({"DataParallel", "DistributedDataParallel"})
"""Modules that bring their inputs to the devices they are on."""

_SEVERAL_OUTPUTS = frozenset(
    {"LSTM", "GRU", "RNN", "LSTMCell", "MultiheadAttention", "Sequential", "DataParallel", "ModuleList", "ModuleDict"}
) | {"Module", "DistributedDataParallel", "AdaptiveLogSoftmaxWithLoss", METRIC}
"""Modules that may give something else than one tensor."""


def guess_from(frame: Frame, operands: list[Tensor], node: cst.Call, sure: Confidence) -> Tensor:
    """What an unseen function that was given these tensors gives, if it gives tensors."""
    site, name = frame.site(node), _name_of(frame, node)
    device = grad = None
    for tensor in operands:
        if tensor.device is not None and tensor.device.value == ACCELERATOR:
            device = tensor.device.then(site, f"`{name}` gets it and may return a tensor there", sure)
        if tensor.grad is not None and tensor.grad.value and frame.state.grad:
            grad = tensor.grad.then(site, f"`{name}` gets it and may return a tensor of the same graph", sure)
    if frame.state.grad is False:
        grad = NO_GRAD
    return Tensor(device=device, grad=grad, graph=grown(operands, grad))


def call_module_method(
    frame: Frame, kind: Module, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """`module.name(...)`."""
    if name in MOVES:
        value = moved_module(frame, kind, name, arguments, node)
        frame.write_back(func, value)
        return value
    if name in CASTS:
        result = cast_module(frame, kind, name, node)
        frame.write_back(func, just(result))
        return result
    if name in ("freeze", "unfreeze"):  # Lightning's, and everybody's
        frame.write_back(func, just(requires_grad_set(frame, kind, name == "unfreeze", node)))
        return NONE
    if name in _CHAINED:
        if name == "requires_grad_":
            flag = arguments.value(0, "requires_grad")
            enabled = flag[0].kind.value if flag and isinstance(flag[0].kind, Const) else not flag or None
            changed = requires_grad_set(frame, kind, enabled, node)
            frame.write_back(func, just(changed))
            return changed
        frame.write_back(func, just(kind))
        return kind
    if name in ("forward", "__call__"):
        return call_module(frame, kind, arguments, node)
    if name in ("module", "children", "modules", "named_modules", "named_children"):
        return Sequence(None, just(Module(None, kind.device)), mutable=False)
    if name in ("parameters", "buffers"):
        return Sequence(None, just(_parameter(frame, kind, node, name, func)), mutable=False)
    if name in ("named_parameters", "named_buffers"):
        pair = Sequence((UNKNOWN, just(_parameter(frame, kind, node, name, func))), NOTHING, mutable=False)
        return Sequence(None, just(pair), mutable=False)
    if name == "state_dict":
        return state_dict(frame, kind.device, func, node)
    if name == "load_state_dict":
        tell_reloaded(frame, arguments, module=True)
    if name == "load_state_dict" and frame.tracks:
        tell_restored(frame, arguments.value(0, "state_dict"), frame.text(receiver_of(func)), node)
    if name == "zero_grad":
        zeroed(frame, arguments, node)
    if name in ("zero_grad", "load_state_dict", "register_buffer", "add_module", "register_forward_hook"):
        return NONE if name == "zero_grad" else UNKNOWN
    if kind.name is None and LIKE_A_MODULE.fullmatch(name) and not _WITHOUT_WEIGHTS.search(name):
        return call_module(frame, replace(kind, path=None), arguments, node)  # `net.encoder(x)`: a part of it
    return other_method(frame, kind, name, arguments, node)


_WITHOUT_WEIGHTS = re.compile(r"crit|loss|algorithm", re.I)
"""Among the names of modules those of such as have, as a rule, nothing to train."""

_MADE_FOR_USE = re.compile(r"generat|synthes|sampl|infer|predict|translat|transcri", re.I)
"""Methods whose results people look at and listen to: many bring them to the host, which cannot be seen."""


_COMPUTES = re.compile(r"(forward|encod|decod|embed|extract|feature|project|reconstruct|logit)", re.I)
"""Names of methods that do a part of what forward does: they give tensors where they are given some. `act`, `step` and
`predict` give as often what the world outside understands."""


def other_method(frame: Frame, kind: Module, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """A method of an unseen module: its result is on the device of what goes in; whether it is part of the graph
    (`generate` is not, `encode` may be) is anybody's guess."""
    operands = operands_in(arguments.values)
    for value in arguments.values:
        escape(frame, value)
    if not operands and kind.device is None:
        return UNKNOWN
    result = module_output(frame, _name_of(frame, node), kind.device, kind.trainable, operands, node, Confidence.LIKELY)
    grad = result.grad.weaker(Confidence.POSSIBLE) if result.grad is not None else None
    device = result.device
    computes = _COMPUTES.search(name) is not None
    if device is not None and ((operands and not computes) or _MADE_FOR_USE.search(name)):
        result = replace(result, device=device.doubted(Doubt.ECHOED))
    if operands and result.device is not None and not any(tensor.on_accelerator for tensor in operands):
        result = replace(result, device=result.device.weaker(Confidence.POSSIBLE))  # it may give anything
    if not operands and frame.interpreter.eager and _MADE_FOR_USE.search(name):
        return Opaque(guess=replace(result, grad=grad), tensorish=True)  # `model.sample(9)` is made where the model is
    if not operands:
        # A metric's own sum of what it has seen is where the metric is.
        return Opaque(guess=replace(result, grad=NO_GRAD), tensorish=True) if _computes(kind, node) else Opaque()
    return Opaque(guess=replace(result, grad=grad), tensorish=computes)


def _computes(kind: Module, node: cst.Call) -> bool:
    func = node.func
    return kind.name == METRIC and type(func) is cst.Attribute and func.attr.value == "compute"


def part_of_module(kind: Kind) -> Kind:
    """`model.W`, an attribute of an unseen module that is computed with: a tensor that is where the module is. Anything
    else as it is."""
    owner = kind.owner[0].kind if isinstance(kind, Bound) and len(kind.owner) == 1 else None
    if not isinstance(owner, Module) or owner.name is not None or owner.device is None:
        return kind
    return Opaque(guess=Tensor(device=owner.device), tensorish=True)


def module_memory(frame: Frame, owner: cst.CSTNode) -> Memory | None:
    """The memory of the parameters and buffers of the module at `owner`, one allocation for all."""
    text = frame.text(owner)
    return Memory(module_key(frame, text), "module", text) if frame.tracks else None


def _parameter(frame: Frame, kind: Module, node: cst.CSTNode, name: str, func: cst.BaseExpression) -> Tensor:
    site = frame.site(node)
    grad = NO_GRAD
    if kind.trainable and "parameters" in name:
        grad = Fact(True).then(site, "parameters require grad")
    owner = receiver_of(func)
    return Tensor(
        device=kind.device,
        grad=grad,
        memory=module_memory(frame, owner),
        path=f"{frame.text(owner)}{PARAMETERS}",
        graph=LEAF if grad.value else NO_GRAPH,
    )


def state_dict(frame: Frame, device: Fact | None, func: cst.BaseExpression, node: cst.CSTNode) -> Mapping:
    """The tensors of a state dict are the parameters' own memory, without grad. That of a copy that nothing here
    trains, and of a module that nobody holds, stays as it is."""
    owner = receiver_of(func)
    outline = frame.outline
    idle = outline is not None and type(owner) is cst.Name and owner.value in outline.idle_copies
    memory = module_memory(frame, owner) if not idle and not is_held_by_nobody(frame, owner) else None
    if memory is not None:
        how = ((frame.site(node), "`state_dict()` gives the parameters' own memory"),)
        memory = replace(memory, side=((node, False),), how=how)
        frame.state.stale.pop((memory.key, memory.side), None)
        frame.handed.discard(memory.name)
    return Mapping((), just(Tensor(device=device, grad=NO_GRAD, memory=memory)))


def moved_module(frame: Frame, kind: Kind, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """The module after `.to(...)`, `.cuda()`, `.cpu()`; None devices and dtypes leave it where it is."""
    moved_away(frame, node.func)
    if name == "cpu":
        return just(moved(frame, kind, Fact(CPU), node))
    if name == "cuda":
        step = Step(frame.site(node), "the module is moved to the accelerator", doubt=Doubt.NAMED)
        return just(moved(frame, kind, Fact(ACCELERATOR, step), node))
    result: Value = just(kind)
    targets = [argument.value for argument in arguments.positional]
    targets += [arguments.keywords[key].value for key in ("device", "dtype") if key in arguments.keywords]
    for target in targets:
        goals = as_device(frame, target, node)

        def onto(one: Kind, goal: Kind) -> Kind:
            if isinstance(goal, Device):
                return moved(frame, one, goal.fact, node)
            if isinstance(goal, Dtype) and isinstance(one, Module | Instance):
                return replace(one, dtype=Fact(goal.name).then(frame.site(node), f"the module is cast to {goal.name}"))
            if isinstance(goal, Opaque) and isinstance(one, Module | Instance):
                return replace(one, device=None, dtype=UNKNOWN_DTYPE)
            return one

        result = combine([result, goals], onto)
    return result


def zeroed(frame: Frame, arguments: Arguments, node: cst.Call) -> None:
    """`zero_grad(set_to_none=False)` writes the gradients; by default they are replaced."""
    kept = arguments.value(0, "set_to_none")
    if any(isinstance(kind, Const) and kind.value is False for kind, _ in kept):
        overwritten(frame, node, "grad", "the gradients")


def call_optimizer_method(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Value:
    """`optimizer.step()` writes the parameters."""
    if name == "step":
        stepped(frame, node)
        trains(frame, node)
    elif name == "zero_grad":
        zeroed(frame, arguments, node)
    elif name == "load_state_dict":
        tell_reloaded(frame, arguments, module=False)
    return NONE if name in ("step", "zero_grad") else UNKNOWN
