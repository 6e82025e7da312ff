"""Calls of functions of the project: followed into the function, for the arguments that it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from torchconv_lint.analysis.calling.binding import argument_named, bound, handed_flags
from torchconv_lint.analysis.calling.returning import given_back, retold
from torchconv_lint.analysis.calling.transforms import is_left_out
from torchconv_lint.analysis.domain.frame import Arguments, Definition, Frame
from torchconv_lint.analysis.domain.state import State
from torchconv_lint.analysis.domain.underway import join_underway
from torchconv_lint.analysis.domain.values import UNKNOWN, Kind, Value
from torchconv_lint.analysis.run.relaying import relay
from torchconv_lint.analysis.run.running import Result, frame_of, run_body
from torchconv_lint.analysis.run.wrapping import is_replaced
from torchconv_lint.analysis.syntax.gradmode import mode_by_decorators
from torchconv_lint.analysis.syntax.relevance import handles_tensors
from torchconv_lint.analysis.telling.conversions import REFUSED
from torchconv_lint.analysis.telling.copies import waited
from torchconv_lint.analysis.telling.kept_graphs import escape
from torchconv_lint.analysis.telling.sharing import stepped, written

if TYPE_CHECKING:
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline

MAX_CALLEE_LINES = 90
"""Calls of longer functions are not followed: what they give is nothing simple, and those of up to 120 lines are a
tenth of all that would be evaluated, for 1 of 534 known findings (measured). Docstrings do not count."""
MAX_METHOD_LINES = 120
"""The same of methods that are run for what they store (docstrings count), and of functions where something is
trained."""


class Calls:
    """The calls of one file's functions, each evaluated once for the same arguments."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._results: dict[Any, Result] = {}
        self._counts: dict[Any, int] = {}
        self._replaced: dict[Definition, bool] = {}

    def is_called(self, definition: Definition) -> bool:
        """Whether a call of the function was met."""
        return definition in self._counts

    def note(self, definition: Definition) -> None:
        """The function counts as called from now on."""
        self._counts.setdefault(definition, 0)

    def is_worth(self, function: FunctionOutline | None) -> bool:
        """Whether tensors or modules can come out of a function, or into the attributes of its object."""
        interpreter = self._interpreter
        if function is None:
            return True
        if interpreter.is_other:
            return handles_tensors(function, interpreter.source.lines, interpreter.facts.converting)
        if function.lines > MAX_METHOD_LINES and function.name != "__init__":
            return False
        return self._may_give(function)

    def _may_give(self, function: FunctionOutline) -> bool:
        worth = self._interpreter.sifted.worth
        return worth is None or function in worth

    def _is_followed(self, function: FunctionOutline | None) -> bool:
        """Whether a call of the function is."""
        if function is None or self._interpreter.is_other:
            return self.is_worth(function)
        if function.code_lines <= MAX_CALLEE_LINES or function.name == "__init__":
            return self._may_give(function)
        trained = function.name in self._interpreter.facts.at_training
        return trained and function.code_lines <= MAX_METHOD_LINES and self._may_give(function)

    def follow(
        self, frame: Frame, definition: Definition, arguments: Arguments, this: Kind | None, node: cst.CSTNode
    ) -> Value:
        """Evaluate a function of the file, or of another one, for these arguments."""
        interpreter = self._interpreter
        home = definition.home
        if home is not None and home is not interpreter:
            return home.calls.follow(frame, definition, arguments, this, node)
        if frame.depth >= interpreter.shared.call_depth:
            interpreter.shared.cut_short = True
            return _unseen(frame, arguments)
        if definition in interpreter.shared.active or not self._is_followed(definition.outline):
            return _unseen(frame, arguments)
        if not definition.is_parsed or (frame.trace is not None and is_left_out(interpreter, definition.outline)):
            return _unseen(frame, arguments)
        if self._is_replaced(definition):
            self.note(definition)
            return _unseen(frame, arguments)
        names = bound(interpreter, definition, arguments, this)
        identities = handed_flags(frame, definition, arguments, this)
        grad = mode_by_decorators(interpreter, definition, frame.state.grad)
        if definition.outline is not None and frame.trace is None:
            interpreter.modes.note(definition.outline, grad)
        key = None
        if definition.enclosing is None:
            handles = frame.caught >= REFUSED
            around = (frame.loops, frame.seldom, frame.trace, frame.autocast, frame.state.underway, handles)
            flags = tuple(identities.items())
            key = (definition, tuple(sorted(names.items())), this, grad, frame.tracks, around, flags)
        result = self._results.get(key) if key is not None else None
        if result is None or frame.depth < result.deep:
            if not self._has_room(frame, definition, key):
                return _unseen(frame, arguments)
            result = self._evaluated(frame, definition, this, State(names, grad=grad, identities=identities))
            if key is not None:
                result.caller = frame.segment
                self._results[key] = result
        if result.fails:
            frame.fail()
            return UNKNOWN
        _after(frame, result, definition, arguments, this, node)
        value = result.value
        if result.caller is not None and result.caller is not frame.segment:
            value = retold(value, arguments, result.caller)
        return given_back(frame, value, arguments, definition, node, this, steps=result.steps)

    def _is_replaced(self, definition: Definition) -> bool:
        known = self._replaced.get(definition)
        if known is None:
            known = self._replaced[definition] = is_replaced(self._interpreter, definition)
        return known

    def _has_room(self, frame: Frame, definition: Definition, key: Any) -> bool:
        """Whether one more evaluation of the function is within its contexts, which it counts. What is evaluated again
        because more of it can be seen is none more, and functions inside others are always evaluated."""
        counted: Any = definition
        if self._interpreter.is_other:  # what the other files do among themselves must not use up what the linted asks
            counted = (definition, frame.interpreter is self._interpreter.root)
        if frame.loops or frame.trace is not None:  # these are followed beside the rest, and do not use up its contexts
            counted = (counted, frame.loops, frame.trace)
        if frame.trace is None:
            self.note(definition)
        if key not in self._results:
            count = self._counts.get(counted, 0)
            if count >= self._interpreter.shared.contexts and key is not None:
                return False
            self._counts[counted] = count + 1
        return True

    def _evaluated(self, frame: Frame, definition: Definition, this: Kind | None, state: State) -> Result:
        """What the function gives, called where the frame is."""
        shared = self._interpreter.shared
        state.path, state.underway = frame.state.path, frame.state.underway
        inner = frame_of(self._interpreter, definition, state, frame.depth + 1, this)
        inner.tracks = inner.tracks or frame.tracks
        inner.loops, inner.seldom, inner.trace = frame.loops, frame.seldom, frame.trace
        inner.entry = frame.entry
        inner.autocast = frame.autocast
        inner.caught = REFUSED if frame.caught >= REFUSED else inner.caught
        before, shared.cut_short = shared.cut_short, False
        result = run_body(inner, definition)
        if shared.cut_short:  # nearer to an entry point more of it can be seen
            result.deep = frame.depth
        shared.cut_short = before or shared.cut_short
        return result


