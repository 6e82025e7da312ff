"""Functions that are handed to `torch.compile`, `vmap`, `jit.trace` and their like."""

from __future__ import annotations

import ast
from dataclasses import field
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.terms import (
    BACKWARD,
    CAPTURE,
    COMPILE,
    EXPORT,
    FULLGRAPH,
    GRAD,
    SCRIPT,
    TRACE,
    VMAP,
)
from torchconv_lint.analysis.domain.values import (
    Const,
    External,
    Fact,
    Function,
    Instance,
    Kind,
    Opaque,
    Sequence,
    Step,
    Tensor,
    Transformed,
    Transformer,
    Value,
    each,
    guessed,
    just,
    kinds,
)
from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.telling.events import TracedCut
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Cut
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

TRANSFORMS = {
    "torch.compile": COMPILE,
    "torch.vmap": VMAP,
    "torch.func.vmap": VMAP,
    "functorch.vmap": VMAP,
    "torch.jit.trace": TRACE,
    "torch.jit.trace_module": TRACE,
    "torch.jit.script": SCRIPT,
    "torch.export.export": EXPORT,
    "torch.cuda.make_graphed_callables": CAPTURE,
    "torch.cuda.graphs.make_graphed_callables": CAPTURE,
    **{
        f"{package}.{name}": GRAD
        for package in ("torch.func", "functorch")
        for name in ("grad", "grad_and_value", "jacrev", "jacfwd", "hessian", "vjp", "jvp")
    },
    **{f"torch.autograd.functional.{name}": GRAD for name in ("jacobian", "hessian", "vjp", "jvp", "hvp", "vhp")},
}
"""What hands a function on, by full name, and what becomes of it."""

_SAME = frozenset({COMPILE, TRACE, SCRIPT, CAPTURE})
"""Transforms that give something that is called just like the function."""

_ALL_TENSORS = frozenset({VMAP, GRAD, TRACE})
"""Transforms whose function gets nothing but tensors."""

ASKS_FOR_TRACING = frozenset(
    [
        "torch.compiler.is_compiling",
        "torch.compiler.is_dynamo_compiling",
        "torch.compiler.is_exporting",
        "torch._dynamo.is_compiling",
        "torch.jit.is_scripting",
        "torch.jit.is_tracing",
        "torch.onnx.is_in_onnx_export",
        "torch.cuda.is_current_stream_capturing",
        "torch._C._get_tracing_state",
    ]
)
"""Functions whose answer is yes while a function is being traced."""

_LEFT_OUT = frozenset(["torch.compiler.disable", "torch._dynamo.disable", "torch.jit.ignore", "torch.jit.unused"])
"""Decorators that keep a function out of what is compiled or traced."""


@record
class Transform:
    """What a function is handed to. `kind` is one of the constants here; `text` names it for messages, and `site` is
    where that happens."""

    kind: str
    text: str = field(compare=False)
    site: Site = field(compare=False)


def apply(frame: Frame, name: str, arguments: Arguments, node: cst.CSTNode, *, fullgraph: bool = False) -> Kind | Value:
    """Hand the function among the arguments to the transform `name`: it is looked at once as that transform sees it."""
    switch = arguments.keywords.get("fullgraph")
    if switch is not None:
        fullgraph = any(isinstance(kind, Const) and kind.value is True for kind in kinds(switch.value))
    target = arguments.get(0)
    if target is None:
        named = ("func", "fn", "f", "obj", "model", "mod")
        given = [arguments.keywords[key] for key in named if key in arguments.keywords]
        if not given:
            return Transformer(name, fullgraph)
        target = given[0]
    kind = TRANSFORMS[name]
    if kind == COMPILE and fullgraph:
        kind = FULLGRAPH
    if frame.interpreter.wants.traces:
        text = name.removeprefix("torch.") + ("(fullgraph=True)" if kind == FULLGRAPH else "")
        _look_into(frame, Transform(kind, text, frame.site(node)), target.value, _differing(name, arguments))
    return target.value if TRANSFORMS[name] in _SAME else Transformed(target.value)


def _differing(name: str, arguments: Arguments) -> frozenset[int] | None:
    """The positions of the arguments that the transform acts on; None: all, and none where that is not written out."""
    kind = TRANSFORMS[name]
    if kind == VMAP:
        chosen = arguments.value(1, "in_dims")
    elif kind == GRAD and "autograd" not in name and not name.endswith(("vjp", "jvp")):
        chosen = arguments.value(1, "argnums") or just(Const(0))
    else:
        return None
    single = chosen[0].kind if len(chosen) == 1 else None
    if not chosen or (isinstance(single, Const) and isinstance(single.value, int)):
        return None if kind == VMAP else frozenset({getattr(single, "value", 0)})
    if not isinstance(single, Sequence) or single.items is None:
        return frozenset()
    if kind == VMAP:
        return frozenset(index for index, item in enumerate(single.items) if not _is_none(item))
    return frozenset(k.value for item in single.items for k in kinds(item) if isinstance(k, Const))


def _is_none(value: Value) -> bool:
    return all(isinstance(kind, Const) and kind.value is None for kind in kinds(value))


