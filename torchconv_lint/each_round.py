"""What a loop makes anew on each round before it puts it into a list: no round writes what another one has put in."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.evidence import data_methods
from torchconv_lint.analysis.syntax.walking import walk
from torchconv_lint.code_forms import is_view, last_name, names_in
from torchconv_lint.vocabulary import SHARING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torchconv_lint.vocabulary import Vocabulary

    Loop = ast.For | ast.AsyncFor | ast.While

_COPIES = frozenset({"clone", "copy"})


def made_each_round(loops: Sequence[Loop], names: Iterable[str], vocabulary: Vocabulary) -> set[str]:
    """Those of the names that are appended only where the round has made them, and that it lets be afterwards."""
    return {name for name in names if _is_made(loops, name, vocabulary)}


def _is_made(loops: Sequence[Loop], name: str, vocabulary: Vocabulary) -> bool:
    around: dict[ast.Call, Loop] = {}  # the innermost loop of each append
    for loop in sorted(loops, key=lambda each: each.lineno):
        around.update((node, loop) for node in walk(loop) if isinstance(node, ast.Call) and _appends(node, name))
    return bool(around) and all(_is_made_for(append, loop, name, vocabulary) for append, loop in around.items())


def _appends(node: ast.Call, name: str) -> bool:
    named = isinstance(node.func, ast.Attribute) and node.func.attr == "append" and bool(node.args)
    return named and is_view(node.args[0]) and name in names_in(node.args[0])


def _is_made_for(append: ast.Call, loop: Loop, name: str, vocabulary: Vocabulary) -> bool:
    last = append.end_lineno or append.lineno
    if any(isinstance(node, ast.Name) and node.id == name and node.lineno > last for node in walk(loop)):
        return False
    return any(
        isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == name for target in statement.targets)
        and statement.lineno < append.lineno
        and _is_new(statement.value, vocabulary)
        for statement in loop.body
    )


def _is_new(value: ast.expr, vocabulary: Vocabulary) -> bool:
    """Whether a call gives it that no other name has to do with, as far as its name says."""
    if not isinstance(value, ast.Call):
        return False
    name = last_name(value.func)
    if name in _COPIES:
        return True
    return not (name in SHARING or name in vocabulary.sharing or name in vocabulary.local or name in data_methods())
