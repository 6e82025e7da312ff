"""How a file spells a qualified name such as `copy.deepcopy`, and the import to add where it cannot yet."""

from __future__ import annotations

import ast
import itertools
import sys
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import first_line
from torchconv_lint.model import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.fixing.edits import Text

# What the rest of the world calls them.
_CUSTOMARY = {"numpy": "np"}


class Impossible(Exception):
    """The proposal cannot be written into this file without harm."""


class Imports:
    """The names that a file binds, and where an import can be added."""

    def __init__(self, text: Text, tree: ast.Module) -> None:
        self._text = text
        self._tree = tree

    def use(self, name: str, line: int) -> tuple[str, Edit | None]:
        """How to write `name` at `line`, and an edit that imports it if that is needed. Raises `Impossible`."""
        if "*" in self._meanings:
            raise Impossible("a star import may bind anything")
        visible = {
            local: meaning
            for local, meaning, at in self._at_top
            if at < line and self._meanings[local] == {meaning} and f"{name}.".startswith(f"{meaning}.")
        }
        if visible:
            local = max(visible, key=lambda local: len(visible[local]))
            return local + name[len(visible[local]) :], None
        module = name.partition(".")[0]
        local = _CUSTOMARY.get(module, module)
        if self._meanings.get(local, {module}) != {module}:
            raise Impossible(f"{local} is something else here")
        return local + name[len(module) :], self._addition(module, local, line)

    @cached_property
    def _at_top(self) -> list[tuple[str, str, int]]:
        """What the module's own import statements bind: local name, meaning, line."""
        return [
            (local, meaning, statement.lineno)
            for statement in self._tree.body
            if isinstance(statement, ast.Import | ast.ImportFrom)
            for local, meaning in _bound(statement)
        ]

    @cached_property
    def _meanings(self) -> dict[str, set[str]]:
        """All that each name of the file may stand for, in any scope: a qualified name, or "" for anything else."""
        found: dict[str, set[str]] = defaultdict(set)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for local, meaning in _bound(node):
                    found[local].add(meaning)
            elif isinstance(node, ast.Name):
                if not isinstance(node.ctx, ast.Load):
                    found[node.id].add("")
            elif isinstance(node, ast.arg):
                found[node.arg].add("")
            elif not isinstance(node, ast.alias):  # a function, a class, a caught exception, a pattern
                for name in (getattr(node, "name", None), getattr(node, "rest", None)):
                    if isinstance(name, str):
                        found[name].add("")
        return dict(found)

    def _addition(self, module: str, local: str, line: int) -> Edit:
        statement = f"import {module}" if local == module else f"import {module} as {local}"
        newline = self._text.newline
        body = [one for one in self._tree.body if first_line(one) <= line]
        rest = body[_preamble(body) :]
        imports = list(itertools.takewhile(_is_import, itertools.dropwhile(lambda one: not _is_import(one), rest)))
        section = [one for one in imports if _is_standard(_module(one)) == _is_standard(module)]
        later = [one for one in section if isinstance(one, ast.ImportFrom) or _module(one) > module]
        if later or not imports:
            return self._before(later[0] if later else rest[0], statement + newline)
        if section:
            return self._behind(section[-1], statement + newline)
        if _is_standard(module):  # the other imports are no part of the standard library: a section of their own
            return self._before(imports[0], statement + newline * 2)
        return self._behind(imports[-1], newline + statement + newline)

    def _before(self, statement: ast.stmt, new: str) -> Edit:
        line = first_line(statement)
        earlier = itertools.takewhile(lambda one: one is not statement, self._tree.body)
        if any((one.end_lineno or line) >= line for one in earlier):
            raise Impossible("the line begins with another statement")
        at = self._text.line_start(line)
        return Edit(self._text.span(at, at), new)

    def _behind(self, statement: ast.stmt, new: str) -> Edit:
        last = statement.end_lineno or statement.lineno
        later = itertools.dropwhile(lambda one: one is not statement, self._tree.body)
        if any(one is not statement and first_line(one) == last for one in later):
            raise Impossible("the line ends with another statement")
        at = self._text.line_start(last + 1)
        return Edit(self._text.span(at, at), new)


def _bound(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """What an import statement binds: local name and qualified name ("" for a relative import's)."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield alias.asname or alias.name, "" if statement.level else f"{statement.module}.{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            root = alias.name.partition(".")[0]
            yield root, root


def _preamble(body: list[ast.stmt]) -> int:
    """How many statements must stay first: the docstring, and imports from `__future__`."""
    first = body[0] if body else None
    docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    future = [n for n, one in enumerate(body) if isinstance(one, ast.ImportFrom) and one.module == "__future__"]
    return max([1 if docstring else 0, *(number + 1 for number in future)])


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _module(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Import):
        return statement.names[0].name
    return (getattr(statement, "module", None) or "") if isinstance(statement, ast.ImportFrom) else ""


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names
