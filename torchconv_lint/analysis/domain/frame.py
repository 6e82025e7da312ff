"""One evaluation of one function body (or of the module's own statements)."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

import libcst as cst

from torchconv_lint.analysis.domain.state import State
from torchconv_lint.analysis.domain.values import NOTHING, UNKNOWN, External, Kind, Value, When, possible
from torchconv_lint.analysis.nodes.names import dotted_path
from torchconv_lint.analysis.nodes.site import Segment, Site
from torchconv_lint.analysis.syntax.evidence import NO_EVIDENCE
from torchconv_lint.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchconv_lint.analysis.calling.transforms import Transform
    from torchconv_lint.analysis.domain.values import Memory
    from torchconv_lint.analysis.run.interpreter import Interpreter
    from torchconv_lint.analysis.syntax.outline import FunctionOutline
    from torchconv_lint.analysis.telling.events import Event
    from torchconv_lint.analysis.telling.loops import Loop

MAX_DEPTH = 120
"""Expressions nested deeper than this are not evaluated: a budget against the interpreter's own recursion."""


class Unparsable(Exception):
    """Code nested so deeply that no nodes can be built of it."""


class Definition:
    """A function as the interpreter sees it: what encloses it, and its code, which is parsed when first looked at.
    `segment` and `node` raise `Unparsable`; `is_parsed` tries without raising."""

    def __init__(
        self,
        name: str,
        code: tuple[Segment, cst.FunctionDef | cst.Lambda] | Callable[[], tuple[Segment, cst.FunctionDef]],
        outline: FunctionOutline | None = None,
        enclosing: Frame | None = None,
        home: Interpreter | None = None,
    ) -> None:
        self.name = name
        self._home = home
        self.outline = outline
        self.enclosing = enclosing
        self._code = code

    def _parsed(self) -> tuple[Segment, cst.FunctionDef | cst.Lambda]:
        if not isinstance(self._code, tuple):
            self._code = self._code()
        return self._code

    @property
    def home(self) -> Interpreter | None:
        """The interpreter of the file it is in."""
        return self.enclosing.interpreter if self.enclosing is not None else self._home

    @property
    def outline_around(self) -> FunctionOutline | None:
        """The outline of the function; of one inside another, which has none, that of the nearest around it."""
        definition = self
        while definition.outline is None and definition.enclosing is not None and definition.enclosing.definition:
            definition = definition.enclosing.definition
        return definition.outline

    @property
    def is_parsed(self) -> bool:
        """Whether the code is there to be run."""
        try:
            self._parsed()
        except Unparsable:
            return False
        return True

    @property
    def segment(self) -> Segment:
        """The stretch of the file it stands in."""
        return self._parsed()[0]

    @property
    def node(self) -> cst.FunctionDef | cst.Lambda:
        """Its code."""
        return self._parsed()[1]


@record
class Argument:
    """One argument of a call: its value, and the node it was written as."""

    value: Value
    node: cst.BaseExpression


@record
class Arguments:
    """The arguments of a call. `star` joins what `*args` hands over, `double_star` what `**kwargs` does."""

    positional: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = field(default_factory=dict)
    star: Value = NOTHING
    double_star: Value = NOTHING

    def get(self, position: int, keyword: str | None = None) -> Argument | None:
        """The argument at a position or under a keyword, if it was written out."""
        if position < len(self.positional):
            return self.positional[position]
        return self.keywords.get(keyword) if keyword else None

    def value(self, position: int, keyword: str | None = None) -> Value:
        """Its value, NOTHING if it was not given."""
        argument = self.get(position, keyword)
        return argument.value if argument else NOTHING

    @property
    def values(self) -> list[Value]:
        """The values of all arguments, stars included."""
        found = [argument.value for argument in (*self.positional, *self.keywords.values())]
        return found + [value for value in (self.star, self.double_star) if value]

    def changed(self, change: Callable[[Value], Value]) -> Arguments:
        """The same arguments with `change` applied to every value."""

        def new(argument: Argument) -> Argument:
            value = change(argument.value)
            return argument if value is argument.value else Argument(value, argument.node)

        return Arguments(
            tuple(new(argument) for argument in self.positional),
            {name: new(argument) for name, argument in self.keywords.items()},
            change(self.star),
            change(self.double_star),
        )

    @property
    def count(self) -> int:
        """How many were written out."""
        return len(self.positional) + len(self.keywords)


