"""What a function's ast shows of its backward passes: which names they go through."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.record import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.syntax.walking import ByType


@told
class Passes:
    """The backward passes of a function.

    `spent` are the names, dotted names and items through whose graph they go; `whole` the names that are handed to
    backward as they are; `parts` the names of losses that they are the sum, product or quotient of; `rebound` the names
    that are bound anew below the last backward through them, each with the line of what is bound; `holders` the names
    of what holds a loss: `output` of `output["loss"].backward()`.
    """

    spent: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    rebound: frozenset[tuple[str, int]] = frozenset()
    holders: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()


@told
class _Binding:
    targets: frozenset[str]
    sources: frozenset[str]
    line: int


NO_PASSES = Passes()


def backward_in(nodes: ByType) -> Passes:
    """The backward passes among these nodes."""
    losses = [loss for node in nodes[ast.Call] for loss in losses_of(node)]
    losses += filter(None, map(stepped_by, nodes[ast.Call]))
    if not losses:
        return NO_PASSES
    whole = frozenset(loss.id for loss in losses if isinstance(loss, ast.Name))
    last: dict[str, int] = {}
    for loss in losses:
        for path in paths(loss):
            last[path] = max(last.get(path, 0), loss.lineno)
    bindings = list(_bindings(nodes))
    derived = {target for binding in bindings if binding.sources & last.keys() for target in binding.targets}
    rebound = {
        (target, binding.line)
        for binding in bindings
        for target in binding.targets
        if binding.line > last.get(target, binding.line)
    }
    spent = _sources(set(last), bindings) | derived
    spent |= set(_pieces(nodes, spent))
    holders, parts = frozenset(_holders(nodes, losses)), _parts(nodes, losses) - whole
    return Passes(frozenset(spent), whole, frozenset(rebound), holders, parts)


def _pieces(nodes: ByType, spent: set[str]) -> Iterator[str]:
    """What loops and indices take out of what backward goes through: `for code in codes`, `code = codes[0]`."""
    for loop in nodes[ast.For]:
        if any(dotted(each) in spent for each in _gone_through(loop.iter)):
            yield from _targets(loop.target)
    for node in nodes[ast.Assign]:
        if isinstance(node.value, ast.Subscript) and dotted(node.value.value) in spent:
            yield from _targets(*node.targets)


def _gone_through(node: ast.expr) -> Iterator[ast.expr]:
    """What a loop over this goes through, by the names of it: `zip(codes, labels)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("enumerate", "zip"):
        for each in node.args:
            yield from _gone_through(each)
    elif isinstance(node, ast.Name | ast.Attribute):
        yield node


def _parts(nodes: ByType, losses: list[ast.expr]) -> frozenset[str]:
    """`first_loss` and `norm_loss` of `loss = first_loss + 0.5 * norm_loss / n`: what is called a loss, in arithmetic
    whose result backward is called on."""
    names = {loss.id for loss in losses if isinstance(loss, ast.Name)}
    sums = [loss for loss in losses if isinstance(loss, ast.BinOp)]
    for node in nodes[ast.Assign]:
        if isinstance(node.value, ast.BinOp) and any(
            isinstance(to, ast.Name) and to.id in names for to in node.targets
        ):
            sums.append(node.value)
    return frozenset(name for one in sums for name in _losses_in(one))


def _losses_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.BinOp):
        yield from _losses_in(node.left)
        yield from _losses_in(node.right)
    elif isinstance(node, ast.Name) and _CALLED_LOSS.search(node.id):
        yield node.id


_CALLED_LOSS = re.compile(r"(^|_)loss(_[a-z0-9]+)?$|^(err|loss)[A-Z_0-9]\w*$", re.I)


def always_goes_back(function: ast.AST) -> bool:
    """Whether the function calls backward whatever its conditions say: it cannot be meant to run with grad off."""
    return any(
        isinstance(node, ast.Call) and next(losses_of(node), None) is not None for node in walk(function, _CONDITIONAL)
    )


GOES_BACK = re.compile(r"_?(do_|run_|manual_|loss_)?backward(_pass|_step|_loss)?$")
"""Methods that call backward on what they are given first: those of engines, and what people wrap around them."""


_CONDITIONAL = frozenset({ast.If, ast.IfExp, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Try, ast.Match})
"""What may leave its code out, or has it run by others."""


def _holders(nodes: ByType, losses: list[ast.expr]) -> Iterator[str]:
    """What a loss is taken out of, right where backward is called or when its name is bound; not what gets something
    else in its place afterwards (`output["loss"] = output["loss"].detach()`)."""
    replaced = {
        ast.unparse(each): node.lineno
        for node in nodes[ast.Assign]
        for each in node.targets
        if not isinstance(each, ast.Name)
    }
    names = {loss.id for loss in losses if isinstance(loss, ast.Name)}
    taken = [loss for loss in losses if not isinstance(loss, ast.Name)]
    taken += [
        node.value
        for node in nodes[ast.Assign]
        if any(isinstance(each, ast.Name) and each.id in names for each in node.targets)
    ]
    for part in taken:
        if (isinstance(part, ast.Attribute) and "loss" in part.attr.lower()) or (
            isinstance(part, ast.Subscript)
            and isinstance(part.slice, ast.Constant)
            and isinstance(part.slice.value, str)
        ):
            owner = part.value
        else:
            continue
        if isinstance(owner, ast.Name) and owner.id != "self" and replaced.get(ast.unparse(part), 0) < part.lineno:
            yield owner.id


def dicts_of_losses(nodes: ByType) -> frozenset[str]:
    """The names of dicts whose items are added up to what backward is called on: `loss = parts["ce"] + parts["kl"]`."""
    losses = [loss for node in nodes[ast.Call] for loss in losses_of(node)]
    names = {loss.id for loss in losses if isinstance(loss, ast.Name)}
    sums = [loss for loss in losses if isinstance(loss, ast.BinOp)]
    sums += [
        node.value
        for node in nodes[ast.Assign]
        if isinstance(node.value, ast.BinOp) and any(isinstance(to, ast.Name) and to.id in names for to in node.targets)
    ]
    items = (item for one in sums for item in ast.walk(one) if isinstance(item, ast.Subscript))
    return frozenset(
        item.value.id
        for item in items
        if isinstance(item.value, ast.Name)
        and isinstance(item.slice, ast.Constant)
        and isinstance(item.slice.value, str)
    )


def _sources(names: set[str], bindings: list[_Binding]) -> set[str]:
    """These names and what they are made of."""
    for _ in range(4):
        size = len(names)
        for binding in bindings:
            if binding.targets & names:
                names |= binding.sources
        if len(names) == size:
            break
    return names


def steps_with(call: str, others: Iterable[str]) -> bool:
    """Whether what is called, by its name, with a loss is given an optimiser as well, by its own: it goes backward and
    steps. A class makes a trainer of the two."""
    name = call.rpartition(".")[2]
    if name[:1].isupper() or _MAKES.match(name):
        return False
    return any(_OPTIMIZER.search(other) for other in others)


def names_loss(name: str) -> bool:
    """Whether a name is that of a loss."""
    return name.lower().endswith("loss")


_OPTIMIZER = re.compile(r"(^|[._])(\w*optim|opt($|[._\d])|\w+_opt($|[._\d]))", re.I)
_MAKES = re.compile(r"(compile|configure|get|build|make|create|init|setup|prepare|log|save|report|print)(_|$)", re.I)
"""What is given a loss and an optimiser before anything is trained, or to speak of them."""


def stepped_by(node: ast.Call) -> ast.Name | None:
    """`loss` in `scaler(loss, optimizer)` and `self.net.train_step(loss, self.optim)`."""
    first = node.args[0] if node.args else None
    if not isinstance(first, ast.Name) or not names_loss(first.id):
        return None
    others = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    return first if steps_with(dotted(node.func) or "", (dotted(other) or "" for other in others)) else None


GRAPH_KEYWORDS = frozenset(
    {"gradient", "retain_graph", "create_graph", "inputs", "loss", "tensor", "tensors", "grad_tensors"}
)


def takes_graph(node: ast.Call) -> bool:
    """Whether a call of `backward` may be that of a tensor, or of an engine: by its keywords."""
    own = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
    return bool(node.args) or not own or bool(own & GRAPH_KEYWORDS)


def losses_of(node: ast.Call) -> Iterator[ast.expr]:
    """What backward is called on: `loss` in `loss.backward()` and in `engine.backward(loss)`."""
    func = node.func
    if not isinstance(func, ast.Attribute) or not GOES_BACK.match(func.attr):
        return
    if func.attr != "backward" and not node.args:  # `trainer.backward_step()`: through whatever it keeps
        return
    if not takes_graph(node):
        return
    if node.args and isinstance(func.value, ast.Name | ast.Attribute) and not isinstance(node.args[0], ast.Constant):
        yield node.args[0]
    else:
        yield func.value


def paths(node: ast.AST) -> Iterator[str]:
    """The names, dotted names and items that an expression is made of, functions that are called left out."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute | ast.Subscript):
        yield ast.unparse(node)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant | ast.UnaryOp):
            yield from paths(node.value)
    elif isinstance(node, ast.Call):
        inner = [*node.args, *(keyword.value for keyword in node.keywords)]
        for part in [node.func.value, *inner] if isinstance(node.func, ast.Attribute) else inner:
            yield from paths(part)
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from paths(child)


def _bindings(nodes: ByType) -> Iterator[_Binding]:
    for node in nodes[ast.Assign]:
        yield _Binding(_targets(*node.targets), frozenset(paths(node.value)), node.value.lineno)
    for node in (*nodes[ast.AugAssign], *nodes[ast.AnnAssign]):
        if node.value is not None:
            yield _Binding(_targets(node.target), frozenset(paths(node.value)), node.value.lineno)
    for node in nodes[ast.withitem]:
        if node.optional_vars is not None:
            sources = frozenset(paths(node.context_expr))
            yield _Binding(_targets(node.optional_vars), sources, node.context_expr.lineno)


def _targets(*nodes: ast.expr) -> frozenset[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Tuple | ast.List):
            found |= _targets(*node.elts)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            found.add(ast.unparse(node))
    return frozenset(found)
