"""Stretches of a file whose meaning does not depend on what is around them: whether a change to one of them is what it
should be can be seen without parsing the rest, which in a file with many findings would be parsed for each of them."""

from __future__ import annotations

import ast
import bisect
from typing import TYPE_CHECKING

from torchconv_lint.analysis.syntax.outline import first_line
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchconv_lint.fixing.edits import Text


@record
class Stretch:
    """The text between two offsets: code if it stands between `before` and `behind`. `parent` is a longer one."""

    begin: int
    end: int
    before: str
    behind: str
    parent: Stretch | None


class Stretches:
    """The statements of a module, and in them the items of lists and dicts and the arguments of calls."""

    def __init__(self, text: Text, tree: ast.Module) -> None:
        self._text = text
        self._whole = Stretch(0, len(text.text), "", "", None)
        self._found: list[Stretch] = []
        pending: list[tuple[ast.AST, Stretch]] = [(tree, self._whole)]
        while pending:
            node, parent = pending.pop()
            frames = _frames(node)
            for child in ast.iter_child_nodes(node):
                found = parent
                if isinstance(child, ast.stmt):
                    found = self._statement(child, parent)
                elif child in frames:
                    begin = text.offset(child.lineno, child.col_offset)
                    end = text.offset(child.end_lineno or child.lineno, child.end_col_offset or 0)
                    found = Stretch(begin, end, *frames[child], parent)
                if found is not parent:
                    self._found.append(found)
                if not isinstance(child, ast.JoinedStr):  # what is in there has no place of its own before Python 3.12
                    pending.append((child, found))
        self._found.sort(key=lambda one: (one.begin, -one.end))
        self._begins = [one.begin for one in self._found]

    def around(self, begin: int, end: int) -> Iterator[Stretch]:
        """Those that hold everything between two offsets: the shortest first, and last the whole text."""
        index = bisect.bisect_right(self._begins, begin)
        stretch: Stretch | None = self._found[index - 1] if index else self._whole
        while stretch is not None:
            if begin >= stretch.begin and end <= stretch.end:
                yield stretch
            stretch = stretch.parent

    def _statement(self, node: ast.stmt, parent: Stretch) -> Stretch:
        """One that has a body keeps its margin, on which that of the body depends."""
        first = first_line(node)
        begin = self._text.offset(first, node.col_offset)
        end = self._text.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        margin = self._text.text[self._text.line_start(first) : begin]
        indented = margin and isinstance(node, _WITH_BODY)
        return Stretch(begin, end, f"if _:\n{margin}" if indented else "", "", parent)


_WITH_BODY = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With),
    *(ast.AsyncWith, ast.Try, ast.Match),
    *((ast.TryStar,) if hasattr(ast, "TryStar") else ()),
)


def _frames(node: ast.AST) -> dict[ast.expr, tuple[str, str]]:
    """The parts of an expression that are stretches of their own, and what they have to stand between: a comma on a
    line of its own behind each of them, for there may be a comment, and what is made of it may need parentheses."""
    if isinstance(node, ast.Call):
        arguments = {each: ("_(", "\n,)") for each in node.args if not isinstance(each, ast.Starred)}
        return arguments | {each.value: ("_(_=", "\n,)") for each in node.keywords if each.arg is not None}
    if isinstance(node, ast.List):
        return {each: ("[", "\n,]") for each in node.elts if not isinstance(each, ast.Starred)}
    if isinstance(node, ast.Dict):
        return {value: ("{_:", "\n,}") for key, value in zip(node.keys, node.values, strict=True) if key is not None}
    return {}
