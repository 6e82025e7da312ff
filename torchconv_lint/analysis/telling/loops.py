"""Which loops the code at hand is run in, whether they train, and whether it is run on every round of them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import NOTHING, Array, Kind, Module, Opaque, Sequence, Tensor, Value
from torchconv_lint.analysis.nodes.building import children
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.backward import GOES_BACK, losses_of
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.analysis.telling.graph import requires

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.nodes.site import Site
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_EPOCHS = re.compile(r"(^|_)(epochs?|ep)($|_|\d)", re.I)
_SELDOM = re.compile(
    r"(^|_)(verbose|debug|log|logs|logging|print|plot|profile|steps?|iters?|iteration|count|counter)$", re.I
)
"""Names in a condition that speak of something done now and then, or hardly ever."""

_STEADY = frozenset({"isinstance", "hasattr", "callable", "is_tensor", "is_available", "is_initialized", "get_rank"})
"""Functions that answer the same on every round."""


@dataclass(eq=False, slots=True)
class Loop:
    """A loop (or a function that a framework calls on every step). One object for each place in the code.

    `targets` are the names that it binds, `elements` those bound to elements of a tensor, and `trained` is where a
    training step is taken in it directly: not in a loop inside.
    """

    node: cst.CSTNode
    site: Site
    targets: frozenset[str] = frozenset()
    elements: frozenset[str] = frozenset()
    trained: Site | None = None
    _assigned: set[str] | None = field(default=None, repr=False)
    _written: set[str] | None = field(default=None, repr=False)

    @property
    def counts_epochs(self) -> bool:
        """Whether one round is an epoch: what happens once in it is cheap."""
        if type(self.node) is not cst.For:
            return False
        if any(_EPOCHS.search(name) for name in self.targets):
            return True
        return any(_EPOCHS.search(name) for name in _names(self.node.iter))

    @property
    def written(self) -> set[str]:
        """The names of tensors whose elements are computed in it."""
        if self._written is None:
            self._written = set(_written(self.node))
        return self._written

    @property
    def assigned(self) -> set[str]:
        """The names that differ from round to round."""
        if self._assigned is None:
            self._assigned = set(self.targets) | set(_assigned(self.node))
        return self._assigned


def enter(frame: Frame, node: cst.CSTNode, iterable: Value = NOTHING) -> None:
    """From here on the frame runs inside the loop `node`, which goes through `iterable`. Only if a rule wants to hear
    of loops."""
    if not frame.interpreter.wants.loops:
        return
    loop = frame.interpreter.loops.get(node)
    if loop is None:
        names = frozenset(bound_by(node.target)) if isinstance(node, cst.For | cst.CompFor) else frozenset()
        loop = frame.interpreter.loops[node] = Loop(node, frame.site(node), names)
    if isinstance(node, cst.For | cst.CompFor):
        loop.elements |= frozenset(_elements(frame, node.target, node.iter, iterable))
    frame.loops = (*frame.loops, loop)


_PER_STEP = {
    "Optimizer": ("step",),
    "LightningModule": ("training_step", "on_train_batch_end"),
    "Callback": ("on_train_batch_end",),
    "Trainer": ("training_step", "compute_loss"),
}
"""Methods that are called on every step of training, by what their class inherits."""


def is_training_step(interpreter: Interpreter, function: FunctionOutline) -> bool:
    """Whether somebody else calls it on every step of training."""
    wanted = [base for base, names in _PER_STEP.items() if function.name in names]
    if function.owner is None or not wanted:
        return False
    return any(base.endswith(tuple(wanted)) for base in interpreter.classes.external_bases(function.owner))


def is_step_by_itself(function: FunctionOutline) -> bool:
    """Whether it goes backward and has an optimiser step, once each: whoever calls it does so in a loop. So it is with
    the `backward(loss)` of an engine, and with what is called like a part of a step and goes backward: its caller
    steps."""
    calls = function.by_type[ast.Call]
    repeated = {node for loop in (*function.by_type[ast.For], *function.by_type[ast.While]) for node in ast.walk(loop)}
    once = {
        call.func.attr
        for call in calls
        if isinstance(call.func, ast.Attribute) and call not in repeated
        if not (call.args and call.func.attr == "step")  # `optimizer.step(closure)` has its rounds inside
    }
    if function.name == "backward":
        return "backward" in once and "loss" in function.parameters
    return "backward" in once and ("step" in once or _PART_OF_STEP.search(function.name) is not None)


def reads_gradients(function: FunctionOutline) -> bool:
    """Whether it goes through parameters and looks at their gradients: a step of training has just made them."""
    for loop in function.by_type[ast.For]:
        names = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        for node in walk(loop):
            if isinstance(node, ast.Attribute) and node.attr == "grad" and dotted(node.value) in names:
                return True
    return False


_PART_OF_STEP = re.compile(
    r"(^|_)(train\w*|step|update\w*|learn|optimi[sz]e\w*|batch|micro\w*|forward|backward)(_|$)", re.I
)
"""How functions are called that are run on every step of training."""


def is_part_of_step(interpreter: Interpreter, function: FunctionOutline) -> bool:
    """Whether the `step` of an optimiser calls it in a loop, once for each parameter."""
    step = function.owner.methods.get("step") if function.owner is not None else None
    if function.owner is None or step is None or step is function:
        return False
    called = (node for loop in step.by_type[ast.For] for node in walk(loop) if isinstance(node, ast.Call))
    if not any(dotted(node.func) == f"self.{function.name}" for node in called):
        return False
    return any(base.endswith("Optimizer") for base in interpreter.classes.external_bases(function.owner))


def enter_step(frame: Frame, node: cst.CSTNode) -> None:
    """The function of the frame is run on every step of training."""
    enter(frame, node)
    trains(frame, node)


def _elements(frame: Frame, target: cst.BaseExpression, iterated: cst.BaseExpression, iterable: Value) -> Iterator[str]:
    """The names that iterating binds to elements of tensors; `enumerate` and `zip` are looked through."""
    if _is_tensor(iterable):
        yield from bound_by(target)
    elif type(iterated) is cst.Call and type(iterated.func) is cst.Name and type(target) is cst.Tuple:
        names = [element.value for element in target.elements]
        arguments = [argument.value for argument in iterated.args if argument.keyword is None]
        if iterated.func.value == "enumerate" and arguments and len(names) == 2:
            yield from _elements(frame, names[1], arguments[0], frame.quietly(arguments[0]))
        elif iterated.func.value == "zip":
            for name, argument in zip(names, arguments, strict=False):
                yield from _elements(frame, name, argument, frame.quietly(argument))


def _is_tensor(value: Value) -> bool:
    return bool(value) and all(isinstance(kind, Tensor) for kind, _ in value)


def trains(frame: Frame, node: cst.CSTNode) -> None:
    """A training step is taken at `node`: gradients are computed, or an optimiser steps."""
    if frame.loops and frame.loops[-1].trained is None:
        frame.loops[-1].trained = frame.site(node)


def is_seldom(frame: Frame, test: cst.BaseExpression) -> bool:
    """Whether what the condition guards is left out of most rounds: it counts them, or asks for something that this
    round has computed."""
    if not frame.loops or not isinstance(frame.loops[-1].node, cst.For | cst.While | cst.FunctionDef):
        return False
    if is_periodic(test):
        return True
    if _is_steady(test):
        return False
    if any(_SELDOM.search(name) for name in _names(test)):
        return True
    changing = frame.loops[-1].assigned
    return any(root in changing for root in _roots(test)) or any(name not in _STEADY for name in _called(test))


def is_periodic(test: cst.CSTNode) -> bool:
    """`step % 10 == 0` and the like."""
    return any(type(node) is cst.BinaryOperation and type(node.operator) is cst.Modulo for node in walked(test))


def _is_steady(test: cst.BaseExpression) -> bool:
    """Whether a condition asks for types, for None or for a number of dimensions: the same on every round, for all one
    can tell."""
    if type(test) is cst.Call:
        return all(name in _STEADY for name in _called(test))
    if type(test) is not cst.Comparison:
        return False
    if _tells_rank(test.left):
        return all(type(target.comparator) is cst.Integer for target in test.comparisons)
    return all(isinstance(target.operator, cst.Is | cst.IsNot) for target in test.comparisons)


def _tells_rank(node: cst.BaseExpression) -> bool:
    """`p.dim()`, `p.ndim`."""
    if type(node) is cst.Call and not node.args:
        return type(node.func) is cst.Attribute and node.func.attr.value in ("dim", "ndimension")
    return type(node) is cst.Attribute and node.attr.value == "ndim"


def walked(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node below, itself included."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(children(current))


_OF_MODULE = frozenset(
    ["parameters", "named_parameters", "modules", "named_modules", "children", "named_children", "buffers"]
)


def goes_through_few(frame: Frame, node: cst.For, iterable: Value) -> bool:
    """Whether a loop runs over a few things that are written down in the code and are no data: `for net in (one,
    other)`, over the parts of a module or the dimensions of a tensor, or over the parts of one output, which holds
    their graph anyway; also in `zip` and `enumerate`."""
    if _is_few(iterable) or _is_of_module(node.iter) or _is_module(iterable):
        return True
    if type(node.iter) is cst.Call and type(node.iter.func) is cst.Name:
        name, arguments = node.iter.func.value, [argument.value for argument in node.iter.args]
        if name == "range":
            return bool(arguments) and (
                _RANK.search(frame.text(arguments[-1])) is not None or _counts_outputs(frame, arguments[-1])
            )
        return name in ("zip", "enumerate") and any(
            _is_few(frame.quietly(argument)) or _is_of_module(argument) for argument in arguments
        )
    return False


_RANK = re.compile(r"\.(ndim|n?dim(ension)?\(\))$|^len\(\w+(\.\w+)*\.(shape|size\(\))\)$")
"""How many dimensions a tensor has."""


def _counts_outputs(frame: Frame, node: cst.BaseExpression) -> bool:
    """`len(outputs)`, of what one call of a module gave."""
    return (
        type(node) is cst.Call
        and type(node.func) is cst.Name
        and node.func.value == "len"
        and len(node.args) == 1
        and _is_one_output(frame.quietly(node.args[0].value))
    )


def _is_of_module(node: cst.BaseExpression) -> bool:
    return type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value in _OF_MODULE


def _is_module(value: Value) -> bool:
    """Whether it is a module: `for layer in self.layers`."""
    return bool(value) and all(isinstance(kind, Module) for kind, _ in value)


def _is_few(value: Value) -> bool:
    if any(isinstance(kind, Sequence) and kind.items is None for kind, _ in value):
        return False  # a loop has filled it
    return _is_one_output(value) or any(
        isinstance(kind, Sequence)
        and bool(kind.items)
        and not any(isinstance(part, Tensor | Array) for item in kind.items or () for part in _parts(item))
        for kind, _ in value
    )


def _is_one_output(value: Value) -> bool:
    """Whether it is one tensor of a graph, or what one call of a module gave."""
    return bool(value) and all(
        requires(kind) and (isinstance(kind, Tensor) or (isinstance(kind, Opaque) and kind.tensorish))
        for kind, _ in value
    )


def _parts(value: Value) -> Iterator[Kind]:
    for kind, _ in value:
        yield kind
        if isinstance(kind, Sequence):
            for item in kind.items if kind.items is not None else (kind.element,):
                yield from _parts(item)


def made_for_few(frame: Frame, name: str) -> bool:
    """Whether what `name` collects in the loop at hand is a few things: the loop goes through no more than that, and
    what is collected is made anew for it in each round of the loop around it, if there is one."""
    inner = frame.rounds[-1] if frame.rounds else None
    if inner not in frame.few:
        return False
    return len(frame.rounds) == 1 or name in set(_made_anew(frame.rounds[-2]))


def lives_until_backward(frame: Frame, name: str) -> bool:
    """Whether what `name` collects in the loop at hand is of rounds that go through one backward together, after the
    loop: no round has its own, and what is collected is made anew for each time that the loop is run. An attribute is
    if the function has set it before its one loop."""
    loop = frame.segment.origin(frame.rounds[-1]) if frame.rounds else None
    if loop is None or any(
        isinstance(child, ast.Call) and next(losses_of(child), None) is not None for child in walk(loop)
    ):
        return False
    if "." in name:
        anew = len(frame.rounds) == 1 and name in frame.assigned
    else:
        anew = len(frame.rounds) == 1 or name in set(_made_anew(frame.rounds[-2]))
    return anew and any(other != name and other in frame.evidence.spent for other in _summed(frame.rounds[-1]))


def goes_back_each_round(frame: Frame, name: str | None) -> bool:
    """Whether a loop around the code at hand calls backward on a loss: what it keeps of one that has served, it keeps
    in vain. `name`: what keeps it; a loop that makes that anew in each round keeps nothing in it."""
    return any(
        type(child) is cst.Call
        and type(child.func) is cst.Attribute
        and child.func.attr.value == "backward"
        and not any(argument.keyword is None for argument in child.args)
        for loop in _outlasted(frame, name)
        for child in walked(loop)
    )


def _outlasted(frame: Frame, name: str | None) -> Iterator[cst.CSTNode]:
    """The loops around the code at hand whose rounds what is called `name` outlasts, innermost first."""
    for place, loop in reversed(tuple(enumerate(frame.rounds))):
        yield loop
        if name is not None and place and name in set(_made_anew(frame.rounds[place - 1])):
            return


def _summed(node: cst.CSTNode) -> Iterator[str]:
    """The names and attributes that something is added to below."""
    for child in walked(node):
        if type(child) is cst.AugAssign and type(child.operator) is cst.AddAssign:
            path = dotted_path(child.target)
            if path is not None:
                yield path
        elif type(child) is cst.Assign:
            names = set(_names(child.value))
            yield from (name for target in child.targets for name in bound_by(target.target) if name in names)


def adds_elements(frame: Frame, name: str, node: cst.CSTNode) -> bool:
    """Whether the loop at hand adds up, for this round of the loop around it, what it goes through: that was there."""
    if len(frame.rounds) < 2 or type(frame.rounds[-1]) is not cst.For or type(node) is not cst.Name:
        return False
    over = frame.rounds[-1].iter
    listed = type(over) is cst.Name or isinstance(over, cst.List | cst.Tuple)
    return listed and node.value in bound_by(frame.rounds[-1].target) and name in set(_made_anew(frame.rounds[-2]))


def is_an_element(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether the name is what the loop at hand goes through, and that lies in a list or dict with a name: all of it
    was there before the first round."""
    loop = frame.rounds[-1] if frame.rounds else None
    if type(loop) is not cst.For or type(node) is not cst.Name or node.value not in bound_by(loop.target):
        return False
    over = loop.iter
    if type(over) is cst.Call and type(over.func) is cst.Attribute and over.func.attr.value in ("items", "values"):
        over = over.func.value
    return type(over) is cst.Name


