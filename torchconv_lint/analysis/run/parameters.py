"""What is known of a function's parameters before anything calls it: annotations, defaults and uses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.calling.enriching import enriched
from torchconv_lint.analysis.calling.frameworks import given, receiver_device
from torchconv_lint.analysis.domain.annotations import annotated, without_tensors
from torchconv_lint.analysis.domain.devices import somewhere
from torchconv_lint.analysis.domain.values import (
    UNKNOWN,
    Class,
    Const,
    Dtype,
    Kind,
    Mapping,
    Memory,
    Opaque,
    Sequence,
    Value,
    join,
    just,
)
from torchconv_lint.analysis.domain.weights import object_of
from torchconv_lint.analysis.nodes.site import Site
from torchconv_lint.analysis.syntax.gradmode import runs_for_autograd
from torchconv_lint.analysis.syntax.handed_over import argument_of
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.placing import replaced_where_lacking

if TYPE_CHECKING:
    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline


def receiver(interpreter: Interpreter, function: FunctionOutline) -> Kind | None:
    """What the first parameter of a method is: an object of its class, or the class; None if it is neither."""
    decorators = {dotted(decorator) for decorator in function.node.decorator_list}
    if function.owner is None or "staticmethod" in decorators:
        return None
    if "classmethod" in decorators:
        return Class(function.owner)
    return object_of(interpreter, function.owner, receiver_device(interpreter, function))


def expected(interpreter: Interpreter, definition: Definition, this: Kind | None) -> dict[str, Value]:
    """The parameters as if unknown code called the function; `this`: what it is a method of."""
    function = definition.outline
    if function is not None:
        return _of_outlined(interpreter, definition, function, this)
    names: dict[str, Value] = {}
    for slot in _slots(definition):
        name = slot.name.value
        annotation = slot.annotation if type(definition.node) is cst.FunctionDef else None
        origin = definition.segment.origin(annotation.annotation) if annotation is not None else None
        names[name] = annotated(interpreter, origin if isinstance(origin, ast.expr) else None, name)
    star = definition.node.params.star_arg
    if type(star) is cst.Param:
        names[star.name.value] = _rest(UNKNOWN, star.name.value)
    return names


def _rest(inner: Value, name: str) -> Value:
    """What `*args` holds: what callers have handed over, as other arguments are."""
    if inner == UNKNOWN:
        inner = just(Opaque(memory=Memory(("part", ("parameter", name), "item"), "parameter", name)))
    return just(Sequence(None, inner, mutable=False))


def _of_outlined(
    interpreter: Interpreter, definition: Definition, function: FunctionOutline, this: Kind | None
) -> dict[str, Value]:
    names: dict[str, Value] = {}
    arguments = function.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = [*zip(positional, [*defaults, *arguments.defaults], strict=True)]
    pairs += [*zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if this is not None and pairs:
        names[pairs[0][0].arg] = just(this)
        pairs = pairs[1:]
    elif pairs and runs_for_autograd(interpreter, function):
        names[pairs[0][0].arg] = just(Opaque(pairs[0][0].arg))  # what hangs on `ctx` is the function's own
        pairs = pairs[1:]
    evidence = interpreter.facts.evidence(function)
    lacking = replaced_where_lacking(function.by_type) if "is_available" in interpreter.source.text else frozenset()
    for parameter, default in pairs:
        name = parameter.arg
        value = given(interpreter, function, name) or annotated(interpreter, parameter.annotation, name)
        value = enriched(value, name, evidence)
        if name in evidence.placed:
            value = somewhere(value, name, _site_of(definition, name))
        if _is_device(getattr(default, "value", None)) and _all_say_otherwise(interpreter.root, function, name):
            default = None
        names[name] = _with_default(interpreter, value, default, lacking=name in lacking)
    if arguments.vararg is not None:
        inner = annotated(interpreter, arguments.vararg.annotation, arguments.vararg.arg, 1)
        names[arguments.vararg.arg] = _rest(inner, arguments.vararg.arg)
    if arguments.kwarg is not None:
        names[arguments.kwarg.arg] = just(Mapping((), UNKNOWN))
    return names


def _slots(definition: Definition) -> list[cst.Param]:
    every = definition.node.params
    return [*every.posonly_params, *every.params, *every.kwonly_params]


def _site_of(definition: Definition, parameter: str) -> Site:
    """The place of a parameter of a function that has been parsed."""
    slots = _slots(definition)
    return Site(definition.segment, next(slot.name for slot in slots if slot.name.value == parameter))


def _with_default(interpreter: Interpreter, value: Value, default: ast.expr | None, *, lacking: bool = False) -> Value:
    """`lacking`: the function replaces it by the CPU where there is no accelerator, so others are expected as well."""
    if isinstance(default, ast.Name):
        if default.id not in interpreter.outline.assigned or "cuda" not in interpreter.source.text:
            return value
        known = interpreter.globals.value(default.id)
        return known if all(isinstance(kind, Const) and _is_device(kind.value) for kind, _ in known) else value
    if isinstance(default, ast.Attribute) and default.attr == "bfloat16":
        chosen = interpreter.outline.full_name(dotted(default) or "")
        return just(Dtype("bfloat16")) if chosen == "torch.bfloat16" else value  # as with devices
    if not isinstance(default, ast.Constant):
        return value
    constant = just(Const(default.value))
    if isinstance(default.value, bool):  # a flag, whatever the annotation says
        return join(constant, without_tensors(value))
    if isinstance(default.value, str):
        # A default that names a device is that device: only the callers can make it another.
        return constant if _is_device(default.value) and not lacking else join(constant, value)
    return join(constant, value) if default.value is None else value


def _all_say_otherwise(root: Interpreter, function: FunctionOutline, parameter: str) -> bool:
    """Whether all callers in the file that is linted name a device of their own for the parameter, so that its default
    is of none of them."""
    makes = function.owner if function.name == "__init__" else None
    called = makes.name if makes is not None else function.name
    calls = [call for _, call in root.outline.calls.get(called, ()) if makes or isinstance(call.func, ast.Name)]
    return bool(calls) and all(argument_of(call, function, parameter) is not None for call in calls)


def _is_device(constant: object) -> bool:
    return isinstance(constant, str) and constant.split(":")[0] in ("cpu", "cuda", "mps")
