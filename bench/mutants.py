"""Mutants of a module: its source with one condition, one operator or one constant changed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
_LEVELS = {"CERTAIN": "LIKELY", "LIKELY": "POSSIBLE", "POSSIBLE": "CERTAIN"}


@dataclass(frozen=True)
class Mutant:
    """`where`: the function it is in; `what`: the change, and `text`, the code that is changed. Together they name it
    for as long as that code stays as it is. `original` is the whole module, in which `replacement` takes the place of
    `node`."""

    module: str
    where: str
    in_function: bool
    what: str
    text: str
    original: ast.Module
    node: ast.AST
    replacement: ast.AST

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Its name in the table of those that may live."""
        return (self.module, self.where, self.what, self.text)

    @property
    def tree(self) -> ast.Module:
        """The module with the change in it."""
        return _replaced(self.original, self.node, self.replacement)

    @property
    def lines(self) -> range:
        """Where what is changed stands: for a statement its condition only."""
        node = getattr(self.node, "test", self.node)
        if isinstance(node, ast.comprehension):
            return range(node.target.lineno, (node.ifs[-1].end_lineno or 0) + 1)
        return range(getattr(node, "lineno", 0), (getattr(node, "end_lineno", 0) or 0) + 1)


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """All mutants of a module. Type annotations, docstrings and what only type checkers read are left alone."""
    tree = ast.parse(source)
    for where, inside, node in _places(tree):
        for what, replacement in _changes(node):
            yield Mutant(module, where, inside, what, ast.unparse(node), tree, node, replacement)


def _places(tree: ast.Module) -> Iterator[tuple[str, bool, ast.AST]]:
    """All nodes, with the names of the functions and classes around them, and whether it is a function's body."""
    pending: list[tuple[str, bool, ast.AST]] = [("", False, tree)]
    while pending:
        where, inside, node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield where, inside, node
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            where = f"{where}.{node.name}" if where else node.name
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "ctx"):
                continue
            children = value if isinstance(value, list) else [value]
            within = inside or (isinstance(node, ast.FunctionDef | ast.Lambda) and name == "body")
            pending += [
                (where, within, child) for child in children if isinstance(child, ast.AST) and not _docstring(child)
            ]


def _docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.Constant):
        yield "negate", _with(node, test=ast.UnaryOp(ast.Not(), node.test))
        if not isinstance(node, ast.While):
            yield "drop", _with(node, test=ast.Constant(False))
    if isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            yield "drop filter", _with(node, ifs=[*node.ifs[:index], *node.ifs[index + 1 :]])
    if isinstance(node, ast.BoolOp):
        yield "and/or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        opposite = _OPPOSITE[type(node.ops[0])]
        yield "compare", _with(node, ops=[opposite()])
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield "constant", ast.Constant(node.value + 1)
    if isinstance(node, ast.Attribute) and node.attr in _LEVELS and isinstance(node.value, ast.Name):
        yield "confidence", _with(node, attr=_LEVELS[node.attr])


def _with(node: ast.AST, **fields: object) -> ast.AST:
    twin = copy.copy(node)
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def _replaced(tree: ast.Module, old: ast.AST, new: ast.AST) -> ast.Module:
    class Replace(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return new if node is old else self.generic_visit(_shallow(node))

    changed = Replace().visit(tree)
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed)


def _shallow(node: ast.AST) -> ast.AST:
    """A copy whose lists are its own, so that the original keeps its children."""
    twin = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            setattr(twin, name, list(value))
    return twin
