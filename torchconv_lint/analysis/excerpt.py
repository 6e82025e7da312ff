"""Which lines of a file libcst gets to see. It pays for every blank line and comment as for code, so they stay out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchconv_lint.analysis.outline import FunctionOutline

_LEFT_OUT = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_TEXTS = (ast.Constant, ast.JoinedStr)


def function_lines(function: FunctionOutline, lines: Sequence[str]) -> list[int]:
    """The numbers (from 1) of a function's lines, decorators included."""
    last = function.node.end_lineno or function.first_line
    return _without_gaps(range(function.first_line, last + 1), function.nodes, lines)


def module_lines(tree: ast.Module, lines: Sequence[str]) -> list[int]:
    """The numbers (from 1) of the lines of a module's own statements; the outline knows its imports already."""
    kept: list[int] = []
    nodes: list[ast.AST] = []
    group: list[ast.stmt] = []  # statements that share a line stay together
    for statement in [*tree.body, None]:
        if group and (statement is None or statement.lineno > _end(group[-1])):
            if not all(isinstance(member, _LEFT_OUT) for member in group):
                kept.extend(range(_start(group[0]), _end(group[-1]) + 1))
                nodes.extend(node for member in group for node in ast.walk(member))
            group = []
        if statement is not None:
            group.append(statement)
    return _without_gaps(kept, nodes, lines)


def _start(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _without_gaps(numbers: Iterable[int], nodes: Iterable[ast.AST], lines: Sequence[str]) -> list[int]:
    """`numbers` without the lines that hold nothing but white space or a comment (and are not part of a string)."""
    protected: set[int] = set()
    for node in nodes:
        if isinstance(node, _TEXTS) and (node.end_lineno or 0) > node.lineno:
            protected.update(range(node.lineno, (node.end_lineno or 0) + 1))
    return [number for number in numbers if number in protected or lines[number - 1].lstrip()[:1] not in ("", "#")]
