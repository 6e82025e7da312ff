"""Segments: stretches of a file parsed by libcst on demand; sites: nodes in them, located only when reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.model import Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from libcst.metadata import CodeRange

    from torchconv_lint.source import Source


class Unlocatable(Exception):
    """Code nested so deeply that libcst cannot tell where its nodes are."""


class Segment:
    """Lines of a file, parsed alone.

    An indented stretch is parsed as the body of a made-up class, which keeps every byte of the lines and only shifts
    line numbers by a constant. Positions are computed once, and only for a segment that has something to report:
    libcst's PositionProvider costs more than parsing.
    """

    def __init__(self, source: Source, text: str, first_line: int) -> None:
        self.path = source.path
        self.first_line = first_line
        indented = text[:1] in (" ", "\t", "\f")
        self._shift = first_line - 2 if indented else first_line - 1
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
        shift = self._shift
        return Span(where.start.line + shift, where.start.column + 1, where.end.line + shift, where.end.column + 1)

    def text(self, node: cst.CSTNode) -> str:
        """The source of `node` on one line."""
        return " ".join(self.module.code_for_node(node).split())


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
