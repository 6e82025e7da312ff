"""Graphs that a function leaves with whoever has called it, or with its object, after they have served: told to those
who ask for it, as what becomes of them there is seldom seen."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.values import Array, Fact, Instance, Mapping, Tensor
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.backward import losses_of, paths
from torchconv_lint.analysis.syntax.outline import dotted, is_named
from torchconv_lint.analysis.syntax.walking import ByType, walk
from torchconv_lint.analysis.telling.events import GraphKept
from torchconv_lint.analysis.telling.graph import has_graph, held
from torchconv_lint.analysis.telling.snapshots import hook_output
from torchconv_lint.model import Confidence
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.analysis.domain.frame import Frame

_LEFT = frozenset({"item", "detach", "tolist", "cpu", "numpy"})
"""Methods by which a caller takes the number, or leaves the graph."""
_TELLS = re.compile(
    r"(^|_|\.)(stats?|statistics|logs?|logger|log_\w+|metrics?|meters?|infos?|records?|history|summary|monitor)", re.I
)
"""How dicts are called in which people look things up afterwards."""
_EVALUATES = re.compile(r"(^|_)(eval|evaluate|val|valid|validation|validate|test|predict|infer|inference)(_|$)", re.I)
"""How functions are called that go through no graph."""


def tell_assigned(frame: Frame, target: cst.BaseExpression, node: cst.BaseExpression) -> None:
    """`stats["loss"] = loss`, or `stats = {"loss": loss}`, where `stats` is returned; and `self.embedded = z`, which
    the next call of the same method reads before it writes it."""
    if isinstance(target, cst.Attribute | cst.Subscript):
        _tell_hooked(frame, target, node)
    outline = _stepping(frame)
    if outline is None:
        return
    if type(target) is cst.Subscript and _is_own_table(frame, outline, target):
        if _has_graph(frame, node):
            _tell(frame, node, f"`{frame.text(target.value)}`", frame.text(node), node)
    elif type(target) is cst.Subscript and not frame.loop_depth:  # in a loop, the next round has another one there
        name = dotted_path(target.value) or ""
        if any(isinstance(kind, Array) for kind, _ in frame.quietly(target.value)):
            return  # it gets the number
        if name in _returned_names(outline):
            _tell_item(frame, outline, name, node)
        elif _TELLS.search(name) and (name in outline.parameters or name.startswith("self.")):
            path = dotted_path(node) or ""  # the caller's dict, and the caller's loss
            if "loss" in path.lower() and (path in frame.evidence.spent or path in _returned_names(outline)):
                _tell(frame, node, f"`{name}`", path, node)
    elif type(target) is cst.Name:
        if _items(node) and target.value in _returned_names(outline):
            _tell_items(frame, outline, target.value, node)
    elif type(target) is cst.Attribute:
        _tell_carried(frame, outline, target, node)


def tell_returned(frame: Frame, node: cst.BaseExpression) -> None:
    """`return loss, entropy` after `loss.backward()`, and `return loss, {"loss": loss}`."""
    outline = _stepping(frame)
    if outline is None:
        return
    parts = [part.value for part in node.elements] if type(node) is cst.Tuple else [node]
    for part in parts:
        if _items(part):
            _tell_items(frame, outline, "what is returned", part)
    if outline.name.startswith("training_step") or _is_read_at_once(frame, outline):
        return
    gone_back = _gone_back(outline)
    for part in parts:
        dicts = any(isinstance(kind, Mapping) for kind, _ in frame.quietly(part))
        if type(part) is cst.Name and part.value in gone_back and not dicts and _has_graph(frame, part):
            _tell(frame, part, f"what `{outline.name}` returns", frame.text(part), part)


def tell_appended(frame: Frame, node: cst.BaseExpression) -> None:
    """`self.activations.append(output.cpu())`, in a forward hook."""
    if type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value == "append" and node.args:
        _tell_hooked(frame, node.func.value, node.args[0].value)
        _tell_loss(frame, node.func.value, node.args[0].value)


def tell_hooking(frame: Frame, node: cst.BaseExpression) -> None:
    """`layer.register_forward_hook(lambda module, inputs, output: kept.append(output))`."""
    if type(node) is not cst.Call or type(node.func) is not cst.Attribute or len(node.args) != 1:
        return
    hook = node.args[0].value
    if node.func.attr.value != "register_forward_hook" or type(hook) is not cst.Lambda or len(hook.params.params) != 3:
        return
    body, name = hook.body, hook.params.params[2].name.value
    if type(body) is not cst.Call or type(body.func) is not cst.Attribute or frame.state.grad is False:
        return
    if body.func.attr.value in ("append", "update", "setdefault", "__setitem__"):
        for argument in body.args:
            if type(argument.value) is cst.Name and argument.value.value == name:
                _tell(frame, argument.value, f"`{frame.text(body.func.value)}`", name, argument.value)


_METERS = re.compile(r"meter|avg|average|loss|metric|tracker|stat|record|history|monitor", re.I)
_TAKES_NUMBER = re.compile(r"\.item\(|\.detach\(|float\(|\.data\b|no_grad|\.tolist\(")


def tell_metered(frame: Frame, node: cst.BaseExpression) -> None:
    """`losses.update(loss, n)`, of what backward has gone through: a meter adds it up."""
    func = node.func if type(node) is cst.Call else None
    if (
        type(func) is not cst.Attribute
        or func.attr.value not in ("update", "add", "push")
        or type(node) is not cst.Call
    ):
        return
    step, into = _stepping(frame), frame.text(func.value)
    given = node.args[0].value if node.args and not node.args[0].star else None
    name = dotted_path(given) if given is not None else None
    if step is None or given is None or not name or name not in _gone_back(step) or not _METERS.search(into):
        return
    owners = [kind.definition for kind, _ in frame.quietly(func.value) if isinstance(kind, Instance)]
    methods = [owner.methods[func.attr.value] for owner in owners if func.attr.value in owner.methods]
    if any(_TAKES_NUMBER.search(ast.unparse(method.node)) for method in methods):
        return
    if _is_kept(step, name):
        _tell(frame, given, f"`{into}`", name, given)


def tell_set(frame: Frame, node: cst.BaseExpression) -> None:
    """`setattr(self, name, loss)`, of the loss that is returned."""
    called = type(node) is cst.Call and type(node.func) is cst.Name and node.func.value == "setattr"
    outline = _stepping(frame) if called and type(node) is cst.Call and len(node.args) == 3 else None
    if outline is None or type(node) is not cst.Call:
        return
    item = node.args[2].value
    path = dotted_path(item) or ""
    if path not in _returned_names(outline) or not ("loss" in path.lower() or outline.name == "forward"):
        return
    if _is_kept(outline, path):
        _tell(frame, item, f"`{frame.text(node.args[0].value)}`", path, item)


def _tell_loss(frame: Frame, container: cst.BaseExpression, item: cst.BaseExpression) -> None:
    """`losses.append(loss)` of what something unseen has given by the name of a loss, or trains with
    (`self.optimize(net, loss)`), and nothing here takes the number of or goes backward through the list of."""
    step = _step_of(frame) if frame.interpreter.eager and frame.state.grad is not False and frame.loop_depth else None
    if step is None or type(item) is not cst.Name or "loss" not in item.value.lower():
        return
    name, into = item.value, frame.text(container)
    trained = any(
        _TRAINS_WITH.search(getattr(call.func, "attr", getattr(call.func, "id", "")))
        and any(is_named(each, name) for each in call.args)
        for call in step.by_type[ast.Call]
    )
    bound = [one.value for one in step.by_type[ast.Assign] if is_named(one.targets[0], name)]
    calls = [one for one in bound if isinstance(one, ast.Call) and _GIVES_LOSS.search(dotted(one.func) or "")]
    given = bool(bound) and len(calls) == len(bound)
    if not (trained or given) or not _is_kept(step, name):
        return
    kept = _gone_back(step) - {name, into}
    joined = (one for one in step.by_type[ast.Assign] if any(is_named(to, each) for to in one.targets for each in kept))
    if into in _gone_back(step) or any(into in ast.unparse(one.value) for one in joined):
        return
    if trained or _is_looked_at(step, into):  # who else gets the list may go backward
        _tell(frame, item, f"`{into}`", name, item)


def tell_added(frame: Frame, target: cst.BaseExpression, item: cst.BaseExpression, at: cst.CSTNode) -> None:
    """`running += loss`, of what backward goes through afterwards, by the same name or once it has been weighted."""
    step = _step_of(frame) if frame.interpreter.eager and frame.state.grad is not False and frame.loop_depth else None
    if step is None or type(item) is not cst.Name or not _is_kept(step, item.value):
        return
    gone_back, into = _gone_back(step), frame.text(target)
    if item.value not in gone_back or into in gone_back or _is_handed_through(step, item.value):
        return
    joined = (one for one in step.by_type[ast.Assign] if any(dotted(to) in gone_back for to in one.targets))
    if not any(into in ast.unparse(one.value) for one in joined) and not _is_made_anew(frame, step, into, at):
        _tell(frame, at, into, item.value, item, container=False)


def _is_made_anew(frame: Frame, step: _Step, path: str, at: cst.CSTNode) -> bool:
    """Whether the loop around binds it to something else, on some round."""
    line = getattr(frame.segment.origin(at), "lineno", 0)
    loops = [*step.by_type[ast.For], *step.by_type[ast.While]]
    around = [loop for loop in loops if loop.lineno <= line <= (loop.end_lineno or 0)]
    begin, end = max(((loop.lineno, loop.end_lineno or 0) for loop in around), default=(0, 0))
    bound = (one.lineno for one in step.by_type[ast.Assign] if any(dotted(to) == path for to in one.targets))
    return any(begin <= line <= end for line in bound)


def _is_handed_through(step: _Step, name: str) -> bool:
    """`loss = reduced(loss)`: what gives it back may have left the graph."""
    values = [one.value for one in step.by_type[ast.Assign] if any(is_named(to, name) for to in one.targets)]
    return any(isinstance(value, ast.Call) and any(is_named(each, name) for each in value.args) for value in values)


_TRAINS_WITH = re.compile(
    r"optimi[sz]e|back_?prop|apply_grad|(^|_)update_(model|net|weights|param\w*)$|take_step", re.I
)
_GIVES_LOSS = re.compile(r"loss|criterion|objective", re.I)


def _is_looked_at(step: _Step, container: str) -> bool:
    """Whether NumPy, or a plot, gets the list: it is there to be looked at."""
    calls = (call for call in step.by_type[ast.Call] if (dotted(call.func) or "").startswith(("np.", "numpy.", "plt.")))
    return any(ast.unparse(one) == container for call in calls for one in call.args)


def _tell_hooked(frame: Frame, container: cst.BaseExpression, item: cst.BaseExpression) -> None:
    """What a forward hook keeps of an output, with its graph."""
    name = hook_output(frame) if frame.interpreter.eager and frame.state.grad is not False else None
    origin = frame.segment.origin(item) if name is not None else None
    if not isinstance(origin, ast.expr):
        return
    step = _step_of(frame)
    if step is not None and _is_made_here(step, container):
        return
    if step is not None and _is_of(step, origin, name or "", origin.lineno):
        _tell(frame, item, frame.text(container), frame.text(item), item)


def _is_made_here(step: _Step, container: cst.BaseExpression) -> bool:
    """Whether what the hook puts the output in is a name of its own, gone when it ends."""
    while isinstance(container, cst.Subscript | cst.Attribute):
        container = container.value
    name = container.value if type(container) is cst.Name else ""
    return any(is_named(to, name) for each in step.by_type[ast.Assign] for to in each.targets)


@record
class _Step:
    """A function that may go through graphs: its name, and its nodes."""

    name: str
    by_type: ByType
    parameters: frozenset[str]


def _stepping(frame: Frame) -> _Step | None:
    """The function at hand, if somebody has asked and it may go through graphs; one in another as well."""
    definition = frame.definition
    if definition is None or not frame.interpreter.eager or frame.state.grad is False:
        return None
    if _EVALUATES.search(definition.name) or (frame.depth and frame.outline is not None):
        return None
    return _step_of(frame)


def _step_of(frame: Frame) -> _Step | None:
    definition = frame.definition
    if definition is None:
        return None
    if frame.outline is not None:
        return _Step(definition.name, frame.outline.by_type, frozenset(frame.outline.parameters))
    origin = frame.segment.origin(definition.node)
    if not isinstance(origin, ast.FunctionDef):
        return None
    return _Step(definition.name, ByType(walk(origin)), frozenset(each.arg for each in origin.args.args))


def _returned_names(outline: _Step) -> frozenset[str]:
    return frozenset(
        part.id
        for node in outline.by_type[ast.Return]
        for part in map(_itself, node.value.elts if isinstance(node.value, ast.Tuple) else [node.value])
        if isinstance(part, ast.Name)
    )


def _itself(node: ast.expr | None) -> ast.expr | None:
    """What is returned, or what a function gives under other keys: `return loss, flatten(stats)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return node.args[0] if _FLATTENS.search(node.func.id) else node
    return node


_FLATTENS = re.compile(r"flatten|dict|clean|stack|gather", re.I)


def _beside(outline: _Step, name: str) -> frozenset[str]:
    """The names that are returned in one tuple with another, or with a dict that is written there."""
    found: set[str] = set()
    for node in outline.by_type[ast.Return]:
        parts = node.value.elts if isinstance(node.value, ast.Tuple) else []
        if any(is_named(_itself(part) or part, name) or isinstance(part, ast.Dict | ast.Call) for part in parts):
            found |= {part.id for part in parts if isinstance(part, ast.Name)}
    return frozenset(found - {name})


def _items(node: cst.CSTNode) -> list[cst.BaseExpression]:
    """What a dict that is written here holds, dicts in it as well."""
    found: list[cst.BaseExpression] = []
    if type(node) is cst.Dict:
        found = [element.value for element in node.elements if type(element) is cst.DictElement]
    elif type(node) is cst.Call and type(node.func) is cst.Name and node.func.value == "dict":
        found = [argument.value for argument in node.args if argument.keyword is not None]
    return [inner for each in found for inner in (_items(each) or [each])]


def _tell_items(frame: Frame, outline: _Step, name: str, node: cst.BaseExpression) -> None:
    for item in _items(node):
        if _tell_item(frame, outline, name, item):
            return  # one of them is enough


def _tell_item(frame: Frame, outline: _Step, name: str, item: cst.BaseExpression) -> bool:
    """Tell of an item that holds the loss, or what it is made of; the loss that is returned beside it is meant."""
    path = dotted_path(item)
    if path is None:
        return False
    beside = _beside(outline, name)
    spent = _gone_back(outline)
    named = "loss" in path and (path in beside or (any("loss" in each for each in beside) and _is_kept(outline, path)))
    served = path in spent or (bool(spent or beside) and _has_graph(frame, item))
    if not (named or (served and (spent or any("loss" in each for each in beside)))):
        return False
    target = name if " " in name else f"`{name}`"
    _tell(frame, item, target, frame.text(item), item)
    return True


def _gone_back(outline: _Step) -> set[str]:
    """The names and dotted names through which the function itself goes backward."""
    return {path for call in outline.by_type[ast.Call] for loss in losses_of(call) for path in paths(loss)}


def _is_kept(outline: _Step, name: str) -> bool:
    """Whether nothing that the name is bound to says that it is a number, or has left the graph."""
    bound = [one.value for one in outline.by_type[ast.Assign] if is_named(one.targets[0], name)]
    return bool(bound) and not any(
        (isinstance(one, ast.Attribute) and one.attr in _LEFT) or (isinstance(one, ast.Name) and one.id == "float")
        for value in bound
        for one in walk(value)
    )


def _has_graph(frame: Frame, node: cst.BaseExpression) -> bool:
    return any(has_graph(kind) for kind in held(frame.quietly(node)))


def _tell(
    frame: Frame, node: cst.CSTNode, target: str, subject: str, at: cst.CSTNode, *, container: bool = True
) -> None:
    grad = Fact(True, confidence=Confidence.LIKELY)
    frame.emit(
        GraphKept(
            frame.site(node),
            Tensor(grad=grad),
            target,
            subject,
            container,
            True,
            at,
            Confidence.LIKELY,
            for_a_while=True,
            left=True,
        )
    )


def _is_read_at_once(frame: Frame, outline: _Step) -> bool:
    """Whether callers in the file take the number of what they get, or leave its graph."""
    for caller, call in frame.interpreter.outline.calls.get(outline.name, ()):
        for assign in caller.by_type[ast.Assign]:
            if assign.value is call:
                names = {one.id for to in assign.targets for one in ast.walk(to) if isinstance(one, ast.Name)}
                if any(_leaves(each, names) for each in caller.by_type[ast.Call]):
                    return True
        wrapped = (each for each in caller.by_type[ast.Call] if each is not call)
        if any(call in (getattr(each.func, "value", None), *each.args) for each in wrapped):
            return True  # `step(x).item()`, `float(step(x))`
    return False


def _leaves(call: ast.Call, names: set[str]) -> bool:
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in _LEFT:
        return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(func.value))
    return dotted(func) == "float" and any(isinstance(one, ast.Name) and one.id in names for one in call.args)


def _is_forward(frame: Frame, outline: _Step) -> bool:
    return outline.name == "forward" and isinstance(frame.this, Instance) and frame.this.is_module


def _is_own_table(frame: Frame, outline: _Step, target: cst.Subscript) -> bool:
    """`self.histories[user] = hidden`, in a module's `forward`, which reads the table as well: the next call has it."""
    path = dotted_path(target.value) or ""
    if not _is_forward(frame, outline) or not path.startswith("self."):
        return False
    if any(isinstance(kind, Array | Tensor) for kind, _ in frame.quietly(target.value)):
        return False
    return any(isinstance(one.ctx, ast.Load) and dotted(one.value) == path for one in outline.by_type[ast.Subscript])


_CARRIES = re.compile(r"^(training_step|train_step|forward|__call__|step|update|optimi[sz]e\w*|train\w*|learn)$")
"""Methods that are called for one step after the other."""


def _tell_carried(frame: Frame, outline: _Step, target: cst.Attribute, node: cst.BaseExpression) -> None:
    """`hidden = self.hidden` above, and `self.hidden = hidden` here, with its graph: the next step goes back through
    this one, or cannot. What a module's `forward` keeps so, no `deepcopy` of the module will take."""
    path = dotted_path(target) or ""
    origin = frame.segment.origin(node)
    if not path.startswith("self.") or not _CARRIES.match(outline.name) or not isinstance(origin, ast.expr):
        return
    of_module = _is_forward(frame, outline)
    if not of_module and not any(_names_read(outline, path, origin.lineno)):
        return
    parts = [part.value for part in node.elements] if type(node) is cst.Tuple else [node]
    for part in parts:
        trains = of_module or _TRAINS.match(outline.name) is not None
        if _has_graph(frame, part) or (trains and _is_computed(frame, part)):
            _tell(frame, part, f"`{path}`", frame.text(part), part)
            return


_TRAINS = re.compile(r"^train(ing)?_step$")


def _is_computed(frame: Frame, node: cst.BaseExpression) -> bool:
    """Whether it is a tensor that torch has computed of others, and nobody knows that it has left the graph."""
    value = frame.quietly(node)
    return bool(value) and all(
        isinstance(kind, Tensor) and kind.grad is None and kind.dtype is None for kind, _ in value
    )


def _names_read(outline: _Step, path: str, line: int) -> Iterator[ast.Attribute]:
    """Where the function reads the attribute above the line, to compute with it."""
    for node in outline.by_type[ast.Attribute]:
        if isinstance(node.ctx, ast.Load) and node.lineno < line and dotted(node) == path:
            yield node


def _is_of(outline: _Step, node: ast.expr, name: str, line: int, hops: int = 2) -> bool:
    """Whether an expression is the parameter `name`, a part of it or what a method that keeps the graph makes of it."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript | ast.Attribute):
            if isinstance(node, ast.Attribute) and node.attr in ("data", "detach", "shape"):
                return False
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            node = node.func
        else:
            return False
    if node.id == name:
        return True
    bound = [one for one in outline.by_type[ast.Assign] if is_named(one.targets[0], node.id) and one.lineno < line]
    return hops > 0 and any(_is_of(outline, one.value, name, one.lineno, hops - 1) for one in bound)
