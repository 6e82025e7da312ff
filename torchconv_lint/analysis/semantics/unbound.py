"""Names that nothing binds: reading one raises NameError, so that what follows is never reached."""

from __future__ import annotations

import ast
import builtins
import re
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.walking import own_nodes, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torchconv_lint.analysis.domain.frame import Frame
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

_BINDS_UNSEEN = (
    re.compile(r"import\s*\(?\s*\*"),
    re.compile(r"exec(?<!\wexec)\b"),
    re.compile(r"globals(?<!\wglobals)\("),
    re.compile(r"locals(?<!\wlocals)\("),
    re.compile(r"vars(?<!\wvars)\(\)"),
    re.compile(r"builtins(?<!\wbuiltins)\b"),
    re.compile(r"__builtin"),
    re.compile(r"sys\.modules"),
)
"""What may bind any name. Each pattern begins with letters: `re` finds these thirty times as fast as one pattern that
may begin in several ways (measured)."""

_GIVEN = frozenset(
    ["unicode", "xrange", "raw_input", "basestring", "reduce", "long", "unichr", "file", "cmp", "execfile", "reload"]
) | frozenset(["apply", "buffer", "intern", "coerce", "get_ipython", "display", "profile", "_", "WindowsError"])
"""What Python 2, IPython, a profiler and gettext define without being asked."""


class Bindings:
    """The names that a file binds, by where they can be read; looked for only when one seems to be missing."""

    def __init__(self, text: str, tree: ast.Module, path: str) -> None:
        self._tree = tree
        self._knows = not path.endswith(".ipynb") and not _may_bind_any(text)
        self._declares_globals = "global" in text
        self._module: frozenset[str] | None = None
        self._functions: dict[FunctionOutline, frozenset[str]] = {}

    def lacks(self, name: str, function: FunctionOutline | None) -> bool:
        """Whether reading `name` in the function (None: in the module's own statements) surely raises NameError."""
        if not self._knows or name in _GIVEN or name.startswith("__") or hasattr(builtins, name):
            return False
        if self._module is None:
            self._module = frozenset(self._bound_in_module())
        if name in self._module:
            return False
        if function is None:
            return True
        own = self._functions.get(function)
        if own is None:
            own = self._functions[function] = frozenset(_bound(function.nodes))
        return name not in own

    def _bound_in_module(self) -> Iterator[str]:
        yield from _bound(own_nodes(self._tree))
        for statement in self._tree.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield statement.name
        for node in walk(self._tree) if self._declares_globals else ():
            if isinstance(node, ast.Global):
                yield from node.names


_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler | ast.MatchAs | ast.MatchStar


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that these nodes bind, in whatever scope."""
    for node in nodes:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, _NAMED):
            yield node.name or ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""
        elif isinstance(node, ast.Nonlocal):
            yield from node.names


def is_unbound(frame: Frame, name: str) -> bool:
    """Whether reading `name` here surely raises NameError."""
    while frame.definition is not None and frame.definition.outline is None and frame.definition.enclosing is not None:
        frame = frame.definition.enclosing
    definition = frame.definition
    if definition is not None and definition.outline is None:
        return False
    return frame.interpreter.facts.bindings.lacks(name, definition.outline if definition is not None else None)


def is_bound_on_the_way(node: ast.AST, target: ast.AST, name: str) -> bool:
    """Whether a statement of the function binds the name that stands before `target` on every way to it, or begins a
    block around it; True if it is not found."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and name in set(_bound(walk(node.args))):
        return True
    line, last = getattr(target, "lineno", 0), getattr(target, "end_lineno", 0)
    for block in (getattr(node, part, None) for part in ("body", "orelse", "finalbody", "handlers", "cases")):
        statements = block if isinstance(block, list) else []
        for place, statement in enumerate(statements):
            first, end = getattr(statement, "lineno", 0), getattr(statement, "end_lineno", 0)
            if first <= line <= last <= end:
                if any(name in set(_bound(walk(each))) for each in statements[:place]):
                    return True
                heads = [getattr(statement, part, None) for part in ("target", "items", "subject")]
                names = (each for head in heads for each in (head if isinstance(head, list) else [head]) if each)
                if any(name in set(_bound(walk(each))) for each in names):
                    return True
                return statement is not target and is_bound_on_the_way(statement, target, name)
    return True


def _may_bind_any(text: str) -> bool:
    """Whether something in the text may bind names that do not stand there."""
    return any(pattern.search(text) is not None for pattern in _BINDS_UNSEEN)
