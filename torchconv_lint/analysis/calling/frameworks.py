"""Where frameworks have put modules and data before they call a method: Lightning, the Trainer of transformers,
accelerate. They choose the device, so that it may be an accelerator; never more than *likely*."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    NOTHING,
    UNKNOWN,
    Fact,
    Instance,
    Kind,
    Loader,
    Module,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Value,
    deeply,
    each,
    just,
)
from torchconv_lint.analysis.nodes.site import Site
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Arguments, Definition, Frame
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

METRIC = "torchmetrics"
"""What stands for the class of a metric: a module whose results are on its device, and no part of a graph as a rule."""

ACCELERATE = "accelerate.Accelerator()"
"""An object of accelerate's central class."""

_LIGHTNING = re.compile(r"^(pytorch_lightning|lightning)\..*\bLightningModule$")
_HOOK = re.compile(
    r"(training|validation|test|predict)_step(_end)?$|(training|validation|test)_epoch_end$|"
    r"on_(train|validation|test|predict)_(batch_|epoch_)?(start|end)$|on_(before|after)_backward$"
)
"""Methods that Lightning calls once the module is where the trainer wants it."""

_TRAINER = re.compile(r"^(transformers|trl)\..*Trainer$")
_TRAINER_HOOKS = frozenset({"compute_loss", "training_step", "prediction_step"})
_GATHERS = frozenset({"gather", "gather_for_metrics", "reduce", "pad_across_processes"})
_PREPARES = frozenset({"prepare", "prepare_model"})


def receiver_device(interpreter: Interpreter, function: FunctionOutline) -> Fact | None:
    """The device of `self` where unseen code calls a method of its module; None if that is anybody's guess. Lightning
    makes modules on the CPU and moves them afterwards."""
    is_made = function.name == "__init__"
    if function.owner is None or not (is_made or _HOOK.match(function.name)):
        return None
    if not any(_LIGHTNING.match(base) for base in interpreter.classes.external_bases(function.owner)):
        return None
    if is_made:
        return Fact(CPU)
    return _chosen(interpreter.definitions.of(function), "Lightning moves the module to the trainer's device")


def given(interpreter: Interpreter, function: FunctionOutline, parameter: str) -> Value:
    """What a framework hands over as an argument; nothing if that is not known."""
    if interpreter.eager and function.owner is not None and _AFTER_ALL.match(function.name):
        return _outputs(interpreter, function, parameter)
    if function.owner is None or function.name not in _TRAINER_HOOKS or parameter != "model":
        return NOTHING
    if not any(_TRAINER.match(base) for base in interpreter.classes.external_bases(function.owner)):
        return NOTHING
    definition = interpreter.definitions.of(function)
    return just(Module(None, _chosen(definition, "the Trainer moves the model to its device")))


_AFTER_ALL = re.compile(r"(training|validation|test)_epoch_end$")


def _outputs(interpreter: Interpreter, function: FunctionOutline, parameter: str) -> Value:
    """What Lightning hands over when an epoch has ended: what the steps have returned, where they have left it."""
    owner, arguments = function.owner, function.node.args.args
    if owner is None or len(arguments) != 2 or arguments[1].arg != parameter:
        return NOTHING
    step = owner.methods.get(function.name.replace("_epoch_end", "_step"))
    if step is None or not any(_LIGHTNING.match(base) for base in interpreter.classes.external_bases(owner)):
        return NOTHING
    return just(Sequence(None, interpreter.home(owner).entry(step).value))


def _chosen(definition: Definition, message: str) -> Fact | None:
    if not definition.is_parsed:
        return None
    return Fact(ACCELERATOR, Step(Site(definition.segment, definition.node), message), Confidence.LIKELY)


def call_accelerate(frame: Frame, name: str, arguments: Arguments, node: cst.Call) -> Kind | Value | None:
    """A method of accelerate's central object; None if nothing is known of it."""
    if name in _PREPARES and arguments.positional:
        fact = _placed(frame, node, f"`{name}` moves it to the accelerator's device")
        prepared = tuple(each(one.value, lambda kind: _prepared(kind, fact)) for one in arguments.positional)
        return prepared[0] if len(prepared) == 1 else Sequence(prepared, NOTHING, mutable=False)
    if name in _GATHERS and arguments.positional:
        fact = _placed(frame, node, f"`{name}` gives tensors on the accelerator's device")
        return deeply(arguments.positional[0].value, lambda kind: _gathered(frame, kind, fact)) or UNKNOWN
    if name == "unwrap_model" and arguments.positional:
        return arguments.positional[0].value
    return None


def _placed(frame: Frame, node: cst.CSTNode, message: str) -> Fact:
    return Fact(ACCELERATOR, Step(frame.site(node), message), Confidence.LIKELY)


def _prepared(kind: Kind, device: Fact) -> Kind:
    """A module is moved; what a prepared loader gives is moved as well."""
    if isinstance(kind, Module) or (isinstance(kind, Instance) and kind.is_module):
        return replace(kind, device=device)
    return Opaque() if isinstance(kind, Loader) else kind


def _gathered(frame: Frame, kind: Kind, device: Fact) -> Kind:
    if isinstance(kind, Tensor):
        return replace(kind, device=kind.device or device, memory=None, path=None)
    if isinstance(kind, Opaque):
        guess = kind.guess or Tensor(grad=Fact(False) if frame.state.grad is False else None)
        return Opaque(guess=replace(guess, device=guess.device or device, memory=None, path=None), tensorish=True)
    return kind


def pretrained(frame: Frame, arguments: Arguments, node: cst.Call, dtype: Fact | None) -> Module:
    """A model that a library has made with the options that the models of transformers take."""
    site = frame.site(node)
    if dtype is not None:
        dtype = Fact(dtype.value, Step(site, f"the model is loaded in {dtype.value}"), Confidence.LIKELY)
    place = arguments.keywords.get("device_map")
    device = Fact("cpu")
    if place is not None or any(name.startswith("load_in_") for name in arguments.keywords):
        text = frame.text(place.node) if place is not None else ""
        if text.strip("\"'") == "cpu" or text == "None":
            return Module(None, device, dtype=dtype)
        device = Fact(ACCELERATOR, Step(site, "the model is loaded to an accelerator"), Confidence.LIKELY)
    return Module(None, device, dtype=dtype)
