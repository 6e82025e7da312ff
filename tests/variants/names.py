"""Names changed: variables and functions renamed, imports aliased."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable

import libcst as cst

from variants.scopes import Function, bound_in
from variants.variant import Variant

Renaming = Callable[[str, int], str]


def _parameters(tree: ast.Module) -> dict[str, set[str]]:
    """The parameters of the module's functions and of its classes' constructors, by the name they are called by."""
    found: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, Function):
            found[node.name] = _named(node)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = {
                name
                for method in node.body
                if isinstance(method, Function) and method.name == "__init__"
                for name in _named(method)
            }
    return found


def _named(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}


def _passed_to_methods(tree: ast.Module, parameters: dict[str, set[str]]) -> set[str]:
    """Parameters of methods and nested functions that some call may pass by keyword: who is called is unclear."""
    inner = {
        name for node in ast.walk(tree) if isinstance(node, Function) and node not in tree.body for name in _named(node)
    }
    return inner & {
        keyword.arg or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in parameters)
        for keyword in node.keywords
    }


class _Rename(cst.CSTTransformer):
    def __init__(self, names: dict[str, str], parameters: dict[str, set[str]]) -> None:
        self.names = names
        self.parameters = parameters

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=self.names.get(updated_node.value, updated_node.value))

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
        return original_node

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:
        return original_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        func = original_node.func
        known = self.parameters.get(func.value, set()) if isinstance(func, cst.Name) else set()
        return updated_node.with_changes(
            args=[
                new if old.keyword is None or old.keyword.value in known else new.with_changes(keyword=old.keyword)
                for old, new in zip(original_node.args, updated_node.args, strict=True)
            ]
        )


def renamed(text: str, renaming: Renaming) -> Variant:
    """All variables and functions of the file under other names; attributes, methods and classes keep theirs."""
    tree = ast.parse(text)
    functions = {node.name for node in tree.body if isinstance(node, Function)}
    parameters = _parameters(tree)
    fixed = _passed_to_methods(tree, parameters) | set(dir(builtins)) | {"self", "cls", "_"}
    names = sorted((bound_in(tree) | functions) - fixed)
    new = {name: renaming(name, position) for position, name in enumerate(names)}
    module = cst.parse_module(text).visit(_Rename(new, parameters))
    return Variant(module.code, {new[name]: name for name in functions})


def meaningless(name: str, position: int) -> str:
    """A name that tells nothing."""
    return f"v{position}q"


def akin(name: str, position: int) -> str:
    """Another name that begins and ends as the old one does: what conventions look at."""
    head, underscore, tail = name.partition("_")
    return f"{head}_zq_{tail}" if underscore and head else name + "2" if len(name) < 3 else f"{name[0]}zq_{name}"


class _Alias(cst.CSTTransformer):
    """Gives what `import a`, `import a.b as c` and `from a import b` bind another name."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def _renamed(self, alias: cst.ImportAlias) -> cst.ImportAlias:
        bound = alias.asname.name if alias.asname is not None else alias.name
        if not isinstance(bound, cst.Name) or bound.value not in self.names:
            return alias
        blank = cst.SimpleWhitespace(" ")
        name = cst.AsName(cst.Name(self.names[bound.value]), blank, blank)
        return alias.with_changes(asname=name)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import:
        return original_node.with_changes(names=[self._renamed(alias) for alias in original_node.names])

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
        if isinstance(original_node.names, cst.ImportStar):
            return original_node
        return original_node.with_changes(names=[self._renamed(alias) for alias in original_node.names])

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:
        return updated_node.with_changes(value=self.names.get(updated_node.value, updated_node.value))

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        text = updated_node.value
        for old, new in self.names.items():  # a quoted annotation
            text = re.sub(rf"\b{old}\.(?=[A-Z])", f"{new}.", text)
        return updated_node.with_changes(value=text)


def aliased(text: str) -> Variant:
    """Every import bound to another name."""
    names: set[str] = set()
    dotted: set[str] = set()
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                plain = alias.asname or alias.name
                (dotted if "." in plain else names).add(plain.partition(".")[0])
    # Names that something else binds as well are left alone.
    free = names - dotted - bound_in(tree) - {"*", "annotations"}
    free -= {node.name for node in ast.walk(tree) if isinstance(node, (*Function, ast.ClassDef))}
    return Variant(cst.parse_module(text).visit(_Alias({name: f"zq_{name}" for name in free})).code)
