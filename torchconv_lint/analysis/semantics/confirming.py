"""Annotations that the code bears out: whether what is only said to be a tensor is used as one.

People write `Optional[torch.Tensor]` over lists of tensors, batches of a tokenizer and numbers. A function that asks
such a thing for its shape, computes with it or hands it to torch does mean a tensor; one that replaces it by a number
or an empty list, or asks it for what no tensor has, does not.
"""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import dotted
from torchconv_lint.analysis.syntax.presence import KEEPING, looked_through
from torchconv_lint.knowledge import torch_ops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchconv_lint.analysis.domain.frame import Definition
    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline
    from torchconv_lint.analysis.syntax.walking import ByType

_MOVES = frozenset({"to", "cuda", "cpu", "pin_memory", "device", "data", "apply", "share_memory_", "name", "names"})
"""What batches, modules and distributions have as well."""

_CONVERTS = frozenset({"torch.tensor", "torch.Tensor", "torch.FloatTensor", "torch.LongTensor"})
_CONVERTS |= {"numpy.array", "numpy.asarray", "float", "int", "str", "list", "tuple", "dict"}
"""Functions that are given a number or a list, where a tensor would need none of them."""

_DISPLAYS = (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr)


@functools.cache
def _attributes() -> tuple[frozenset[str], frozenset[str]]:
    """The attributes and methods of tensors; those of them that lists, texts and batches have not."""
    ops = torch_ops().method
    every = ops.tensor | ops.python | frozenset(ops.tuple) | ops.list | ops.view | ops.maybe_view | ops.inplace
    every |= ops.unprobed | ops.schema_only | ops.host | _MOVES
    others = frozenset(name for type_ in (str, list, dict, set, tuple, bytes, int, float) for name in dir(type_))
    return every, every - others - _MOVES


def is_borne_out(definition: Definition | None, outline: FileOutline, path: str | None, *, otherwise: bool) -> bool:
    """Whether the function, or for an attribute of `self` its class, uses as a tensor what an annotation calls one;
    `otherwise`: what to think where no use tells."""
    function = definition.outline_around if definition is not None else None
    if function is None or path is None:
        return False
    bodies = _methods(function) if path.startswith("self.") else [function.by_type]
    found = [_Uses(nodes, path, outline) for nodes in bodies]
    kept = {f"self.{name}" for uses in found for name in uses.kept}
    others = [_Uses(nodes, name, outline) for name in kept for nodes in _methods(function)]
    if any(uses.denied for uses in found) or any(uses.denied for uses in others):
        return False
    return otherwise or any(uses.confirmed for uses in (*found, *others))


def adds_nothing(definition: Definition | None, outline: FileOutline, path: str | None) -> bool:
    """Whether the function takes 0 in its place where it is false (`loss if loss else 0`): then it is one number, and
    nothing changes if that is zero."""
    function = definition.outline_around if definition is not None else None
    if function is None or path is None:
        return False
    replacements = _Uses(function.by_type, path, outline).replacements()
    return any(isinstance(one, ast.Constant) and type(one.value) is not bool and one.value == 0 for one in replacements)


def is_never_given(definition: Definition | None, outline: FileOutline, path: str | None) -> bool:
    """Whether it is an argument that may be left out, and that nothing speaks of: no annotation, no docstring, and none
    of the calls in the file, of which there are some. Or an attribute in which its class stores nothing but None."""
    function = definition.outline if definition is not None else None
    if function is not None and path is not None and path.startswith("self."):
        return _is_left_empty(function, path)
    if function is None or path is None or path not in function.parameters:
        return False
    if function.name == "forward" or function.name.startswith("__"):
        return False  # called by no name of its own
    arguments = function.node.args
    listed = [*arguments.posonlyargs, *arguments.args]
    names = [each.arg for each in listed]
    spoken = [each for each in (*listed, *arguments.kwonlyargs) if each.arg == path and each.annotation is not None]
    if spoken or path in (ast.get_docstring(function.node, clean=False) or ""):
        return False
    place = names.index(path) - (function.owner is not None) if path in names else None
    calls = [call for caller, call in outline.calls.get(function.name, ()) if caller is not function]
    return bool(calls) and not any(_may_give(call, path, place) for call in calls)


