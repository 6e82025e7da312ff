"""Which modules of the project have something to train: one whose forward uses nothing but buffers and numbers has not,
nor has one that freezes itself when it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.values import Const, Fact, Instance, Number

if TYPE_CHECKING:
    from torchconv_lint.analysis.frame import Arguments
    from torchconv_lint.analysis.interpreter import Interpreter
    from torchconv_lint.analysis.outline import ClassOutline, FunctionOutline


def object_of(interpreter: Interpreter, class_: ClassOutline, device: Fact | None) -> Instance:
    """An object of a class of the project, which is on `device` if it is a module."""
    if not interpreter.classes.is_module(class_):
        return Instance(class_)
    made = _constructor(interpreter, class_)
    return Instance(class_, device, True, trainable=made is None or not made.freezes)


def frozen_by(interpreter: Interpreter, class_: ClassOutline, arguments: Arguments) -> bool:
    """Whether a module is asked to be made frozen: `Encoder(frozen=True)`."""
    made = _constructor(interpreter, class_)
    for name in made.freezes_if if made is not None else ():
        given = arguments.keywords.get(name)
        if given is not None and all(kind == Const(True) for kind, _ in given.value):
            return True
    return False


def _constructor(interpreter: Interpreter, class_: ClassOutline) -> FunctionOutline | None:
    classes = interpreter.classes.bases(class_)
    return next((one.methods["__init__"] for one in classes if "__init__" in one.methods), None)


def uses_weights(interpreter: Interpreter, class_: ClassOutline) -> bool:
    """Whether the module's output may depend on parameters: always, unless every attribute that forward reads is a
    buffer or a number."""
    classes = interpreter.classes.bases(class_)
    forward = next((one.methods["forward"] for one in classes if "forward" in one.methods), None)
    read = forward.read_on_self if forward is not None else None
    if read is None:
        return True
    buffers = frozenset[str]().union(*(one.buffers for one in classes))
    return not all(name in buffers or _is_number(interpreter, class_, name) for name in read)


def _is_number(interpreter: Interpreter, class_: ClassOutline, name: str) -> bool:
    """Whether the class stores nothing but numbers, texts and flags there."""
    value = interpreter.attributes.value(class_, name)
    return name == "training" or (bool(value) and all(isinstance(kind, Const | Number) for kind, _ in value))
