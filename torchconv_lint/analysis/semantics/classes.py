"""Classes of the file: what `self.x` is, by the methods that store it, and what an nn.Module of the file returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchconv_lint.analysis.calling import module_calls, transforms
from torchconv_lint.analysis.calling.binding import is_refused
from torchconv_lint.analysis.calling.builtin_calls import set_by_name
from torchconv_lint.analysis.calling.left_behind import accepted, is_left_behind
from torchconv_lint.analysis.computing.tensors import frozen, loader_of, module_output, operands_in, requires_grad_set
from torchconv_lint.analysis.domain.conditions import ASKED, CALLED, is_answer
from torchconv_lint.analysis.domain.devices import any_device, names_device
from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.frame import Argument, Arguments
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    NONE,
    NOTHING,
    UNKNOWN,
    Array,
    Class,
    Const,
    Device,
    Fact,
    Function,
    Instance,
    Kind,
    Memory,
    Module,
    Opaque,
    Tensor,
    Value,
    When,
    deeply,
    each,
    guessed,
    join,
    just,
    possible,
)
from torchconv_lint.analysis.domain.weights import frozen_by, object_of, takes_as_given, uses_weights
from torchconv_lint.analysis.nodes.names import dotted_path, receiver_of
from torchconv_lint.analysis.syntax.outline import REGISTERING
from torchconv_lint.analysis.telling.metrics_in_losses import tell_metric
from torchconv_lint.analysis.telling.to_tensor import tell_double
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import ClassOutline


def attribute(frame: Frame, this: Instance, name: str, node: cst.CSTNode) -> Kind | Value:
    """`this.name`: a method, a property's value, or what the class's methods store there."""
    interpreter = frame.interpreter
    found = interpreter.classes.method(this.definition, name)
    if found is not None:
        definition, decorators = found
        if "property" in decorators or "cached_property" in decorators:
            return interpreter.calls.follow(frame, definition, Arguments(), this, node)
        return Function(definition, None if "staticmethod" in decorators else this)
    value = stored(frame, this, name)
    if _is_off(value) and not names_device(name):
        return Opaque(f"self.{name}")
    if value and not _is_placeholder(value):
        return value
    if name == "device" and not value:
        if this.device is not None and this.device.value == CPU and _is_being_made(frame):
            return Device(this.device)
        return any_device(frame, "self.device", node, doubt=Doubt.ECHOED)
    constant = interpreter.classes.constant(this.definition, name) if not value else None
    if constant is not None:
        said = name in this.definition.annotations  # what it is, switched on or off
        return Opaque(f"self.{name}") if _is_off(constant) and not said and not names_device(name) else constant
    if this.is_module and name in ("training", "hparams", "config"):
        return Opaque(f"self.{name}")
    memory = Memory(("attribute", name), "attribute", f"self.{name}") if frame.tracks else None
    return join(value, just(Opaque(f"self.{name}", memory=memory)))


def _is_being_made(frame: Frame) -> bool:
    return frame.definition is not None and frame.definition.name == "__init__"


def _is_placeholder(value: Value) -> bool:
    """None, and nothing else: what the attribute is for, a subclass or other code stores."""
    return all(isinstance(kind, Const) and kind.value is None for kind, _ in value)


def _is_off(value: Value) -> bool:
    """False or 0, and nothing else: code that asks for it was written for those who switch it on, in a subclass or from
    outside."""
    return bool(value) and all(isinstance(kind, Const) and kind.value in (False, 0) for kind, _ in value)


def _lasting(path: When) -> When:
    """What a method has learnt of choices that other methods have made; a name means something else to each of them."""
    return frozenset(literal for literal in path if is_answer(literal[0], ASKED, CALLED)) if path else path


def stored(frame: Frame, this: Instance, name: str) -> Value:
    """What the class's methods store in `this.name`, as this object has it: moved and frozen with the whole."""
    value = frame.interpreter.attributes.value(this.definition, name)
    if not value and name[-1:].isdigit():  # one of those that a loop has stored under computed names
        value = frame.interpreter.attributes.value(this.definition, name.rstrip("0123456789") + "*")
    value = possible(value, _lasting(frame.state.path))
    if not value:
        return value
    if frame.tracks:
        given = this.definition.given_to_init
        value = deeply(value, lambda kind: _seen_by_methods(name, kind, given))
    if this.device is not None or this.is_module:  # where it was made, it need not be any more
        value = each(value, lambda kind: _on(kind, this.device))
    if this.dtype is not None:
        value = each(
            value, lambda kind: replace(kind, dtype=this.dtype) if isinstance(kind, Module | Instance) else kind
        )
    return value if this.trainable else each(value, frozen)


