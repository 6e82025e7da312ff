"""Which modules of the project have something to train: one whose forward uses nothing but buffers and numbers has not,
nor has one that freezes itself when it is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.domain.values import Array, Const, Fact, Instance, Module, Number, Tensor
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Arguments
    from torchconv_lint.analysis.domain.values import Kind
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import ClassOutline, FunctionOutline

HOLDS_WEIGHTS = frozenset(
    [
        "Linear",
        "Conv1d",
        "Conv2d",
        "Conv3d",
        "ConvTranspose1d",
        "ConvTranspose2d",
        "ConvTranspose3d",
        "Bilinear",
        "BatchNorm1d",
        "BatchNorm2d",
        "BatchNorm3d",
        "LayerNorm",
        "GroupNorm",
        "Embedding",
        "LSTM",
        "GRU",
        "RNN",
        "LSTMCell",
        "GRUCell",
        "MultiheadAttention",
        "Sequential",
    ]
)
"""Modules that refuse an input which is not where their weights are."""

_DEPTH = 3
"""As many modules inside each other are looked into."""


def object_of(interpreter: Interpreter, class_: ClassOutline, device: Fact | None) -> Instance:
    """An object of a class of the project, which is on `device` if it is a module."""
    if not interpreter.classes.is_module(class_):
        return Instance(class_)
    made = _method(interpreter, class_, "__init__")
    return Instance(class_, device, True, trainable=made is None or not made.freezes)


def frozen_by(interpreter: Interpreter, class_: ClassOutline, arguments: Arguments) -> bool:
    """Whether a module is asked to be made frozen: `Encoder(frozen=True)`."""
    made = _method(interpreter, class_, "__init__")
    for name in made.freezes_if if made is not None else ():
        given = arguments.keywords.get(name)
        if given is not None and all(kind == Const(True) for kind, _ in given.value):
            return True
    return False


def _method(interpreter: Interpreter, class_: ClassOutline, name: str) -> FunctionOutline | None:
    """The method that an object of the class has, inherited or its own."""
    return next((one.methods[name] for one in interpreter.classes.bases(class_) if name in one.methods), None)


def uses_weights(interpreter: Interpreter, class_: ClassOutline) -> bool:
    """Whether the module's output may depend on parameters: always, unless every attribute that forward reads is a
    buffer, a number, or a tensor that asks for no gradient."""
    classes = interpreter.classes.bases(class_)
    forward = _method(interpreter, class_, "forward")
    read = forward.read_on_self if forward is not None else None
    if read is None:
        return True
    buffers = frozenset[str]().union(*(one.buffers for one in classes))
    return not all(name in buffers or _needs_no_grad(interpreter, class_, name) for name in read)


def holds_weights(interpreter: Interpreter, class_: ClassOutline, depth: int = 0) -> bool:
    """Whether forward surely uses parameters: a layer that has some, or a module of the project that does. A criterion
    of the project, which computes with numbers of its own, takes tensors of any device."""
    if any(base.rpartition(".")[2] in HOLDS_WEIGHTS for base in interpreter.classes.external_bases(class_)):
        return True
    classes = interpreter.classes.bases(class_)
    forward = _method(interpreter, class_, "forward")
    read = forward.read_on_self if forward is not None else None
    names = read if read is not None else frozenset[str]().union(*(one.stored for one in classes))
    values = (interpreter.attributes.value(class_, name) for name in sorted(names))
    return any(_holds(interpreter, kind, depth) for value in values for kind, _ in value)


def takes_as_given(interpreter: Interpreter, class_: ClassOutline) -> bool:
    """Whether forward computes with weights and with its inputs where they are: none is moved."""
    forward = _method(interpreter, class_, "forward")
    if forward is None or any(node.attr in ("to", "cuda") for node in forward.by_type[ast.Attribute]):
        return False
    return holds_weights(interpreter, class_)


def _holds(interpreter: Interpreter, kind: Kind, depth: int) -> bool:
    if isinstance(kind, Module):
        return kind.name in HOLDS_WEIGHTS or kind.name in ("ModuleList", "ModuleDict")
    if isinstance(kind, Instance) and kind.is_module:
        return depth < _DEPTH and holds_weights(interpreter, kind.definition, depth + 1)
    return isinstance(kind, Tensor) and kind.grad == Fact(True)


def _needs_no_grad(interpreter: Interpreter, class_: ClassOutline, name: str) -> bool:
    """Whether the class stores nothing there but numbers, texts, flags and tensors that ask for no gradient."""
    value = interpreter.attributes.value(class_, name)
    return name == "training" or (bool(value) and all(_is_plain(kind) for kind, _ in value))


def _is_plain(kind: Kind) -> bool:
    if isinstance(kind, Tensor):
        return kind.grad is not None and not kind.grad.value and kind.grad.confidence is Confidence.CERTAIN
    return isinstance(kind, Const | Number | Array)
