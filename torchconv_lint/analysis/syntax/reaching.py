"""Which imported names have a say in what is converted: only those are looked up in the project's other files.

Names flow from the right of an assignment to its left, from an argument of `append` into the list, from `return` to the
function's name. What a conversion is given is followed backwards along these flows.
"""

from __future__ import annotations

import ast
import builtins
import sys
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import named_attribute
from torchconv_lint.analysis.syntax.walking import ByType, own_nodes, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from torchconv_lint.analysis.syntax.outline import FileOutline, FunctionOutline

_ELSEWHERE = frozenset(
    {"torch", "torchvision", "torchaudio", "numpy", "scipy", "matplotlib", "sklearn", "pandas", "PIL", "cv2", "tqdm"}
)
_BY_NAME = ("getattr", "setattr")
_FILLING = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "put"})


def project_names(file: FileOutline) -> dict[str, str]:
    """The imported names that may come from the project itself, with what they stand for."""
    return {name: full for name, full in file.imports.items() if _may_be_ours(full)}


def _may_be_ours(full_name: str) -> bool:
    package = full_name.partition(".")[0]
    return not package or (package not in _ELSEWHERE and package not in sys.stdlib_module_names)


def reaching(file: FileOutline, converted: Mapping[FunctionOutline | None, Iterable[str]]) -> frozenset[str]:
    """The project's names from which what is converted may come.

    `converted`: what each function (None: the module) hands to conversions, "self" standing for any attribute.
    """
    ours = project_names(file)
    if not ours and not file.stars:
        return frozenset()
    found = _Search(file).backwards(converted)
    if file.stars:  # what nothing in the file binds comes from one of them
        bound = {*file.imports, *file.functions, *file.classes, *file.assigned, *dir(builtins)}
        return frozenset(found & ours.keys() | found - bound)
    return frozenset(found & ours.keys())


class _Search:
    """Follows names backwards. A local name belongs to its function, "self.x" and names of functions to the file."""

    def __init__(self, file: FileOutline) -> None:
        self.file = file
        self.scopes: dict[FunctionOutline | None, _Scope] = {None: _Scope(ByType(own_nodes(file.tree)))}
        self.named: dict[str, list[FunctionOutline]] = {}
        for function in file.all_functions():
            self.named.setdefault(function.name, []).append(function)
        self.found: set[str] = set()

    def backwards(self, converted: Mapping[FunctionOutline | None, Iterable[str]]) -> set[str]:
        """Every name on the way to what is converted."""
        pending = [(function, name) for function, names in converted.items() for name in names]
        seen = set(pending)
        while pending:
            function, name = pending.pop()
            self.found.add(name)
            for origin in self._origins(function, name):
                if origin not in seen:
                    seen.add(origin)
                    pending.append(origin)
        return self.found

    def _scope(self, function: FunctionOutline | None) -> _Scope:
        scope = self.scopes.get(function)
        if scope is None and function is not None:
            scope = self.scopes[function] = _Scope(function.by_type)
        return scope or self.scopes[None]

    def _origins(self, function: FunctionOutline | None, name: str) -> Iterator[tuple[FunctionOutline | None, str]]:
        scope = self._scope(function)
        for source in scope.flows.get(name, ()):
            yield function, source
        if function is not None and name not in scope.bound:
            for source in self.scopes[None].flows.get(name, ()):
                yield None, source
        if name.startswith("self.") and function is not None and function.owner is not None:
            for method in function.owner.methods.values():
                for source in self._scope(method).flows.get(name, ()):
                    yield method, source
        for callee in self.named.get(name, ()):
            for source in self._scope(callee).returned:
                yield callee, source
        if name == "self" and function is not None and function.owner is not None:
            for base in function.owner.bases:
                yield None, base.partition(".")[0]


class _Scope:
    """What flows where in one function: from a name on the left of an assignment to the names on its right."""

    def __init__(self, nodes: ByType) -> None:
        self.flows: dict[str, set[str]] = {}
        self.bound: set[str] = set()
        self.returned: set[str] = set()
        for node in (*nodes[ast.Return], *nodes[ast.Yield]):
            self.returned |= names_in(node.value) if node.value is not None else set()
        for targets, value in _bindings(nodes):
            names = names_in(targets)
            self.bound |= names
            self._flow(names, value)
        for targets, value in _fillings(nodes):  # `xs.append(x)` binds nothing
            self._flow(names_in(targets), value)

    def _flow(self, names: set[str], value: ast.AST) -> None:
        sources = names_in(value)
        for target in names:
            self.flows.setdefault(target, set()).update(sources)


def _bindings(nodes: ByType) -> Iterator[tuple[ast.AST, ast.AST]]:
    for node in nodes[ast.Assign]:
        for target in node.targets:
            yield target, node.value
    for node in (*nodes[ast.AnnAssign], *nodes[ast.AugAssign], *nodes[ast.NamedExpr]):
        if node.value is not None:
            yield node.target, node.value
    for node in (*nodes[ast.For], *nodes[ast.AsyncFor], *nodes[ast.comprehension]):
        yield node.target, node.iter
    for node in nodes[ast.withitem]:
        if node.optional_vars is not None:
            yield node.optional_vars, node.context_expr


def _fillings(nodes: ByType) -> Iterator[tuple[ast.AST, ast.AST]]:
    for node in nodes[ast.Call]:
        func = node.func
        if isinstance(func, ast.Attribute):
            if func.attr in _FILLING:
                for argument in node.args:
                    yield func.value, argument
        elif isinstance(func, ast.Name) and func.id == "setattr":
            for argument in node.args[2:]:
                yield node, argument


def names_in(node: ast.AST) -> set[str]:
    """The names in an expression; an attribute of `self` counts as a name, "self.x", and so does a called method."""
    found: set[str] = set()
    for child in walk(node):
        if isinstance(child, ast.Name):
            found.add(child.id)
        elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id == "self":
            found |= {f"self.{child.attr}", child.attr}
        elif isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in _BY_NAME:
            family = named_attribute(child, "self", *_BY_NAME)
            if family is not None:
                found.add(f"self.{family}")
    found.discard("self")
    return found