class Frame:
    """The state while a body runs, and what it has produced: return values, events, written parameters.

    `loops` are those it runs in, callers' included, and `seldom` tells that most of their rounds leave this place out
    (see loops.py); `trace` is what the function was handed to, if it is compiled, traced or transformed; `asking`: a
    condition is being evaluated, `asserting`: that of an assertion.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        definition: Definition | None,
        segment: Segment,
        state: State,
        depth: int = 0,
        this: Kind | None = None,
    ) -> None:
        self.interpreter = interpreter
        self.definition = definition
        self.segment = segment
        self.state = state
        self.depth = depth
        self.this = this
        self.events: list[Event] = []
        self.returns: list[Value] = []
        self.yields: list[Value] = []
        self.exits: list[State] = []
        self.breaks: list[State] = []
        self.continues: list[State] = []
        self.loop_depth = 0
        self.rounds: tuple[cst.CSTNode, ...] = ()  # the loops that the statement at hand is in, innermost last
        self.few: set[cst.CSTNode | None] = set()  # loops that go through a few things only
        self.put_aside: set[cst.CSTNode] = set()  # loops in which graphs are put aside
        self.nesting = 0
        self.alive = True
        self.has_failed = False
        self.tracks = False
        self.autocast: str | None = None
        self.evidence = NO_EVIDENCE
        self.statement: cst.CSTNode | None = None
        self.written_back: Value | None = None
        self.has_stepped = False
        self.nested: list[Definition] = []
        self.second_names: dict[str, str] = {}  # of models: see second_names.py
        self.foreign_writes: list[tuple[Any, Memory]] = []
        self.loops: tuple[Loop, ...] = ()
        self.seldom = False
        self.trace: Transform | None = None
        self.asking = False
        self.overlooks = False  # what is evaluated is not looked at: see `at`
        self.asserting = False
        self.caught: frozenset[str] = frozenset()  # the errors that the code around the statement at hand expects
        self.has_waited = False
        self.assigned: set[str] = set()
        self.asked: frozenset[str] = frozenset()  # what tests before this one in an `elif` chain have asked for first
        self.called: set[str] = set()
        self.handed: set[str] = set()  # names and dotted names that calls nobody can look into have been given
        self.entry: FunctionOutline | None = None  # the function that unseen code has called to get here
        self._noted: dict[int, tuple[object, bool | None, When, Value]] = {}

    def site(self, node: cst.CSTNode) -> Site:
        """The place of a node of this frame's code."""
        return Site(self.segment, node)

    @property
    def outline(self) -> FunctionOutline | None:
        """The outline of the function at hand; None in one inside another, and in the module's own statements."""
        return self.definition.outline if self.definition is not None else None

    def leaves_mode_to_callers(self) -> bool:
        """Whether the grad mode of the code at hand is that of callers whom nobody sees."""
        return self.interpreter.root.modes.left_to_callers(self.entry)

    def goes_backward(self) -> bool:
        """Whether the code at hand, or what it was entered by, trains."""
        here = self.outline
        if self.interpreter.root.modes.goes_backward(self.entry):
            return True
        return here is not None and self.interpreter.modes.goes_backward(here)

    def fail(self) -> None:
        """What is evaluated here raises, surely and unasked: nothing after it is reached."""
        self.alive = False
        self.has_failed = True

    def emit(self, event: Event) -> None:
        """Tell the rules. Loops take back what they emitted before they had converged. What happens to a function
        under a transform is beside what happens to it otherwise."""
        if self.trace is None or event.of_traces:
            self.events.append(event)

    def text(self, node: cst.CSTNode) -> str:
        """The source of a node, shortened for messages."""
        return self.site(node).text

    def read(self, name: str) -> Value | None:
        """The value of a local or enclosing name or dotted path, without what the path rules out; None if unbound."""
        value = self.state.names.get(name)
        if value is not None:
            return possible(value, self.state.path)
        enclosing = self.definition.enclosing if self.definition else None
        return enclosing.read(name) if enclosing is not None else None

    def bind(self, path: str, value: Value, *, narrowed: bool = False) -> None:
        """Set a local name or dotted path; `narrowed`: a test has told more of what it is, nothing was assigned."""
        state = self.state
        if not narrowed and path in state.identities:
            state.identify(path, None)
        if narrowed and "." in path:
            if path not in state.names:
                state.narrowed |= {path}
        elif path in state.narrowed:
            state.narrowed -= {path}
        state.put(path, value)

    def at(self, node: cst.BaseExpression) -> Value:
        """The value of an expression whose contents are not looked at: the target of a write, or of `.shape`."""
        before, self.overlooks = self.overlooks, True
        value = self.evaluate(node)
        self.overlooks = before
        return value

    def is_statement(self, node: cst.CSTNode) -> bool:
        """Whether the value of this expression is thrown away."""
        return self.statement is node

    def write_back(self, func: cst.CSTNode, value: Value) -> None:
        """Called by a method that changes its receiver: what the alternative at hand has become."""
        self.written_back = value

    def taken_back(self) -> Value | None:
        """What `write_back` was told since this was last asked."""
        # A method: of the attribute itself, mypy believes that it still is the None it was set to before the call.
        back, self.written_back = self.written_back, None
        return back

    def write_back_expression(self, node: cst.BaseExpression, value: Value) -> None:
        """The object at `node` has become `value`, if `node` is a name or dotted path."""
        path = dotted_path(node)
        if path is not None:
            self.bind(path, value)

    def quietly(self, node: cst.BaseExpression) -> Value:
        """The value of an expression that has been evaluated before: its events are not told again."""
        if type(node) is cst.Call and not self._is_pure(node):
            return UNKNOWN
        state = self.state
        known = self._noted.get(id(node))
        if known is not None and known[:2] == (state.version, state.grad) and known[2] is state.path:
            return known[3]
        mark, stale = len(self.events), state.stale
        version, state.stale = state.version, {}
        alive = self.alive
        value = self.evaluate(node)
        state.stale, self.alive = stale, alive
        del self.events[mark:]
        self.note(node, value, version)
        return value

    def note(self, node: cst.BaseExpression, value: Value, version: object) -> None:
        """Remember the value of an expression for `quietly`: half of all evaluation was to find out again what a
        condition has just asked (measured). It holds as long as the names stay as they were in `version`."""
        state = self.state
        if version is state.version:
            self._noted[id(node)] = (version, state.grad, state.path, value)

    def _is_pure(self, call: cst.Call) -> bool:
        """Whether evaluating a call twice does no harm: a function of another package, named directly."""
        return dotted_path(call.func) is not None and all(
            isinstance(alt.kind, External) for alt in self.quietly(call.func)
        )

    def evaluate(self, node: cst.CSTNode) -> Value:
        """The value of an expression."""
        handler = EVALUATE.get(type(node))
        if handler is None or self.nesting > MAX_DEPTH:
            return UNKNOWN
        self.nesting += 1
        try:
            return handler(self, node)
        finally:
            self.nesting -= 1


Handler = TypeVar("Handler", bound="Callable[[Frame, Any], Any]")

EVALUATE: dict[type, Callable[[Frame, Any], Value]] = {}
EXECUTE: dict[type, Callable[[Frame, Any], None]] = {}


def evaluates(*types: type) -> Callable[[Handler], Handler]:
    """Registers a function as the meaning of expressions of these node types."""

    def register(handler: Handler) -> Handler:
        for type_ in types:
            EVALUATE[type_] = handler
        return handler

    return register


def executes(*types: type) -> Callable[[Handler], Handler]:
    """Registers a function as the meaning of statements of these node types."""

    def register(handler: Handler) -> Handler:
        for type_ in types:
            EXECUTE[type_] = handler
        return handler

    return register
