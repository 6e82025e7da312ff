"""Segments: stretches of a file whose nodes are built on demand; sites: nodes in them, located only when reported."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.nodes.building import Builder
from torchconv_lint.analysis.syntax.outline import first_line
from torchconv_lint.model import Span
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchconv_lint.source import Source


class Unlocatable(Exception):
    """Code that libcst cannot parse to the letter, or does not find where Python does."""


class Segment:
    """Statements of a file: a function, or the module's own. `body` are their nodes."""

    def __init__(self, source: Source, statements: Sequence[ast.stmt]) -> None:
        self.path = source.path
        self.first_line = first_line(statements[0]) if statements else 1
        self._source = source
        self._statements = statements
        builder = Builder()
        self.body: tuple[cst.CSTNode, ...] = tuple(builder.block(statements))
        self._origins = builder.origins

    @property
    def file_text(self) -> str:
        """The text of the whole file."""
        return self._source.text

    def origin(self, node: cst.CSTNode) -> ast.AST | None:
        """What an expression or statement was built from."""
        return self._origins.get(id(node))

    def span(self, node: cst.CSTNode) -> Span:
        """Where `node` is in the file, without parentheses around it."""
        return self.span_of(self._origins[id(node)])

    def span_of(self, origin: ast.AST) -> Span:
        """Where a node of Python's own tree is, of whatever function of the file."""
        begin, end = self._range(origin)
        return Span(begin[0], begin[1] + 1, end[0], end[1] + 1)

    def outer_span(self, node: cst.CSTNode) -> Span:
        """Where `node` is, the parentheses around it included. Raises `Unlocatable`."""
        return self._exact.outer_span(node, self.span(node))

    def code(self, node: cst.CSTNode) -> str:
        """The source of `node` as it is written, the parentheses around it included. Raises `Unlocatable`."""
        return self._exact.code(node, self.span(node))

    def text(self, node: cst.CSTNode) -> str:
        """The source of `node` on one line, without comments on lines of their own."""
        origin = self._origins.get(id(node))
        return cst.Module([]).code_for_node(node) if origin is None else self.text_of(origin)

    def text_of(self, origin: ast.AST) -> str:
        """The same of a node of Python's own tree."""
        # The parentheses of a tuple are no part of its place, but of what is written.
        begin, end = self._ends(origin) if isinstance(origin, ast.Tuple) else self._range(origin)
        lines = self._slice(begin, end).splitlines()
        return " ".join(word for line in lines if not line.lstrip().startswith("#") for word in line.split())

    def _slice(self, begin: tuple[int, int], end: tuple[int, int]) -> str:
        """The text between two places."""
        lines = self._source.lines[begin[0] - 1 : end[0]]
        lines[-1] = lines[-1][: end[1]]
        lines[0] = lines[0][begin[1] :]
        return "".join(lines)

    def _range(self, origin: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where an ast node begins and ends: lines from 1, columns from 0 in code points."""
        begin, end = self._ends(origin)
        if isinstance(origin, ast.Tuple | ast.GeneratorExp):
            inner = _inside_parentheses(self._slice(begin, end))
            if inner is not None:
                return _moved(begin, inner[0]), _moved(begin, inner[1])
        return begin, end

    def _ends(self, origin: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
        """As Python says, for which the parentheses of a tuple or a generator are a part of it."""
        begin = self._place(origin.lineno, origin.col_offset)  # type: ignore[attr-defined]
        if isinstance(origin, ast.arg):  # of which the name is wanted, without its annotation
            return begin, (begin[0], begin[1] + len(origin.arg))
        return begin, self._place(origin.end_lineno, origin.end_col_offset)  # type: ignore[attr-defined]

    def _place(self, line: int, offset: int) -> tuple[int, int]:
        """Python counts the bytes of UTF-8."""
        text = self._source.lines[line - 1]
        return line, offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    @cached_property
    def _exact(self) -> _Exact:
        return _Exact(self._source, self.first_line, max(_last_line(statement) for statement in self._statements))


class _Exact:
    """The same lines as libcst's own parser reads them, for what is changed to the letter.

    An indented stretch is parsed as the body of a made-up class, which keeps every byte of the lines.
    """

    def __init__(self, source: Source, first: int, last: int) -> None:
        # Imported here: most runs have nothing to change.
        from libcst.metadata import MetadataWrapper, PositionProvider

        text = "".join(source.lines[first - 1 : last])
        indented = text[:1] in (" ", "\t", "\f")
        above = first - (2 if indented else 1)
        try:
            self._module = cst.parse_module("class _:\n" + text if indented else text)
            wrapper = MetadataWrapper(self._module, unsafe_skip_copy=True)
            self._spans = {
                node: Span(
                    where.start.line + above, where.start.column + 1, where.end.line + above, where.end.column + 1
                )
                for node, where in wrapper.resolve(PositionProvider).items()
            }
        except (cst.ParserSyntaxError, RecursionError, KeyError):  # its provider trips over a half-finished table
            raise Unlocatable from None  # the original error would print the whole tree
        self._nodes = {(type(node), span): node for node, span in self._spans.items()}

    def _find(self, node: cst.CSTNode, span: Span) -> cst.CSTNode:
        found = self._nodes.get((type(node), span))
        if found is None:
            raise Unlocatable
        return found

    def outer_span(self, node: cst.CSTNode, span: Span) -> Span:
        """Where the node at `span` is, its parentheses included."""
        found = self._find(node, span)
        if not getattr(found, "lpar", ()):
            return span
        first, last = self._spans[found.lpar[0]], self._spans[found.rpar[-1]]  # type: ignore[attr-defined]
        return Span(first.line, first.column, last.end_line, last.end_column)

    def code(self, node: cst.CSTNode, span: Span) -> str:
        """How the node at `span` is written."""
        return self._module.code_for_node(self._find(node, span))


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _moved(place: tuple[int, int], within: tuple[int, int]) -> tuple[int, int]:
    """A place in the text that begins at `place`."""
    return place[0] + within[0] - 1, within[1] + (place[1] if within[0] == 1 else 0)


def _inside_parentheses(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Where the code inside of parentheses begins and ends, if those at the beginning and at the end are a pair."""
    if text[0] != "(" or text[-1] != ")":
        return None
    read = tokenize.generate_tokens(io.StringIO(text).readline)
    tokens = [token for token in read if token.string.strip() and token.type != tokenize.COMMENT]
    depth = 0
    for token in tokens[:-1]:
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if depth == 0:
            return None
    return tokens[1].start, tokens[-2].end if len(tokens) > 2 else tokens[1].start


def shortened(text: str) -> str:
    """Source as messages quote it."""
    return text if len(text) <= 60 else text[:57] + "..."


@record
class Site:
    """A node of a segment. Equal when the node is the same object."""

    segment: Segment
    node: cst.CSTNode

    @property
    def span(self) -> Span:
        """Where it is in the file."""
        return self.segment.span(self.node)

    @property
    def path(self) -> str:
        """The file it is in."""
        return self.segment.path

    @property
    def text(self) -> str:
        """Its source on one line, shortened for messages."""
        return shortened(self.segment.text(self.node))

    @property
    def outer_span(self) -> Span:
        """Where it is in the file, the parentheses around it included."""
        return self.segment.outer_span(self.node)

    @property
    def code(self) -> str:
        """Its source as it is written, the parentheses around it included."""
        return self.segment.code(self.node)

    @property
    def callee(self) -> Site | None:
        """If it is a call: the function that is called."""
        return Site(self.segment, self.node.func) if type(self.node) is cst.Call else None

    @property
    def receiver(self) -> Site | None:
        """If it is a call of a method: the object whose method it is."""
        func = self.node.func if type(self.node) is cst.Call else None
        return Site(self.segment, func.value) if type(func) is cst.Attribute else None

    @property
    def method(self) -> str:
        """If it is a call of a method: its name. Otherwise ""."""
        func = self.node.func if type(self.node) is cst.Call else None
        return func.attr.value if type(func) is cst.Attribute else ""

    @property
    def arguments(self) -> tuple[Site, ...]:
        """If it is a call: the values of its arguments in the order they are written."""
        args = self.node.args if type(self.node) is cst.Call else ()
        return tuple(Site(self.segment, arg.value) for arg in args)

    @property
    def keywords(self) -> tuple[str, ...]:
        """If it is a call: the names of its keyword arguments, and "*" or "**" for each argument with stars."""
        args = self.node.args if type(self.node) is cst.Call else ()
        return tuple(arg.keyword.value if arg.keyword else arg.star for arg in args if arg.keyword or arg.star)
