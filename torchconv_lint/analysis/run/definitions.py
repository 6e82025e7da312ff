"""The functions of a file as objects, each the same whenever it is met."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import libcst as cst

from torchconv_lint.analysis.domain.frame import Definition, Frame, Unparsable
from torchconv_lint.analysis.nodes.site import Segment

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline
    from torchconv_lint.source import Source


class Definitions:
    """The functions of one file: those of the module and of its classes, and those inside others."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._outlined: dict[FunctionOutline, Definition] = {}
        self._nested: dict[cst.CSTNode, Definition] = {}

    def of(self, function: FunctionOutline) -> Definition:
        """The function, not parsed yet."""
        known = self._outlined.get(function)
        if known is None:
            parse = functools.partial(_parsed, self._interpreter.source, function)
            known = self._outlined[function] = Definition(function.name, parse, function, home=self._interpreter)
        return known

    def nested(self, node: cst.FunctionDef, frame: Frame) -> Definition:
        """A function defined inside another, with its newest surroundings."""
        definition = self._nested.get(node)
        if definition is None:
            definition = self._nested[node] = Definition(node.name.value, (frame.segment, node))
        definition.enclosing = frame
        if definition not in frame.nested:
            frame.nested.append(definition)
        return definition

    def release(self) -> None:
        """Let go of the surroundings of nested functions."""
        for definition in self._nested.values():
            definition.enclosing = None


def _parsed(source: Source, function: FunctionOutline) -> tuple[Segment, cst.FunctionDef]:
    try:
        segment = Segment(source, [function.node])
    except RecursionError as error:
        raise Unparsable from error
    node = segment.body[0]
    assert type(node) is cst.FunctionDef
    return segment, node
