"""Segments: stretches of a file parsed by libcst on demand; sites: nodes in them, located only when reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.model import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from libcst.metadata import CodeRange

    from torchconv_lint.source import Source


class Unlocatable(Exception):
    """Code nested so deeply that libcst cannot tell where its nodes are."""


class Segment:
    """Lines of a file, parsed alone; `numbers` are the lines' numbers (from 1), in order, gaps allowed.

    An indented stretch is parsed as the body of a made-up class, which keeps every byte of the lines. Positions are
    computed once, and only for a segment that has something to report: libcst's PositionProvider costs more than
    parsing.
    """

    def __init__(self, source: Source, numbers: Sequence[int]) -> None:
        self.path = source.path
        self.first_line = numbers[0] if numbers else 1
        text = "".join([source.lines[number - 1] for number in numbers])
        indented = text[:1] in (" ", "\t", "\f")
        # What line of the file each line of the module is; one more for a position behind the last.
        self._numbers = [*([self.first_line] if indented else []), *numbers, numbers[-1] + 1 if numbers else 1]
        self.module = cst.parse_module("class _:\n" + text if indented else text)
        self._positions: Mapping[cst.CSTNode, CodeRange] | None = None

    @property
    def body(self) -> tuple[cst.CSTNode, ...]:
        """The statements of the stretch itself, without the made-up class around them."""
        first = self.module.body[0] if self.module.body else None
        if isinstance(first, cst.ClassDef) and first.name.value == "_" and isinstance(first.body, cst.IndentedBlock):
            return tuple(first.body.body)
        return tuple(self.module.body)

    def span(self, node: cst.CSTNode) -> Span:
        """Where `node` is in the file. Raises `Unlocatable`."""
        if self._positions is None:
            # Imported here: most runs have nothing to report.
            from libcst.metadata import MetadataWrapper, PositionProvider

            try:
                self._positions = MetadataWrapper(self.module, unsafe_skip_copy=True).resolve(PositionProvider)
            except (RecursionError, KeyError):  # libcst's provider trips over its own half-finished table
                raise Unlocatable from None  # the original error would print the whole tree
        where = self._positions[node]
        start, end = self._numbers[where.start.line - 1], self._numbers[where.end.line - 1]
        return Span(start, where.start.column + 1, end, where.end.column + 1)

    def outer_span(self, node: cst.CSTNode) -> Span:
        """Where `node` is, the parentheses around it included. Raises `Unlocatable`."""
        inner = self.span(node)
        if not getattr(node, "lpar", ()):
            return inner
        first, last = self.span(node.lpar[0]), self.span(node.rpar[-1])  # type: ignore[attr-defined]
        return Span(first.line, first.column, last.end_line, last.end_column)

    def code(self, node: cst.CSTNode) -> str:
        """The source of `node` as it is written, the parentheses around it included."""
        return self.module.code_for_node(node)

    def text(self, node: cst.CSTNode) -> str:
        """The source of `node` on one line."""
        return " ".join(self.code(node).split())


@dataclass(frozen=True, slots=True)
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
        text = self.segment.text(self.node)
        return text if len(text) <= 60 else text[:57] + "..."

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
        return Site(self.segment, self.node.func) if isinstance(self.node, cst.Call) else None

    @property
    def receiver(self) -> Site | None:
        """If it is a call of a method: the object whose method it is."""
        func = self.node.func if isinstance(self.node, cst.Call) else None
        return Site(self.segment, func.value) if isinstance(func, cst.Attribute) else None

    @property
    def method(self) -> str:
        """If it is a call of a method: its name. Otherwise ""."""
        func = self.node.func if isinstance(self.node, cst.Call) else None
        return func.attr.value if isinstance(func, cst.Attribute) else ""

    @property
    def arguments(self) -> tuple[Site, ...]:
        """If it is a call: the values of its arguments in the order they are written."""
        args = self.node.args if isinstance(self.node, cst.Call) else ()
        return tuple(Site(self.segment, arg.value) for arg in args)

    @property
    def keywords(self) -> tuple[str, ...]:
        """If it is a call: the names of its keyword arguments, and "*" or "**" for each argument with stars."""
        args = self.node.args if isinstance(self.node, cst.Call) else ()
        return tuple(arg.keyword.value if arg.keyword else arg.star for arg in args if arg.keyword or arg.star)