def _seen_by_methods(name: str, kind: Kind, others: dict[str, str]) -> Kind:
    """Data that another method stored, as every method of the object sees it. `others`: what the object calls that
    which was given to its `__init__`."""
    if not isinstance(kind, Tensor | Array | Opaque):
        return kind
    memory = kind.memory
    if memory is not None and memory.origin == "module" and memory.key[1] in others:
        text = others[memory.key[1]]  # `self.model = model` beside `self.state = model.state_dict()`
        return replace(kind, memory=replace(memory, key=(memory.key[0], text, *memory.key[2:]), name=text))
    if memory is not None and (memory.origin == "module" or memory.key[0] == "attribute"):
        return kind
    return replace(kind, memory=Memory(("attribute", name), "attribute", f"self.{name}"))


def _on(kind: Kind, device: Fact | None) -> Kind:
    """A part of a module that has been moved as a whole is where the whole is. If nobody knows where that is (None), an
    object of the project's that was made on the CPU need not be there any more."""
    if device is None and not (isinstance(kind, Instance) and kind.device is not None and kind.device.step is None):
        return kind
    if isinstance(kind, Module | Instance) and getattr(kind, "is_module", True):
        return replace(kind, device=device)
    if isinstance(kind, Tensor) and kind.grad is not None and kind.grad.value:
        return replace(kind, device=device)
    return kind


def class_attribute(frame: Frame, class_: Class, name: str) -> Kind | Value:
    """`Class.name`."""
    return class_attribute_value(frame, class_, name)


def class_attribute_value(frame: Frame, class_: Class, name: str) -> Value:
    """A method taken from the class itself, or a class constant."""
    found = frame.interpreter.classes.method(class_.definition, name)
    if found is not None:
        definition, decorators = found
        return just(Function(definition, class_ if "classmethod" in decorators else None))
    return frame.interpreter.classes.constant(class_.definition, name) or UNKNOWN