def _unseen(frame: Frame, arguments: Arguments) -> Value:
    """A call that is not followed."""
    for value in arguments.values:
        escape(frame, value)
    return UNKNOWN


def _after(
    frame: Frame, result: Result, definition: Definition, arguments: Arguments, this: Kind | None, node: cst.CSTNode
) -> None:
    """What a call does to its caller: arguments written, parameters trained, copies begun and waited for."""
    if not any((key, not truth) in frame.state.path for key, truth in result.shown):
        frame.state.path |= result.shown
    if result.steps:
        stepped(frame, node)
    if result.waits:
        waited(frame, node)
    if result.underway.copies:
        frame.state.underway = join_underway(frame.state.underway, result.underway)
    for name, value in result.filled.items():
        argument = argument_named(definition, arguments, name, this)
        if argument is not None and isinstance(argument.node, cst.BaseExpression):
            filled = given_back(frame, value, arguments, definition, node, this, "puts it there")
            frame.write_back_expression(argument.node, filled)
    for one in result.told:
        argument = argument_named(definition, arguments, one.parameter, this)
        if argument is not None:
            relay(frame, one, argument, definition.name, node)
    for write, memory in result.writes:
        if memory.origin == "parameter" and not memory.side:
            argument = argument_named(definition, arguments, memory.name, this)
            if argument is not None:
                written(frame, argument.value, argument.node, node, fills=write.fills, within=True)
