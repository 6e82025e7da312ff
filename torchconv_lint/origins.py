"""Where the names in a finding come from, read off Python's own tree: the lines that a finding shows which no event has
told a longer story of."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.handed_over import exclude_each_other
from torchconv_lint.analysis.syntax.outline import REGISTERING, origin_of
from torchconv_lint.analysis.syntax.walking import own_nodes
from torchconv_lint.code_forms import anchor_of, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchconv_lint.analysis.syntax.outline import ClassOutline, FileOutline, FunctionOutline

    Origin = tuple[ast.AST, str]
    """A node, and what to say of it."""
    Binding = tuple[ast.stmt | ast.expr, ast.expr]
    """A statement, a named expression, or the variable of a comprehension, and what is bound there."""

_MOST_NAMES = 2
_MOST_HOPS = 3
_MOST = 4
"""Of so many names, over so many that are views of others, so many lines in all."""
_OWN = ("self", "cls")


def origins(file: FileOutline, node: ast.AST, text: Callable[[ast.AST], str], goal: str = "") -> list[Origin]:
    """Where the names that are read in `node` come from: parameters, and what was bound to them last. `text` gives the
    source of a node, shortened; `goal` is the parameter that the first of them is known to stand for."""
    tracer = _Tracer(file, _around(file, node), text)
    line = getattr(node, "lineno", 0)
    names = _names(file, node)
    if goal and names:
        return tracer.way(names[0], line, goal) or []
    found: list[Origin] = []
    for name in names[:_MOST_NAMES]:
        for origin in tracer.of(name, line):
            if origin not in found:
                found.append(origin)
    return found[:_MOST]


def _around(file: FileOutline, node: ast.AST) -> FunctionOutline | None:
    """The function or method that the node is in."""
    line = getattr(node, "lineno", 0)
    inside = (one for one in file.all_functions() if one.first_line <= line <= (one.node.end_lineno or line))
    return next(inside, None)


def _names(file: FileOutline, node: ast.AST) -> list[str]:
    """The names that are read in a node as they stand there, "self.x" for an attribute of `self`; not what it calls."""
    found: dict[str, tuple[int, int]] = {}
    pending: list[ast.AST] = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Call):
            pending += (*one.args, *(keyword.value for keyword in one.keywords))
            if isinstance(one.func, ast.Attribute) and getattr(one.func.value, "id", "") not in _OWN:
                pending.append(one.func.value)
        elif isinstance(one, ast.Subscript):
            pending.append(one.value)  # where in it is no matter
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self":
            found.setdefault(f"self.{one.attr}", (one.lineno, one.col_offset))
        elif isinstance(one, ast.Name):
            if one.id not in file.imports and one.id not in file.functions and not hasattr(builtins, one.id):
                found.setdefault(one.id, (one.lineno, one.col_offset))
        else:
            pending += ast.iter_child_nodes(one)
    return sorted(found, key=found.__getitem__)


class _Tracer:
    """Follows one name back."""

    def __init__(self, file: FileOutline, function: FunctionOutline | None, text: Callable[[ast.AST], str]) -> None:
        self._file = file
        self._function = function
        self._text = text
        self._nodes = function.nodes if function is not None else own_nodes(file.tree)
        self._bindings: dict[str, list[Binding]] = {}
        self._visited: set[tuple[str, int]] = set()  # on the way to a parameter: functions may bind a name many times

    def of(self, name: str, line: int) -> list[Origin]:
        """Where a name that is read at a line comes from, the first cause first."""
        found: list[Origin] = []
        for _ in range(_MOST_HOPS):
            told, source, line = self._bound(name, line)
            found = told + found
            if source is None or source == name:
                break
            name = source
        return found

    def way(self, name: str, line: int, goal: str, hops: int = _MOST_HOPS) -> list[Origin] | None:
        """How a name that is read at a line has come to stand for the parameter `goal`; None if that cannot be seen."""
        if name == goal:
            return list(self._parameter(goal))
        before = self._before(name, line)[::-1] if hops and (name, line) not in self._visited else []
        self._visited.add((name, line))
        views = [(node, value, {origin_of(value)}) for node, value in before if origin_of(value)]
        called = [(node, value, names_in(value)) for node, value in before if isinstance(value, ast.Call)]
        for node, value, sources in (*views, *called):  # what a function gives need not be what it is given
            for source in sorted(sources, key=lambda one: one != goal):
                way = self.way(source, node.lineno, goal, hops - 1)
                if way is not None:
                    return [*way, (value, self._told(name, node, value))]
        return None

    def _before(self, name: str, line: int) -> list[Binding]:
        """What may bind a name before it is read at a line, the last one last."""
        bindings = self._bindings.get(name)
        if bindings is None:
            bindings = self._bindings[name] = sorted(self._found(name), key=lambda one: one[0].lineno)
        before = [one for one in bindings if one[0].lineno < line or isinstance(one[0], ast.Name)]
        function = self._function
        if function is None:
            return before
        return [one for one in before if not exclude_each_other(function, one[0].lineno, line)]

    def _bound(self, name: str, line: int) -> tuple[list[Origin], str | None, int]:
        """What binds a name on the way to a line; the name that it is a part of, and where that is read."""
        function = self._function
        if name.startswith("self."):
            owner = function.owner if function is not None else None
            stored = list(self._stored(owner, name)) if owner is not None else []
            return sorted(stored, key=lambda origin: getattr(origin[0], "lineno", 0)), None, line
        before = self._before(name, line)
        told: list[Origin] = [(value, self._told(name, node, value)) for node, value in before[-2:]]
        if len(told) < 2:
            told = [*self._parameter(name), *told]
        if not before:
            return told, None, line
        node, value = before[-1]
        if self._may_be_passed_by(node, line):
            return told, None, line
        told = told[-1:]
        source = origin_of(value) if isinstance(node, ast.Assign) else ""
        return told, (anchor_of(value) if source in _OWN else source) or None, node.lineno

    def _may_be_passed_by(self, node: ast.AST, line: int) -> bool:
        """Whether what is bound at the node stands in a branch or a loop that is over at the line."""
        return any(
            isinstance(around, ast.If | ast.For | ast.While | ast.Try)
            and around.lineno < node.lineno <= (around.end_lineno or 0) < line  # type: ignore[attr-defined]
            for around in self._nodes
        )

    def _found(self, name: str) -> Iterator[Binding]:
        """What binds a name, each with what it is bound to."""
        for node in self._nodes:
            if isinstance(node, ast.Assign) and any(_binds(target, name) for target in node.targets):
                yield node, _part(node, name)
            elif isinstance(node, ast.comprehension) and isinstance(node.target, ast.Name) and node.target.id == name:
                yield node.target, node.iter
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign) and _binds(node.target, name):
                if node.value is not None:
                    yield node, node.value
            elif isinstance(node, ast.For | ast.AsyncFor) and _binds(node.target, name):
                yield node, node.iter
            elif isinstance(node, ast.With | ast.AsyncWith):
                for item in node.items:
                    if item.optional_vars is not None and _binds(item.optional_vars, name):
                        yield node, item.context_expr

    def _told(self, name: str, node: ast.stmt | ast.expr, value: ast.expr) -> str:
        if _is_none(value):
            return f"`{name}` is None here"
        if isinstance(node, ast.For | ast.AsyncFor | ast.Name):
            return f"`{name}` is taken from `{self._text(value)}` here"
        if isinstance(node, ast.AugAssign):
            return f"`{name}` is changed by `{self._text(value)}` here"
        return f"`{name}` comes from `{self._text(value)}` here"

    def _parameter(self, name: str) -> Iterator[Origin]:
        if self._function is None:
            return
        arguments = self._function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        without: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        defaults = [*without, *arguments.defaults, *arguments.kw_defaults]
        for argument, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
            if argument.arg != name:
                continue
            message = f"`{name}` is what a caller of `{self._function.name}` has handed over"
            if argument.annotation is not None:
                message = f"`{name}` is given, and annotated as `{self._text(argument.annotation)}`"
            if default is not None and _is_none(default):
                message += " (None by default)"
            yield argument, message

    def _stored(self, owner: ClassOutline, name: str) -> Iterator[Origin]:
        """Where a class stores an attribute, and what its body says of it."""
        attribute = name.partition(".")[2]
        annotation = owner.annotations.get(attribute)
        if annotation is not None:
            yield annotation, f"`{attribute}` is declared as `{self._text(annotation)}`"
        for method in owner.stored.get(attribute, ()):
            for node in method.nodes:
                if isinstance(node, ast.Assign) and any(_is_attribute(target, attribute) for target in node.targets):
                    what = "None" if _is_none(node.value) else f"`{self._text(node.value)}`"
                    yield node.value, f"`{method.name}` stores {what} in `{name}`"
                elif isinstance(node, ast.AnnAssign) and _is_attribute(node.target, attribute):
                    yield node.annotation, f"`{name}` is declared as `{self._text(node.annotation)}`"
                elif _registers(node, attribute):
                    yield node, f"`{method.name}` registers `{name}`"


def _part(node: ast.Assign, name: str) -> ast.expr:
    """What of the value a name is bound to: `y` in `a, b = x, y` for "b"."""
    target, value = node.targets[0], node.value
    if not isinstance(target, ast.Tuple) or not isinstance(value, ast.Tuple) or len(target.elts) != len(value.elts):
        return value
    return next((part for to, part in zip(target.elts, value.elts, strict=True) if _binds(to, name)), value)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _binds(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in _bound_names(target))


def _bound_names(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _bound_names(element)
    else:
        yield target.value if isinstance(target, ast.Starred) else target


def _is_attribute(node: ast.expr, attribute: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == attribute
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def _registers(node: ast.AST, attribute: str) -> bool:
    """`self.register_buffer("x", …)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
        return False
    first = node.args[0]
    return node.func.attr in REGISTERING and isinstance(first, ast.Constant) and first.value == attribute