def instantiate(frame: Frame, class_: Class, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`Class(...)`."""
    outline: ClassOutline = class_.definition
    roots = frame.interpreter.classes.external_bases(outline)
    if any(base.startswith("torch.autograd") and base.endswith("Function") for base in roots):
        return UNKNOWN
    if any(base.endswith("DataLoader") for base in roots):
        return loader_of(arguments)
    made = object_of(frame.interpreter, outline, Fact(CPU))
    return replace(made, trainable=False) if frozen_by(frame.interpreter, outline, arguments) else made


def call_instance(frame: Frame, kind: Instance, arguments: Arguments, node: cst.Call) -> Kind | Value:
    """`instance(...)`: the class's own `__call__`, else `forward` of an nn.Module."""
    frame.called.add(frame.text(node.func))
    own = frame.interpreter.classes.method(kind.definition, "__call__")
    if own is not None:
        if frame.interpreter.eager:
            tell_metric(frame, kind, node)
        return frame.interpreter.calls.follow(frame, own[0], arguments, kind, node)
    if not kind.is_module:
        return UNKNOWN
    if frame.interpreter.eager:
        for value in arguments.values:
            tell_double(frame, value, f"`{frame.text(node.func)}`", node)
    found = frame.interpreter.classes.method(kind.definition, "forward")
    if found is not None:
        taken = accepted(frame, kind, arguments, node)
        if taken is None or is_refused(found[0], arguments):
            frame.fail()
            return NOTHING
        arguments = taken
        operands = operands_in([arguments.value(0, "input")])
        left = bool(operands) and is_left_behind(kind.device, operands[0].device)
        if left and takes_as_given(frame.interpreter, kind.definition):
            frame.fail()
            return NOTHING
        result = frame.interpreter.calls.follow(frame, found[0], arguments, kind, node)
        return _module_result(frame, kind, result, arguments, node)
    return module_calls.call_module(frame, Module(None, kind.device), arguments, node)


def _module_result(frame: Frame, kind: Instance, value: Value, arguments: Arguments, node: cst.Call) -> Value:
    """What forward gave, completed by what every nn.Module's output has where forward did not tell."""
    operands = operands_in(arguments.values)
    name = frame.text(node.func)
    trained = kind.trainable and uses_weights(frame.interpreter, kind.definition)
    output = module_output(frame, name, kind.device, trained, operands, node, Confidence.LIKELY, moves_nothing=False)

    def complete(result: Kind) -> Kind:
        if isinstance(result, Opaque) and not _tells_more(result.guess, output):
            return Opaque(guess=output, tensorish=True)
        tensor = guessed(result)
        if isinstance(result, Tensor) and tensor is not None:
            return replace(result, device=_nearer(result.device, output.device, frame.interpreter.root.source.path))
        return result

    # What is told in a dict may be anything: settings, numbers, names.
    return deeply(value, complete, dicts=False) if value else UNKNOWN


def _nearer(given: Fact | None, output: Fact | None, path: str) -> Fact | None:
    """Where a tensor is that forward gave, by what forward does (`given`) or by what holds of every output. Where both
    say that it may be on an accelerator, what the linted file itself says of its inputs tells more than a device that
    the module's own file has been told."""
    if given is None or output is None:
        return given if output is None else output
    begins, otherwise = given.begins_at(), output.begins_at()
    if given.value == output.value == ACCELERATOR and begins is not None and otherwise is not None:
        return output if begins.path != path == otherwise.path else given
    return given


def _tells_more(guess: Tensor | None, output: Tensor) -> bool:
    """Whether what forward gave tells as much of its device as what holds of every output of the module. What came of
    a part that forward cannot see (`self.layers = blocks["last"]`) has only followed its input there."""
    if guess is None or output.device is None:
        return guess is not None
    return guess.device is not None and guess.device.confidence >= output.device.confidence


def call_method(
    frame: Frame, kind: Instance, name: str, arguments: Arguments, node: cst.Call, func: cst.BaseExpression
) -> Kind | Value:
    """`instance.name(...)`."""
    from torchconv_lint.analysis.calling.calls import call_kind, unseen_result

    interpreter = frame.interpreter
    found = interpreter.classes.method(kind.definition, name)
    if found is not None:
        definition, decorators = found
        if "property" in decorators or "cached_property" in decorators:
            value = interpreter.calls.follow(frame, definition, Arguments(), kind, node)
            return each(value, lambda one: call_kind(frame, one, arguments, node)) or UNKNOWN
        this = None if "staticmethod" in decorators else kind
        return interpreter.calls.follow(frame, definition, arguments, this, node)
    if kind.is_module and name in REGISTERING:
        return _registered(frame, name, arguments, func)
    if kind.is_module and name in module_calls.MOVES:
        value = module_calls.moved_module(frame, kind, name, arguments, node)
        frame.write_back(func, value)
        return value
    if kind.is_module and name in ("add_module", "register_module"):
        set_by_name(frame, receiver_of(func), arguments.value(1), node)
        return NONE
    part = stored(frame, kind, name)
    if part:
        return each(part, lambda one: call_kind(frame, one, arguments, node)) or UNKNOWN
    if kind.is_module and name == "compile":  # in place, as `torch.compile` would
        given = replace(arguments, positional=(Argument(just(kind), func), *arguments.positional))
        transforms.apply(frame, "torch.compile", given, node)
        return NONE
    if kind.is_module and _is_module_method(name):
        if name == "requires_grad_":
            flag = arguments.value(0, "requires_grad")
            enabled = flag[0].kind.value if flag and isinstance(flag[0].kind, Const) else not flag or None
            changed = requires_grad_set(frame, kind, enabled, node)
            frame.write_back(func, just(changed))
            return changed
        if name in module_calls.CASTS:
            cast = module_calls.cast_module(frame, kind, name, node)
            frame.write_back(func, just(cast))
            return cast
        if name in ("eval", "train", "apply"):
            return kind
        module = Module(None, kind.device, kind.trainable, path="self")
        return module_calls.call_module_method(frame, module, name, arguments, node, func)
    if name in ("zero_grad", "log", "log_dict", "save_hyperparameters"):
        return NONE
    return unseen_result(frame, f"self.{name}", arguments, node)


def _registered(frame: Frame, name: str, arguments: Arguments, func: cst.BaseExpression) -> Value:
    """`self.register_buffer("x", value)` stores `self.x`. Buffers move with the module: where they are is not known."""
    named, value = arguments.value(0, "name"), arguments.value(1, "tensor" if name == "register_buffer" else "param")
    owner = dotted_path(receiver_of(func))
    if owner is not None and len(named) == 1 and isinstance(named[0].kind, Const) and value:
        tell_double(frame, value, f"`{owner}.{named[0].kind.value}`", func)
        if name == "register_buffer":
            value = each(value, lambda kind: replace(kind, device=None) if isinstance(kind, Tensor) else kind)
        frame.bind(f"{owner}.{named[0].kind.value}", value)
    return NONE


def _is_module_method(name: str) -> bool:
    return name in _MODULE_METHODS


_MODULE_METHODS = frozenset(
    {"parameters", "named_parameters", "state_dict", "eval", "train", "apply", "float", "double", "half", "bfloat16"}
) | {"requires_grad_", "modules", "children", "named_modules", "named_children", "buffers", "named_buffers", "forward"}