def _look_into(frame: Frame, transform: Transform, value: Value, positions: frozenset[int] | None) -> None:
    for kind in kinds(value):
        if isinstance(kind, Transformed):
            _look_into(frame, transform, kind.inner, positions)
        elif isinstance(kind, Function):
            frame.interpreter.traces.run(frame, kind.definition, kind.this, transform, positions)
        elif isinstance(kind, Instance) and kind.is_module:
            found = frame.interpreter.classes.method(kind.definition, "forward")
            if found is not None:
                frame.interpreter.traces.run(frame, found[0], kind, transform, positions)


def decorate(frame: Frame, node: cst.FunctionDef, function: Value) -> None:
    """A decorated function is handed to those of its decorators that are transforms."""
    for decorator in reversed(node.decorators):
        for kind in kinds(frame.evaluate(decorator.decorator)):
            transform = as_transform(frame, kind, decorator.decorator)
            if transform is not None:
                _look_into(frame, transform, function, _differing(kind_name(kind), _no_arguments()))


def kind_name(kind: Kind) -> str:
    """The full name of a transform."""
    return kind.name if isinstance(kind, External | Transformer) else ""


def as_transform(frame: Frame, kind: Kind, node: cst.CSTNode) -> Transform | None:
    """What a decorator (or anything that takes a function) does to the function."""
    if isinstance(kind, External) and kind.name in TRANSFORMS:
        return Transform(TRANSFORMS[kind.name], kind.name.removeprefix("torch."), frame.site(node))
    if isinstance(kind, Transformer):
        plain = TRANSFORMS[kind.name]
        if plain == COMPILE and kind.fullgraph:
            return Transform(FULLGRAPH, "compile(fullgraph=True)", frame.site(node))
        return Transform(plain, kind.name.removeprefix("torch."), frame.site(node))
    return None


def _no_arguments() -> Arguments:
    from torchconv_lint.analysis.domain.frame import Arguments as Given

    return Given()


def is_left_out(interpreter: Interpreter, function: FunctionOutline | None) -> bool:
    """Whether its decorators keep a function out of what is compiled or traced."""
    return function is not None and any(name in _LEFT_OUT for name in decorator_names(interpreter, function))


def decorator_names(interpreter: Interpreter, function: FunctionOutline) -> Iterator[str]:
    """The full names in the decorators of a function: of what is called, and of what `partial` is given."""
    for decorator in function.node.decorator_list:
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        yield interpreter.outline.full_name(dotted(named) or "")
        if isinstance(decorator, ast.Call) and decorator.args:
            yield interpreter.outline.full_name(dotted(decorator.args[0]) or "")


def inputs(
    frame: Frame,
    names: dict[str, Value],
    code: ast.AST | None,
    transform: Transform,
    positions: frozenset[int] | None,
) -> dict[str, Value]:
    """The parameters as the transform fills them: with tensors, where it can be told. `names` without the receiver;
    `code` is the function's."""
    used = _used_as_tensors(code) if transform.kind not in _ALL_TENSORS else frozenset()
    acting = transform.kind in _ALL_TENSORS or transform.kind in (EXPORT, BACKWARD)
    found: dict[str, Value] = {}
    for position, (name, value) in enumerate(names.items()):
        chosen = positions is None or position in positions
        if not (name in used or (transform.kind in _ALL_TENSORS and chosen) or transform.kind == BACKWARD):
            found[name] = value
            continue
        step = Step(transform.site, f"`{transform.text}` calls it, with a tensor for `{name}`")
        traced = Fact(True, step) if acting and chosen else None
        grad = Fact(True, step) if transform.kind in (GRAD, BACKWARD) and chosen else None
        found[name] = each(value, lambda kind, facts=(traced, grad): _as_input(kind, *facts))  # type: ignore[misc]
    return found


def _as_input(kind: Kind, traced: Fact | None, grad: Fact | None) -> Kind:
    if isinstance(kind, Opaque | Tensor):
        tensor = guessed(kind) or Tensor(path=kind.path)
        return replace(tensor, traced=traced, grad=grad if grad is not None else tensor.grad)
    return kind


def _used_as_tensors(code: ast.AST | None) -> frozenset[str]:
    """Names on which methods are called that, in code which is traced, only tensors have."""
    methods = data_methods()
    attributes = (node for node in (ast.walk(code) if code is not None else ()) if isinstance(node, ast.Attribute))
    return frozenset(node.value.id for node in attributes if isinstance(node.value, ast.Name) and node.attr in methods)


def tell_cuts(frame: Frame, cuts: Iterable[Cut]) -> None:
    """What has left the graph by these conversions is computed with."""
    transform = frame.trace
    if transform is None or transform.kind not in (GRAD, BACKWARD):
        return
    for cut in cuts:
        if cut.how in ("number", "numpy", "constructor"):
            frame.emit(TracedCut(cut.site, cut.subject, transform, cut.grad.confidence))


def asks(function: Value) -> bool:
    """Whether a function that is called in a condition asks if the code is being traced."""
    return any(isinstance(kind, External) and kind.name in ASKS_FOR_TRACING for kind in kinds(function))