def _is_left_empty(function: FunctionOutline, path: str) -> bool:
    """Whether the methods of the class store None in the attribute, and nothing else."""
    methods = list(function.owner.methods.values()) if function.owner is not None else []
    stores = [
        node
        for method in methods
        for node in method.by_type[ast.Attribute]
        if isinstance(node.ctx, ast.Store) and dotted(node) == path
    ]
    emptied = [
        target
        for method in methods
        for node in method.by_type[ast.Assign]
        if isinstance(node.value, ast.Constant) and node.value.value is None
        for target in node.targets
        if dotted(target) == path
    ]
    return bool(stores) and len(stores) == len(emptied)


def _may_give(call: ast.Call, name: str, place: int | None) -> bool:
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    listed = starred or (place is not None and len(call.args) > place)
    return listed or any(keyword.arg in (None, name) for keyword in call.keywords)


def _methods(function: FunctionOutline) -> list[ByType]:
    owner = function.owner
    return [method.by_type for method in owner.methods.values()] if owner is not None else []


class _Uses:
    """The uses of a name or dotted name in a function: whether any confirms, or denies, that it is a tensor; `kept`:
    the attributes of `self` that it is stored in."""

    def __init__(self, nodes: ByType, path: str, outline: FileOutline) -> None:
        self._nodes = nodes
        self._outline = outline
        self._path = path
        self.kept: set[str] = set()
        self._items: set[str] = set()  # what its items are called, and what takes its value if it is there
        for node in nodes[ast.Assign]:
            self._assigned(node.targets, node.value)
        self.denied = any(self._denying())
        self.confirmed = not self.denied and any(self._confirming())

    def _assigned(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        names = [name for target in targets if (name := dotted(target)) is not None]
        if dotted(value) == self._path:
            self.kept |= {name.removeprefix("self.") for name in names if name.count(".") == 1 and "self." in name}
        elif isinstance(value, ast.Subscript) and dotted(value.value) == self._path:
            self._items |= {name for name in names if not isinstance(value.slice, ast.Constant)}
        elif isinstance(value, ast.BoolOp) and any(dotted(one) == self._path for one in value.values):
            self._items |= set(names)

    def _denying(self) -> Iterator[bool]:
        nodes, every = self._nodes, _attributes()[0]
        for node in nodes[ast.Attribute]:
            yield node.attr not in every and not node.attr.startswith("_") and dotted(node.value) == self._path
        for node in nodes[ast.Call]:
            yield bool(node.args) and dotted(node.args[0]) == self._path and self._name(node) in _CONVERTS
        for replacement in self.replacements():
            yield self._is_no_tensor(replacement)

    def _confirming(self) -> Iterator[bool]:
        nodes, path, own = self._nodes, self._path, _attributes()[1]
        stand_ins = (dotted(replacement) for replacement in self.replacements())
        names = {path, *self._items, *(name for name in stand_ins if name is not None)}
        for node in nodes[ast.Attribute]:
            yield node.attr in own and dotted(node.value) in names
        for node in nodes[ast.Call]:
            yield self._takes_tensors(node) and any(dotted(each) in names for each in _handed(node))
        for node in nodes[ast.Assign]:
            yield any(dotted(target) == path for target in node.targets) and self._is_tensor(node.value)
        for node in nodes[ast.BinOp]:
            yield path in (dotted(node.left), dotted(node.right))
        for node in nodes[ast.AugAssign]:
            yield dotted(node.value) == path
        for node in nodes[ast.UnaryOp]:
            yield isinstance(node.op, ast.Invert) and dotted(node.operand) == path
        for node in nodes[ast.Subscript]:
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            yield any(dotted(looked_through(part)) == path for part in parts)
            yield isinstance(node.slice, ast.Tuple) and dotted(node.value) == path
        for replacement in self.replacements():
            yield self._is_tensor(replacement)

    def _name(self, node: ast.Call) -> str:
        return self._outline.full_name(dotted(node.func) or "")

    def _takes_tensors(self, node: ast.Call) -> bool:
        """Whether it is a function of torch that takes tensors, rather than sizes or numbers."""
        name = self._name(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in KEEPING:
            return True
        package, _, rest = name.partition(".")
        if package != "torch" or name in _CONVERTS:
            return False
        ops = torch_ops().function
        if rest in ops.factory or rest in ops.python:
            return False
        return rest in ops.tensor or rest in ops.tuple or rest.startswith(("ops.", "nn.Parameter", "nn.init.", "_C."))

    def replacements(self) -> Iterator[ast.expr]:
        """What takes its place where it is not there."""
        path, nodes = self._path, self._nodes
        for node in nodes[ast.BoolOp]:
            if isinstance(node.op, ast.Or) and any(dotted(each) == path for each in node.values[:-1]):
                yield node.values[-1]
        for node in nodes[ast.IfExp]:
            absent = _absent(node.test, path)
            if absent is not None:
                yield node.body if absent else node.orelse
        for node in nodes[ast.If]:
            absent = _absent(node.test, path)
            for statement in () if absent is None else node.body if absent else node.orelse:
                if isinstance(statement, ast.Assign) and self._stands_for_it(statement.targets[0], node):
                    yield statement.value

    def _stands_for_it(self, target: ast.expr, node: ast.If) -> bool:
        """Whether what is bound on one branch is the value itself, or on the other branch bound to it."""
        name = dotted(target)
        if name == self._path:
            return True
        return any(
            isinstance(one, ast.Assign) and dotted(one.value) == self._path and dotted(one.targets[0]) == name
            for one in (*node.body, *node.orelse)
        )

    def _is_no_tensor(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return node.value is not None
        if isinstance(node, ast.Call):  # a class makes an object
            name = self._name(node)
            made = name.rpartition(".")[2]
            return (made[:1].isupper() and not made.endswith(("Tensor", "Parameter", "Buffer"))) or name in _CONTAINERS
        return isinstance(node, _DISPLAYS)

    def _is_tensor(self, node: ast.expr) -> bool:
        part = False
        while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
            if isinstance(node, ast.Call):
                name = self._name(node)
                package, _, rest = name.partition(".")
                ops = torch_ops().function
                if package == "torch" and (rest in ops.tensor or rest.endswith(("Tensor", "Parameter"))):
                    return True
                if self._returns_tensor(name, part=part):
                    return True
                node = node.func
            else:
                part = part or isinstance(node, ast.Subscript)
                node = node.value
        return False

    def _returns_tensor(self, name: str, *, part: bool) -> bool:
        """Whether a function of the file, or a method of one of its classes, is said to give a tensor, or several, of
        which a `part` is taken."""
        owner, _, last = name.rpartition(".")
        if owner not in ("self", "cls"):
            functions = [self._outline.functions.get(name)]
        else:
            functions = [class_.methods.get(last) for class_ in self._outline.classes.values()]
        returned = [function.node.returns for function in functions if function is not None]
        told = [ast.unparse(one) for one in returned if one is not None]
        return any("Tensor" in text and (part or not text.startswith(_SEVERAL)) for text in told)


_SEVERAL = ("tuple[", "Tuple[", "typing.Tuple[", "list[", "List[", "typing.List[", "dict[", "Dict[", "typing.Dict[")
_CONTAINERS = frozenset({"list", "dict", "tuple", "set"})


def _absent(test: ast.expr, path: str) -> bool | None:
    """Whether a condition that is about this name alone says that it is not there; None if it is about something
    else."""
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    if negated and isinstance(test, ast.UnaryOp):
        test = test.operand
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Is | ast.IsNot):
        other = test.comparators[0]
        if not isinstance(other, ast.Constant) or other.value is not None or dotted(test.left) != path:
            return None
        return isinstance(test.ops[0], ast.Is) is not negated
    return negated if dotted(test) == path else None


def _handed(node: ast.Call) -> Iterator[ast.expr]:
    """What a call is given, lists looked into, and items of what has a name as that name."""
    for given in (*node.args, *(keyword.value for keyword in node.keywords)):
        for part in given.elts if isinstance(given, ast.List | ast.Tuple) else [given]:
            is_item = isinstance(part, ast.Subscript) and not isinstance(part.slice, ast.Constant | ast.Slice)
            yield part.value if is_item and isinstance(part, ast.Subscript) else part
