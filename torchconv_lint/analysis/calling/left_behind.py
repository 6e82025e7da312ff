"""Modules that surely stay on the CPU: they refuse what is on an accelerator, so that all that follows happens only
where it is not. What would be told of it there could never be reached."""

from __future__ import annotations

import ast
import contextlib
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.doubts import Doubt
from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.domain.values import (
    ACCELERATOR,
    CPU,
    Instance,
    Kind,
    Module,
    Tensor,
    Value,
)
from torchconv_lint.analysis.domain.weights import HOLDS_WEIGHTS, holds_weights
from torchconv_lint.analysis.telling.events import ToNumpy
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Arguments, Frame
    from torchconv_lint.analysis.domain.values import Fact
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.walking import ByType
    from torchconv_lint.analysis.telling.events import Event

_ONLY_LOOKS = frozenset({"print", "len", "id", "type", "isinstance", "str", "repr", "list", "iter", "sum"})


def accepted(frame: Frame, module: Module | Instance, arguments: Arguments, node: cst.Call) -> Arguments | None:
    """The arguments of `module(...)` without what it refuses; None if nothing is left."""
    first = arguments.positional[0] if arguments.positional else None
    kept = tuple(alt for alt in first.value if not _is_elsewhere(alt.kind)) if first is not None else ()
    if first is None or len(kept) == len(first.value) or not _stays_on_cpu(frame, module, node):
        return arguments
    frame.interpreter.shared.refused = True
    if not kept:
        return None
    frame.state.path |= frozenset.intersection(*(alt.when for alt in kept))
    if type(first.node) is cst.Name:
        frame.bind(first.node.value, kept, narrowed=True)

    def without(value: Value) -> Value:
        return kept if value is first.value else value

    return arguments.changed(without)


@contextlib.contextmanager
def stopped_by_refusals(interpreter: Interpreter) -> Iterator[None]:
    """Around a run of a function that nobody here calls, or of the module's own statements: if it comes upon a module
    that refuses what is on an accelerator, on whichever way, it does not get anywhere with it. Conversions are doubted
    that are told of meanwhile."""
    shared, begin = interpreter.shared, len(interpreter.events)
    before, shared.refused = shared.refused, False
    try:
        yield
    finally:
        if shared.refused:
            interpreter.events[begin:] = map(_doubted, interpreter.events[begin:])
        shared.refused = before


def _doubted(event: Event) -> Event:
    device = event.tensor.device if isinstance(event, ToNumpy) else None
    if not isinstance(event, ToNumpy) or device is None:
        return event
    return replace(event, tensor=replace(event.tensor, device=device.doubted(Doubt.REFUSED)))


def is_left_behind(module: Fact | None, given: Fact | None) -> bool:
    """Whether a module on an accelerator is given something that surely is on the CPU."""
    if module is None or given is None or given.confidence < Confidence.CERTAIN:
        return False
    return module.value == ACCELERATOR and given.value == CPU


def _stays_on_cpu(frame: Frame, module: Module | Instance, node: cst.Call) -> bool:
    """Whether the module was made on the CPU under a name that is handed to nobody who could move it."""
    if not _is_as_made(module):
        return False
    callee: cst.CSTNode = node.func.value if type(node.func) is cst.Subscript else node.func
    facts = frame.interpreter.facts
    if facts.default_dtype is None:  # `set_default_…` may have moved it
        return False
    if isinstance(module, Module) and module.name not in HOLDS_WEIGHTS:
        return False
    if isinstance(module, Instance) and not (module.is_module and holds_weights(frame.interpreter, module.definition)):
        return False
    if type(callee) is cst.Attribute:
        if not _is_of_plain_object(frame, callee) or callee.attr.value in facts.handed_attributes:
            return False
        return all(_is_as_made(kind) for kind, _ in frame.quietly(node.func))
    if type(callee) is not cst.Name:
        return False
    if frame.definition is not None and frame.read(callee.value) is None:
        return callee.value in facts.kept_globals
    return callee.value in facts.kept_names(frame.definition.outline if frame.definition else None)


def _is_as_made(module: Kind) -> bool:
    """Whether it is on the CPU, where modules are made, and nothing says that it was put there."""
    device = module.device if isinstance(module, Module | Instance) else None
    return (
        device is not None and device.value == CPU and device.step is None and device.confidence is Confidence.CERTAIN
    )


