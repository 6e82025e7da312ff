"""Functions as a transform sees them: compiled, traced, mapped over a batch or differentiated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.calling.transforms import TRANSFORMS, Transform, decorate, decorator_names, inputs
from torchconv_lint.analysis.domain.frame import Definition, Frame
from torchconv_lint.analysis.domain.state import State
from torchconv_lint.analysis.domain.terms import BACKWARD
from torchconv_lint.analysis.domain.values import Function, Kind, just
from torchconv_lint.analysis.run.parameters import expected, receiver
from torchconv_lint.analysis.run.running import frame_of, run_body
from torchconv_lint.analysis.run.shared import OverBudget
from torchconv_lint.analysis.syntax.gradmode import is_custom_backward
from torchconv_lint.analysis.telling.conversions import REFUSALS

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter


class TracedRuns:
    """One file's functions under transforms, each run once for the same transform."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._done: set[Any] = set()

    def run_decorated(self) -> None:
        """Functions whose decorators compile, trace or transform them, and the backward of autograd functions."""
        interpreter = self._interpreter
        for function in interpreter.outline.all_functions():
            if any(name in TRANSFORMS for name in decorator_names(interpreter, function)):
                definition = interpreter.definitions.of(function)
                if definition.is_parsed and type(definition.node) is cst.FunctionDef:
                    frame = Frame(interpreter, None, definition.segment, State({}))
                    decorate(frame, definition.node, just(Function(definition)))
            elif function.name == "backward" and is_custom_backward(interpreter, function):
                definition = interpreter.definitions.of(function)
                if definition.is_parsed:
                    frame = Frame(interpreter, None, definition.segment, State({}))
                    transform = Transform(BACKWARD, "backward", frame.site(definition.node))
                    self.run(frame, definition, None, transform, None)

    def run(
        self, frame: Frame, definition: Definition, this: Kind | None, transform: Transform, positions: Any
    ) -> None:
        """Evaluate a function as a transform sees it. Only what concerns transforms is told: the rest of what happens
        in it is found without them."""
        interpreter = self._interpreter
        key = (definition, transform.kind, positions)
        if frame.caught & REFUSALS:
            return  # what cannot be transformed is expected, and done in another way
        deep = frame.depth >= interpreter.shared.call_depth
        if key in self._done or deep or not definition.is_parsed or frame.trace is not None:
            return
        self._done.add(key)
        this = this or (receiver(interpreter, definition.outline) if definition.outline is not None else None)
        names = expected(interpreter, definition, this)
        own = dict([*names.items()][this is not None or transform.kind == BACKWARD :])
        code = definition.segment.origin(definition.node)
        given = inputs(frame, own, code, transform, positions)
        inner = frame_of(interpreter, definition, State({**names, **given}, grad=True), frame.depth + 1, this)
        inner.trace = transform
        shared = interpreter.shared
        spent, active = shared.spent, len(shared.active)
        try:
            run_body(inner, definition)
        except (OverBudget, RecursionError):
            del shared.active[active:]
        shared.spent = spent
