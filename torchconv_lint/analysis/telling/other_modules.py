"""Of which module a state is that has been kept: a name may stand for another module by now, and a function may have
given the state of what it was handed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.domain.replacing import replace
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.patterns import LIKE_A_MODULE
from torchconv_lint.analysis.telling.loops import bound_by
from torchconv_lint.analysis.telling.sharing import older_key, retell
from torchconv_lint.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.domain.values import Memory
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

HANDED = "handed"
"""Marks the parameters of what a function was handed, and has given the state of."""

ELSEWHERE = "elsewhere"
"""Marks the parameters of the modules of earlier rounds, where a loop goes through modules, with the loops around."""

_STAYS = frozenset({"to", "cuda", "cpu", "train", "eval", "float", "double", "half", "xpu", "npu"})
"""Methods of a module that give the module itself."""

_BUILDS = "(build|create|make|init|initialize|new)_"
_MAKES = re.compile(rf"_*[A-Z]|(get|load)_|{_BUILDS}", re.ASCII)
"""How classes are named, and functions that make what a class would."""


def module_key(frame: Frame, text: str) -> tuple[Any, ...]:
    """What tells the parameters of one module from those of others: its name, and where it is a deep copy of the
    function's own, the function."""
    outline = frame.outline
    return ("module", text, outline) if outline is not None and text in outline.own_copies else ("module", text)


_COPIES = re.compile(r"_*[A-Z]|deepcopy$", re.ASCII)
"""How classes are named, and what copies an object with all it has."""

_ANEW = re.compile(rf"_*[A-Z]|(deepcopy|eval)$|_*{_BUILDS}", re.ASCII)
"""How that is called which gives a new object whenever it is called; what `get_` and `load_` give may be kept."""


def makes_object(node: ast.expr) -> bool:
    """Whether an expression gives an object that has not been there before: `Net().to(device)`, `make_net(width)`,
    `getattr(models, name)()`, `NETS[name]()`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _STAYS:
        node = node.func.value
    if not isinstance(node, ast.Call):
        return False
    looked_up = isinstance(node.func, ast.Call | ast.Subscript)
    return looked_up or _ANEW.match((dotted(node.func) or "").rpartition(".")[2]) is not None


def is_held_by_nobody(frame: Frame, owner: cst.CSTNode) -> bool:
    """Whether a module is made where it is used, `Net().state_dict()`, so that nobody can ever train it."""
    made = _itself(owner)
    path = dotted_path(made.func) if type(made) is cst.Call else None
    return path is not None and _COPIES.match(path.rpartition(".")[2]) is not None and makes_another(frame, made)


def _itself(node: cst.CSTNode) -> cst.CSTNode:
    """The module that an expression gives, whatever device it is moved to."""
    while type(node) is cst.Call and type(node.func) is cst.Attribute and node.func.attr.value in _STAYS:
        node = node.func.value
    return node


def makes_another(frame: Frame, node: cst.CSTNode) -> bool:
    """Whether the expression makes a module that has not been there before: a copy, or an object of a class; what
    another module is given to may be a wrapper around it."""
    node = _itself(node)
    path = dotted_path(node.func) if type(node) is cst.Call else None
    if path is None or type(node) is not cst.Call:
        return False
    name = path.rpartition(".")[2]
    if name == "deepcopy" or _gives_another(frame.interpreter.outline.functions.get(path)):
        return True
    given = (dotted_path(argument.value) for argument in node.args)
    return _MAKES.match(name) is not None and not any(one and LIKE_A_MODULE.search(one) for one in given)


def _gives_another(function: FunctionOutline | None) -> bool:
    """Whether whatever a function of the file returns is a copy that it has made, or an object of a class."""
    returned = [node.value for node in function.by_type[ast.Return]] if function is not None else []
    return bool(returned) and all(
        (isinstance(value, ast.Name) and function is not None and value.id in function.own_copies)
        or (isinstance(value, ast.Call) and _COPIES.match((dotted(value.func) or "").rpartition(".")[2]) is not None)
        for value in returned
    )


def bound_anew(frame: Frame, name: str, node: cst.CSTNode) -> None:
    """`name = node`: a state that was kept of what the name stood for is not trained by this name any more."""
    if makes_another(frame, node):
        _rename(frame, lambda key: _is_of(key, name), older_key)


def moves_on(frame: Frame, loop: cst.For | cst.While) -> None:
    """A loop begins a round: what it trains in it is not what it has trained in others, if it goes through modules; and
    the loops in it begin again with the first of theirs."""
    rounds = frame.rounds
    _rename(frame, lambda key: key[0] == ELSEWHERE and loop in key[2][:-1], lambda key: ("again", key[1]))
    names = set(bound_by(loop.target)) if type(loop) is cst.For else set()
    _rename(frame, lambda key: any(_goes_with(key, name) for name in names), lambda key: (ELSEWHERE, key, rounds))


def _goes_with(key: Any, name: str) -> bool:
    """Whether a memory is that of the module which a loop calls so, or picks by that index: `clients[i].model`."""
    return _is_of(key, name) or (key[0] == "module" and isinstance(key[1], str) and f"[{name}]" in key[1])


def _is_of(key: Any, name: str) -> bool:
    """Whether a memory is that of the module called so, or of one that the object has."""
    return key[0] == "module" and isinstance(key[1], str) and (key[1] == name or key[1].startswith(f"{name}."))


def _rename(frame: Frame, concerns: Callable[[Any], bool], change: Callable[[Any], Any]) -> None:
    """Give memories another key, with what they have missed."""
    stale = frame.state.stale
    for key in [key for key in stale if isinstance(key[-2], tuple) and concerns(key[-2])]:
        other = (*key[:-2], change(key[-2]), key[-1])
        stale[other] = stale.get(other, frozenset()) | stale.pop(key)
    retell(frame, lambda memory: concerns(memory.key), lambda memory: replace(memory, key=change(memory.key)))


def moved_away(frame: Frame, func: cst.CSTNode) -> None:
    """`module.to(device)`: where that is another device the module has its parameters made anew, and what was kept of
    them before stays. In a loop it is another device at most once."""
    path = dotted_path(func.value) if type(func) is cst.Attribute else None
    if frame.tracks and not frame.rounds and path is not None:
        retell(
            frame,
            lambda memory: memory.key[:2] == ("module", path) and memory.sure > Confidence.POSSIBLE,
            lambda memory: replace(memory, sure=Confidence.POSSIBLE),
        )


def state_handed_back(frame: Frame, memory: Memory, owner: cst.CSTNode, parameter: str, *, steps: bool) -> Memory:
    """The state of its `parameter` that a function gives, as its caller sees it, who has handed over `owner`. `steps`:
    the function trains, so that what it gives is the state after the training."""
    if makes_another(frame, owner):
        return replace(memory, key=older_key(memory.key))
    path = dotted_path(_itself(owner))
    if path is None:
        return memory
    text = path + memory.key[1][len(parameter) :]
    key = module_key(frame, text)
    return replace(memory, key=(*key[:2], HANDED) if steps else key, name=text)