def set_back_after_step(frame: Frame, name: str) -> bool:
    """Whether what `name` collects in the loop at hand is dropped wherever an optimiser steps: `if (i + 1) % 4 == 0:
    optimizer.step(); total = 0`, `if accelerator.sync_gradients: total = 0`. It is of the rounds of one accumulation
    then, and of no more."""
    for branch in walked(frame.rounds[-1]) if frame.rounds else ():
        if type(branch) is not cst.If or name not in set(_made_anew(branch.body)):
            continue
        if steps(branch.body) or "sync_gradients" in set(_names(branch.test)):
            return True
    return False


def is_made_before(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether a value computed in the loop at hand is arithmetic on what was there before, or a part of it: nothing is
    called for it but views, so that no round makes a graph of its own worth speaking of."""
    if not frame.rounds:
        return False
    loop = frame.rounds[-1]
    loops = (child for child in walked(loop) if type(child) is cst.For)
    bound = {name for child in loops if not _is_of_tensors(frame, child.iter) for name in bound_by(child.target)}
    made: dict[str, list[cst.CSTNode]] = {}
    for child in walked(loop):
        if isinstance(child, cst.Assign | cst.AugAssign | cst.AnnAssign) and child.value is not None:
            targets = child.targets if isinstance(child, cst.Assign) else (child,)
            for name in {name for target in targets for name in bound_by(target.target)}:
                made.setdefault(name, []).append(child.value)
    pending: list[cst.CSTNode] = [node]
    seen: set[str] = set()
    while pending:
        for child in _outside_of_keys(pending.pop()):
            if type(child) is cst.Name and child.value in bound:
                return False
            if type(child) is cst.Call and not _is_view(child):
                return False
            if type(child) is cst.Name and child.value not in seen:
                seen.add(child.value)
                pending += made.get(child.value, [])
    return True


def _is_of_tensors(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether a loop goes through the rows of tensors, all of which are there before; also in `enumerate` and `zip`."""
    if type(node) is cst.Call and type(node.func) is cst.Name and node.func.value in ("enumerate", "zip"):
        return bool(node.args) and all(_is_of_tensors(frame, argument.value) for argument in node.args)
    value = frame.quietly(node)
    return bool(value) and all(isinstance(kind, Tensor) for kind, _ in value)


_VIEWS = frozenset({"reshape", "view", "flatten", "squeeze", "unsqueeze", "transpose", "permute", "contiguous", "t"})


def _is_view(node: cst.Call) -> bool:
    """Whether a call gives a part of what it is a method of, or no tensor at all."""
    views = type(node.func) is cst.Attribute and node.func.attr.value in _VIEWS
    return views or (dotted_path(node.func) or "").startswith("math.")


def _outside_of_keys(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node below, what stands between brackets, and the names of attributes, left out."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        if isinstance(current, cst.Attribute | cst.Subscript):
            pending.append(current.value)
        else:
            pending.extend(children(current))


def _made_anew(node: cst.CSTNode) -> Iterator[str]:
    """The names that are given a value that has nothing to do with the one before."""
    for child in walked(node):
        if type(child) is cst.Assign:
            names = set(_names(child.value))
            yield from (name for target in child.targets for name in bound_by(target.target) if name not in names)


def is_copied_each_round(frame: Frame, name: str) -> bool:
    """Whether every round of the loop at hand that gives the name a value gives it a deep copy: another object than
    that of any other round."""
    if frame.outline is None or not frame.rounds or name not in frame.outline.own_copies:
        return False
    return name in set(_made_anew(frame.rounds[-1]))


def steps(node: cst.CSTNode) -> bool:
    """Whether an optimiser steps below."""
    for child in walked(node):
        if type(child) is cst.Call and type(child.func) is cst.Attribute and child.func.attr.value == "step":
            path = dotted_path(child.func.value) or ""
            if "sched" not in path.lower() and "env" not in path.lower():
                return True
    return False


_LIKE_A_STEP = re.compile(r"step|update|optim", re.I)


_LIKE_A_LOADER = re.compile(r"loader\d*$", re.I)


def is_within_a_step(frame: Frame) -> bool:
    """Whether the loop at hand goes backward and no optimiser steps in it: its rounds are the parts of one step, few
    and soon done with, unless it goes through all that a loader has."""
    goes_back = False
    loop = frame.rounds[-1] if frame.rounds else None
    if type(loop) is cst.For and any(_LIKE_A_LOADER.search(name) for name in _names(loop.iter)):
        return False
    for child in walked(loop) if loop is not None else ():
        if type(child) is cst.Call:
            func = child.func
            name = (dotted_path(func) or "").rpartition(".")[2]
            if type(func) is cst.Attribute and type(func.value) is cst.Call:  # `scaler.scale(loss).backward()`
                name = func.attr.value
            if _LIKE_A_STEP.search(name):
                return False
            goes_back = goes_back or GOES_BACK.match(name) is not None
    return goes_back


def _names(node: cst.CSTNode) -> Iterator[str]:
    return (child.value for child in walked(node) if type(child) is cst.Name)


def _roots(node: cst.CSTNode) -> Iterator[str]:
    """Names, those of attributes left out."""
    pending = [node]
    while pending:
        current = pending.pop()
        if type(current) is cst.Name:
            yield current.value
        elif type(current) is cst.Attribute:
            pending.append(current.value)
        else:
            pending.extend(children(current))


def _called(node: cst.CSTNode) -> Iterator[str]:
    for child in walked(node):
        if type(child) is cst.Call:
            func = child.func
            yield func.attr.value if type(func) is cst.Attribute else getattr(func, "value", "")


def bound_by(target: cst.BaseExpression) -> Iterator[str]:
    """The names that a target binds."""
    if type(target) is cst.Name:
        yield target.value
    elif isinstance(target, cst.Tuple | cst.List):
        for element in target.elements:
            yield from bound_by(element.value)
    elif isinstance(target, cst.Subscript | cst.Attribute):
        yield from ()


def _assigned(node: cst.CSTNode) -> Iterator[str]:
    for child in walked(node):
        if isinstance(child, cst.AssignTarget | cst.AugAssign | cst.AnnAssign | cst.For | cst.NamedExpr):
            yield from bound_by(child.target)


def bound_in(node: cst.CSTNode) -> set[str]:
    """The names and dotted paths that are bound somewhere below."""
    paths = {
        dotted_path(child.target)
        for child in walked(node)
        if isinstance(child, cst.AssignTarget | cst.AugAssign | cst.AnnAssign) and type(child.target) is cst.Attribute
    }
    return {*_assigned(node), *filter(None, paths)}


def _written(node: cst.CSTNode) -> Iterator[str]:
    """The roots of `x[i] = value` and `x[i] += value`, constants left out: those are known without computing."""
    for child in walked(node):
        if not isinstance(child, cst.Assign | cst.AugAssign) or isinstance(child.value, cst.BaseNumber):
            continue
        for target in child.targets if isinstance(child, cst.Assign) else (child,):
            if type(target.target) is cst.Subscript:
                yield from _roots(target.target.value)