def _is_of_plain_object(frame: Frame, node: cst.Attribute) -> bool:
    """Whether it is an attribute of `self`, which is no module: a module's parts are moved with it. What else the class
    inherits is all in sight."""
    this = frame.this
    if not isinstance(this, Instance) or this.is_module or type(node.value) is not cst.Name:
        return False
    mine = frame.read(node.value.value)
    if mine is None or not all(kind == this for kind, _ in mine):
        return False
    return all(base == "object" for base in frame.interpreter.classes.external_bases(this.definition))


def _is_elsewhere(kind: Kind) -> bool:
    if not isinstance(kind, Tensor) or kind.device is None:
        return False
    return kind.device.value == ACCELERATOR and kind.device.confidence is Confidence.CERTAIN


def kept_names(nodes: ByType) -> frozenset[str]:
    """The names that are bound here, and are handed to no function; nothing that they hold is moved in a loop."""
    bound = {node.id for node in nodes[ast.Name] if isinstance(node.ctx, ast.Store)}
    return frozenset(bound - _passed(nodes))


def _passed(nodes: ByType) -> set[str]:
    """The names that are handed to functions, or hold what is moved in a loop."""
    passed: set[str] = set()
    elsewhere = moved(nodes)
    for node in (*nodes[ast.For], *nodes[ast.comprehension]):
        if any(isinstance(one, ast.Name) and one.id in elsewhere for one in ast.walk(node.target)):
            passed |= {one.id for one in ast.walk(node.iter) if isinstance(one, ast.Name)}
    for node in nodes[ast.Call]:
        if not (isinstance(node.func, ast.Name) and node.func.id in _ONLY_LOOKS):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            passed |= {one.id for each in given for one in _names_in_list(each)}
    return passed


def moved(nodes: ByType) -> set[str]:
    """The names whose contents are moved to a device."""
    return {
        one.id
        for node in nodes[ast.Call]
        if isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES
        for one in ast.walk(node.func.value)
        if isinstance(one, ast.Name)
    }


def kept_globals(own: ByType, functions: Iterable[ByType]) -> frozenset[str]:
    """The names that a file's own statements bind, and nothing in the file hands over, moves or binds anew."""
    names = kept_names(own)
    for nodes in functions:
        touched = _passed(nodes) | moved(nodes) | {name for node in nodes[ast.Global] for name in node.names}
        names -= touched
    return names


def handed_attributes(all_nodes: Iterable[ByType]) -> frozenset[str]:
    """The attributes, of whatever object, that are moved, go by another name, or are handed to somebody who might."""
    found: set[str] = set()
    for nodes in all_nodes:
        elsewhere = moved(nodes)
        given: list[ast.AST | None] = [node.value for node in (*nodes[ast.Assign], *nodes[ast.Return])]
        for node in nodes[ast.Call]:
            if isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES:
                found |= {one.attr for one in ast.walk(node.func.value) if isinstance(one, ast.Attribute)}
            if not (isinstance(node.func, ast.Name) and node.func.id in _ONLY_LOOKS):
                given += [*node.args, *(keyword.value for keyword in node.keywords)]
        for node in (*nodes[ast.For], *nodes[ast.comprehension]):
            if any(isinstance(one, ast.Name) and one.id in elsewhere for one in ast.walk(node.target)):
                found |= {one.attr for one in ast.walk(node.iter) if isinstance(one, ast.Attribute)}
        found |= {name for one in given for name in _attributes_in(one)}
    return frozenset(found)


def _attributes_in(node: ast.AST | None) -> Iterator[str]:
    """The attributes that an expression hands over: itself, an item, or what a list or a method such as `values` gives
    of them."""
    for one in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
        while isinstance(one, ast.Subscript | ast.Starred):
            one = one.value
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in _ITEMS:
            one = one.func.value
        if isinstance(one, ast.Attribute):
            yield one.attr


_ITEMS = frozenset({"values", "items", "get", "pop", "copy"})


def _names_in_list(argument: ast.expr) -> Iterator[ast.Name]:
    """A name as an argument by itself, or the names in a list that is one."""
    for one in argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]:
        if isinstance(one, ast.Name):
            yield one


_MOVES = frozenset({"to", "cuda", "xpu", "npu"})
