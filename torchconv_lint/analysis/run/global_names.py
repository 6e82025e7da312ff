"""What names mean outside of all functions. The module's own statements are run when one of theirs is asked for."""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any

from torchconv_lint.analysis.calling.left_behind import stopped_by_refusals
from torchconv_lint.analysis.domain.dtypes import external
from torchconv_lint.analysis.domain.frame import Frame
from torchconv_lint.analysis.domain.state import State
from torchconv_lint.analysis.domain.values import Class, Const, External, Function, Opaque, Value, just
from torchconv_lint.analysis.nodes.site import Segment
from torchconv_lint.analysis.run.shared import OverBudget
from torchconv_lint.analysis.semantics.statements import run_block
from torchconv_lint.analysis.syntax.evidence import NO_EVIDENCE
from torchconv_lint.analysis.syntax.relevance import places_tensors

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter

_CONSTANTS: dict[str, Any] = {"None": None, "True": True, "False": False, "Ellipsis": Ellipsis}
_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
"""Statements of a module that the outline knows already."""


class GlobalNames:
    """The names of one module."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._assigned: dict[str, Value] | None = None
        self._running: Frame | None = None
        self._fixed: dict[str, Value] = {}

    def value(self, name: str) -> Value:
        """What a name means."""
        known = self._fixed.get(name)
        if known is not None:
            return known
        value = self._looked_up(name)
        if name not in self._interpreter.outline.assigned and not self._interpreter.shared.importing:
            self._fixed[name] = value
        return value

    def _looked_up(self, name: str) -> Value:
        interpreter = self._interpreter
        outline = interpreter.outline
        function = outline.functions.get(name)
        if function is not None:
            return just(Function(interpreter.definitions.of(function)))
        if name in outline.classes:
            return just(Class(outline.classes[name]))
        if name in outline.imports:
            return interpreter.imports.value(outline.imports[name]) or just(external(outline.imports[name]))
        if name in outline.assigned:
            if interpreter.is_other and not places_tensors(name, interpreter.source.text):
                return just(Opaque(name))
            value = self.assigned().get(name)
            return value if value is not None else just(Opaque(name))
        if name in _CONSTANTS:
            return just(Const(_CONSTANTS[name]))
        if hasattr(builtins, name):
            return just(External(f"builtins.{name}"))
        for module in outline.stars if interpreter.project is not None else ():
            value = interpreter.imports.value(f"{module}{'' if module.endswith('.') else '.'}{name}")
            if value is not None:
                return value
        return just(Opaque(name))

    def assigned(self) -> dict[str, Value]:
        """What the module's own statements leave behind. They are run once; functions and classes are left out."""
        if self._running is not None:  # functions that they call find what there is
            return self._running.state.names
        if self._assigned is None:
            self._assigned = {}
            self._run()
        return self._assigned

    def _run(self) -> None:
        interpreter, shared = self._interpreter, self._interpreter.shared
        body = interpreter.outline.tree.body
        try:
            segment = Segment(interpreter.source, [node for node in body if not isinstance(node, _DEFINING)])
        except RecursionError:
            return
        grad = None if interpreter.facts.may_run_without_grad else True
        frame = Frame(interpreter, None, segment, State({}, grad=grad), 0)
        frame.tracks = interpreter.sifted.module_tracked
        frame.evidence = NO_EVIDENCE
        spent, shared.spent = shared.spent, 0
        self._running = frame
        active = len(shared.active)  # of another file's functions, too: it is they who ask for a name of this one
        try:
            with stopped_by_refusals(interpreter):
                run_block(frame, segment.body)
                interpreter.events.extend(frame.events)
        except (OverBudget, RecursionError):
            del shared.active[active:]
            interpreter.given_up.append(("<module>", 1))
        finally:
            shared.spent, self._running = spent, None
            self._assigned = frame.state.names
